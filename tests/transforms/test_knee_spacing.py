"""From what a DICOM file says about its pixels (PS3.3 section 10.7.1.3) to lengths of a knee in mm."""

import numpy as np
import pytest
import torch
from monai.transforms import Compose, LoadImaged
from pydicom.uid import ComputedRadiographyImageStorage

from msk_monai.dicom.reader import SeriesReader
from msk_monai.phantoms.dicom_radiograph import Radiograph, RadiographOptions, write_radiograph
from msk_monai.records import Findings
from msk_monai.transforms import FilmGridd, KneeFilmd
from tests.dicom.writing import ABSENT, image, noise, radiograph, save
from tests.knees import ENDS

ROWS, COLUMNS = 240, 320
PIXELS = noise(ROWS, COLUMNS, low=0, high=4095, dtype="uint16")
POINTS = np.array(
    [
        *((20, 60), (60, 100), (100, 80), (120, 40), (140, 80), (180, 100), (260, 60)),
        *((25, 130), (60, 120), (90, 110), (100, 90), (120, 100), (140, 90), (150, 110), (180, 115), (255, 130)),
    ],
    dtype=float,
)
"""Known places in the film's pixels: 240 and 230 columns wide, joint spaces of 20 rows laterally and 15 medially."""
ACROSS, DOWN = (240, 230), (20, 15)
DETECTOR = "millimetres are at the detector plane: the magnification is unknown"
UNCALIBRATED = "millimetres are uncalibrated: nothing says at which plane the pixel spacing holds"
NONE = "no pixel spacing: lengths are in pixels"


def find(path, *, longest: int = 1400, **options: object) -> Findings:
    """What is said of a film on which a network found the known points."""
    read = Compose(
        [
            LoadImaged("source", reader=SeriesReader(), image_only=True, ensure_channel_first=True),
            FilmGridd("source", output_keys="image", longest=longest, enlarge=False),
        ]
    )
    data = read({"source": path})
    to_grid = np.linalg.inv(np.asarray(data["image"].affine)) @ np.asarray(data["image"].meta["original_affine"])
    seen = POINTS * to_grid.diagonal()[:2] + to_grid[:2, 3]
    pred = np.concatenate([seen, np.ones((16, 1)), np.full((16, 1), 0.9)], axis=1)
    return KneeFilmd(ends=ENDS, **options)({**data, "pred": torch.tensor(pred[None], dtype=torch.float32)})["findings"]


def check(findings: Findings, columns_mm: float, rows_mm: float, *flags: str, unit: str = "mm") -> None:
    expected = [columns_mm * n for n in ACROSS] + [rows_mm * n for n in DOWN]
    lengths = findings.measurements[:4]
    assert [m.value for m in lengths] == pytest.approx(expected, rel=1e-4)
    for measurement in lengths:
        assert measurement.unit == unit
        assert measurement.flags == ("right knee", *flags)


DX = {"ImageLaterality": "R", "PatientOrientation": ["L", "F"]}
CASES = [
    ({"PixelSpacing": [0.2, 0.3], "PixelSpacingCalibrationType": "FIDUCIAL"}, 0.3, 0.2, ()),
    ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "GEOMETRY"}, 0.2, 0.2, ()),
    ({"PixelSpacing": [0.18, 0.27], "ImagerPixelSpacing": [0.2, 0.3]}, 0.27, 0.18, ()),
    ({"ImagerPixelSpacing": [0.2, 0.4], "EstimatedRadiographicMagnificationFactor": "1.25"}, 0.32, 0.16, ()),
    (
        {"PixelSpacing": [0.2, 0.4], "ImagerPixelSpacing": [0.2, 0.4], "EstimatedRadiographicMagnificationFactor": "1.25"},
        0.32,
        0.16,
        (),
    ),
    ({"ImagerPixelSpacing": [0.2, 0.3]}, 0.3, 0.2, (DETECTOR,)),
    ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, 0.2, 0.2, (DETECTOR,)),
    ({"PixelSpacing": [0.3, 0.2]}, 0.2, 0.3, (UNCALIBRATED,)),
    ({"NominalScannedPixelSpacing": [0.3, 0.3]}, 0.3, 0.3, ("millimetres are those of the scanned film",)),
    ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.3]}, 0.3, 0.2, ("PixelSpacing is not positive and was ignored", DETECTOR)),
    (
        {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [-0.2, 0.2]},
        0.1,
        0.1,
        ("ImagerPixelSpacing is not positive and was ignored", UNCALIBRATED),
    ),
]


@pytest.mark.parametrize(("tags", "columns_mm", "rows_mm", "flags"), CASES)
@pytest.mark.parametrize("kind", ["DX", "CR"])
def test_lengths_are_the_millimetres_that_the_file_says(tmp_path, tags, columns_mm, rows_mm, flags, kind):
    if kind == "DX":
        film = radiograph(PIXELS, **DX, **tags)
    else:
        film = image(PIXELS, sop_class=ComputedRadiographyImageStorage, SOPInstanceUID="1.2.3", Modality="CR", Laterality="R", **tags)
    check(find(save(film, tmp_path / "film.dcm")), columns_mm, rows_mm, *flags)


@pytest.mark.parametrize("longest", [100, 200, 320])
def test_lengths_do_not_depend_on_the_networks_grid(tmp_path, longest):
    tags = {"PixelSpacing": [0.2, 0.3], "PixelSpacingCalibrationType": "FIDUCIAL"}
    check(find(save(radiograph(PIXELS, **DX, **tags), tmp_path / "film.dcm"), longest=longest), 0.3, 0.2)


@pytest.mark.parametrize("faulty", [None, [0, 0], [-0.2, 0.2], [0.2, 0]])
def test_a_file_that_says_nothing_of_use_gives_pixels(tmp_path, faulty):
    path = save(radiograph(PIXELS, **DX, PixelSpacing=ABSENT if faulty is None else faulty), tmp_path / "film.dcm")
    ignored = () if faulty is None else ("PixelSpacing is not positive and was ignored",)
    check(find(path), 1, 1, *ignored, NONE, unit="{pixels}")
    check(find(path, spacing_mm=[0.2, 0.3]), 0.2, 0.3, *ignored, "pixel spacing as given by the user")


def test_pixels_are_made_square_where_only_their_shape_is_said(tmp_path):
    check(find(save(radiograph(PIXELS, **DX, PixelAspectRatio=[3, 2]), tmp_path / "film.dcm")), 1, 1.5, NONE, unit="{pixels}")


@pytest.mark.parametrize("tags", [tags for tags, *_ in CASES[:3]])
def test_a_spacing_of_the_users_does_not_replace_the_files(tmp_path, tags):
    path = save(radiograph(PIXELS, **DX, **tags), tmp_path / "film.dcm")
    assert find(path, spacing_mm=7.0) == find(path)


def test_the_side_is_the_files(tmp_path):
    left = find(save(radiograph(PIXELS, ImageLaterality="L", PatientOrientation=["R", "F"]), tmp_path / "left.dcm"))
    assert {m.flags[:1] for m in left.measurements} == {("left knee",)}
    doubtful = find(save(radiograph(PIXELS, ImageLaterality="L", PatientOrientation=["L", "F"]), tmp_path / "doubtful.dcm"))
    assert all("unusual for a left knee" in m.flags[1] for m in doubtful.measurements)


@pytest.mark.parametrize(
    ("calibration", "kind", "columns_mm", "rows_mm", "flags"),
    [
        ("geometry", "DX", 0.16, 0.2, ()),
        ("magnification", "DX", 0.16, 0.2, ()),
        ("imager", "DX", 0.2, 0.25, (DETECTOR,)),
        ("none", "CR", 1.0, 1.25, (NONE,)),
    ],
)
def test_a_phantoms_file_gives_its_millimetres(tmp_path, calibration, kind, columns_mm, rows_mm, flags):
    film = Radiograph(
        pixels=PIXELS,
        inverted=False,
        imager_spacing=(0.2, 0.25),
        spacing=(0.16, 0.2),
        plane="plane of the knee joint",
        magnification=1.25,
        source_distance=1150.0,
        calibration=calibration,
        series="Knee AP",
        body_part="KNEE",
        region=("72696002", "Knee"),
        from_front=True,
        orientation=("L", "F"),
        laterality="R",
        sex="F",
        age=61.0,
    )
    path = write_radiograph(tmp_path / "film.dcm", film, RadiographOptions(seed=4, kind=kind))
    check(find(path), columns_mm, rows_mm, *flags, unit="{pixels}" if calibration == "none" else "mm")
