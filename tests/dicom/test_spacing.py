"""Millimetres of radiographs, PS3.3 section 10.7.1.3."""

import pytest

from msk_monai.dicom.header import read_header
from msk_monai.dicom.spacing import pixel_size
from tests.dicom.writing import noise, radiograph, save

PIXELS = noise(8, 6, low=0, high=255, dtype="uint8")


@pytest.mark.parametrize(
    ("attributes", "size", "source"),
    [
        (
            {"PixelSpacing": [0.1, 0.12], "PixelSpacingCalibrationType": "FIDUCIAL", "PixelSpacingCalibrationDescription": "ball"},
            (0.1, 0.12),
            "PixelSpacing (CALIBRATED: FIDUCIAL: ball)",
        ),
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"},
            (0.1, 0.1),
            "PixelSpacing (CALIBRATED: GEOMETRY)",
        ),
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.15, 0.15]},
            (0.1, 0.1),
            "PixelSpacing (CALIBRATED: it differs from ImagerPixelSpacing)",
        ),
        (
            {"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": "1.5"},
            (0.1, 0.1),
            "ImagerPixelSpacing / magnification 1.5",
        ),
        (
            {"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": "1.5"},
            (0.1, 0.1),
            "ImagerPixelSpacing / magnification 1.5",
        ),
        ({"ImagerPixelSpacing": [0.15, 0.16]}, (0.15, 0.16), "ImagerPixelSpacing (at detector plane)"),
        ({"PixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "PixelSpacing (uncalibrated)"),
        ({"NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3), "NominalScannedPixelSpacing (uncalibrated)"),
        ({}, None, "none"),
        ({"PixelSpacing": [0, 0]}, None, "none"),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.15, 0.15]}, (0.15, 0.15), "ImagerPixelSpacing (at detector plane)"),
    ],
)
def test_rules(tmp_path, attributes, size, source):
    header = read_header(save(radiograph(PIXELS, **attributes), tmp_path / "dx.dcm"))
    found = pixel_size(header.instance, "DX")
    assert found.rows_columns == (pytest.approx(size) if size else None)
    assert found.source == source


@pytest.mark.parametrize(
    ("attributes", "warned"),
    [
        ({"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"}, None),
        ({"ImagerPixelSpacing": [0.15, 0.15], "EstimatedRadiographicMagnificationFactor": "1.5"}, None),
        ({"ImagerPixelSpacing": [0.15, 0.15]}, "detector plane"),
        ({"PixelSpacing": [0.2, 0.2]}, "uncalibrated"),
        ({}, "in pixels"),
        ({"PixelSpacing": [-1, 1]}, "PixelSpacing is not positive"),
    ],
)
def test_what_is_less_than_calibrated_is_told(load, tmp_path, attributes, warned):
    warnings = load(save(radiograph(PIXELS, **attributes), tmp_path / "dx.dcm")).meta["warnings"]
    assert (warned in warnings[0]) if warned else warnings == ()


def test_radiograph_is_a_picture_with_its_own_scale(load, tmp_path):
    read = load(save(radiograph(PIXELS, PixelSpacing=[0.2, 0.1]), tmp_path / "dx.dcm"))
    assert read.shape == (1, 6, 8)
    assert read[0, 4, 2] == PIXELS[2, 4]
    assert read.meta["spacing_mm"] == (0.1, 0.2)
    assert read.affine.diagonal().tolist() == [0.1, 0.2, 1, 1]
    assert read.meta["pixel_aspect_ratio"] == 2
    assert (read.meta["view_position"], read.meta["laterality"], read.meta["third_axis"]) == ("AP", "R", "")


def test_pixel_aspect_ratio_without_millimetres(load, tmp_path):
    assert load(save(radiograph(PIXELS, PixelAspectRatio=[3, 2]), tmp_path / "dx.dcm")).meta["pixel_aspect_ratio"] == 1.5


def test_scintigraphic_spacing_needs_no_calibration(tmp_path):
    header = read_header(save(radiograph(PIXELS, PixelSpacing=[2.2, 2.2]), tmp_path / "nm.dcm"))
    assert pixel_size(header.instance, "NM").source == "PixelSpacing"
