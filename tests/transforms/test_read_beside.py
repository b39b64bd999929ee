import numpy as np
import pytest

from msk_monai.dicom.reader import SeriesReader
from msk_monai.transforms import ReadBesided
from tests.dicom.writing import noise, write_stack


def read(**data):
    return ReadBesided(reader=SeriesReader())(data)


def test_a_series_is_read_in_place(tmp_path):
    paths = write_stack(tmp_path, noise(3, 40, 50), Modality="MR")
    out = read(beside=list(map(str, paths)), case="a")
    assert out["beside"].shape == (1, 50, 40, 3)
    assert "beside_fault" not in out


def test_a_case_without_one_stays_as_it_is():
    assert read(case="a") == {"case": "a"}


@pytest.mark.parametrize("damage", ["missing slice", "no DICOM"])
def test_what_cannot_be_read_costs_the_series_only(tmp_path, damage):
    paths = list(map(str, write_stack(tmp_path, noise(5, 40, 50), Modality="MR")))
    if damage == "missing slice":
        del paths[2]
    else:
        (tmp_path / "other.dcm").write_bytes(np.arange(200, dtype=np.uint8).tobytes())
        paths = [str(tmp_path / "other.dcm")]
    out = read(beside=paths, case="a")
    assert "beside" not in out
    assert out["beside_fault"]
    assert "\n" not in out["beside_fault"]
