"""Whole-body scans in MATLAB files with the grades of both knees."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from msk_monai.cli.main import app
from msk_monai.datasets import load_items
from msk_monai.datasets.bone_scan_mat import TEST_SCANS, bone_scan_datalist, read_grades
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.errors import UnreadableFileError, UnsuitableImageError
from tests.mat_writing import WRITERS, StructArray, counts, diagnosis, write_v5

EMPTY = np.empty((0, 0))


def ids(*numbers):
    return np.array([numbers], dtype=np.float64)


def folder_of(root, knees):
    """Files with only a diagnosis, as films whose counts have been read."""
    root.mkdir(parents=True, exist_ok=True)
    paths = [write_v5(root / f"{name}.mat", diaginfo=diagnosis(*pair), name=name) for name, pair in knees.items()]
    films = tuple(Film(path=path, rows=34, columns=20, patient=path.stem) for path in paths)
    return FilmFolder(root=root, films=films, faults={}, files=tuple(paths))


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize(
    "info",
    [
        {"kneejointid": ids(3, 6)},
        {"kneejointid": ids(3, 6).T},
        {"kneejointid": ids(3, 6).astype(np.int8), "kneejointname": ["minimal", "Severe "]},
        {"kneejointid": [ids(3), ids(6)]},
        {"kneejointid": [[[ids(3, 6)]]], "kneejointname": [["right", "left"]]},
        [{"kneejointid": ids(3, 6)}],
        [[[{"other": "x", "joints": [{"knee": {"KneeJointID": [ids(3, 6)]}}]}]]],
        StructArray([{"kneejointid": ids(3)}, {"kneejointid": ids(6)}]),
        StructArray([{"kneejointid": ids(3, 6)}, {"kneejointid": ids(3, 6)}]),
        [StructArray([{"a": [{"kneejointid": ids(3)}]}, {"a": [{"kneejointid": ids(6)}]}])],
        {"kneejointid": ids(3, 6), "hipjointid": ids(9, 9), "note": EMPTY},
    ],
)
def test_grades_at_any_depth(tmp_path, version, info):
    assert read_grades(WRITERS[version](tmp_path / "scan.mat", diaginfo=info)) == {"right": 1, "left": 4}


def test_an_id_of_minus_one_is_unspecified(tmp_path):
    assert read_grades(write_v5(tmp_path / "scan.mat", diaginfo=diagnosis(-1, 2))) == {"right": None, "left": 0}


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize(
    ("info", "fault", "reason"),
    [
        (None, UnreadableFileError, "expected a variable diaginfo, got none"),
        ({"hipjointid": ids(2, 2)}, UnreadableFileError, "expected kneejointid in diaginfo, got none"),
        ([], UnreadableFileError, "expected kneejointid in diaginfo, got none"),
        (ids(2, 3), UnreadableFileError, "expected kneejointid in diaginfo, got none"),
        ({"kneejointid": EMPTY}, UnreadableFileError, "expected two ids in kneejointid, right and left, got 0"),
        ({"kneejointid": [[EMPTY], EMPTY]}, UnreadableFileError, "got 0"),
        ({"kneejointid": []}, UnreadableFileError, "got 0"),
        ({"kneejointid": ids(2)}, UnreadableFileError, "got 1"),
        ({"kneejointid": ids(2, 3, 4)}, UnreadableFileError, "got 3"),
        ({"kneejointid": ids(2, 7)}, UnsuitableImageError, "expected ids -1 or 2 to 6 in kneejointid, got 7"),
        ({"kneejointid": ids(1, 2)}, UnsuitableImageError, "got 1$"),
        ({"kneejointid": ids(0, 2)}, UnsuitableImageError, "got 0"),
        ({"kneejointid": ids(2.5, 2)}, UnsuitableImageError, "got 2.5"),
        ({"kneejointid": ids(np.nan, 2)}, UnsuitableImageError, "got nan"),
        ({"kneejointid": ["mild", "mild"]}, UnsuitableImageError, "got something else"),
        ([{"kneejointid": ids(2, 3)}, {"kneejointid": ids(2, 4)}], UnsuitableImageError, "expected one kneejointid, got several"),
        (
            {"kneejointid": ids(2, 3), "kneejointname": ["normal", "severe"]},
            UnsuitableImageError,
            "expected kneejointname to say what kneejointid says, got severe for the left knee's id 3",
        ),
    ],
)
def test_what_tells_no_grades(tmp_path, version, info, fault, reason):
    variables = {} if info is None else {"diaginfo": info}
    path = WRITERS[version](tmp_path / "scan.mat", V=counts(), **variables)
    with pytest.raises(fault, match=reason) as caught:
        read_grades(path)
    assert str(caught.value).startswith("scan.mat: ")


def test_the_last_by_name_are_for_testing(tmp_path):
    folder = folder_of(tmp_path / "in", {f"scan{n}": (2 + n % 5, 2) for n in range(100)})
    content = bone_scan_datalist(folder, tmp_path / "out", validation=0.2).content
    names = {section: [item["case"] for item in content[section]] for section in ("training", "validation", "testing")}
    assert names["testing"] == [f"scan{n}" for n in range(100 - TEST_SCANS, 100)]
    assert (len(names["training"]), len(names["validation"])) == (48, 12)
    assert not set(names["training"]) & set(names["validation"])
    again = bone_scan_datalist(folder, tmp_path / "out", validation=0.2).content
    other = bone_scan_datalist(folder, tmp_path / "out", validation=0.2, seed=1).content
    assert again == content
    assert other["testing"] == content["testing"]
    assert other["validation"] != content["validation"]


def test_of_few_at_most_half_are_for_testing(tmp_path):
    folder = folder_of(tmp_path / "in", {f"s{n}": (2, 2) for n in range(5)})
    content = bone_scan_datalist(folder, tmp_path / "out").content
    assert (len(content["training"]), len(content["validation"]), len(content["testing"])) == (3, 0, 2)


def test_a_patients_scans_stay_together(tmp_path):
    folder = folder_of(tmp_path / "in", {f"P{n % 7}_{n:02}": (2, 2) for n in range(28)} | {"unnamed": (2, 2)})
    converted = bone_scan_datalist(folder, tmp_path / "out", validation=0.3, patient=r"^P(\d)_")
    patients = {section: {item["group"] for item in converted.content[section]} for section in ("training", "validation", "testing")}
    assert sum(map(len, patients.values())) == len(set().union(*patients.values())) == 7
    assert all(patients.values())
    assert converted.skipped == (("unnamed.mat", "expected a file's name that tells the patient, got one that does not"),)


def test_without_a_patient_lists_are_by_scan_and_it_is_said(tmp_path):
    for number in range(4):
        write_v5(tmp_path / "in" / f"P1_{number}.mat", V=counts(seed=number), diaginfo=diagnosis())
    command = ["convert", "bone_scan_mat", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    assert "without --patient, scans of one patient cannot be told apart" in " ".join(CliRunner().invoke(app, command).output.split())
    done = CliRunner().invoke(app, [*command, "--patient", r"^(P\d)"])
    assert "cannot be told apart" not in done.output
    assert len(json.loads((tmp_path / "out" / "datalist.json").read_text())["testing"]) == 4
    assert CliRunner().invoke(app, [*command, "--patient", "("]).exit_code == 2


def test_a_scan_of_neither_knee_is_dropped_and_a_copy_left_out(tmp_path):
    folder = folder_of(tmp_path / "in", {"a": (-1, -1), "b": (2, -1), "c": (3, 4), "d": (4, 4)})
    (tmp_path / "in" / "d.mat").write_bytes((tmp_path / "in" / "c.mat").read_bytes())
    converted = bone_scan_datalist(folder, tmp_path / "out")
    assert converted.notes == (("a.mat", "specifies neither knee and was dropped"),)
    assert converted.skipped == (("d.mat", "is an exact copy of c.mat"),)
    assert [item["case"] for item in converted.content["training"]] == ["b"]
    assert [item["case"] for item in converted.content["testing"]] == ["c"]


def test_the_command(tmp_path):
    source = tmp_path / "scans"
    for number, write in enumerate([*WRITERS.values()] * 2):
        write(source / "sub" / f"{number}.mat", V=counts(seed=number), diaginfo=diagnosis(2 + number, -1))
    write_v5(source / "keys.mat", W=counts(), diaginfo=diagnosis())
    write_v5(source / "ids.mat", V=counts(seed=8), diaginfo=diagnosis(2, 9))
    write_v5(source / "negative.mat", V=counts().astype(np.int16) - 5, diaginfo=diagnosis())
    (source / "cut.mat").write_bytes((source / "sub" / "0.mat").read_bytes()[:2000])
    (source / "notes.txt").write_text("no scan")
    done = CliRunner().invoke(app, ["convert", "bone_scan_mat", str(source), "-o", str(tmp_path / "out"), "--validation", "0.5"])
    assert done.exit_code == 3, done.output
    told = [line for line in done.output.splitlines() if "left out: " in line]
    assert len(told) == 4
    for line, name in zip(told, ("cut.mat", "ids.mat", "keys.mat", "negative.mat"), strict=True):
        assert name in line
    content = json.loads((tmp_path / "out" / "datalist.json").read_text())
    assert [item["grades"] for item in content["testing"]] == [{"right": 2, "left": None}, {"right": 3, "left": None}]
    assert {item["case"] for section in ("training", "validation") for item in content[section]} == {"sub/0", "sub/1"}
    [item] = load_items(tmp_path / "out" / "datalist.json", "training")
    assert item["image"].endswith(".mat")


def test_a_folder_without_scans_is_an_error(tmp_path):
    (tmp_path / "cut.mat").write_bytes(b"")
    done = CliRunner().invoke(app, ["convert", "bone_scan_mat", str(tmp_path), "-o", str(tmp_path / "out")])
    assert done.exit_code == 1 or isinstance(done.exception, UnsuitableImageError)
