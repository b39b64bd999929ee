"""The pages that the guide makes of the bundles."""

import importlib.util

import pytest

from tests.docs.pages import DOCS, REPOSITORY

BUNDLES = sorted(path.parents[1].name for path in (REPOSITORY / "bundles").glob("*/configs/metadata.json"))


@pytest.fixture(scope="module")
def extension():
    spec = importlib.util.spec_from_file_location("bundle_pages", DOCS / "_ext" / "bundle_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_bundle_has_a_page_with_its_card_and_what_it_takes(extension, tmp_path):
    (tmp_path / "gone.md").touch()
    written = extension.write_pages(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*(f"{name}.md" for name in BUNDLES), "index.md"])
    assert set(written) == set(tmp_path.iterdir())
    text = (tmp_path / "ct_l3_slice.md").read_text()
    assert text.startswith("# ct_l3_slice: ")
    assert "| Series | modality: CT" in text
    assert "## Figures" in text


def test_links_between_cards_become_links_between_pages(extension, tmp_path):
    extension.write_pages(tmp_path)
    assert not [path.name for path in tmp_path.iterdir() if "/docs/README.md)" in path.read_text()]
    assert "](knee_xray_landmarks.md)" in (tmp_path / "knee_xray_kl.md").read_text()


def test_a_table_says_what_the_metadata_says(extension):
    tensor = {"num_channels": 2, "spatial_shape": ["32*n", 8], "dtype": "float32", "value_range": [0, 1]}
    tensor["channel_def"] = {"0": "a", "1": "b"}
    told = {
        **{"version": "1", "takes": "in", "gives": "out", "intended_use": "none"},
        "series_rules": {"modality": ["CT", "MR"], "exclude_body_part": "A|B", "whole_body": True},
        "network_data_format": {"inputs": {"image": tensor}},
    }
    rows = extension.table(told).splitlines()[2:]
    assert rows[2] == "| Series | modality: CT, MR<br>exclude body part: `A\\|B`<br>whole body: yes |"
    assert rows[4] == "| Network's input `image` | 2 × 32\\*n × 8, float32, 0 to 1. Channels: 0 a; 1 b |"
