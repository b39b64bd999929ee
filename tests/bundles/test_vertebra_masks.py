"""Label maps of vertebrae: films of T12 to L5, MR images of L1 to S1, and the recipe that either can be trained by."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import ndimage

from msk_monai.bundle import open_bundle
from msk_monai.runner import find_cases

FILMS, MRI = "spine_xray_vertebrae", "lumbar_mri_vertebrae"
RECIPE = {FILMS: ("unet.yaml",), MRI: ()}
"""What is laid over a bundle for the recipe that both share."""
CLASSES = {FILMS: "reported", MRI: "levels"}


@pytest.fixture(params=RECIPE)
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
    listing = {"labels": ["background", *open_bundle(name).get(CLASSES[name])], "training": [item, item], "validation": [item]}
    (tmp_path / "datalist.json").write_text(json.dumps(listing))
    return tmp_path


def settings(pictures, out, **more):
    small = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 2, "num_workers": 0}
    return {"data": str(pictures / "datalist.json"), "output_dir": str(out), **small, **more}


def test_training_changes_the_weights_and_saves_them(name, pictures, tmp_path):
    overrides = settings(pictures, tmp_path / "out", view_size=[64, 96], **{"averaged#momentum": 0.9})
    bundle = open_bundle(name, overlays=("train.yaml", *RECIPE[name]), overrides=overrides)
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
    bundle = open_bundle(MRI)
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
    bundle = open_bundle(MRI)
    (result,) = bundle.get("runner").run(find_cases(str(tmp_path / "in"), bundle.metadata["series_rules"]), tmp_path / "out")
    assert result.findings.status == "flagged"
    assert not result.findings.measurements


def test_a_films_vertebrae_are_drawn_and_named(tmp_path):
    from msk_monai.phantoms.spine_xray import LEVELS, write_films

    listing = json.loads(write_films(tmp_path, count=1, seed=90).read_text())
    bundle = open_bundle(FILMS)
    (result,) = bundle.get("runner").run(find_cases(str(tmp_path / "films"), bundle.metadata["series_rules"]), tmp_path / "out")
    given = np.load(tmp_path / "out" / result.outputs["segmentation"]).argmax(axis=-1)
    item = listing["validation"][0]
    corners = dict(zip(LEVELS, np.array([p or [np.nan] * 2 for p in item["points"]]).reshape(17, 4, 2), strict=True))
    areas = {m.name: m for m in result.findings.measurements}
    for number, level in enumerate(bundle.get("reported"), 1):
        if np.isfinite(corners[level]).all():
            picture = Image.new("1", given.shape[::-1])
            ImageDraw.Draw(picture).polygon([tuple(p) for p in corners[level][[0, 1, 3, 2]]], fill=1)
            true = np.asarray(picture)
            assert 2 * np.count_nonzero(true & (given == number)) / (np.count_nonzero(true) + np.count_nonzero(given == number)) > 0.85
            expected = np.count_nonzero(true) * np.prod(item["spacing_mm"])
            if areas[f"{level.lower()}_area"].unit == "mm2" and not areas[f"{level.lower()}_area"].flags:
                assert areas[f"{level.lower()}_area"].value == pytest.approx(expected, rel=0.15)


def test_bundles_with_the_same_looks_are_trained_alike(bundles):
    """A bundle holds all it needs, so both have the files; they must not drift apart."""
    for file in ("train.yaml", "train_corners.yaml", "train_names.yaml", "multi_gpu_train.yaml"):
        mine, other = ((bundles / name / "configs" / file).read_text() for name in (FILMS, "spine_xray_l4l5"))
        assert mine == other, file
