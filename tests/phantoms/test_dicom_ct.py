import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pydicom
import pytest

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import render_ct
from msk_monai.phantoms.dicom_ct import SeriesOptions, write_ct_series


@pytest.fixture(scope="module")
def scan(patient):
    return render_ct(patient, Grid((-100.123456, -120.5, 60.0), (3.1, 3.1, 5.0), (6, 64, 64), 5.0))


def sorted_by_position(paths):
    return sorted((pydicom.dcmread(p) for p in paths), key=lambda d: float(d.ImagePositionPatient[2]))


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_series_reads_back_as_it_was(tmp_path, scan, shuffled):
    paths = write_ct_series(tmp_path, scan, SeriesOptions(seed=4, shuffled=shuffled))
    slices = sorted_by_position(tmp_path.iterdir())
    stack = np.stack([d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices])
    np.testing.assert_array_equal(stack, scan.hu)
    np.testing.assert_allclose(slices[0].ImagePositionPatient, scan.grid.origin, atol=1e-6)
    np.testing.assert_allclose([float(b.ImagePositionPatient[2] - a.ImagePositionPatient[2]) for a, b in pairwise(slices)], 5)
    assert [float(v) for v in slices[0].PixelSpacing] == [3.1, 3.1]
    assert len({d.SOPInstanceUID for d in slices}) == len(paths) == 6
    assert len({d.SeriesInstanceUID for d in slices}) == 1


def test_order_of_names_and_numbers_follows_the_options(tmp_path, scan):
    def numbers(**options):
        folder = tmp_path / str(sorted(options.items()))
        return [int(pydicom.dcmread(p).InstanceNumber) for p in write_ct_series(folder, scan, SeriesOptions(seed=4, **options))]

    assert numbers(descending=True) == [6, 5, 4, 3, 2, 1]
    assert numbers(descending=False) == [1, 2, 3, 4, 5, 6]
    mixed = numbers(shuffled=True)
    assert sorted(mixed) == [1, 2, 3, 4, 5, 6]
    assert mixed not in ([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])


def test_files_are_the_same_for_the_same_seed(tmp_path, scan):
    first, again, other = (write_ct_series(tmp_path / n, scan, SeriesOptions(seed=s)) for n, s in (("a", 4), ("b", 4), ("c", 5)))
    assert first[0].read_bytes() == again[0].read_bytes()
    assert pydicom.dcmread(first[0]).StudyInstanceUID != pydicom.dcmread(other[0]).StudyInstanceUID


def test_the_patient_is_fictitious(tmp_path, scan):
    dataset = pydicom.dcmread(write_ct_series(tmp_path, scan, SeriesOptions(seed=4, study=2))[0])
    assert dataset.PatientName == "Phantom^4-2"
    assert dataset.PatientBirthDate == ""


def test_dciodvfy_finds_no_error(tmp_path, scan):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    for path in write_ct_series(tmp_path, scan, SeriesOptions(seed=4))[::3]:
        done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
        report = done.stdout + done.stderr
        assert "CTImage" in report
        assert "Error" not in report, report
