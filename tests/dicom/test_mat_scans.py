"""Whole-body scans in MATLAB files, by the same doors as DICOM."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from monai.transforms import LoadImage

from msk_monai.dicom.mat_scans import read_counts, read_mat_header
from msk_monai.dicom.select import SeriesRules, select
from msk_monai.dicom.study import index_folder
from msk_monai.dicom.whole_body_reader import WholeBodyReader
from msk_monai.errors import DataError, PixelDataError, UnreadableFileError, UnsuitableImageError
from msk_monai.runner import find_cases, survey
from tests.dicom.writing import noise, radiograph, save
from tests.mat_writing import WRITERS, counts, diagnosis, write_v5, write_v73

RULES = {"modality": ["NM"], "formats": ["dicom", "mat"], "whole_body": True, "one_per_study": True}
SPINE = {"modality": ["CR", "DX"], "formats": ["dicom", "raster"]}


def read(path):
    return LoadImage(reader=WholeBodyReader(), ensure_channel_first=True)(path)


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float64])
def test_a_scan_is_anterior_and_posterior_counts(tmp_path, load, version, dtype):
    stored = counts(dtype=dtype)
    path = WRITERS[version](tmp_path / "scan.mat", V=stored, diaginfo=diagnosis())
    scan = read(path)
    assert scan.shape == (2, 20, 34)
    np.testing.assert_array_equal(scan.numpy(), stored.transpose(2, 1, 0))
    assert scan.meta["views"] == ("anterior", "posterior")
    assert (scan.meta["spacing_mm"], scan.meta["spacing_source"], scan.meta["modality"]) == (None, "none", "NM")
    assert scan.meta["warnings"] == ("no pixel spacing: lengths are in pixels",)
    series = load(path)
    assert series.shape == (1, 20, 34, 2)
    np.testing.assert_array_equal(series[0].numpy(), stored.transpose(1, 0, 2))
    assert (series.meta["third_axis"], series.meta["frame_numbers"]) == ("frame", (1, 2))


def test_only_the_frames_asked_for(tmp_path, load):
    path = write_v5(tmp_path / "scan.mat", V=counts())
    assert load(path, slices=[1]).shape == (1, 20, 34, 1)


def test_both_versions_read_alike(tmp_path):
    old, new = (read(write(tmp_path / f"{name}.mat", V=counts())) for name, write in WRITERS.items())
    np.testing.assert_array_equal(old.numpy(), new.numpy())
    left_out = "filename_or_obj"
    assert {key: str(value) for key, value in old.meta.items() if key != left_out} == {
        key: str(value) for key, value in new.meta.items() if key != left_out
    }


def test_the_index_knows_it_by_its_header(tmp_path):
    write_v73(tmp_path / "scan.mat", V=counts())
    [series] = index_folder(tmp_path).series
    assert (series.format, series.modality, series.n_slices, series.bits, series.stands_alone) == ("mat", "NM", 2, 16, True)
    assert [series] == list(select([series], SeriesRules.from_dict(RULES)).chosen)
    assert select([series], SeriesRules.from_dict(SPINE)).chosen == ()


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize(
    ("variables", "fault", "reason"),
    [
        ({"W": counts()}, UnreadableFileError, "expected counts in a variable V, got a MATLAB file without it"),
        ({"v": counts()}, UnreadableFileError, "without it"),
        ({"V": counts()[..., 0]}, UnsuitableImageError, "rows x columns x 2, rows at least 1.7 times the columns, got 34 x 20$"),
        ({"V": np.concatenate([counts(), counts()[..., :1]], axis=2)}, UnsuitableImageError, "got 34 x 20 x 3"),
        ({"V": counts().transpose(1, 0, 2)}, UnsuitableImageError, "got 20 x 34 x 2"),
        ({"V": counts().transpose(2, 0, 1)}, UnsuitableImageError, "got 2 x 34 x 20"),
        ({"V": "text"}, UnreadableFileError, "expected numbers in V, got a variable of class char"),
        ({"V": [counts()]}, UnreadableFileError, "class cell"),
        ({"V": {"counts": counts()}}, UnreadableFileError, "class struct"),
        ({"V": np.empty((0, 0))}, UnsuitableImageError, r"expected V of rows"),
        ({"V": counts() - 0.5}, PixelDataError, r"expected counts from 0 to 16777216, got -0.5"),
        ({"V": counts() + 0.5}, PixelDataError, "expected whole numbers of counts in V, got fractions"),
        ({"V": counts().astype(np.int16) - 1}, PixelDataError, "got -1 to"),
        ({"V": np.where(counts() == 7, np.nan, counts())}, PixelDataError, "got nan"),
        ({"V": counts().astype(np.uint32) * 2**20}, PixelDataError, "expected counts from 0 to 16777216"),
        ({"V": counts() + 1j}, UnreadableFileError, "expected"),
    ],
)
def test_what_is_no_scan_ends_in_one_line(tmp_path, version, variables, fault, reason):
    path = WRITERS[version](tmp_path / "scan.mat", **variables, diaginfo=diagnosis())
    with pytest.raises(fault, match=reason) as caught:
        read_counts(path)
    assert str(caught.value).startswith("scan.mat: ")
    assert "\n" not in str(caught.value)


def test_a_huge_size_is_refused_by_the_header(tmp_path):
    path = write_v5(tmp_path / "scan.mat", V=counts(40, 20))
    content = bytearray(path.read_bytes())
    at = content.index(np.array([40, 20, 2], "<i4").tobytes())
    content[at : at + 8] = np.array([2**30, 2**20], "<i4").tobytes()
    path.write_bytes(content)
    with pytest.raises(UnsuitableImageError, match="expected at most"):
        read_mat_header(path)


@pytest.mark.parametrize("version", WRITERS)
@pytest.mark.parametrize("share", [0, 0.02, 0.2, 0.5, 0.8, 0.98])
def test_a_truncated_file_costs_one_case(tmp_path, version, share):
    path = WRITERS[version](tmp_path / "scan.mat", compressed=False, V=counts(80, 30))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"scan\.mat"):
        read(path)
    [case] = find_cases(tmp_path, RULES)
    assert case.name == "scan.mat"


@given(content=st.binary(max_size=600))
def test_arbitrary_bytes_raise_a_data_error_and_nothing_else(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "arbitrary.mat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"arbitrary\.mat: expected"):
        WholeBodyReader().get_data((path,))


def test_broken_ones_cost_one_line_each_and_other_tasks_nothing(tmp_path):
    write_v5(tmp_path / "good.mat", V=counts())
    write_v5(tmp_path / "labels.mat", label=np.zeros((4, 4, 7), dtype=np.uint8))
    (tmp_path / "cut.mat").write_bytes(b"MATLAB 5.0")
    save(radiograph(noise(9, 7, low=0, dtype=np.uint16)), tmp_path / "film.dcm")
    told = {case.name: None if case.fault is None else case.fault.status.value for case in find_cases(tmp_path, RULES)}
    assert told == {"cut.mat": "failed", "film.dcm": "skipped", "good.mat": None, "labels.mat": "failed"}
    others = {case.name: None if case.fault is None else case.fault.status.value for case in find_cases(tmp_path, SPINE)}
    assert others == {"film.dcm": None, "good.mat": "skipped"}
    decisions = {row.series: row.decision for row in survey(tmp_path).decisions(SPINE)}
    assert decisions == {"film.dcm": "taken", "good.mat": "rejected"}


def test_labels_beside_an_image_are_no_fault_of_it(tmp_path, load):
    save(radiograph(noise(9, 7, low=0, dtype=np.uint16)), tmp_path / "film.dcm")
    write_v5(tmp_path / "film.mat", label=np.zeros((9, 7, 7), dtype=np.uint8))
    assert not any("film.mat" in warning for warning in load(tmp_path).meta["warnings"])
