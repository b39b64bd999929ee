"""The two bundles that share the recipe of masks: films of T12 to L5, and MR images of L1 to S1."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from msk_monai.bundle import open_bundle
from msk_monai.runner import find_cases

NAMES = ("spine_xray_vertebrae", "lumbar_mri_vertebrae")
TRAINED = "lumbar_mri_vertebrae"
"""The one that has its weights."""


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def pictures(name, tmp_path):
    """A drawn spine of six blocks with its label map, in both lists of a datalist."""
    labels = np.zeros((384, 256), dtype=np.uint8)
    for level in range(6):
        labels[30 + 55 * level : 70 + 55 * level, 90 + 4 * level : 150 + 4 * level] = level + 1
    image = np.where(labels > 0, 190, 60) + np.random.default_rng(0).normal(0, 6, labels.shape)
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(tmp_path / "spine.png")
    Image.fromarray(labels).save(tmp_path / "label.png")
    item = {"image": "spine.png", "label": "label.png"}
    listing = {"labels": ["background", *open_bundle(name).get("levels")], "training": [item, item], "validation": [item]}
    (tmp_path / "datalist.json").write_text(json.dumps(listing))
    return tmp_path


def settings(pictures, out, **more):
    small = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 2, "num_workers": 0}
    return {"data": str(pictures / "datalist.json"), "output_dir": str(out), **small, **more}


def test_training_changes_the_weights_and_saves_them(name, pictures, tmp_path):
    overrides = settings(pictures, tmp_path / "out", view_size=[64, 96], **{"averaged#momentum": 0.9})
    bundle = open_bundle(name, overlays=("train.yaml",), overrides=overrides)
    before = {key: one.clone() for key, one in bundle.get("network_def").state_dict().items()}
    bundle.run()
    after = torch.load(tmp_path / "out" / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    assert any(not torch.equal(after[key], before[key]) for key in before)


def test_the_reference_trains_and_answers(name, pictures, tmp_path):
    open_bundle(name, overlays=("train.yaml", "reference.yaml"), overrides=settings(pictures, tmp_path / "out", size=64)).run()
    judged = {"data": str(pictures / "datalist.json"), "output_dir": str(tmp_path / "judged"), "size": 64}
    weights = str(tmp_path / "out" / "model.pt")
    open_bundle(name, overlays=("evaluate.yaml", "reference.yaml"), overrides={**judged, "weights": weights}).run()
    figures = json.loads((tmp_path / "judged" / "metrics.json").read_text())["figures"]
    assert "mean_dice" in figures


def test_every_vertebra_is_one_part_of_the_pictures_own_pixels(real_data, tmp_path):
    """On a real image of the validation list: six parts in their order."""
    path = real_data / "lumbar_t1_sagittal" / "images" / "T1_0001_S8.jpg"
    if not path.exists():
        pytest.skip(f"no {path.name} among the real images")
    bundle = open_bundle(TRAINED)
    (result,) = bundle.get("runner").run(find_cases(str(path), bundle.metadata["series_rules"]), tmp_path)
    labels = np.load(tmp_path / result.outputs["segmentation"]).argmax(axis=-1)
    with Image.open(path) as picture:
        assert labels.shape == picture.size[::-1]
    rows = []
    for level in range(1, 7):
        parts, count = ndimage.label(labels == level)
        assert count >= 1
        assert np.bincount(parts.ravel())[1:].max() > 0.95 * (parts > 0).sum()
        rows.append(np.nonzero(parts)[0].mean())
    assert rows == sorted(rows)


def test_where_there_is_no_spine_there_is_no_label_map(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (400, 300), dtype=np.uint8)).save(tmp_path / "in" / "noise.png")
    bundle = open_bundle(TRAINED)
    (result,) = bundle.get("runner").run(find_cases(str(tmp_path / "in"), bundle.metadata["series_rules"]), tmp_path / "out")
    assert result.findings.status == "flagged"
    assert not result.findings.measurements
