import json

import pytest

from msk_monai.errors import DataError
from msk_monai.records import Status
from msk_monai.runner import datalist_cases, find_cases
from tests.dicom.writing import SAGITTAL, noise, uid, write_stack
from tests.toy import write_picture


def write_list(folder, **content):
    path = folder / "datalist.json"
    path.write_text(json.dumps(content))
    return path


def test_items_become_cases_with_their_truth(tmp_path):
    write_picture(tmp_path / "images" / "a.png", 10)
    path = write_list(tmp_path, name="set", labels=["one", "two"], validation=[{"image": "images/a.png", "label": 3, "side": "L"}])
    [case] = datalist_cases(path, "validation")
    assert case.name == case.source.path == "images/a.png"
    assert case.files == (str(tmp_path / "images" / "a.png"),)
    assert case.truth == {"name": "set", "labels": ["one", "two"], "label": 3, "side": "L", "datalist_folder": str(tmp_path)}


def test_an_item_may_be_a_folder_with_a_series(tmp_path):
    write_stack(tmp_path / "case_1", noise(3, 4, 5))
    [case] = datalist_cases(write_list(tmp_path, testing=[{"image": "case_1", "z": 1.5}]), "testing")
    assert case.name == case.source.path == "case_1"
    assert case.source.series_instance_uid == uid("series")
    assert len(case.files) == 3
    assert case.truth["z"] == 1.5


def test_the_rules_choose_among_the_series_of_a_folder(tmp_path):
    write_stack(tmp_path / "case_1" / "ct", noise(3, 4, 5))
    write_stack(tmp_path / "case_1" / "mr", noise(3, 4, 5), Modality="MR", SeriesInstanceUID=uid("mr"), FrameOfReferenceUID=uid("mr"))
    path = write_list(tmp_path, testing=[{"image": "case_1"}])
    [unclear] = datalist_cases(path, "testing")
    assert unclear.fault.reason == "expected one series, got 2"
    [case] = datalist_cases(path, "testing", {"modality": "CT"})
    assert case.fault is None
    assert case.source.modality == "CT"


def test_an_image_that_is_not_there_costs_its_own_line(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.dcm").write_text("no image")
    path = write_list(tmp_path, testing=[{"image": "gone.png"}, {"image": "empty"}, {"image": "bad.dcm"}])
    cases = datalist_cases(path, "testing")
    assert [case.name for case in cases] == ["gone.png", "empty", "bad.dcm"]
    assert [case.fault.status for case in cases] == [Status.FAILED] * 3
    assert cases[0].fault.reason == "no such file or folder"


def test_bare_file_names_are_items_without_truth(tmp_path):
    write_picture(tmp_path / "a.png", 10)
    [case] = datalist_cases(write_list(tmp_path, test=["./a.png"]), "test")
    assert case.name == "a.png"


def test_what_is_known_beforehand_is_told_apart_from_the_truth(tmp_path):
    for name in "ab":
        write_picture(tmp_path / f"{name}.png", 10)
    (tmp_path / "bad").mkdir()
    items = [
        {"image": "a.png", "level": "L4-L5", "age": 63, "sex": "F", "canal_width_mm": None, "grade": 2},
        {"image": "b.png", "grade": 1, "level": None},
        {"image": "gone.png", "age": 0},
        {"image": "bad", "canal_width_mm": 14.5},
    ]
    cases = datalist_cases(write_list(tmp_path, test=items, age=1), "test")
    assert [case.known for case in cases] == [
        {"level": "L4-L5", "age": 63, "sex": "F"},
        {},
        {"age": 0},
        {"canal_width_mm": 14.5},
    ]
    assert (cases[0].truth["grade"], cases[0].truth["level"], cases[1].truth["age"]) == (2, "L4-L5", 1)


def test_a_second_series_of_the_folder_goes_along(tmp_path):
    write_stack(tmp_path / "case_1" / "tra", noise(3, 4, 5), Modality="MR")
    sagittal = {"orientation": SAGITTAL, "step": (-4, 0, 0), "SeriesInstanceUID": uid("sag")}
    paths = write_stack(tmp_path / "case_1" / "sag", noise(3, 4, 5), Modality="MR", **sagittal)
    path = write_list(tmp_path, test=[{"image": "case_1", "level": "L5-S1"}])
    [case] = datalist_cases(path, "test", {"orientation": "axial"}, beside={"orientation": "sagittal"})
    assert case.beside == tuple(map(str, paths))
    assert case.known == {"level": "L5-S1"}
    [found] = find_cases(path, {"orientation": "axial"}, {"orientation": "sagittal"})
    assert found == case


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "expected a datalist, got a file that is no JSON"),
        ("[]", "expected a datalist, got a JSON list"),
        ("{}", "expected a list named validation, got none"),
        ('{"training": [{"image": "a"}]}', "expected a list named validation, got training"),
        ('{"validation": [{"image": "a"}, {"image": "a"}]}', "expected every image once, got a twice"),
        ('{"validation": [{"image": ["a", "b"]}]}', "expected image to be a path, got list"),
    ],
)
def test_a_file_that_is_no_datalist_is_named(tmp_path, content, message):
    path = tmp_path / "datalist.json"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        datalist_cases(path, "validation")
    assert str(caught.value).startswith(str(path))


def test_a_datalist_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be opened"):
        datalist_cases(tmp_path / "none.json", None)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"age": "63"}, "age to be a number from 0 to 120, got '63'"),
        ({"age": 163}, "age to be a number"),
        ({"canal_width_mm": "14.2"}, "canal_width_mm to be a number from 3 to 40"),
        ({"sex": "female"}, "sex to be M or F, got 'female'"),
        ({"level": "L4-5"}, "level to be L1-L2 or"),
    ],
)
def test_a_datum_that_is_none_fails_its_case_and_no_other(tmp_path, known, said):
    for name in "ab":
        write_picture(tmp_path / f"{name}.png", 10)
    bad, good = datalist_cases(write_list(tmp_path, test=[{"image": "a.png", **known}, {"image": "b.png", "age": 63}]), "test")
    assert bad.fault is not None
    assert said in bad.fault.reason
    assert good.fault is None
