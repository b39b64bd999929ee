"""Pixels: transfer syntaxes, rescale, inversion, unused bits, colour."""

import base64
import re
import warnings

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from msk_monai.errors import PixelDataError, UnsuitableImageError
from tests.dicom.writing import ct_slice, encapsulated, image, noise, radiograph, save, uid, write_stack

# made with OpenJPH 0.26 from htj2k_truth(): no encoder of HTJ2K is among this project's dependencies
HTJ2K_CODESTREAM = base64.b64decode(
    "/0//UQApQAAAAAAMAAAAEAAAAAAAAAAAAAAADAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3Bl"
    "bkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAANgAAf+TwAAmPf4FB3QAAMAAEkAAEsAAEoAAh3QAfQGHdAChAQd0AMAAE0AAFRAABMBDqQELdAA5lh0WAGOUAA7mAIt0AMAAFfAA"
    "BXwAAVb9vwYMLH+GYwBU8ch/lwAXc1xEnfFcLADkzRrklwAidBBVmAPPnbxWAMAALoYAAW9AACtAfxeGgv3/DwYdwfIcGBwk2953GHT3QCudBLSgRQBai5wAv0+RdO++Jmi+"
    "YIMnIonAABDsIAKY8UWk+ShjwB8ARzSKoBLh24vtTiwpAP/Z"
)


def htj2k_truth():
    y, x = np.mgrid[:16, :12]
    return (np.hypot(x - 6, y - 8) * 37 + x * 3).astype(np.uint16)


def smooth(rows=64, columns=48):
    """Values an encoder can compress: RLE of pure noise would grow."""
    y, x = np.mgrid[:rows, :columns]
    return (1000 + 40 * np.sin(x / 3) * y + noise(rows, columns, low=0, high=5)).astype(np.uint16)


def values(tensor):
    """(row, column) or (slice, row, column) values."""
    return tensor[0].permute(*reversed(range(tensor.ndim - 1))).numpy()


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_compressed_by_pydicom(load, tmp_path, syntax):
    pixels = smooth()
    dataset = ct_slice(pixels, position=(0, 0, 0))
    dataset.compress(syntax, generate_instance_uid=False)
    np.testing.assert_array_equal(values(load(save(dataset, tmp_path / "c.dcm")))[0], pixels - 1024.0)


def test_jpeg_lossless(load, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    pixels = smooth()
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetFileName(str(tmp_path / "itk.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.Execute(sitk.GetImageFromArray(pixels[None]))
    written = dcmread(tmp_path / "itk.dcm")
    assert written.file_meta.TransferSyntaxUID == JPEGLosslessSV1
    written.update(ct_slice(pixels, position=(0, 0, 0), PixelData=written.PixelData))
    written["PixelData"].is_undefined_length = True
    np.testing.assert_array_equal(values(load(save(written, tmp_path / "c" / "c.dcm")))[0], pixels - 1024.0)


def test_htj2k(load, tmp_path):
    dataset = encapsulated(ct_slice(htj2k_truth(), position=(0, 0, 0)), [HTJ2K_CODESTREAM], HTJ2KLossless)
    np.testing.assert_array_equal(values(load(save(dataset, tmp_path / "c.dcm")))[0], htj2k_truth() - 1024.0)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_native(load, tmp_path, syntax):
    pixels = noise(9, 7)
    stored = pixels.astype(">i2") if syntax == ExplicitVRBigEndian else pixels
    path = save(ct_slice(stored, position=(0, 0, 0), syntax=syntax), tmp_path / "n.dcm")
    np.testing.assert_array_equal(values(load(path))[0], pixels - 1024.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32])
def test_every_sample_type(load, tmp_path, dtype):
    low, high = (0, 100) if np.dtype(dtype).kind == "u" else (-100, 100)
    pixels = noise(8, 6, low=low, high=high, dtype=dtype)
    np.testing.assert_array_equal(values(load(save(ct_slice(pixels, position=(0, 0, 0)), tmp_path / "n.dcm")))[0], pixels - 1024.0)


def test_files_without_preamble_and_meta_information(load, tmp_path):
    pixels = noise(9, 7)
    dataset = ct_slice(pixels, position=(0, 0, 0))
    del dataset.file_meta
    dataset.preamble = None
    dataset.save_as(tmp_path / "bare.dcm", implicit_vr=False, little_endian=True)
    np.testing.assert_array_equal(values(load(tmp_path / "bare.dcm"))[0], pixels - 1024.0)


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_bits_stored_are_ignored(load, tmp_path, signed):
    truth = noise(9, 7, low=-2000 if signed else 0, high=2000)
    stored = (truth & 0x0FFF) | 0x5000
    dataset = ct_slice(stored.astype(np.uint16), position=(0, 0, 0), BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    np.testing.assert_array_equal(values(load(save(dataset, tmp_path / "n.dcm")))[0], truth - 1024.0)


@pytest.mark.parametrize(("slope", "intercept"), [("0.1", "0"), ("1", "-0.5"), ("-3", "7"), ("1e-6", "0"), ("4000", "0")])
def test_rescale_is_rounded_once(load, tmp_path, slope, intercept):
    pixels = noise(9, 7, low=0, high=60000, dtype=np.uint16)
    path = save(ct_slice(pixels, position=(0, 0, 0), RescaleSlope=slope, RescaleIntercept=intercept), tmp_path / "n.dcm")
    expected = (pixels.astype(np.float64) * float(slope) + float(intercept)).astype(np.float32)
    np.testing.assert_array_equal(values(load(path))[0], expected)


def test_a_rescale_that_is_no_number(load, tmp_path):
    path = save(ct_slice(noise(9, 7), position=(0, 0, 0), RescaleSlope="12345.75"), tmp_path / "n.dcm")
    path.write_bytes(path.read_bytes().replace(b"12345.75", b"nonsense"))
    with pytest.raises(PixelDataError, match="finite rescale slope and intercept, got nan"):
        load(path)


def test_monochrome1_is_inverted_once(load, tmp_path):
    pixels = noise(8, 6, low=0, high=1024, dtype=np.uint16)
    stored = {"BitsStored": 10, "HighBit": 9, "PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}
    path = save(radiograph(pixels, **stored), tmp_path / "dx.dcm")
    np.testing.assert_array_equal(values(load(path)), 1023.0 - pixels)


def test_monochrome1_of_signed_values_keeps_their_range(load, tmp_path):
    pixels = noise(8, 6, low=-128, high=128, dtype=np.int8)
    path = save(radiograph(pixels, PhotometricInterpretation="MONOCHROME1"), tmp_path / "dx.dcm")
    np.testing.assert_array_equal(values(load(path)), -1.0 - pixels)


def test_monochrome1_comes_before_the_rescale(load, tmp_path):
    pixels = noise(8, 6, low=0, high=255, dtype=np.uint8)
    path = save(radiograph(pixels, PhotometricInterpretation="MONOCHROME1", RescaleSlope="2", RescaleIntercept="10"), tmp_path / "dx.dcm")
    np.testing.assert_array_equal(values(load(path)), (255.0 - pixels) * 2 + 10)


def test_hounsfield_units_are_never_inverted(load, tmp_path):
    pixels = noise(9, 7)
    path = save(ct_slice(pixels, position=(0, 0, 0), PhotometricInterpretation="MONOCHROME1"), tmp_path / "ct.dcm")
    np.testing.assert_array_equal(values(load(path))[0], pixels - 1024.0)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_becomes_luminance(load, tmp_path, planar):
    rgb = noise(8, 6, 3, low=0, high=255, dtype=np.uint8)
    dataset = image(rgb[..., 0], sop_class="1.2.840.10008.5.1.4.1.1.7", SOPInstanceUID=uid("rgb"), Modality="OT", SamplesPerPixel=3)
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", planar
    dataset.PixelData = (np.moveaxis(rgb, 2, 0) if planar else rgb).tobytes()
    np.testing.assert_allclose(values(load(save(dataset, tmp_path / "rgb.dcm"))), rgb @ [0.299, 0.587, 0.114], rtol=1e-6)


def test_palette_colour_is_refused(load, tmp_path):
    path = save(radiograph(noise(8, 6, low=0, high=9, dtype=np.uint8), PhotometricInterpretation="PALETTE COLOR"), tmp_path / "p.dcm")
    with pytest.raises(UnsuitableImageError, match="palette colour"):
        load(path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless, JPEGLosslessSV1])
def test_damaged_compressed_pixels(load, tmp_path, syntax):
    dataset = encapsulated(ct_slice(smooth(), position=(0, 0, 0)), [b"no codestream at all"], syntax)
    with pytest.raises(PixelDataError, match=re.escape(f"d.dcm: cannot decode frame 1 ({syntax.name}")):
        load(save(dataset, tmp_path / "d.dcm"))


def test_an_unknown_transfer_syntax(load, tmp_path):
    dataset = encapsulated(ct_slice(smooth(), position=(0, 0, 0)), [b"12"], "1.2.840.10008.1.2.4.102")
    with pytest.raises(PixelDataError, match="cannot decode frame 1"):
        load(save(dataset, tmp_path / "d.dcm"))


def test_a_compressed_stack_equals_the_native_one(load, tmp_path):
    volume = np.stack([smooth() + k for k in range(5)])
    write_stack(tmp_path / "native", volume)
    for path in write_stack(tmp_path / "rle", volume):
        dataset = dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        save(dataset, path)
    np.testing.assert_array_equal(load(tmp_path / "rle").numpy(), load(tmp_path / "native").numpy())


@pytest.mark.parametrize(
    "name",
    [
        "MR_small.dcm",
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm",
        "CT_small.dcm",
        "693_J2KI.dcm",
        "J2K_pixelrep_mismatch.dcm",
        "JPEG2000.dcm",
        "JPEGLSNearLossless_16.dcm",
        "JPGExtended.dcm",
        "image_dfl.dcm",
        "rtdose_1frame.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_rle_2frame.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "examples_rgb_color.dcm",
        "examples_ybr_color.dcm",
    ],
)
def test_files_of_other_writers(load, name):
    path = get_testdata_file(name, download=False)
    dataset = dcmread(path)
    with warnings.catch_warnings():  # pydicom's own, of padding; this reader must not pass them on
        warnings.simplefilter("ignore")
        array = dataset.pixel_array.astype(np.float64)
    if dataset.SamplesPerPixel == 3:
        array = array @ [0.299, 0.587, 0.114]
    expected = array * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    np.testing.assert_allclose(values(load(path)).reshape(expected.shape), expected.astype(np.float32), rtol=1e-6)


def test_a_truncated_file_of_another_writer(load):
    with pytest.raises(PixelDataError, match=r"MR_truncated\.dcm: expected 8192 bytes"):
        load(get_testdata_file("MR_truncated.dcm", download=False))
