import json

import pytest

from msk_monai.errors import DataError
from msk_monai.records import Status
from msk_monai.runner import find_cases, survey
from tests.dicom.writing import ABSENT, SAGITTAL, ct_slice, noise, radiograph, save, uid, write_stack
from tests.toy import write_picture

CT = {"modality": ["CT"], "min_slices": 3}


def write_series(folder, name, *, count=4, study="study", **attributes):
    write_stack(folder, noise(count, 4, 5), SeriesInstanceUID=uid(name), StudyInstanceUID=uid(study), **attributes)


def flatten(folder):
    """Put all files directly into the folder."""
    for path in sorted(folder.rglob("*.dcm")):
        path.rename(folder / "-".join(path.relative_to(folder).parts))
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()


def by_name(cases):
    return {case.name: case for case in cases}


def test_a_series_is_called_by_its_folder(tmp_path):
    write_series(tmp_path / "patient 1" / "study" / "ct", "one")
    [case] = find_cases(tmp_path, CT)
    assert case.name == case.source.path == "patient 1/study/ct"
    assert case.source.series_instance_uid == uid("one")
    assert case.source.study_instance_uid == uid("study")
    assert case.source.modality == "CT"
    assert len(case.files) == 4
    assert case.fault is None


def test_several_series_in_one_folder_are_told_apart_whatever_else_is_there(tmp_path):
    for name in ("one", "two"):
        write_series(tmp_path / "dump" / name, name, study=name, FrameOfReferenceUID=uid(name))
    flatten(tmp_path / "dump")
    before = find_cases(tmp_path, CT)
    write_series(tmp_path / "aaa", "three", study="three")
    after = find_cases(tmp_path, CT)
    assert len(before) == 2
    assert all(case.name.startswith("dump-") and case.source.path == "dump" for case in before)
    assert before[0].name != before[1].name
    assert [case.name for case in after] == ["aaa", *(case.name for case in before)]


def test_the_input_itself_may_be_the_series_or_a_file(tmp_path):
    write_series(tmp_path / "scan", "one")
    assert [case.name for case in find_cases(tmp_path / "scan", CT)] == ["scan"]
    write_picture(tmp_path / "picture.png", 10)
    [case] = find_cases(tmp_path / "picture.png")
    assert case.name == case.source.path == "picture.png"
    assert case.files == (str(tmp_path / "picture.png"),)


def test_a_study_without_a_suitable_series_is_skipped_with_reasons(tmp_path):
    write_series(tmp_path / "s" / "mr1", "mr1", Modality="MR")
    write_series(tmp_path / "s" / "mr2", "mr2", Modality="MR")
    write_series(tmp_path / "s" / "short", "short", count=2)
    [case] = find_cases(tmp_path, CT)
    assert case.name == case.source.path == "s"
    assert case.fault.status is Status.SKIPPED
    assert case.fault.reason == ("no series to take: modality is MR, wanted: CT (2 series); number of slices is 2, wanted: at least 3")


def test_skipped_studies_in_one_folder_are_told_apart(tmp_path):
    for study in ("a", "b"):
        for name in ("x", "y"):
            write_series(tmp_path / study / name, study + name, study=study, count=1)
    flatten(tmp_path)
    cases = find_cases(tmp_path, CT)
    assert len({case.name for case in cases}) == len(cases) == 2
    assert all(case.fault.status is Status.SKIPPED for case in cases)


def test_a_folder_whose_images_cannot_be_read_fails_in_one_line(tmp_path):
    write_series(tmp_path / "good", "one")
    for name in ("1.dcm", "2.dcm"):
        (tmp_path / "bad").mkdir(exist_ok=True)
        (tmp_path / "bad" / name).write_text("no image")
    bad = by_name(find_cases(tmp_path, CT))["bad"]
    assert bad.fault.status is Status.FAILED
    assert bad.fault.reason.startswith("2 files cannot be read: 1.dcm: expected a DICOM file")


def test_an_unreadable_file_beside_a_series_is_a_warning(tmp_path):
    write_series(tmp_path / "ct", "one")
    (tmp_path / "ct" / "junk.dcm").write_bytes(b"")
    [case] = find_cases(tmp_path, CT)
    assert case.fault is None
    assert case.warnings == ("1 files beside it cannot be read: junk.dcm: expected a DICOM file, got an empty one",)


def test_an_unreadable_file_among_images_of_one_file_each_fails_alone(tmp_path):
    for number in range(2):
        save(radiograph(noise(4, 5), SeriesInstanceUID=uid(number), SOPInstanceUID=uid(f"i{number}")), tmp_path / f"{number}.dcm")
    (tmp_path / "2.dcm").write_text("no image")
    (tmp_path / "3.png").write_text("no image")
    cases = find_cases(tmp_path)
    assert [case.name for case in cases] == ["0.dcm", "1.dcm", "2.dcm", "3.png"]
    assert [case.fault is None for case in cases] == [True, True, False, False]


def test_an_empty_study_folder_fails(tmp_path):
    write_series(tmp_path / "good", "one")
    (tmp_path / "gone").mkdir()
    assert by_name(find_cases(tmp_path, CT))["gone"].fault.reason == "the folder is empty"


def test_the_results_of_a_run_are_no_input(tmp_path):
    write_picture(tmp_path / "in" / "a.png", 10)
    write_picture(tmp_path / "in" / "out" / "overlays" / "a.png", 10)
    (tmp_path / "in" / "out" / "results.jsonl").write_text("")
    assert [case.name for case in find_cases(tmp_path / "in")] == ["a.png"]


@pytest.mark.parametrize("content", ["nothing", "text", "absent"])
def test_an_input_without_images_is_an_error_that_names_it(tmp_path, content):
    folder = tmp_path / "input"
    if content != "absent":
        folder.mkdir()
    if content == "text":
        (folder / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"input: (expected images .*, got none|no such file or folder)"):
        find_cases(folder, CT)


def test_a_datalist_is_an_input_too(tmp_path):
    write_picture(tmp_path / "a.png", 10)
    write_picture(tmp_path / "b.png", 10)
    (tmp_path / "list.json").write_text(json.dumps({"training": [{"image": "a.png"}], "validation": [{"image": "b.png"}]}))
    assert [case.name for case in find_cases(tmp_path / "list.json")] == ["a.png", "b.png"]


def test_every_series_has_a_decision_and_unreadable_files_too(tmp_path):
    write_series(tmp_path / "ct", "one")
    write_series(tmp_path / "mr", "two", Modality="MR", study="other")
    (tmp_path / "ct" / "junk.dcm").write_bytes(b"")
    decisions = survey(tmp_path).decisions(CT)
    assert [(row.series, row.decision) for row in decisions] == [("ct", "taken"), ("ct/junk.dcm", "unreadable"), ("mr", "rejected")]
    assert decisions[2].reason == "modality is MR, wanted: CT"


def test_nothing_that_names_a_patient_is_kept(tmp_path):
    write_series(tmp_path / "ct", "one")
    save(ct_slice(noise(4, 5), position=(0, 0, 0), SeriesInstanceUID=ABSENT), tmp_path / "bad" / "x.dcm")
    seen = survey(tmp_path)
    assert "ecret" not in repr(seen.cases(CT)) + repr(seen.decisions(CT))


def test_studies_that_share_a_series_uid_stay_apart(tmp_path):
    write_series(tmp_path / "dump" / "a", "one", study="a")
    write_series(tmp_path / "dump" / "b", "one", study="b")
    flatten(tmp_path / "dump")
    cases = find_cases(tmp_path, CT)
    assert len({case.name for case in cases}) == len({case.source.study_instance_uid for case in cases}) == 2
    assert [row.decision for row in survey(tmp_path).decisions(CT)] == ["taken", "taken"]


def test_the_current_folder_is_an_input_like_any_other(tmp_path, monkeypatch):
    write_series(tmp_path / "in" / "a", "one")
    write_picture(tmp_path / "in" / "b.png", 10)
    write_picture(tmp_path / "in" / "out" / "c.png", 10)
    (tmp_path / "in" / "out" / "results.jsonl").write_text("")
    monkeypatch.chdir(tmp_path / "in")
    assert [case.name for case in find_cases(".")] == ["a", "b.png"] == [case.name for case in find_cases(tmp_path / "in")]


AXIAL_T2 = {"modality": "MR", "orientation": "axial", "weighting": "T2", "one_per_study": True, "min_slices": 3}
SAGITTAL_T2 = {"modality": "MR", "orientation": "sagittal", "weighting": "T2", "min_slices": 3}


@pytest.fixture
def lumbar(tmp_path):
    """A study as a PACS gives it: axial and sagittal, T1 and T2, and a localizer."""
    times = {"T1": {"EchoTime": "10", "RepetitionTime": "500"}, "T2": {"EchoTime": "100", "RepetitionTime": "3000"}}
    for name, attributes in (
        ("t2_tra", {**times["T2"], "count": 12}),
        ("t2_tra_fs", {**times["T2"], "count": 10, "origin": (0, 0, 200)}),
        ("t1_tra", times["T1"]),
        ("t2_sag", {**times["T2"], "orientation": SAGITTAL, "step": (-4, 0, 0), "count": 9}),
        ("t2_sag_2", {**times["T2"], "orientation": SAGITTAL, "step": (-4, 0, 0)}),
        ("t1_sag", {**times["T1"], "orientation": SAGITTAL, "step": (-4, 0, 0)}),
    ):
        write_series(tmp_path / "in" / name, name, SeriesDescription=name, Modality="MR", **attributes)
    for number, orientation in enumerate(((1, 0, 0, 0, 1, 0), SAGITTAL, (1, 0, 0, 0, 0, -1))):
        folder = tmp_path / "in" / f"loc_{number}"
        write_series(folder, "loc", count=2, SeriesDescription="tra", Modality="MR", orientation=orientation, **times["T2"])
    return tmp_path / "in"


def test_a_second_series_goes_along(lumbar):
    [case] = find_cases(lumbar, AXIAL_T2, beside=SAGITTAL_T2)
    assert case.name == "t2_tra"
    assert case.beside == tuple(str(lumbar / "t2_sag" / f"{number:03d}.dcm") for number in range(9))
    [alone] = find_cases(lumbar, AXIAL_T2)
    assert case.source.beside_series_instance_uid not in (None, case.source.series_instance_uid)
    assert alone.source.beside_series_instance_uid is None
    assert alone.beside == ()
    assert alone.files == case.files


def test_a_series_read_beside_is_not_rejected(lumbar):
    decisions = {row.series: (row.decision, row.reason) for row in survey(lumbar).decisions(AXIAL_T2, SAGITTAL_T2)}
    assert decisions["t2_tra"] == ("taken", "")
    assert decisions["t2_sag"] == ("beside", f"read beside series {uid('t2_tra')}")
    preferred = f"another axial T2 series is preferred: 't2_tra' (series {uid('t2_tra')})"
    assert decisions["t2_tra_fs"] == ("rejected", preferred)
    assert decisions["t1_tra"] == ("rejected", "weighting is T1 (TE 10 ms, TR 500 ms), wanted: T2")
    assert decisions["t2_sag_2"] == ("rejected", "orientation is sagittal, wanted: axial")
    assert {row.decision for row in survey(lumbar).decisions(AXIAL_T2)} == {"taken", "rejected"}
    localizer = [reason for name, (_, reason) in decisions.items() if name not in {p.name for p in lumbar.iterdir()}]
    assert localizer == ["orientation is mixed (axial, coronal, sagittal), wanted: axial"]


def test_a_companion_of_another_frame_of_reference_or_study_stays_away(tmp_path):
    times = {"EchoTime": "100", "RepetitionTime": "3000", "Modality": "MR"}
    write_series(tmp_path / "tra", "tra", **times)
    write_series(tmp_path / "sag", "sag", orientation=SAGITTAL, step=(-4, 0, 0), FrameOfReferenceUID=uid("moved"), **times)
    write_series(tmp_path / "other", "other", orientation=SAGITTAL, step=(-4, 0, 0), study="other", **times)
    cases = by_name(find_cases(tmp_path, AXIAL_T2, SAGITTAL_T2))
    assert cases["tra"].beside == ()
    assert cases["other"].fault.status is Status.SKIPPED
    assert [row.decision for row in survey(tmp_path).decisions(AXIAL_T2, SAGITTAL_T2)] == ["rejected", "rejected", "taken"]


def test_a_study_without_a_match_is_skipped_with_a_reason_whatever_could_be_read_beside(tmp_path):
    write_series(tmp_path / "sag", "sag", orientation=SAGITTAL, step=(-4, 0, 0), EchoTime="100", RepetitionTime="3000", Modality="MR")
    [case] = find_cases(tmp_path, AXIAL_T2, beside=SAGITTAL_T2)
    assert case.fault.status is Status.SKIPPED
    assert case.fault.reason == "no series to take: orientation is sagittal, wanted: axial"
    assert case.beside == ()
