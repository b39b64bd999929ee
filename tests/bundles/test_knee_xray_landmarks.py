"""Knees on films, from folder to lines in mm; training and evaluating, a step each."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.bundle import open_bundle
from msk_monai.errors import BundleError
from msk_monai.runner import find_cases

NAME = "knee_xray_landmarks"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Three phantom films, of one and of both knees, with their datalist, in both its lists."""
    from msk_monai.phantoms.knee_xray import write_knee_films

    folder = tmp_path_factory.mktemp("knees")
    listing = json.loads(write_knee_films(folder, count=3, seed=5, workers=1).read_text())
    assert {len(item["points"]) for item in listing["validation"]} == {16, 32}
    (folder / "datalist.json").write_text(json.dumps({**listing, "training": listing["validation"]}))
    return folder


def predict(folder, out, **settings):
    bundle = open_bundle(NAME, overrides=settings)
    results = bundle.get("runner").run(find_cases(str(folder), bundle.metadata["series_rules"]), out)
    return {result.case: result for result in results}


def test_phantom_films_are_measured(films, tmp_path):
    found = predict(films / "films", tmp_path)
    listing = json.loads((films / "datalist.json").read_text())
    for item in listing["validation"]:
        result = found[item["image"].split("/")[-1]]
        points = {p.name: (p.x, p.y) for p in result.findings.landmarks}
        assert list(points) == item["landmark_names"]
        off = np.subtract([points[name] for name in item["landmark_names"]], item["points"]) * item["spacing_mm"]
        assert np.linalg.norm(off, axis=1).mean() < 1.5
        measured = {m.name for m in result.findings.measurements}
        for side in ("right_", "left_") if len(points) == 32 else ("",):
            assert {f"{side}{name}" for name in (*LINES, "joint_line_convergence_angle", "medial_lateral_joint_space_ratio")} <= measured
        assert (tmp_path / result.outputs["overlay"]).stat().st_size > 10_000


def test_where_there_is_no_knee_there_is_no_number(empty_picture, tmp_path):
    picture, folder = empty_picture
    findings = predict(folder, tmp_path / "out")["film.png"].findings
    assert findings.status in ("flagged", "skipped")
    assert ("blank picture" if picture == "blank" else "no knee") in findings.reason
    assert not findings.measurements


def test_a_real_knee_its_mirror_image_and_a_wide_film_of_both(real_data, tmp_path):
    folder = real_data / "knee_landmarks"
    if not (folder / "datalist.json").exists():
        pytest.skip("no knees among the real images")
    item = next(item for item in json.loads((folder / "datalist.json").read_text())["validation"] if item["side"] == "R")
    right = Image.open(folder / item["image"]).convert("L")
    left = right.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    both = Image.new("L", (3 * right.width, right.height))
    both.paste(right, (0, 0))
    both.paste(left, (2 * right.width, 0))
    (tmp_path / "in").mkdir()
    for name, picture in (("right", right), ("left", left), ("both", both)):
        picture.save(tmp_path / "in" / f"{name}.png")
    found = predict(tmp_path / "in", tmp_path / "out", spacing_mm=item["spacing_mm"])
    true = np.array(item["points"])
    mirrored = [right.width - 1, 0] + true * [-1, 1]
    places = {name: {p.name: (p.x, p.y) for p in result.findings.landmarks} for name, result in found.items()}
    expected = {
        "right.png": {"": true},
        "left.png": {"": mirrored},
        "both.png": {"right_": true, "left_": mirrored + np.array((2.0 * right.width, 0.0))},
    }
    for name, knees in expected.items():
        for prefix, points in knees.items():
            off = np.subtract([places[name][prefix + point] for point in POINTS], points) * item["spacing_mm"]
            assert np.linalg.norm(off, axis=1).mean() < 2.5
    sides = {name: result.findings.measurements[0].flags[0] for name, result in found.items()}
    assert (sides["right.png"], sides["left.png"]) == ("right knee", "left knee")
    assert all(m.unit == "mm" for m in found["both.png"].findings.measurements if m.name.endswith("space"))


SMALL = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 1, "num_workers": 0}


def overrides(films, out, **more):
    return {"data": str(films / "datalist.json"), "output_dir": str(out), **SMALL, **more}


@pytest.mark.parametrize(
    ("overlays", "taught"),
    [
        (["train.yaml"], "whole"),
        (["train.yaml", "train_close.yaml"], "close"),
        (["train.yaml", "train_places.yaml"], "places"),
        (["train.yaml", "train_hands.yaml"], "hands"),
    ],
)
def test_training_changes_the_weights_and_saves_them(overlays, taught, films, tmp_path):
    bundle = open_bundle(NAME, overlays=overlays, overrides={**overrides(films, tmp_path), "averaged#momentum": 0.9})
    before = torch.load(bundle.get("weights"), weights_only=True)
    bundle.run()
    after = torch.load(tmp_path / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    changed = {name.split(".")[0] for name in after if (after[name].float() - before[name].float()).abs().max() > 1e-6}
    assert changed == {taught}


def test_training_stops_early_and_leaves_a_tensorboard_log(films, tmp_path):
    settings = overrides(films, tmp_path, epochs=6, patience=1, learning_rate=0.0, log="tensorboard", patches_per_film=2)
    bundle = open_bundle(NAME, overlays=["train.yaml"], overrides=settings)
    bundle.run()
    assert bundle.get("trainer").state.epoch < 6  # nothing is learned, and each look at the same films draws other patches
    assert list((tmp_path / "tensorboard").glob("events.out.*"))


@pytest.mark.parametrize(("overlays", "used_at"), [([], "widths"), (["train_hands.yaml"], "hand_widths"), (["train_close.yaml"], None)])
def test_looks_are_trained_at_the_scales_they_are_used_at(overlays, used_at):
    bundle = open_bundle(NAME, overlays=["train.yaml", *overlays])
    low, high = bundle.get("patch_widths")
    assert all(low < widths < high for widths in np.atleast_1d(1.0 if used_at is None else bundle.get(used_at)))


def test_a_misspelt_log_is_refused(films, tmp_path):
    with pytest.raises(BundleError, match="log must be"):
        open_bundle(NAME, overlays=["train.yaml"], overrides=overrides(films, tmp_path, log="tensorbord")).run()


def test_the_card_says_everything(bundles):
    card = (bundles / NAME / "docs" / "README.md").read_text()
    assert not {"WEIGHTS", "FIGURES", "FIGURES_PARAMS"} & set(card.split())


def test_the_reference_trains_and_answers(real_data, tmp_path):
    folder = real_data / "knee_landmarks"
    if not (folder / "datalist.json").exists():
        pytest.skip("no knees among the real images")
    listing = json.loads((folder / "datalist.json").read_text())
    few = [{**item, "image": str(folder / item["image"])} for item in listing["validation"][:2]]
    (tmp_path / "few.json").write_text(json.dumps({**listing, "training": few, "validation": few}))
    settings = {"data": str(tmp_path / "few.json"), "output_dir": str(tmp_path), **SMALL, "samples_per_epoch": 2}
    open_bundle(NAME, overlays=("train.yaml", "reference.yaml"), overrides=settings).run()
    judged = {"data": str(tmp_path / "few.json"), "output_dir": str(tmp_path / "out"), "weights": str(tmp_path / "model.pt")}
    open_bundle(NAME, overlays=("evaluate.yaml", "reference.yaml"), overrides=judged).run()
    assert (tmp_path / "out" / "metrics.json").exists()


def test_evaluating_gives_the_figures(films, tmp_path):
    judged = {"data": str(films / "datalist.json"), "output_dir": str(tmp_path)}
    open_bundle(NAME, overlays=("evaluate.yaml",), overrides=judged).run()
    figures = json.loads((tmp_path / "metrics.json").read_text())["figures"]
    assert {"radial_error_mm", "sdr_1mm", "error_mm_by_confidence", *LINES} <= figures.keys()
    assert figures["knees_found"]["share"] == 1
    assert set(figures["point_error_mm"]["by_name"]) >= set(POINTS)


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's rendezvous does not work on Windows")
def test_two_processes_train_one_network(films, tmp_path, bundles, run_python):
    configs = [str(bundles / NAME / "configs" / f"{name}.yaml") for name in ("inference", "train", "multi_gpu_train")]
    settings = overrides(films, tmp_path, samples_per_epoch=4)  # two steps a process: the first alone shows no fault
    arguments = [word for key, setting in settings.items() for word in (f"--{key}", str(setting))]
    done = run_python(
        *("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"),
        *("-m", "monai.bundle", "run", "--config_file", str(configs), *arguments),
        CUDA_VISIBLE_DEVICES="",
    )
    assert "whole.maps.weight" in torch.load(tmp_path / "model.pt", weights_only=True), done.stderr[-2000:]
