"""Slice errors."""

import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import SliceError
from msk_monai.records import BundleIdentity, Findings, Measurement, Result, SliceLocation, Source

TRUTH = {"l3_in_scan": True, "l3_middle_slice": 40, "l3_middle_mm": 200.0}


def result(index=None, z=None):
    where = None if index is None else SliceLocation(index=index, position_mm=(0, 0, z))
    findings = Findings(slice=where, measurements=(Measurement(name="l3_middle_z", value=z, unit="mm"),))
    return Result(case="a", source=Source(path="a"), bundle=BundleIdentity(name="b", version="1"), findings=findings)


def test_an_answer():
    figures = SliceError(level="L3")(result(38, 190.5), TRUTH)
    assert figures == {"given": True, "slice_error": 2.0, "within_1_slice": False, "error_mm": pytest.approx(9.5), "wrong_level": False}
    assert SliceError(level="L3")(result(33, 165.0), TRUTH)["wrong_level"] is True


def test_no_answer():
    assert SliceError(level="L3")(result(), TRUTH) == {"given": False}


def test_a_scan_without_the_level():
    absent = {**TRUTH, "l3_in_scan": False, "l3_middle_slice": None}
    assert SliceError(level="L3")(result(), absent) == {"absence_recognised": True}
    assert SliceError(level="L3")(result(3, 15.0), absent) == {"absence_recognised": False}


def test_bodies_are_truth_too():
    truth = {"bodies": [{"name": "L2", "z_range": [220, 246]}, {"name": "L3", "z_range": [187, 213]}]}
    figures = SliceError(level="L3")(result(38, 198.5), truth)
    assert figures == {"given": True, "error_mm": pytest.approx(1.5), "wrong_level": False}
    assert SliceError(level="L4")(result(), truth) == {"absence_recognised": True}


def test_a_datalist_without_the_truth():
    with pytest.raises(DataError, match="expected bodies, or l3_in_scan"):
        SliceError(level="L3")(result(), {"name": "x"})
