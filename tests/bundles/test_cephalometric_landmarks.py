"""The landmark engine's public benchmark runs by the same commands as any bundle."""

import json
import sys

import numpy as np
import pytest
import torch
from monai.bundle import verify_net_in_out
from PIL import Image

from msk_monai.bundle import open_bundle
from msk_monai.cli.main import main
from tests.bundles.conftest import REPOSITORY

ROOT = REPOSITORY / "benchmarks" / "bundles" / "cephalometric_landmarks"


@pytest.fixture
def films(real_data, tmp_path):
    """Two films of the validation list, as they are and mirrored, with a datalist of both in both its lists."""
    folder = real_data / "cephalometric"
    if not (folder / "datalist.json").exists():
        pytest.skip("no cephalograms among the real images")
    listing = json.loads((folder / "datalist.json").read_text())
    items = []
    (tmp_path / "images").mkdir()
    for number, item in enumerate(listing["validation"][:2]):
        picture = Image.open(folder / item["image"]).convert("L")
        for name, image in (("usual", picture), ("mirrored", picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))):
            image.save(tmp_path / "images" / f"{name}{number}.png")
            points = np.array(item["points"])
            points = points if name == "usual" else [image.width - 1, 0] + points * [-1, 1]
            items.append({"image": f"images/{name}{number}.png", "points": np.asarray(points).tolist()})
    (tmp_path / "datalist.json").write_text(json.dumps({**listing, "training": items, "validation": items}))
    return tmp_path


def test_films_either_way_round_are_evaluated_by_the_command_line(films, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["msk-monai", "evaluate", str(ROOT), "--data", str(films / "datalist.json"), "-o", str(films / "out")])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    figures = json.loads((films / "out" / "metrics.json").read_text())["figures"]
    assert figures["missing_points"]["count"] == 0
    assert figures["radial_error_mm"]["n"] == 4
    assert figures["radial_error_mm"]["max"] < 3.5
    assert figures["sdr_4mm"]["share"] > 0.9


@pytest.mark.parametrize("overlays", [["train.yaml"], ["train.yaml", "train_hands.yaml"], ["train.yaml", "train_close.yaml"]])
def test_a_step_of_training_saves_weights(overlays, films):
    settings = {"data": str(films / "datalist.json"), "output_dir": str(films), "epochs": 1, "samples_per_epoch": 2, "num_workers": 0}
    bundle = open_bundle(str(ROOT), overlays=overlays, overrides={**settings, "batch_size": 1})
    bundle.run()
    assert torch.load(films / "model.pt", weights_only=True).keys() == bundle.get("network_def").state_dict().keys()


def test_the_network_takes_and_gives_what_the_metadata_says():
    files = {"meta_file": str(ROOT / "configs" / "metadata.json"), "config_file": str(ROOT / "configs" / "inference.yaml")}
    verify_net_in_out(net_id="network_def", p=2, n=4, any=1, **files)
