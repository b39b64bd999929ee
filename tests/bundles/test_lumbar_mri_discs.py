"""Discs on sagittal images: a recipe that trains, figures, and a real slice."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from msk_monai.bundle import open_bundle
from msk_monai.measure.disc_row import CANAL, DISC, VERTEBRA, disc_row
from msk_monai.measure.discs import measure_disc
from msk_monai.records import Status
from msk_monai.runner import find_cases

NAME = "lumbar_mri_discs"


@pytest.fixture
def pictures(tmp_path):
    """Two drawn spines with their label maps, in both lists of a datalist."""
    labels = np.zeros((192, 128), dtype=np.uint8)
    for top in 10 + 30 * np.arange(5):
        labels[top : top + 20, 40:72] = VERTEBRA
        labels[top + 20 : top + 30, 40:72] = DISC
    labels[5:180, 78:90] = CANAL
    items = []
    for number in range(2):
        image = np.array([20, 110, 60, 220])[labels] + np.random.default_rng(number).normal(0, 6, labels.shape)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(tmp_path / f"spine{number}.png")
        Image.fromarray(labels).save(tmp_path / f"label{number}.png")
        items.append({"image": f"spine{number}.png", "label": f"label{number}.png"})
    listing = {"labels": ["background", *open_bundle(NAME).get("classes")], "training": items, "validation": items}
    (tmp_path / "datalist.json").write_text(json.dumps(listing))
    return tmp_path


def test_training_changes_the_weights_and_saves_them(pictures, tmp_path):
    small = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 2, "num_workers": 0, "longest": 96, "view_size": [64, 64]}
    settings = {"data": str(pictures / "datalist.json"), "output_dir": str(tmp_path / "out"), **small, "averaged#momentum": 0.9}
    bundle = open_bundle(NAME, overlays=("train.yaml",), overrides=settings)
    before = {key: one.clone() for key, one in bundle.get("network_def").state_dict().items()}
    bundle.run()
    after = torch.load(tmp_path / "out" / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    assert any(not torch.equal(after[key], before[key]) for key in before)


def test_evaluating_gives_the_figures(pictures, tmp_path):
    judged = {"data": str(pictures / "datalist.json"), "output_dir": str(tmp_path / "out"), "longest": 192}
    open_bundle(NAME, overlays=("evaluate.yaml",), overrides=judged).run()
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())["figures"]
    assert {"segmentation_given", "disc_count_right", "discs_in_order", "disc_height_given"} <= figures.keys()


@pytest.mark.parametrize("overlays", [(), ("train.yaml",), ("train.yaml", "multi_gpu_train.yaml"), ("evaluate.yaml",)])
def test_configs_parse(overlays):
    bundle = open_bundle(NAME, overlays=overlays)
    assert bundle.metadata["name"] == NAME
    assert bundle.get("classes") == ["vertebra", "disc", "canal"]


def test_where_there_is_no_spine_there_is_no_number(empty_picture, tmp_path):
    _, folder = empty_picture
    bundle = open_bundle(NAME)
    (result,) = bundle.get("runner").run(find_cases(str(folder), bundle.metadata["series_rules"]), tmp_path / "out")
    assert result.findings.status in (Status.FLAGGED, Status.SKIPPED)
    assert not result.findings.measurements


def test_the_discs_of_a_real_slice(real_data, tmp_path):
    folder = real_data / "lumbar_t2_sagittal"
    if not (folder / "datalist.json").exists():
        pytest.skip("no sagittal T2 images among the real images")
    item = {"image": "images/81_t2_SPACE_slice69.jpg", "label": "labels/81_t2_SPACE_slice69.png"}  # most of the canal of its patient
    assert any(item["image"] == one["image"] for one in json.loads((folder / "datalist.json").read_text())["validation"])
    with Image.open(folder / item["label"]) as picture:
        true = {disc.name: measure_disc(disc.mask, disc.posterior) for disc in disc_row(np.asarray(picture).T)}
    bundle = open_bundle(NAME)
    (result,) = bundle.get("runner").run(find_cases(str(folder / item["image"]), bundle.metadata["series_rules"]), tmp_path)
    found = {m.name: m for m in result.findings.measurements}
    for name in ("L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2"):
        middle = found[f"{name.lower().replace('-', '_')}_disc_height_middle"]
        assert (middle.value, middle.unit) == (pytest.approx(true[name].heights["middle"], abs=1.5), "{pixels}")
    assert (tmp_path / result.outputs["overlay"]).stat().st_size > 10_000
    with Image.open(folder / item["image"]) as picture:
        assert np.load(tmp_path / result.outputs["segmentation"]).shape[:2] == picture.size[::-1]
