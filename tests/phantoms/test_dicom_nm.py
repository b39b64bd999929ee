import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from msk_monai.phantoms.bone_scan_mat import GRADE_NAMES
from msk_monai.phantoms.dicom_nm import NMOptions, write_nm

COUNTS = np.random.default_rng(0).poisson((5, 9), (60, 20, 2)).transpose(2, 0, 1).astype(np.uint16)
OF_PIXELS = {"PixelData", "CountsAccumulated", "SmallestImagePixelValue", "LargestImagePixelValue"}


def options(**changes):
    return NMOptions(**{"seed": 3, "study": 1, "sex": "F", "age": 70.4, "pixel": 2.26, **changes})


def views(dataset):
    return [item.ViewCodeSequence[0].CodeMeaning.split()[0] for item in dataset.DetectorInformationSequence]


def test_two_frames_hold_both_views(tmp_path):
    (path,) = write_nm(tmp_path, COUNTS, options())
    image = pydicom.dcmread(path)
    np.testing.assert_array_equal(image.pixel_array, COUNTS)
    assert image.SOPClassUID.name == "Nuclear Medicine Image Storage"
    assert list(image.ImageType) == ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]
    assert list(image.FrameIncrementPointer) == [0x00540010, 0x00540020]
    assert (list(image.EnergyWindowVector), list(image.DetectorVector), image.NumberOfFrames) == ([1, 1], [1, 2], 2)
    assert views(image) == ["anterior", "posterior"]
    assert image.CountsAccumulated == COUNTS.sum()
    assert list(image.PixelSpacing) == [2.26, 2.26]


def test_an_object_a_view(tmp_path):
    paths = write_nm(tmp_path, COUNTS, options(one_object=False))
    images = [pydicom.dcmread(path) for path in paths]
    assert [views(image) for image in images] == [["anterior"], ["posterior"]]
    assert len({image.SOPInstanceUID for image in images}) == 2
    assert len({image.SeriesInstanceUID for image in images}) == 1
    for image, counts in zip(images, COUNTS, strict=True):
        np.testing.assert_array_equal(image.pixel_array, counts)
        assert image.CountsAccumulated == counts.sum()


@pytest.mark.parametrize(("feet_first", "orientations"), [(False, (["L", "F"], ["R", "F"])), (True, (["R", "H"], ["L", "H"]))])
def test_the_header_says_which_way_an_image_lies(tmp_path, feet_first, orientations):
    vector = {"L": (1, 0, 0), "R": (-1, 0, 0), "F": (0, 0, -1), "H": (0, 0, 1)}
    for path, expected in zip(write_nm(tmp_path, COUNTS, options(feet_first=feet_first, one_object=False)), orientations, strict=True):
        image = pydicom.dcmread(path)
        assert image.PatientGantryRelationshipCodeSequence[0].CodeMeaning == ("feet-first" if feet_first else "headfirst")
        assert list(image.PatientOrientation) == expected
        detector = image.DetectorInformationSequence[0]
        assert [float(v) for v in detector.ImageOrientationPatient] == [v for letter in expected for v in vector[letter]]


def test_headers_differ_in_what_their_counts_tell_only(tmp_path):
    one, other = (pydicom.dcmread(write_nm(tmp_path / str(k), COUNTS + k, options())[0]) for k in range(2))
    assert {e.keyword for e in one if e != other.get(e.tag)} == OF_PIXELS
    words = str(one).lower()
    assert not any(word in words for word in (*GRADE_NAMES, "grade", "arthr", "degenerat", "knee"))


def test_the_same_scan_gives_the_same_bytes(tmp_path):
    first, second = (write_nm(tmp_path / name, COUNTS, options())[0].read_bytes() for name in "ab")
    assert first == second
    assert write_nm(tmp_path / "c", COUNTS, options(study=2))[0].read_bytes() != first


def test_other_shapes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"counts must be \(2, rows, columns\), got \(1, 60, 20\)"):
        write_nm(tmp_path, COUNTS[:1], options())


def test_dciodvfy_finds_no_error(tmp_path):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    for one_object in (True, False):
        for feet_first in (True, False):
            for path in write_nm(tmp_path / f"{one_object}{feet_first}", COUNTS, options(one_object=one_object, feet_first=feet_first)):
                done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
                report = done.stdout + done.stderr
                assert "NMImage" in report
                assert "Error" not in report, report
