"""NIfTI volumes and pictures."""

import nibabel
import numpy as np
import pytest
from PIL import Image

from msk_monai.errors import GeometryError, PixelDataError, UnreadableFileError, UnsuitableImageError
from tests.dicom.writing import noise

AFFINE = np.array([[-0.5, 0, 0, 10], [0, 0.7, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])


def nifti(path, array, affine=AFFINE, **header):
    image = nibabel.Nifti1Image(array, affine)
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
def test_nifti_keeps_axes_and_affine(load, tmp_path, name):
    volume = noise(6, 5, 4)
    read = load(nifti(tmp_path / name, volume))
    np.testing.assert_array_equal(read[0].numpy(), volume)
    np.testing.assert_allclose(read.affine.numpy(), AFFINE, atol=1e-6)
    assert read.meta["spacing_mm"] == pytest.approx((0.5, 0.7, 3))
    assert read.meta["slice_positions_lps"][1].tolist() == pytest.approx([-10, 20, 8])
    assert read.meta["spacing_source"] == "NIfTI affine"


def test_nifti_scaling(load, tmp_path):
    image = nibabel.Nifti1Image(noise(6, 5, 4), AFFINE)
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "v.nii")
    stored = nibabel.load(tmp_path / "v.nii")
    np.testing.assert_allclose(load(tmp_path / "v.nii")[0].numpy(), stored.get_fdata(), rtol=1e-6)


def test_nifti_subset(load, tmp_path):
    volume = noise(6, 5, 8)
    read = load(nifti(tmp_path / "v.nii", volume), slices=slice(2, 7, 2))
    np.testing.assert_array_equal(read[0].numpy(), volume[:, :, 2:7:2])
    np.testing.assert_allclose(read.affine.numpy()[:3, 2:], [[0, 10], [0, -20], [6, 11]], atol=1e-6)


def test_nifti_picture_and_single_volume_of_a_series(load, tmp_path):
    assert load(nifti(tmp_path / "flat.nii", noise(6, 5))).shape == (1, 6, 5, 1)
    assert load(nifti(tmp_path / "one.nii", noise(6, 5, 4, 1))).shape == (1, 6, 5, 4)


def test_nifti_of_four_dimensions_is_refused(load, tmp_path):
    with pytest.raises(UnsuitableImageError, match=r"v\.nii: expected a volume, got 4 dimensions \(6, 5, 4, 3\)"):
        load(nifti(tmp_path / "v.nii", noise(6, 5, 4, 3)))


def test_nifti_without_orientation_is_flagged(load, tmp_path):
    read = load(nifti(tmp_path / "v.nii", noise(6, 5, 4), affine=None, sform_code=0, qform_code=0))
    assert "without qform and sform" in read.meta["warnings"][0]
    assert "neither qform nor sform" in read.meta["spacing_source"]


@pytest.mark.parametrize("fault", [np.nan, 0])
def test_nifti_with_an_impossible_affine(load, tmp_path, fault):
    path = nifti(tmp_path / "v.nii", noise(6, 5, 4))
    content = bytearray(path.read_bytes())
    content[280:296] = np.full(4, fault, dtype="<f4").tobytes()  # srow_x
    path.write_bytes(content)
    with pytest.raises(GeometryError, match="finite, invertible affine"):
        load(path)


def test_damaged_nifti(load, tmp_path):
    path = nifti(tmp_path / "v.nii", noise(6, 5, 4))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(PixelDataError, match=r"v\.nii: expected \(6, 5, 4\) voxels"):
        load(path)
    path = nifti(tmp_path / "z.nii.gz", noise(60, 50, 4))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(PixelDataError, match="cut off"):
        load(path)
    (tmp_path / "text.nii").write_text("no volume")
    with pytest.raises(UnreadableFileError, match=r"text\.nii"):
        load(tmp_path / "text.nii")


@pytest.mark.parametrize("name", ["p.png", "p.tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_pictures_keep_their_values(load, tmp_path, name, dtype):
    pixels = noise(9, 7, low=0, high=np.iinfo(dtype).max, dtype=dtype)
    Image.fromarray(pixels).save(tmp_path / name)
    read = load(tmp_path / name)
    assert read.shape == (1, 7, 9)
    np.testing.assert_array_equal(read[0].T.numpy(), pixels)
    assert read.meta["spacing_mm"] is None
    assert read.meta["warnings"] == ("no pixel spacing: lengths are in pixels",)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colour_pictures_become_luminance(load, tmp_path, mode):
    rgb = np.repeat(noise(9, 7, 3, low=0, high=3, dtype=np.uint8) * 80, 2, axis=0)
    picture = Image.fromarray(rgb)
    (picture.quantize(64) if mode == "P" else picture.convert(mode)).save(tmp_path / "p.png")
    np.testing.assert_allclose(load(tmp_path / "p.png")[0].T.numpy(), rgb @ [0.299, 0.587, 0.114], rtol=1e-6)


def test_exif_orientation_is_honoured(load, tmp_path):
    pixels = np.kron(noise(4, 3, low=0, high=255, dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    Image.fromarray(pixels).save(tmp_path / "p.jpg", exif=exif, quality=100)
    np.testing.assert_allclose(load(tmp_path / "p.jpg")[0].T.numpy(), np.rot90(pixels, -1), atol=2)


def test_several_pages_are_refused(load, tmp_path):
    pages = [Image.fromarray(noise(9, 7, low=0, high=255, dtype=np.uint8, seed=k)) for k in range(2)]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(UnsuitableImageError, match="got 2 pages"):
        load(tmp_path / "p.tif")


def test_damaged_picture(load, tmp_path):
    Image.fromarray(noise(90, 70, low=0, high=255, dtype=np.uint8)).save(tmp_path / "p.png")
    (tmp_path / "p.png").write_bytes((tmp_path / "p.png").read_bytes()[:1000])
    with pytest.raises(UnreadableFileError, match=r"p\.png"):
        load(tmp_path / "p.png")
    (tmp_path / "t.png").write_text("no picture")
    with pytest.raises(UnreadableFileError, match=r"t\.png"):
        load(tmp_path / "t.png")
