"""The L4-L5 segment on films, from folder to result; training and evaluating, a step each."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from msk_monai.bundle import open_bundle
from msk_monai.runner import find_cases

NAME = "spine_xray_l4l5"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Two phantom films of the lumbar spine with their datalist, in both its lists."""
    from msk_monai.phantoms.spine_xray import write_films

    folder = tmp_path_factory.mktemp("films")
    listing = json.loads(write_films(folder, count=2, seed=90).read_text())
    (folder / "datalist.json").write_text(json.dumps({**listing, "training": listing["validation"]}))
    return folder


def predict(folder, out):
    bundle = open_bundle(NAME)
    results = bundle.get("runner").run(find_cases(str(folder), bundle.metadata["series_rules"]), out)
    return {result.case: result for result in results}


def value(result, name):
    return next(m.value for m in result.findings.measurements if m.name == name)


def test_phantom_films_are_measured(films, tmp_path):
    found = predict(films / "films", tmp_path)
    listing = json.loads((films / "datalist.json").read_text())
    for item in listing["validation"]:
        result = found[item["image"].split("/")[-1]]
        points = {p.name: (p.x, p.y) for p in result.findings.landmarks}
        names = json.loads((films / "datalist.json").read_text())["landmark_names"]
        errors = [
            np.hypot(*np.subtract(points[n], p)) * item["spacing_mm"][0]
            for n, p in zip(names, item["points"], strict=True)
            if p and n in points
        ]
        assert np.median(errors) < 3.0  # mm
        assert (tmp_path / result.outputs["overlay"]).stat().st_size > 10_000


def test_where_there_is_no_spine_there_is_no_number(empty_picture, tmp_path):
    picture, folder = empty_picture
    findings = predict(folder, tmp_path / "out")["film.png"].findings
    assert findings.status in ("flagged", "skipped")
    assert ("blank picture" if picture == "blank" else "no spine") in findings.reason
    assert not findings.measurements


def test_a_real_film_is_measured_as_png_and_jpeg_alike(real_data, tmp_path):
    """A film of the validation list: png and jpeg hold nearly the same pixels and give nearly the same answer."""
    source = real_data / "aasce" / "images" / "train_217.jpg"
    if not source.exists():
        pytest.skip("no AASCE films among the real images")
    (tmp_path / "in").mkdir()
    Image.open(source).save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.jpg").write_bytes(source.read_bytes())
    found = predict(tmp_path / "in", tmp_path / "out")
    for result in found.values():
        assert result.findings.status == "ok"
        assert len(result.findings.landmarks) == 68
        assert value(result, "cobb_main") == pytest.approx(31.6, abs=4)
    assert value(found["a.png"], "l4_l5_angle") == pytest.approx(value(found["b.jpg"], "l4_l5_angle"), abs=0.2)


def overrides(films, out, **more):
    small = {"epochs": 1, "samples_per_epoch": 2, "batch_size": 1, "num_workers": 0, "view_size": [128, 256]}
    return {"data": str(films / "datalist.json"), "output_dir": str(out), **small, **more}


@pytest.mark.parametrize(
    ("overlays", "taught"),
    [
        (["train.yaml"], "places"),
        (["train.yaml", "train_corners.yaml"], "corners"),
        (["train.yaml", "train_corners.yaml", "train_facing.yaml"], "facing"),
        (["train.yaml", "train_names.yaml"], "names"),
    ],
)
def test_training_changes_the_weights_and_saves_them(overlays, taught, films, tmp_path):
    bundle = open_bundle(NAME, overlays=overlays, overrides={**overrides(films, tmp_path), "averaged#momentum": 0.9})
    before = torch.load(bundle.get("weights"), weights_only=True)
    bundle.run()
    after = torch.load(tmp_path / "model.pt", weights_only=True)
    assert after.keys() == before.keys()
    changed = {
        name.split(".")[0] for name in after if (after[name].float() - before[name].float()).abs().max() > 1e-6
    }  # it goes on from the bundle's
    assert changed == {taught}


@pytest.mark.parametrize(
    ("overlays", "looked_at"), [(["train_corners.yaml"], "corner_widths"), (["train_corners.yaml", "train_facing.yaml"], "facing_widths")]
)
def test_looks_are_trained_at_the_scales_they_are_used_at(overlays, looked_at):
    bundle = open_bundle(NAME, overlays=("train.yaml", *overlays))
    low, high = bundle.get("patch_widths")
    assert all(low < widths < high for widths in np.atleast_1d(bundle.get(looked_at)))


def test_pictures_of_something_else_can_be_trained_on(films, tmp_path):
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300), dtype=np.uint8)).save(tmp_path / "hand.png")
    (tmp_path / "others.json").write_text(json.dumps({"training": [{"image": "hand.png", "points": [[1, 2]]}]}))
    settings = overrides(films, tmp_path, negatives=str(tmp_path / "others.json"), negative_share=5.0)
    open_bundle(NAME, overlays=("train.yaml",), overrides=settings).run()
    assert (tmp_path / "model.pt").exists()


def test_the_reference_trains_and_answers(films, tmp_path):
    settings = {**overrides(films, tmp_path), "resize#spatial_size": [64, 64]}
    settings.pop("view_size")
    open_bundle(NAME, overlays=("train.yaml", "reference.yaml"), overrides=settings).run()
    judged = {"data": str(films / "datalist.json"), "output_dir": str(tmp_path / "out"), "weights": str(tmp_path / "model.pt")}
    open_bundle(NAME, overlays=("evaluate.yaml", "reference.yaml"), overrides={**judged, "resize#spatial_size": [64, 64]}).run()
    assert (tmp_path / "out" / "metrics.json").exists()


def test_evaluating_gives_the_figures(films, tmp_path):
    judged = {"data": str(films / "datalist.json"), "output_dir": str(tmp_path)}
    open_bundle(NAME, overlays=("evaluate.yaml",), overrides=judged).run()
    figures = json.loads((tmp_path / "metrics.json").read_text())["figures"]
    assert {"identified", "identified_point_error_mm", "point_error_px", "angle_over_45"} <= figures.keys()
    assert figures["angle_over_45"]["count"] == 0


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
    assert "names.name.weight" in torch.load(tmp_path / "model.pt", weights_only=True), done.stderr[-2000:]
