"""Both knees of bone scans: recipes that train, and scans in every form from folder to grades."""

import json
import logging
import sys

import numpy as np
import pytest
import torch

from msk_monai.bundle import open_bundle
from msk_monai.cli import main as entry
from msk_monai.networks import bone_scan_inferer, knee_places
from msk_monai.phantoms.bone_scan_mat import write_mat
from msk_monai.phantoms.bone_scan_set import write_bone_scans
from msk_monai.phantoms.dicom_nm import NMOptions, write_nm
from msk_monai.records import Status
from msk_monai.runner import find_cases

NAME = "bone_scan_knee"
GRID = {"grid": [32, 96], "grid_mm": 24.0, "crop": 32, "crop_mm": 6.4}
"""Everything a quarter as fine."""
SMALL = {**GRID, "margin": 4, "epochs": 1, "batch_size": 2, "num_workers": 0}
GRADES = [f"{side}_{grade}" for side in ("right", "left") for grade in range(5)]


@pytest.fixture
def usual_places(monkeypatch):
    """Knees are found where a patient's often are, 86 mm from the middle: networks trained for one epoch find none."""

    def found(image, grid, find, device):
        find(image[None])
        on_grid = np.array([[15.5 - 86.4 / 24, 55.2], [15.5 + 86.4 / 24, 55.2]])
        return on_grid @ grid[:, :2].T + grid[:, 2], np.zeros(2)

    for module in (bone_scan_inferer, knee_places):
        monkeypatch.setattr(module, "found_knees", found)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Four phantom scans with their datalist, in both its lists."""
    folder = tmp_path_factory.mktemp("scans")
    listing = json.loads(write_bone_scans(folder, count=4, seed=3).read_text())
    (folder / "datalist.json").write_text(json.dumps({**listing, "training": listing["validation"]}))
    return folder


def overrides(scans, out, **more):
    return {"data": str(scans / "datalist.json"), "output_dir": str(out), **SMALL, **more}


def changed(before, after):
    """Names of the networks whose parameters differ."""
    assert after.keys() == before.keys()
    return {name.split(".")[0] for name in after if (after[name].float() - before[name].float()).abs().max() > 1e-6}


@pytest.fixture(scope="module")
def trained(scans, tmp_path_factory):
    """Weights as they begin, with the network that finds knees trained for an epoch, and with the one that grades them, too."""
    folder = tmp_path_factory.mktemp("trained")
    torch.save(open_bundle(NAME).get("network_def").state_dict(), folder / "start.pt")
    steps = {"start": folder / "start.pt"}
    for step, last, overlays in (("find", "start", ["train.yaml", "train_find.yaml"]), ("grade", "find", ["train.yaml"])):
        settings = overrides(scans, folder / step, start_from=str(steps[last]), **{"averaged#momentum": 0.9})
        open_bundle(NAME, overlays=overlays, overrides=settings).run()
        steps[step] = folder / step / "model.pt"
    return steps


@pytest.fixture(scope="module")
def reference(scans, tmp_path_factory):
    """Weights of the reference's network after an epoch."""
    out = tmp_path_factory.mktemp("reference")
    open_bundle(NAME, overlays=["train.yaml", "reference.yaml"], overrides=overrides(scans, out, margin=0)).run()
    return out / "model.pt"


@pytest.mark.parametrize(
    "overlays",
    [
        (),
        ("train.yaml",),
        ("train.yaml", "train_find.yaml"),
        ("train.yaml", "reference.yaml"),
        ("train.yaml", "multi_gpu_train.yaml"),
        ("train.yaml", "train_find.yaml", "multi_gpu_train.yaml"),
        ("evaluate.yaml",),
        ("evaluate.yaml", "reference.yaml"),
    ],
    ids="-".join,
)
def test_configs_parse(overlays):
    bundle = open_bundle(NAME, overlays=overlays)
    assert bundle.metadata["name"] == NAME
    rule = "reference.yaml" in overlays
    assert bundle.get("inferer").crops.mirror is not rule
    assert (bundle.get("inferer").find is not None) is rule
    assert bundle.get("postprocessing").transforms[0].ordinal is not rule
    assert bundle.get("postprocessing").transforms[0].crop_mm == pytest.approx(288 if rule else 204.8)


def test_training_changes_one_network_and_saves_all(trained):
    start, find, grade = (torch.load(trained[step], weights_only=True) for step in ("start", "find", "grade"))
    assert changed(start, find) == {"find"}
    assert changed(find, grade) == {"grade"}
    assert all(torch.isfinite(one).all() for one in grade.values())


def test_training_sees_right_and_left_alike_and_their_own_grades(scans, trained, tmp_path):
    settings = overrides(scans, tmp_path, start_from=str(trained["find"]))
    bundle = open_bundle(NAME, overlays=["train.yaml"], overrides={**settings, "quality": [], "margin": 0})
    items = [knee for scan in bundle.get("dataset") for knee in scan]
    assert {tuple(item["image"].shape) for item in items} == {(2, 32, 32)}
    listed = [item["grades"][side] for item in bundle.get("items") for side in ("right", "left")]
    assert [float(item["label"]) for item in items] == [-1.0 if grade is None else grade for grade in listed]


def test_points_to_be_found_are_those_of_the_truth(scans, tmp_path):
    still = {"views#2#shift": [0.0, 0.0], "views#2#turn_deg": 0.0, "views#2#zoom": 0.0, "views#2#stretch": 0.0}
    settings = overrides(scans, tmp_path, **still, **{"quality#2#prob": 0.0})
    bundle = open_bundle(NAME, overlays=["train.yaml", "train_find.yaml"], overrides=settings)
    for item, given in zip(bundle.get("items"), bundle.get("dataset"), strict=True):
        truth = np.array([item["knees"][side]["anterior"] for side in ("right", "left")])
        expected = [31 / 2, -0.5] + (truth - [255 / 2, -0.5]) * 2.25 / 24
        found = given["label"].numpy()
        mirrored = [31, 0] + expected[::-1] * [-1, 1]
        assert min(np.abs(found - expected).max(), np.abs(found - mirrored).max()) < 1e-3
        assert given["image"][0].any()


def test_the_reference_trains_another_network_on_its_own_crops(reference):
    weights = torch.load(reference, weights_only=True)
    assert weights["grade.blocks.3.weight"].shape == (5, 32 * 8 * 8)


def test_evaluating_gives_the_figures(usual_places, scans, trained, tmp_path):
    judged = {"data": str(scans / "datalist.json"), "output_dir": str(tmp_path), "weights": str(trained["grade"]), **GRID}
    open_bundle(NAME, overlays=["evaluate.yaml"], overrides=judged).run()
    figures = json.loads((tmp_path / "metrics.json").read_text())["figures"]
    assert {"grade", "grade_given", "knee_in_crop", "knee_place_mm"} <= figures.keys()
    assert figures["grade_given"]["share"] == 1
    assert figures["knee_in_crop"]["n"] == 8


def test_the_reference_is_evaluated_beside_it(scans, reference, tmp_path):
    judged = {"data": str(scans / "datalist.json"), "output_dir": str(tmp_path), "weights": str(reference), **GRID, "crop_mm": 9.0}
    open_bundle(NAME, overlays=["evaluate.yaml", "reference.yaml"], overrides=judged).run()
    rows = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert {row["status"] for row in rows} == {"ok"}
    assert all(list(row["classes"]) == GRADES for row in rows)


def counts(rows=512, columns=128, seed=0):
    """(2, rows, columns) of a body with two knees."""
    y, x = np.ogrid[:rows, :columns]
    body = 3.0 * (np.hypot((x - columns / 2) / (0.38 * columns), (y - rows / 2) / (0.45 * rows)) < 1)
    for across in (0.35, 0.65):
        body = body + 20 * np.exp(-(((x - across * columns) / 6) ** 2 + ((y - 0.58 * rows) / 6) ** 2))
    anterior = np.random.default_rng(seed).poisson(body)
    return np.stack([anterior, anterior[:, ::-1]]).astype(np.uint16)


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """Scans in every form that is taken, one MATLAB file that is cut off and one without counts."""
    folder = tmp_path_factory.mktemp("forms")
    for study, (form, frames, options) in enumerate(
        [("both", slice(None), {}), ("feet_first", slice(None), {"feet_first": True}), ("posterior", [1], {})], start=1
    ):
        pixels = counts(seed=study)
        if options:
            pixels = np.ascontiguousarray(pixels[:, ::-1, ::-1])
        known = {"sex": "F", "age": 60.0, "pixel": 4.5, "one_object": form != "posterior", **options}
        written = write_nm(folder / form, pixels, NMOptions(seed=7, study=study, **known))
        for number, path in enumerate(written):
            if form == "posterior" and number not in frames:
                path.unlink()
    write_mat(folder / "old.mat", counts(seed=8), (1, None))
    write_mat(folder / "new.mat", counts(seed=9), (0, 4), version="7.3")
    whole = write_mat(folder / "broken.mat", counts(seed=10), (0, 4)).read_bytes()
    (folder / "broken.mat").write_bytes(whole[: len(whole) // 2])
    write_mat(folder / "empty.mat", np.zeros((2, 512, 128), np.uint16), (0, 4))
    return folder


SEEN = {"both": 2, "feet_first": 2, "posterior": 1, "old.mat": 2, "new.mat": 2}
"""Views of what can be graded."""


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process; gives the exit code and what was said."""
    names = ("monai", "nibabel.global", "pydicom")
    levels = {name: logging.getLogger(name).level for name in names}

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["msk-monai", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            entry.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out + captured.err

    yield run
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def settings(weights):
    return [word for key, value in {"weights": weights, **GRID}.items() for word in ("--set", f"{key}={value}")]


def rows(out):
    return {row["case"]: row for row in map(json.loads, (out / "results.jsonl").read_text().splitlines())}


def test_scans_of_every_form_go_in_and_grades_come_out(usual_places, forms, trained, tmp_path, command):
    code, said = command("predict", forms, "-o", tmp_path, "-b", NAME, *settings(trained["grade"]))
    assert code == 3, said
    assert "Traceback" not in said
    found = rows(tmp_path)
    assert len(found) == 7
    for start, views in SEEN.items():
        (case,) = [row for name, row in found.items() if name.startswith(start)]
        assert case["status"] == "ok", case
        assert list(case["classes"]) == GRADES
        assert sum(case["classes"].values()) == pytest.approx(2, abs=1e-5)
        names = [m["name"] for m in case["measurements"]]
        assert sum(name.endswith("_counts") for name in names) == views
        assert len(case["landmarks"]) == 2 * views
        assert (tmp_path / case["outputs"]["overlay"]).stat().st_size > 5_000
    for broken in ("broken.mat", "empty.mat"):
        (case,) = [row for name, row in found.items() if name.startswith(broken)]
        assert case["status"] != "ok"
        assert len(case["reason"].splitlines()) == 1
        assert not case.get("measurements")
    assert "has no counts" in next(row["reason"] for name, row in found.items() if name.startswith("empty.mat"))


def test_right_is_right_however_the_scan_is_stored(usual_places, forms, trained, tmp_path):
    bundle = open_bundle(NAME, overrides={"weights": str(trained["grade"]), **GRID})
    results = bundle.get("runner").run(find_cases(str(forms), bundle.metadata["series_rules"]), tmp_path)
    places = {r.case.split("/")[0]: {mark.name: mark.x for mark in r.findings.landmarks} for r in results}
    right = 63.5 - 86.4 / 4.5
    for form, expected in (("both", right), ("old.mat", right), ("new.mat", right), ("feet_first", 127 - right)):
        assert places[form]["right_knee_anterior"] == pytest.approx(expected, abs=0.1)
        assert places[form]["right_knee_posterior"] == pytest.approx(127 - expected, abs=0.1)
    assert places["posterior"]["right_knee_posterior"] == pytest.approx(127 - right, abs=0.1)


def test_what_all_can_be_read_is_0(forms, trained, tmp_path, command):
    code, said = command("predict", forms / "old.mat", "-o", tmp_path, "-b", NAME, *settings(trained["grade"]))
    assert code == 0, said
    (row,) = rows(tmp_path).values()
    assert row["status"] in ("ok", "flagged")


def real_scan(real_data):
    path = real_data / "dicom_samples" / "NM1_UNC.dcm"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def test_the_real_scan_keeps_its_counts(usual_places, real_data, trained, tmp_path):
    bundle = open_bundle(NAME, overrides={"weights": str(trained["grade"]), **GRID})
    (result,) = bundle.get("runner").run(find_cases(str(real_scan(real_data)), bundle.metadata["series_rules"]), tmp_path)
    assert result.findings.status is Status.OK
    measured = {m.name: m for m in result.findings.measurements}
    assert measured["anterior_counts"].value == 3_596_452
    assert "posterior_counts" not in measured
    assert "graded on the anterior view alone" in measured["right_grade"].flags
    assert [mark.name for mark in result.findings.landmarks] == ["right_knee_anterior", "left_knee_anterior"]


@pytest.fixture
def accepted(bundles):
    """The bundle with the weights that are committed."""
    if not (bundles / NAME / "models" / "model.pt").exists():
        pytest.skip(f"no weights of {NAME} yet")
    return open_bundle(NAME)


def test_both_knees_of_phantoms_are_found(accepted, tmp_path):
    listing = json.loads(write_bone_scans(tmp_path, count=6, seed=12, form="mixed").read_text())
    distances = []
    for item in listing["validation"]:
        cases = find_cases(str(tmp_path / item["image"]), accepted.metadata["series_rules"])
        (result,) = accepted.get("runner").run(cases, tmp_path / item["image"].replace("/", "_"))
        assert result.findings.status is Status.OK, result.findings.reason
        spacing = json.loads((tmp_path / item["truth"]).read_text())["spacing_mm"]
        marks = {mark.name: np.array([mark.x, mark.y]) for mark in result.findings.landmarks}
        for side, views in item["knees"].items():
            for view, place in views.items():
                distances.append(np.hypot(*((marks[f"{side}_knee_{view}"] - place) * spacing)))
    assert np.median(distances) < 4
    assert max(distances) < 45  # the joint is still within the crop of 205 mm


def test_both_knees_of_the_real_scan_are_found(accepted, real_data, tmp_path):
    (result,) = accepted.get("runner").run(find_cases(str(real_scan(real_data)), accepted.metadata["series_rules"]), tmp_path)
    assert result.findings.status is Status.OK
    right, left = result.findings.landmarks
    assert 40 < right.x < 128 < left.x < 216
    assert abs(right.y - left.y) < 40


def test_two_processes_train_one_network(scans, trained, tmp_path, bundles, run_python):
    if sys.platform == "win32":
        pytest.skip("torchrun's rendezvous does not work on Windows")
    configs = [str(bundles / NAME / "configs" / f"{name}.yaml") for name in ("inference", "train", "train_find", "multi_gpu_train")]
    told = overrides(scans, tmp_path, batch_size=1, start_from=str(trained["start"]))  # two steps a process: the first alone shows no fault
    run_python(
        *("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"),
        *("-m", "monai.bundle", "run", "--config_file", str(configs)),
        *(word for key, value in told.items() for word in (f"--{key}", str(value))),
        CUDA_VISIBLE_DEVICES="",
    )
    assert changed(torch.load(trained["start"], weights_only=True), torch.load(tmp_path / "model.pt", weights_only=True)) == {"find"}
