"""Axial MR images of lumbar discs below folders of hospitals and patients, with a JSON each."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import MRImageStorage
from typer.testing import CliRunner

from msk_monai.anatomy.discs import LEVELS
from msk_monai.cli.main import app
from msk_monai.datasets import load_items
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.datasets.lumbar_mri_annotation import read_annotation
from msk_monai.datasets.lumbar_mri_folders import pair_in_hospitals, place_of, public_name
from msk_monai.datasets.lumbar_mri_json import SECTIONS, lumbar_mri_datalist
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError
from tests.dicom.writing import image, noise, save, uid

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json lumbar_mri_json\n(.*?)```", PAGE, flags=re.DOTALL)
NONE = dict.fromkeys(("L1-2", "L2-3", "L3-4", "L4-5", "L5-S1"))
KNOWN = {"age": 63, "sex": "F", "canal_width": 14.2}
CODED = {"level": 4, "symptomatic": 1, **KNOWN}


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def slice_at(path, **attributes):
    path.parent.mkdir(parents=True, exist_ok=True)
    own = {"StudyInstanceUID": uid((path, "study")), "SeriesInstanceUID": uid((path, "series")), "SOPInstanceUID": uid(path)}
    pixels = noise(24, 20, low=0, seed=len(str(path)), dtype=np.uint16)
    return save(image(pixels, sop_class=MRImageStorage, Modality="MR", **own, **attributes), path)


def read(tmp_path, content):
    return read_annotation(written(tmp_path / "one.json", content))


def datalist(root, out, annotations, *, faults=(), seed=0):
    """Convert images that are only names, each with its JSON."""
    images = [root / f"{name}.dcm" for name in annotations]
    labels = [written(root / f"{name}.json", content) for name, content in annotations.items()]
    films = tuple(Film(path=path, rows=24, columns=20, patient=path.name) for path in images if path.name not in faults)
    broken = {path: "is broken" for path in images if path.name in faults}
    folder = FilmFolder(root=root, films=films, faults=broken, files=(*images, *labels))
    return lumbar_mri_datalist(folder, pair_in_hospitals(root, images, labels), out, seed=seed)


def items_of(converted):
    return [item for section in SECTIONS for item in converted.content[section]]


def convert(source, out, *options):
    """Run the command: exit code, output and errors together, items by section."""
    done = CliRunner().invoke(app, ["convert", "lumbar_mri_json", str(source), "-o", str(out), *options])
    target = out / "datalist.json"
    return done.exit_code, done.output, json.loads(target.read_text()) if target.is_file() else None


@pytest.mark.parametrize("content", EXAMPLES)
def test_the_examples_of_the_page_are_converted(tmp_path, content):
    slice_at(tmp_path / "in" / "H01" / "0007" / "study" / "C004" / "IM0012.dcm")
    written(tmp_path / "in" / "json" / "H01" / "0007" / "study" / "C004" / "IM0012.json", content)
    code, said, lists = convert(tmp_path / "in", tmp_path / "out")
    assert code == 0, said
    assert lists["training"] == [
        {
            "image": str(tmp_path / "in" / "H01" / "0007" / "study" / "C004" / "IM0012.dcm"),
            "level": "L4-L5",
            "label": 1,
            "age": 63.0,
            "sex": "F",
            "canal_width_mm": 14.2,
            "case": "H01/0007",
        }
    ]
    assert (lists["validation"], lists["testing"]) == ([], [])
    assert (lists["labels"], lists["levels"]) == (["not symptomatic", "symptomatic"], list(LEVELS))


def test_there_are_examples_of_both_ways():
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("spelling", ["L4-5", "L4-L5", "l4/5", "L4_L5", "L4–5", "disc L4-5", "LEVEL_L4/L5", "L45"])
@pytest.mark.parametrize(("value", "label"), [(1, 1), ("Yes", 1), (True, 1), (1.0, 1), ("symptomatic", 1), (0, 0), ("no", 0), (False, 0)])
def test_a_level_has_many_spellings(tmp_path, spelling, value, label):
    found = read(tmp_path, {spelling: value, **{key: None for key in NONE if key != "L4-5"}})
    assert (found.level, found.label) == ("L4-L5", label)


@pytest.mark.parametrize("value", [None, "", "NA", "n/a", "none", "Not Applicable", "not_applicable", -1, "-1", 2, float("nan")])
def test_what_does_not_apply_has_many_spellings_too(tmp_path, value):
    for key, level in zip(NONE, LEVELS, strict=True):
        found = read(tmp_path, {"levels": {**dict.fromkeys(NONE, value), key: 0}})
        assert (found.level, found.label) == (level, 0)
    assert read(tmp_path, dict.fromkeys(NONE, value)).level is None


@pytest.mark.parametrize("flag", ["symptomatic", "herniation", "Herniated", "label"])
@pytest.mark.parametrize("key", ["level", "disc_level", "Level code", "disc"])
def test_codes_name_levels(tmp_path, key, flag):
    for code, level in enumerate(LEVELS, start=1):
        for spelling in (code, str(code), float(code), level, level.replace("-L", "-")):
            found = read(tmp_path, {key: spelling, flag: code % 2})
            assert (found.level, found.label) == (level, code % 2)
    assert read(tmp_path, {key: 6, flag: None}).level is None


def test_both_ways_may_stand_together_if_they_agree(tmp_path):
    assert read(tmp_path, {**NONE, "L4-5": 1, "level": 4, "label": "yes", "herniation": 1}).label == 1
    assert read(tmp_path, {**NONE, "level": 6}).level is None
    assert read(tmp_path, {"L4-5": 1, "L4-L5": 1, "T12-L1": None}).level == "L4-L5"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "expected the levels L1-L2 to L5-S1, or a level code, got neither"),
        ({"level": None, "label": 1}, "got neither"),
        ({"level": 0, "label": 1}, "expected a level code from 1 to 6"),
        ({"level": 7, "label": 1}, "expected a level code from 1 to 6"),
        ({"level": True, "label": 1}, "expected a level code from 1 to 6"),
        ({"level": [4], "label": 1}, "expected a level code from 1 to 6"),
        ({"level": "Doe^Jane", "label": 1}, "expected a level code from 1 to 6"),
        ({"level": 4}, "expected whether L4-L5 is symptomatic, got nothing of it"),
        ({"level": 4, "symptomatic": None}, "got nothing of it"),
        ({"level": 4, "symptomatic": 3}, "expected 1, 0 or null for symptomatic"),
        ({"level": 4, "symptomatic": [1]}, "expected 1, 0 or null for symptomatic"),
        ({"level": 4, "symptomatic": 1, "herniation": 0}, "expected one outcome, got several that differ"),
        ({"level": 4, "disc": 5, "label": 0}, "expected one disc level, got several"),
        ({**NONE, "L4-5": "perhaps"}, "expected 1, 0 or null for L4-L5"),
        ({**NONE, "L4-5": "unknown"}, "expected 1, 0 or null for L4-L5"),
        ({**NONE, "L4-5": 1, "L5-S1": 0}, "that applies, got 2"),
        ({**NONE, "L4-5": 1, "L4-L5": 0}, "that applies, got 2"),
        ({**NONE, "T12-L1": 1}, "that applies, got another"),
        ({**NONE, "L4-5": 1, "level": 5}, "expected one disc level"),
        ({**NONE, "level": 4, "label": 1}, "expected one disc level"),
        ({**NONE, "L4-5": 1, "label": 0}, "expected one outcome"),
    ],
)
def test_levels_that_are_none_or_contradict_themselves(tmp_path, content, reason):
    with pytest.raises(UnsuitableImageError) as fault:
        read(tmp_path, content)
    assert reason in fault.value.message
    assert "Doe" not in str(fault.value)


@pytest.mark.parametrize(
    ("entry", "field", "expected"),
    [
        ({"age": 63}, "age", 63.0),
        ({"Age": "63.5"}, "age", 63.5),
        ({"PatientAge": "063Y"}, "age", 63.0),
        ({"patient": {"age": "018M"}}, "age", 1.5),
        ({"age": "63", "patient_age": "063Y"}, "age", 63.0),
        ({"age": 0}, "age", 0.0),
        ({"age": 120}, "age", 120.0),
        ({"age": "unknown"}, "age", None),
        ({"age": float("nan")}, "age", None),
        ({"sex": "m"}, "sex", "M"),
        ({"Gender": "Female"}, "sex", "F"),
        ({"PatientSex": "O"}, "sex", None),
        ({"sex": ""}, "sex", None),
        ({"canal_width_mm": 3}, "canal_width_mm", 3.0),
        ({"canalWidth": "14.2 mm"}, "canal_width_mm", 14.2),
        ({"Spinal canal width [mm]": 40}, "canal_width_mm", 40.0),
        ({"canal_width": None}, "canal_width_mm", None),
        ({}, "canal_width_mm", None),
    ],
)
def test_age_sex_and_canal_width(tmp_path, entry, field, expected):
    assert getattr(read(tmp_path, {"level": 4, "label": 1, **entry}), field) == expected


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"age": 121}, "expected 0 to 120 as age in years, got 121"),
        ({"age": -1}, "expected 0 to 120 as age in years, got -1"),
        ({"age": 1e308}, "expected 0 to 120"),
        ({"age": float("inf")}, "expected a number as age"),
        ({"age": True}, "expected a number as age"),
        ({"age": [63]}, "expected a number as age"),
        ({"age": "Doe 63"}, "expected a number as age"),
        ({"age": 63, "PatientAge": "064Y"}, "expected one age, got several that differ"),
        ({"sex": 1}, "expected M, F, male or female as sex"),
        ({"sex": "0"}, "expected M, F, male or female as sex"),
        ({"sex": "M", "gender": "F"}, "expected one sex"),
        ({"canal_width": 2.9}, "expected 3 to 40 as canal width in mm, got 2.9"),
        ({"canal_width": "1.42 cm"}, "expected a number as canal width"),
        ({"canal_width": "14,2"}, "expected a number as canal width"),
        ({"canal_width_cm": 14.2}, "in another unit"),
    ],
)
def test_implausible_values_are_refused(tmp_path, entry, reason):
    with pytest.raises(DataError) as fault:
        read(tmp_path, {"level": 4, "label": 1, **entry})
    assert reason in fault.value.message
    assert "doe" not in str(fault.value).lower()


def test_files_that_are_no_json_object(tmp_path):
    for content in ("{", "[1]", ""):
        with pytest.raises(UnreadableFileError, match="expected"):
            read(tmp_path, content)
    deep = json.loads("{" + '"a": {' * 40 + '"level": 4' + "}" * 41)
    with pytest.raises(UnsuitableImageError, match="neither"):
        read(tmp_path, deep)


def test_places_are_hospital_patient_and_what_is_below():
    places = {
        "H01/0007/C004/a.dcm": ("H01", "0007", "C004"),
        "tree/of/h6/P1/a.dcm": ("H06", "P1"),
        "H01/C004/C004/a.dcm": ("H01", "C004", "C004"),
        "H01/C004/a.dcm": None,
        "H01/a.dcm": None,
        "a/b.dcm": None,
        "H001/0007/a.dcm": None,
    }
    assert {path: place_of(Path(path)) for path in places} == places


def test_pairs_stand_side_by_side_or_in_trees_that_agree_and_never_join_two_patients(tmp_path):
    images = [tmp_path / name for name in ("H01/1/C004/a.dcm", "H01/2/C004/a.dcm", "dcm/H02/1/C004/a.dcm", "dcm/H02/2/C004/b")]
    labels = ("H01/1/C004/a.json", "json/H01/1/C004/a.json", "json/H02/1/C004/a.dcm.JSON", "json/H02/3/C004/b.json", "b.json")
    found = pair_in_hospitals(tmp_path, images, [tmp_path / name for name in labels])
    assert found.pairs == ((images[0], tmp_path / labels[0]), (images[2], tmp_path / labels[2]))
    assert {path.relative_to(tmp_path).as_posix(): reason for path, reason in found.alone} == {
        "H01/2/C004/a.dcm": "expected one label of that name, got none",
        "dcm/H02/2/C004/b": "expected one label of that name, got none",
        "json/H01/1/C004/a.json": "expected one image and one label of that name, got 1 and 2",
        "json/H02/3/C004/b.json": "expected one image of that name, got none",
        "b.json": "expected a patient's folder in a hospital's (H01, H02, …), got a file outside",
    }


def test_a_series_without_any_json_costs_one_line_and_one_with_some_a_line_each(tmp_path):
    images = [tmp_path / "H01" / "1" / series / f"{n}.dcm" for series in ("C000", "C004") for n in range(3)]
    found = pair_in_hospitals(tmp_path, images, [images[3].with_suffix(".json")])
    assert [(path.relative_to(tmp_path).as_posix(), reason.partition(";")[2].strip()) for path, reason in sorted(found.alone)] == [
        ("H01/1/C000/0.dcm", "nor is there one for the other 2 images of its folder"),
        ("H01/1/C004/1.dcm", ""),
        ("H01/1/C004/2.dcm", ""),
    ]


def test_what_cannot_be_used_is_named_and_the_others_converted(tmp_path):
    annotations = {
        "H01/1/C004/1": CODED,
        "H01/1/C004/2": "{",
        "H01/1/C004/3": {**CODED, "age": 130},
        "H01/2/C004/1": {**CODED, "level": 6},
        "H01/2/C004/4": CODED,
        "H02/2/C001/1": {"level": 1, "label": 0},
    }
    converted = datalist(tmp_path / "in", tmp_path / "out", annotations, faults=["4.dcm"])
    assert converted.skipped == (
        ("H01/1/C004/2.json", "expected JSON, got a file that cannot be parsed"),
        ("H01/1/C004/3.json", "expected 0 to 120 as age in years, got 130"),
        ("H01/2/C004/4.dcm", "is broken"),
    )
    assert converted.notes == (
        ("H01/2/C004/1.dcm", "shows no disc level and was dropped"),
        ("datalist.json", "age is not known of 1 of 2 images"),
        ("datalist.json", "sex is not known of 1 of 2 images"),
        ("datalist.json", "canal_width_mm is not known of 1 of 2 images"),
    )
    assert {item["case"]: (item["label"], item["age"], item["sex"], item["canal_width_mm"]) for item in items_of(converted)} == {
        "H01/1": (1, 63.0, "F", 14.2),
        "H02/2": (0, None, None, None),
    }


def test_patients_are_split_six_to_two_to_two_with_their_outcome(tmp_path):
    annotations = {
        f"H0{hospital}/{patient}/C004/{n}": {"level": n, "label": int(patient < 5 and n == 2)}
        for hospital in (1, 2)
        for patient in range(15)
        for n in (1, 2)
    }
    converted = datalist(tmp_path / "in", tmp_path / "out", annotations)
    cases = [{item["case"] for item in converted.content[section]} for section in SECTIONS]
    assert [len(own) for own in cases] == [18, 6, 6]
    assert len(set().union(*cases)) == 30
    assert [sum(item["label"] for item in converted.content[section]) for section in SECTIONS] == [6, 2, 2]
    again = [datalist(tmp_path / "in", tmp_path / "out", dict(reversed(annotations.items())), seed=seed).content for seed in (0, 1)]
    assert (again[0] == converted.content, again[1] == converted.content) == (True, False)


@pytest.mark.parametrize(
    "name", ["Doe^Jane", "doe", "Kim01", "Im", "Петров", "李1", "J0HN", "IM-Ivanov-3"]
)  # two of them look almost like codes
def test_a_name_is_shown_as_a_digest(name):
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    assert public_name(Path("tree", "H01", name, "C004", f"{name}.dcm")) == f"tree/H01/{digest}/C004/{digest}.dcm"
    assert public_name(Path(name, "IM1.dcm")) == f"{digest}/IM1.dcm"


@pytest.mark.parametrize("name", ["0007", "P0007", "case-12", "IM_0001", "1.2.840.113", "series 3", "dicom", "4e5ea71f-9a3c-4d15-8a52-0a"])
def test_a_code_is_shown_as_it_is(name):
    assert public_name(Path("H01", name, "C004", f"{name}.dcm.json")) == f"H01/{name}/C004/{name}.dcm.json"


def test_no_name_reaches_the_list_or_the_messages(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    for number in range(12):
        path = slice_at(source / f"H0{1 + number % 3}" / f"Secret^Name {number}" / "C004" / f"secret_{number}.dcm")
        content = {**CODED, "PatientName": "Secret^Name", "name": "secret", "label": int(number % 2), "symptomatic": None}
        content |= {0: {"age": "secret"}, 1: {"level": "secret"}, 2: {"level": 6}, 3: {"sex": "secret", "secret": 1}}.get(number, {})
        written(path.with_suffix(".json"), "{secret" if number == 4 else content)
    slice_at(source / "H01" / "secret" / "C004" / "IM1.dcm")
    written(source / "H01" / "secret" / "secret.json", {})
    written(source / "secret.json", {})
    (source / "H02" / "Secret^Name 10" / "C004" / "secret_10.dcm").write_bytes(b"no DICOM")
    code, said, lists = convert(source, out)
    assert code == 3
    assert said.count("left out: ") == 8
    assert said.count("note: ") == 1
    assert "secret" not in (said + json.dumps(lists)).lower()
    items = [item for section in SECTIONS for item in load_items(out / "datalist.json", section, required=False)]
    assert len(items) == 6
    originals = {path.read_bytes() for path in source.rglob("*.dcm")}
    for item in items:
        assert item["image"].startswith(str(out / "without_names" / item["case"]))
        assert Path(item["image"]).read_bytes() in originals


def test_a_data_list_in_the_source_finds_the_same_again(tmp_path):
    for patient in ("0001", "Doe^Jane"):
        path = slice_at(tmp_path / "H01" / patient / "C004" / "IM1.dcm")
        written(path.with_suffix(".json"), CODED)
    first, second = (convert(tmp_path, tmp_path) for _ in range(2))
    assert (first[0], first) == (0, second)
    images = {item["image"] for section in SECTIONS for item in first[2][section]}
    digest = hashlib.sha256(b"Doe^Jane").hexdigest()[:12]
    assert images == {"H01/0001/C004/IM1.dcm", f"without_names/H01/{digest}/C004/IM1.dcm"}


def test_images_are_copied_where_there_are_no_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError

    monkeypatch.setattr("os.link", refuse)
    path = slice_at(tmp_path / "in" / "H01" / "Doe^Jane" / "C004" / "IM1.dcm")
    written(path.with_suffix(".json"), CODED)
    code, _, lists = convert(tmp_path / "in", tmp_path / "out")
    assert code == 0
    assert (tmp_path / "out" / lists["training"][0]["image"]).read_bytes() == path.read_bytes()


def test_the_command_counts_all_three_lists_and_leaves_other_series_alone(tmp_path):
    source = tmp_path / "in"
    for patient in range(5):
        path = slice_at(source / "H01" / f"{patient}" / "C004" / "IM1.dcm")
        written(path.with_suffix(".json"), CODED)
    code, said, _ = convert(source, tmp_path / "out")
    assert (code, "5 cases (lumbar_mri_json)" in said, "3 training, 1 validation, 1 testing" in said) == (0, True, True)
    (source / "H01" / "0" / "C000").mkdir()
    (source / "H01" / "0" / "C000" / "IM1.dcm").write_bytes(path.read_bytes())  # a copy without JSON is no rival
    code, said, _ = convert(source, tmp_path / "out")
    assert (code, "5 cases" in said) == (3, True)
    assert "left out: H01/0/C000/IM1.dcm: expected one label of that name, got none\n" in said


def test_nothing_of_the_kind_and_wrong_options(tmp_path):
    slice_at(tmp_path / "in" / "H01" / "1" / "C004" / "IM1.dcm")
    code, _, lists = convert(tmp_path / "in", tmp_path / "out")
    assert (code, lists) == (1, None)
    code, said, _ = convert(tmp_path / "in", tmp_path / "out", "--validation", "0.3")
    assert (code, "lumbar_mri_json knows no --validation" in " ".join(said.split())) == (2, True)
    code, said, _ = convert(tmp_path / "in" / "H01" / "1" / "C004" / "IM1.dcm", tmp_path / "out")
    assert (code, "expected a folder as SOURCE" in " ".join(said.split())) == (2, True)
