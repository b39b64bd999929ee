"""Images of many frames: enhanced CT, frames that are views, reconstructed NM volumes."""

import numpy as np
import pytest

from msk_monai.errors import DuplicateSliceError, GeometryError, MissingSliceError, MixedStackError
from tests.dicom.writing import ABSENT, AXIAL, ct_slice, enhanced_ct, noise, save, scintigram, sequence, uid

FRAMES = noise(5, 9, 7)
POSITIONS = [(-10, -20, 30 + 2 * k) for k in range(5)]


def slices_of(tensor):
    return tensor[0].permute(2, 1, 0).numpy()


def test_enhanced_frames_are_ordered_by_position(load, tmp_path):
    shuffled = [3, 0, 4, 1, 2]
    path = save(enhanced_ct(FRAMES[shuffled], positions=[POSITIONS[k] for k in shuffled]), tmp_path / "e.dcm")

    read = load(path)

    np.testing.assert_array_equal(slices_of(read), FRAMES - 1024.0)
    assert read.meta["frame_numbers"] == (2, 4, 5, 1, 3)
    assert read.meta["sop_instance_uids"] == (uid("enhanced"),) * 5
    assert read.meta["spacing_mm"] == (0.5, 0.7, 2.0)
    np.testing.assert_allclose(read.affine[:3, 3].numpy(), [10, 20, 30])


def test_enhanced_rescale_differs_between_frames(load, tmp_path):
    slopes = [1, 2, 0.5, 3, 1]
    path = save(enhanced_ct(FRAMES, positions=POSITIONS, slopes=slopes), tmp_path / "e.dcm")
    expected = FRAMES * np.reshape(slopes, (5, 1, 1)) - 1024
    np.testing.assert_array_equal(slices_of(load(path)), expected.astype(np.float32))


def test_enhanced_subset(load, tmp_path):
    path = save(enhanced_ct(FRAMES, positions=POSITIONS), tmp_path / "e.dcm")
    np.testing.assert_array_equal(slices_of(load(path, slices=[1, 3])), FRAMES[[1, 3]] - 1024.0)


def test_enhanced_missing_frame(load, tmp_path):
    path = save(enhanced_ct(FRAMES[:4], positions=POSITIONS[:2] + POSITIONS[3:]), tmp_path / "e.dcm")
    with pytest.raises(MissingSliceError, match="gap of 4 mm"):
        load(path)


def test_enhanced_phases_are_named(load, tmp_path):
    frames = noise(6, 9, 7)
    path = save(enhanced_ct(frames, positions=POSITIONS[:3] * 2, temporal=[1, 1, 1, 2, 2, 2]), tmp_path / "e.dcm")
    with pytest.raises(MixedStackError, match=r"TemporalPositionIndex tells apart: 1 \(3 slices\), 2 \(3 slices\)"):
        load(path)


def test_enhanced_frames_at_one_position(load, tmp_path):
    path = save(enhanced_ct(FRAMES, positions=[*POSITIONS[:4], POSITIONS[0]]), tmp_path / "e.dcm")
    with pytest.raises(DuplicateSliceError, match=r"\(e\.dcm\)"):
        load(path)


def test_highdicom_agrees_on_enhanced(load, tmp_path):
    highdicom_image = pytest.importorskip("highdicom.image")
    path = save(enhanced_ct(FRAMES, positions=POSITIONS), tmp_path / "e.dcm")
    oracle = highdicom_image.imread(path).get_volume(dtype=np.float32)
    read = load(path)
    np.testing.assert_array_equal(slices_of(read), oracle.array if oracle.affine[2, 0] > 0 else oracle.array[::-1])


def test_multiframe_ct_without_geometry_is_refused(load, tmp_path):
    path = save(ct_slice(FRAMES, position=(0, 0, 0)), tmp_path / "m.dcm")
    with pytest.raises(GeometryError, match=r"expected a place for every frame.*\(m\.dcm\)"):
        load(path)


def test_detector_frames_are_no_slices(load, tmp_path):
    counts = noise(2, 16, 6, low=0, high=300, dtype=np.uint16)
    read = load(save(scintigram(counts), tmp_path / "nm.dcm"))
    np.testing.assert_array_equal(slices_of(read), counts)
    assert read.meta["third_axis"] == "frame"
    assert read.meta["spacing_mm"] == (2.2, 2.2)
    assert read.meta["frame_numbers"] == (1, 2)
    assert "counts frames, not slices" in read.meta["warnings"][0]


def test_reconstructed_nm_is_a_volume(load, tmp_path):
    counts = noise(4, 8, 6, low=0, high=300, dtype=np.uint16)
    nm = scintigram(counts, ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"], SpacingBetweenSlices="-3")
    nm.DetectorInformationSequence = sequence(ImagePositionPatient=[0, 0, 100], ImageOrientationPatient=list(AXIAL))
    read = load(save(nm, tmp_path / "nm.dcm"))
    np.testing.assert_array_equal(slices_of(read), counts[::-1])
    assert read.meta["third_axis"] == "slice"
    assert read.affine[2, 3].item() == 91
    assert read.affine[2, 2].item() == 3


def test_frames_without_pixel_spacing(load, tmp_path):
    nm = scintigram(noise(2, 16, 6, low=0, high=300, dtype=np.uint16), PixelSpacing=ABSENT)
    assert load(save(nm, tmp_path / "nm.dcm")).meta["spacing_mm"] is None
