"""Real files: how the reader behaves on them is part of what it promises."""

import os
from pathlib import Path

import numpy as np
import pytest

from msk_monai.dicom.study import index_folder
from msk_monai.errors import UnevenSpacingError

DATA = Path(os.environ.get("MSK_MONAI_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images at {DATA} (set MSK_MONAI_DATA)")


def test_uneven_gaps_are_refused_by_name(load):
    with pytest.raises(UnevenSpacingError, match="distances of 6 to 16 mm"):
        load(DATA / "ct_spine" / "uneven_gaps")


def test_uneven_gaps_are_interpolated(load):
    read = load(DATA / "ct_spine" / "uneven_gaps", uneven="interpolate")
    assert read.shape == (1, 512, 512, 35)
    assert read.meta["spacing_mm"] == (0.6757812, 0.6757812, 8.0)
    assert read.meta["slice_positions_lps"].shape == (34, 3)
    assert len(read.meta["warnings"]) == 3


def test_uneven_gaps_index():
    index = index_folder(DATA / "ct_spine" / "uneven_gaps")
    assert [one.path.name for one in index.unreadable] == ["000000.dcm"]
    assert sorted((one.modality, one.n_slices) for one in index.series) == [("CT", 34), ("OT", 1)]


def test_simpleitk_agrees_on_a_whole_series(load):
    sitk = pytest.importorskip("SimpleITK")
    folder = DATA / "ct_spine" / "ends_above_l3"
    oracle = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    read = load(folder)
    np.testing.assert_array_equal(read[0].permute(2, 1, 0).numpy(), sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(read.affine[:3, 3].numpy() * [-1, -1, 1], oracle.GetOrigin(), atol=1e-6)


def test_bone_scan_keeps_its_counts(load):
    read = load(DATA / "dicom_samples" / "NM1_UNC.dcm")
    assert read.shape == (1, 256, 1024)
    assert read.sum().item() == 3596452
    assert (read.meta["spacing_mm"], read.meta["spacing_source"]) == ((2.26, 2.26), "PixelSpacing")
    assert read.meta["modality"] == "NM"


def test_radiographs(load):
    hip = load(DATA / "dicom_samples" / "RG2_RLE.dcm")
    assert (hip.shape, hip.meta["spacing_mm"]) == ((1, 1760, 2140), (0.2, 0.2))
    leg = load(DATA / "dicom_samples" / "RG3_RLE.dcm")
    assert (leg.shape, leg.meta["spacing_mm"], leg.meta["spacing_source"]) == ((1, 1760, 1760), None, "none")
    assert (leg.meta["laterality"], leg.meta["view_position"]) == ("R", "AP")
    tibia, air = leg[0, 830:880, 400:600], leg[0, 500:560, 400:600]
    assert tibia.mean() > 2 * air.mean()  # bone is brighter than air: inverted once
