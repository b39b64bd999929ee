import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from msk_monai.dicom.reader import SeriesReader
from msk_monai.phantoms.dicom_radiograph import RadiographOptions, write_radiograph
from msk_monai.phantoms.film_region import Setup
from msk_monai.phantoms.projection import Detector, aim
from msk_monai.phantoms.spine_radiograph import spine_radiograph
from msk_monai.phantoms.spine_xray import Film

KINDS = [("geometry", "DX"), ("geometry", "CR"), ("magnification", "DX"), ("imager", "DX"), ("imager", "CR"), ("none", "CR")]


@pytest.fixture
def film():
    view = aim(at=np.array([0.0, -20.0, 40.0]), source_distance=1150.0, detector_gap=200.0, from_front=True)
    detector = Detector((40, 30), (0.2, 0.25), (-2.9, -4.875))
    return Film(
        pixels=(np.arange(1200) * 3).reshape(40, 30).astype(np.uint16),
        inverted=False,
        points=np.full((68, 2), np.nan),
        spacing=(0.16, 0.2),
        magnification=1.25,
        setup=Setup(region="lumbar", view=view, detector=detector, from_front=True, mirrored=False),
        calibration="geometry",
        sex="F",
        age=61.0,
        cobb=None,
        segment=None,
        findings=(),
    )


@pytest.mark.parametrize("inverted", [False, True])
def test_a_film_reads_back_as_it_was(tmp_path, film, inverted):
    path = write_radiograph(tmp_path / "new" / "film.dcm", spine_radiograph(replace(film, inverted=inverted)), RadiographOptions(seed=4))
    reader = SeriesReader()
    image, meta = reader.get_data(reader.read(path))
    expected = 4095 - film.pixels.astype(float) if inverted else film.pixels
    np.testing.assert_array_equal(image.numpy().T, expected)
    assert meta["modality"] == "DX"
    assert meta["view_position"] == "AP"
    assert tuple(meta["patient_orientation"]) == ("L", "F")


@pytest.mark.parametrize(
    ("calibration", "kind", "spacing"),
    [("geometry", "DX", (0.16, 0.2)), ("magnification", "DX", (0.16, 0.2)), ("imager", "CR", (0.2, 0.25)), ("none", "CR", None)],
)
def test_the_header_says_what_it_should_about_the_scale(tmp_path, film, calibration, kind, spacing):
    path = write_radiograph(
        tmp_path / "a.dcm", spine_radiograph(replace(film, calibration=calibration)), RadiographOptions(seed=4, kind=kind)
    )
    reader = SeriesReader()
    _, meta = reader.get_data(reader.read(path))
    assert meta["spacing_mm"] == (pytest.approx(spacing) if spacing else None)
    assert meta["pixel_aspect_ratio"] == pytest.approx(1.25)


def test_a_digital_film_states_its_pixels(tmp_path, film):
    with pytest.raises(ValueError, match="must have an ImagerPixelSpacing"):
        write_radiograph(tmp_path / "a.dcm", spine_radiograph(replace(film, calibration="none")), RadiographOptions(seed=4, kind="DX"))


def test_views_and_regions_are_told_apart(tmp_path, film):
    other = replace(film, setup=replace(film.setup, from_front=False, mirrored=True, region="whole"))
    first, second = (
        pydicom.dcmread(write_radiograph(tmp_path / f"{s}.dcm", spine_radiograph(f), RadiographOptions(seed=4, study=s)))
        for s, f in enumerate((film, other))
    )
    assert (first.ViewPosition, first.BodyPartExamined, list(first.PatientOrientation)) == ("AP", "LSPINE", ["L", "F"])
    assert (second.ViewPosition, second.BodyPartExamined, list(second.PatientOrientation)) == ("PA", "SPINE", ["R", "F"])
    assert first.StudyInstanceUID != second.StudyInstanceUID
    assert first.PatientName == "Phantom^4-0"
    assert first.PatientBirthDate == ""


@pytest.mark.parametrize(("calibration", "kind"), KINDS)
@pytest.mark.parametrize("inverted", [False, True])
def test_dciodvfy_finds_no_error(tmp_path, film, calibration, kind, inverted):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    options = RadiographOptions(seed=4, kind=kind)
    path = write_radiograph(tmp_path / "a.dcm", spine_radiograph(replace(film, calibration=calibration, inverted=inverted)), options)
    done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    assert f"{kind}Image" in report
    assert "Error" not in report, report
