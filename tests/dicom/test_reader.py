"""Volumes: order, affine, and every fault of geometry that the reader must name."""

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from msk_monai.dicom.reader import SeriesReader
from msk_monai.errors import (
    DuplicateSliceError,
    GantryTiltError,
    GeometryError,
    MissingSliceError,
    MixedStackError,
    PixelDataError,
    UnevenSpacingError,
    UnreadableFileError,
)
from tests.dicom.writing import ABSENT, AXIAL, CORONAL, SAGITTAL, ct_slice, image, noise, save, uid, write_stack

SHAPE = (6, 9, 7)


def slices_of(tensor):
    """(slice, row, column) values of a channel-first volume."""
    return tensor[0].permute(2, 1, 0).numpy()


def world(tensor, index):
    """LPS position of a voxel (column, row, slice)."""
    ras = tensor.affine.numpy() @ [*index, 1]
    return ras[:3] * [-1, -1, 1]


def test_values_order_and_affine(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)

    read = load(tmp_path)

    assert read.dtype == torch.float32
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    np.testing.assert_allclose(world(read, (0, 0, 0)), [-10, -20, 30])
    np.testing.assert_allclose(world(read, (6, 8, 5)), [-10 + 6 * 0.5, -20 + 8 * 0.7, 40])
    assert read.meta["spacing_mm"] == (0.5, 0.7, 2.0)
    assert read.meta["modality"] == "CT"
    assert read.meta["series_instance_uid"] == uid("series")
    assert read.meta["warnings"] == ()
    assert read.meta["slice_spacings"].tolist() == [2.0] * 5
    assert list(read.meta["spatial_shape"]) == [7, 9, 6]


def test_no_meta_value_names_the_patient(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE))
    assert "secret" not in str(load(tmp_path).meta).lower()


def test_a_volume_is_one_buffer_without_a_copy(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE))
    read = load(tmp_path)
    assert read.stride()[1:] == (1, 7, 63)
    assert read.untyped_storage().nbytes() == 4 * np.prod(SHAPE)


def test_order_comes_from_positions_not_from_names_or_instance_numbers(load, tmp_path):
    volume = noise(*SHAPE)
    shuffled = np.random.default_rng(1).permutation(6).tolist()
    for name, k in enumerate(shuffled):
        slices = ct_slice(volume[k], position=(0, 0, 2.0 * k), number=100 - name * 7 % 11, SOPInstanceUID=uid(f"at {k}"))
        save(slices, tmp_path / f"{name}.dcm")

    read = load(tmp_path)

    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert read.meta["sop_instance_uids"] == tuple(uid(f"at {k}") for k in range(6))


def test_descending_files_still_count_towards_the_head(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume, step=(0, 0, -2))
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume[::-1] - 1024.0)
    assert read.meta["slice_positions_lps"][:, 2].tolist() == [20, 22, 24, 26, 28, 30]
    np.testing.assert_allclose(world(read, (0, 0, 5)), [-10, -20, 30])


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_do_not_change_values(load, tmp_path, workers):
    volume = noise(*SHAPE)
    paths = [str(path) for path in write_stack(tmp_path, volume)]
    np.testing.assert_array_equal(slices_of(load(paths, workers=workers)), volume - 1024.0)


@pytest.mark.parametrize(
    ("orientation", "step", "far_corner"),
    [
        (SAGITTAL, (-2, 0, 0), (-10 - 10, -20 + 6 * 0.5, 30 - 8 * 0.7)),
        (CORONAL, (0, 2, 0), (-10 + 6 * 0.5, -20 + 10, 30 - 8 * 0.7)),
        ((-1, 0, 0, 0, -1, 0), (0, 0, 2), (-10 - 6 * 0.5, -20 - 8 * 0.7, 40)),
        ((-1, 0, 0, 0, 1, 0), (0, 0, 2), (-10 - 6 * 0.5, -20 + 8 * 0.7, 40)),
    ],
    ids=["sagittal", "coronal", "prone", "mirrored"],
)
def test_other_orientations_are_placed_exactly(load, tmp_path, orientation, step, far_corner):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume, orientation=orientation, step=step)
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    np.testing.assert_allclose(world(read, (6, 8, 5)), far_corner)


def test_rescale_differs_between_slices(load, tmp_path):
    volume = noise(3, 4, 5)
    for k, (slope, intercept) in enumerate([("1", "0"), ("0.37", "-12.5"), ("2", "-1024")]):
        save(ct_slice(volume[k], position=(0, 0, k), RescaleSlope=slope, RescaleIntercept=intercept), tmp_path / f"{k}.dcm")
    expected = [volume[0], volume[1] * 0.37 - 12.5, volume[2] * 2.0 - 1024]
    np.testing.assert_array_equal(slices_of(load(tmp_path)), np.asarray(expected, dtype=np.float32))


def test_missing_slice_is_refused(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE))[3].unlink()
    with pytest.raises(MissingSliceError, match=rf"{uid('series')}: expected slices every 2 mm, got 5.* gap of 4 mm.*1 missing"):
        load(tmp_path)


def test_missing_slice_is_interpolated_when_asked_for(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)[3].unlink()

    read = load(tmp_path, uneven="interpolate")

    expected = (volume - 1024.0).astype(np.float32)
    expected[3] = (expected[2] + expected[4]) / 2
    np.testing.assert_allclose(slices_of(read), expected, rtol=1e-6)
    assert read.meta["interpolated"] is True
    assert any("interpolated" in warning for warning in read.meta["warnings"])
    assert read.meta["slice_positions_lps"][:, 2].tolist() == [30, 32, 34, 38, 40]
    assert read.meta["slice_spacings"].tolist() == [2, 2, 4, 2]
    assert len(read.meta["sop_instance_uids"]) == 6


def test_a_regular_stack_is_not_touched_by_interpolation(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    read = load(tmp_path, uneven="interpolate")
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert read.meta["interpolated"] is False


def write_at(folder, offsets, **attributes):
    volume = noise(len(offsets), 4, 5)
    for k, offset in enumerate(offsets):
        save(ct_slice(volume[k], position=(0, 0, offset), number=k, **attributes), folder / f"{k}.dcm")
    return volume


def test_uneven_distances_are_refused_or_interpolated(load, tmp_path):
    volume = write_at(tmp_path, [0, 2, 4, 5.5, 8]) - 1024.0
    with pytest.raises(UnevenSpacingError, match=r"got distances of 1\.5 to 2\.5 mm"):
        load(tmp_path)

    read = load(tmp_path, uneven="interpolate")

    assert read.shape[-1] == 5
    np.testing.assert_allclose(slices_of(read)[3], 0.8 * volume[3] + 0.2 * volume[4], rtol=1e-5)
    np.testing.assert_array_equal(slices_of(read)[[0, 1, 2, 4]], volume[[0, 1, 2, 4]].astype(np.float32))


def test_a_wide_gap_is_never_bridged(load, tmp_path):
    write_at(tmp_path, [0, 2, 4, 20, 22])
    with pytest.raises(MissingSliceError, match="gap of 16 mm"):
        load(tmp_path, uneven="interpolate")


def test_rounded_positions_are_regular(load, tmp_path):
    offsets = [round(k * 0.625, 1) for k in range(20)]
    write_at(tmp_path, offsets)
    read = load(tmp_path)
    assert read.meta["warnings"] == ()
    assert read.affine[2, 2].item() == pytest.approx(offsets[-1] / 19)


def test_identical_duplicate_is_left_out(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    save(ct_slice(volume[2], position=(-10, -20, 34), number=77), tmp_path / "again.dcm")
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert read.meta["warnings"] == ("1 slices repeat another one exactly and were left out",)


def test_different_slices_at_one_position_are_refused(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    save(ct_slice(volume[0], position=(-10, -20, 34), number=77), tmp_path / "other.dcm")
    with pytest.raises(DuplicateSliceError, match=r"002\.dcm, other\.dcm"):
        load(tmp_path)


def test_one_sop_instance_uid_at_two_positions_is_refused(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE), SOPInstanceUID=uid("same"))
    with pytest.raises(DuplicateSliceError, match=uid("same")):
        load(tmp_path)


def test_two_series_in_a_folder_are_named(load, tmp_path):
    write_stack(tmp_path / "a", noise(*SHAPE), SeriesInstanceUID=uid("one"))
    write_stack(tmp_path / "b", noise(*SHAPE), SeriesInstanceUID=uid("two"))
    with pytest.raises(MixedStackError, match=rf"got 2: {uid('one')} \(6 images\), {uid('two')} \(6 images\)"):
        load(tmp_path)


def test_two_acquisitions_of_one_range_are_named(load, tmp_path):
    write_stack(tmp_path / "a", noise(*SHAPE), AcquisitionNumber=1)
    write_stack(tmp_path / "b", noise(*SHAPE, seed=1), AcquisitionNumber=2)
    with pytest.raises(MixedStackError, match=r"AcquisitionNumber tells apart: 1 \(6 slices\), 2 \(6 slices\)"):
        load(tmp_path)


def test_two_interleaved_acquisitions_are_not_merged(load, tmp_path):
    write_stack(tmp_path / "a", noise(*SHAPE), AcquisitionNumber=1)
    write_stack(tmp_path / "b", noise(*SHAPE), AcquisitionNumber=2, origin=(-10, -20, 30.4))
    with pytest.raises(MixedStackError, match="AcquisitionNumber"):
        load(tmp_path, uneven="interpolate")


def test_two_acquisitions_that_continue_each_other_are_one_stack(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path / "a", volume[:3], AcquisitionNumber=1)
    write_stack(tmp_path / "b", volume[3:], AcquisitionNumber=2, origin=(-10, -20, 36))
    np.testing.assert_array_equal(slices_of(load(tmp_path)), volume - 1024.0)


def test_localizer_by_image_type_is_left_out(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    scout = ct_slice(noise(20, 30), position=(0, 0, 0), orientation=CORONAL, number=0, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    save(scout, tmp_path / "scout.dcm")
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert read.meta["warnings"] == ("1 localizer images among the slices were left out",)


def test_localizer_by_orientation_is_left_out(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    save(ct_slice(volume[0], position=(0, 0, 0), orientation=CORONAL, number=0), tmp_path / "scout.dcm")
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert "another orientation" in read.meta["warnings"][0]


def test_mixed_orientations_are_refused(load, tmp_path):
    write_stack(tmp_path / "a", noise(*SHAPE))
    write_stack(tmp_path / "b", noise(*SHAPE), orientation=SAGITTAL, step=(2, 0, 0))
    with pytest.raises(MixedStackError, match=r"2 orientations \(6, 6 slices\)"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("second", "message"), [((noise(3, 9, 8), (0.7, 0.5)), "3 of 9x8"), ((noise(3, 9, 7), (0.7, 0.6)), "one pixel spacing")]
)
def test_mixed_matrices_are_refused(load, tmp_path, second, message):
    pixels, spacing = second
    write_stack(tmp_path / "a", noise(*SHAPE))
    write_stack(tmp_path / "b", pixels, origin=(-10, -20, 42), spacing=spacing)
    with pytest.raises(MixedStackError, match=message):
        load(tmp_path)


def test_tilted_gantry_is_a_sheared_affine(load, tmp_path):
    volume = noise(*SHAPE)
    tilt = np.radians(20)
    orientation = (1, 0, 0, 0, float(np.cos(tilt)), float(np.sin(tilt)))
    write_stack(tmp_path, volume, orientation=orientation, step=(0, 0, 2))

    read = load(tmp_path)

    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    np.testing.assert_allclose(world(read, (0, 0, 5)), [-10, -20, 40], atol=1e-9)
    np.testing.assert_allclose(world(read, (0, 8, 0)), [-10, -20 + 5.6 * np.cos(tilt), 30 + 5.6 * np.sin(tilt)])
    assert read.meta["gantry_tilt_deg"] == pytest.approx(20)
    assert read.meta["spacing_mm"][2] == pytest.approx(2 * np.cos(tilt))
    assert "20.0 degrees" in read.meta["warnings"][0]


def test_slices_shifted_sideways_at_random_are_refused(load, tmp_path):
    for k, pixels in enumerate(noise(*SHAPE)):
        save(ct_slice(pixels, position=(3 * (k % 2), 0, 2 * k), number=k), tmp_path / f"{k}.dcm")
    with pytest.raises(GantryTiltError, match=r"sideways shifts of up to 2\.40 mm"):
        load(tmp_path)


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"])
def test_missing_geometry_is_refused(load, tmp_path, keyword):
    paths = write_stack(tmp_path, noise(*SHAPE))
    save(ct_slice(noise(9, 7), position=(-10, -20, 34), number=3, **{keyword: ABSENT}), paths[2])
    with pytest.raises(GeometryError, match=rf"{uid('series')}: expected {keyword} in every slice, got none in 1 of 6 \(002.dcm\)"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("ImagePositionPatient", b"0\\0\\NaN ", "finite ImagePositionPatient"),
        ("ImagePositionPatient", b"0\\0 ", "finite ImagePositionPatient"),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\inf\\0", "finite ImageOrientationPatient"),
        ("ImageOrientationPatient", b"1\\0\\0\\1\\0\\0 ", "perpendicular"),
        ("PixelSpacing", b"0\\0 ", "positive PixelSpacing"),
        ("PixelSpacing", b"none", "finite PixelSpacing"),
    ],
)
def test_impossible_geometry_is_refused(load, tmp_path, keyword, value, message):
    slices = [ct_slice(noise(9, 7), position=(0, 0, 2 * k), number=k) for k in range(3)]
    for k, dataset in enumerate(slices):
        path = save(dataset, tmp_path / f"{k}.dcm")
        stored = "\\".join(str(part) for part in dataset[keyword].value).encode()
        stored += b" " * (len(stored) % 2)
        head = dataset[keyword].tag.group.to_bytes(2, "little") + dataset[keyword].tag.element.to_bytes(2, "little") + b"DS"
        old, new = (head + len(text).to_bytes(2, "little") + text for text in (stored, value))
        content = path.read_bytes()
        assert content.count(old) == 1
        path.write_bytes(content.replace(old, new))
    with pytest.raises(GeometryError, match=message):
        load(tmp_path)


def test_odd_decimal_strings_are_read(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE))
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().replace(b"DS\x08\x000.7\\0.5 ", b"DS\x1c\x00007.00000E-01\\005.00000E-01 "))
    read = load(tmp_path)
    assert read.meta["spacing_mm"][:2] == (0.5, 0.7)
    assert read.meta["warnings"] == ()


def test_a_subset_is_the_same_part_of_the_volume(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    read = load(tmp_path, slices=slice(1, None, 2))
    np.testing.assert_array_equal(slices_of(read), volume[1::2] - 1024.0)
    np.testing.assert_allclose(world(read, (0, 0, 2)), [-10, -20, 40])
    assert read.meta["slice_positions_lps"][:, 2].tolist() == [32, 36, 40]
    assert read.meta["spacing_mm"][2] == 4
    np.testing.assert_array_equal(slices_of(load(tmp_path, slices=[4])), volume[[4]] - 1024.0)


def test_a_subset_decodes_nothing_else(load, tmp_path):
    paths = write_stack(tmp_path, noise(*SHAPE))
    paths[0].write_bytes(paths[0].read_bytes()[:-20])
    assert load(tmp_path, slices=[2, 3]).shape[-1] == 2


@pytest.mark.parametrize("slices", [[6], [-1], [2, 1], [0, 1, 3], slice(6, 9), []])
def test_an_impossible_subset_is_the_callers_fault(load, tmp_path, slices):
    write_stack(tmp_path, noise(*SHAPE))
    with pytest.raises(ValueError, match="slices must be"):
        load(tmp_path, slices=slices)


@pytest.mark.parametrize(("options", "message"), [({"uneven": "stretch"}, "uneven must be"), ({"workers": 0}, "workers must be")])
def test_impossible_options_are_the_callers_fault(options, message):
    with pytest.raises(ValueError, match=message):
        SeriesReader(**options)


def test_a_single_slice_is_as_thick_as_it_says(load, tmp_path):
    read = load(save(ct_slice(noise(9, 7), position=(1, 2, 3), SliceThickness="4"), tmp_path / "one.dcm"))
    assert read.shape == (1, 7, 9, 1)
    assert read.meta["spacing_mm"] == (0.5, 0.7, 4.0)
    assert load(save(ct_slice(noise(9, 7), position=(1, 2, 3), SliceThickness=ABSENT), tmp_path / "two.dcm")).meta["warnings"]


def test_no_pixel_data(load, tmp_path):
    path = save(ct_slice(noise(9, 7), position=(0, 0, 0), PixelData=ABSENT), tmp_path / "none.dcm")
    with pytest.raises(PixelDataError, match=r"none\.dcm: expected pixel data, got none"):
        load(path)


def test_an_object_without_pixels(load, tmp_path):
    report = image(noise(2, 2), sop_class="1.2.840.10008.5.1.4.1.1.88.11", SOPInstanceUID=uid("sr"), Modality="SR")
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(report, keyword)
    with pytest.raises(PixelDataError, match=r"objects without pixels \(modality SR\)"):
        load(save(report, tmp_path / "report.dcm"))


def test_truncated_file(load, tmp_path):
    paths = write_stack(tmp_path, noise(*SHAPE))
    paths[4].write_bytes(paths[4].read_bytes()[:-20])
    with pytest.raises(PixelDataError, match=r"004\.dcm: expected 126 bytes of pixel data in frame 1, got 106"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("note.dcm", b"these are not the pixels you want", "no DICM prefix"), ("empty.dcm", b"", "an empty one")],
)
def test_a_file_that_is_no_dicom(load, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFileError, match=f"{name}.*{message}"):
        load(tmp_path / name)


def test_an_empty_folder_and_an_absent_one(load, tmp_path):
    with pytest.raises(UnreadableFileError, match="expected an image, got none"):
        load(tmp_path)
    with pytest.raises(UnreadableFileError, match=r"gone: .*got nothing of that name"):
        load(tmp_path / "gone")


def test_broken_files_beside_a_whole_series_are_told_of(load, tmp_path):
    volume = noise(*SHAPE)
    write_stack(tmp_path, volume)
    (tmp_path / "broken.dcm").write_bytes(b"")
    read = load(tmp_path)
    np.testing.assert_array_equal(slices_of(read), volume - 1024.0)
    assert "broken.dcm was left out" in read.meta["warnings"][0]


def test_a_capture_beside_a_stack_is_left_out(load, tmp_path):
    write_stack(tmp_path, noise(*SHAPE))
    identity = {"SOPInstanceUID": uid("sc"), "SeriesInstanceUID": uid("sc"), "Modality": "OT"}
    capture = image(noise(5, 5), sop_class="1.2.840.10008.5.1.4.1.1.7", **identity)
    save(capture, tmp_path / "capture.dcm")
    read = load(tmp_path)
    assert read.shape == (1, 7, 9, 6)
    assert uid("sc") in read.meta["warnings"][0]


@pytest.mark.parametrize("case", ["axial", "sagittal", "descending", "tilted slightly"])
def test_highdicom_agrees(load, tmp_path, case):
    highdicom_image = pytest.importorskip("highdicom.image")
    from pydicom import dcmread

    geometry = {
        "axial": {"orientation": AXIAL, "step": (0, 0, 2.5)},
        "sagittal": {"orientation": SAGITTAL, "step": (-2.5, 0, 0)},
        "descending": {"orientation": AXIAL, "step": (0, 0, -1.25)},
        "tilted slightly": {"orientation": (1, 0, 0, 0, 0.995, 0.0998749), "step": (0, -0.1997498, 1.99)},
    }[case]
    paths = write_stack(tmp_path, noise(*SHAPE), **geometry, RescaleSlope="2")

    read = load(tmp_path)
    oracle = highdicom_image.get_volume_from_series([dcmread(path) for path in paths], dtype=np.float32, apply_presentation_lut=False)

    # highdicom indexes (slice, row, column); its slices may count the other way round
    ours = slices_of(read)
    affine = np.diag([-1, -1, 1, 1]) @ read.affine.numpy() @ np.eye(4)[[2, 1, 0, 3]]
    if not np.allclose(oracle.affine[:3, 3], affine[:3, 3], atol=1e-6):
        flip = np.eye(4)
        flip[0, 0], flip[0, 3] = -1, len(ours) - 1
        ours, affine = ours[::-1], affine @ flip
    np.testing.assert_allclose(affine, oracle.affine, atol=1e-5)
    np.testing.assert_array_equal(ours, oracle.array)


def test_simpleitk_agrees(load, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    paths = write_stack(tmp_path, noise(*SHAPE))
    read = load(tmp_path)
    oracle = sitk.ReadImage([str(path) for path in paths])
    np.testing.assert_array_equal(slices_of(read), sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(world(read, (3, 4, 2)), oracle.TransformIndexToPhysicalPoint((3, 4, 2)))


def test_images_without_uids_are_still_read(load, tmp_path):
    pixels = noise(9, 7)
    lost = {"SeriesInstanceUID": ABSENT, "StudyInstanceUID": ABSENT, "PatientID": ABSENT}
    for k in range(2):
        save(ct_slice(pixels, position=(0, 0, 2 * k), number=k, **lost), tmp_path / f"{k}.dcm")
    np.testing.assert_array_equal(slices_of(load(tmp_path / "0.dcm"))[0], pixels - 1024.0)
    with pytest.raises(MixedStackError, match=r"got 2: .*0\.dcm.*1\.dcm"):
        load(tmp_path)
    save(ct_slice(pixels, position=(0, 0, 0), PixelSpacing=ABSENT, **lost), tmp_path / "2.dcm")
    with pytest.raises(GeometryError, match=r"^2\.dcm: expected PixelSpacing"):
        load(tmp_path / "2.dcm")


def test_the_reader_survives_pickling_and_composition(tmp_path):
    paths = write_stack(tmp_path, noise(*SHAPE))
    reader = pickle.loads(pickle.dumps(SeriesReader(slices=slice(0, 2), workers=1)))
    array, meta = reader.get_data(reader.read(tuple(paths)))
    assert array.shape == (7, 9, 2)
    assert meta["sop_instance_uids"] == tuple(uid(((-10, -20, 30 + 2 * k), k + 1, None, None)) for k in range(2))


def test_age_and_sex_are_numbers_and_letters_that_can_be_collated(load, tmp_path):
    write_stack(tmp_path / "a", noise(*SHAPE), PatientAge="063Y", PatientSex="F")
    write_stack(tmp_path / "b", noise(*SHAPE))
    known, unknown = (load(tmp_path / name).meta for name in "ab")
    assert (known["patient_age_years"], known["patient_sex"]) == (63.0, "F")
    assert np.isnan(unknown["patient_age_years"])
    assert unknown["patient_sex"] == ""
    keys = ("patient_age_years", "patient_sex")
    collated = default_collate([{key: meta[key] for key in keys} for meta in (known, unknown)])
    assert collated["patient_age_years"].shape == (2,)
