"""Reading label maps, and drawing them from corners."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from msk_monai.errors import DataError, UnreadableFileError
from msk_monai.metrics.label_maps import FOLDER_KEY, found_labels, true_labels
from msk_monai.runner import datalist
from tests.metrics.films import HEIGHT, LEVELS, WIDTH, truth

LABELS = np.array([[0, 1, 1, 0], [0, 0, 2, 2], [0, 0, 0, 0]])
"""Three rows, four columns."""
CORONAL = np.array([[-1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])
SAGITTAL = np.array([[0, 0, 1.0, 0], [-1, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])
AXIAL = np.diag([-1.0, -1, 1, 1])


def test_the_folder_is_what_the_runner_calls_it():
    assert datalist.FOLDER_KEY == FOLDER_KEY


@pytest.mark.parametrize("affine", [CORONAL, SAGITTAL, AXIAL], ids=["coronal", "sagittal", "axial"])
@pytest.mark.parametrize("rows_first", [False, True])
def test_a_niftis_affine_tells_rows_from_columns(tmp_path, affine, rows_first):
    stored, directions = (LABELS, affine[:, [1, 0, 2, 3]]) if rows_first else (LABELS.T, affine)
    nib.save(nib.Nifti1Image(stored.astype(np.uint8)[..., None], directions), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(found_labels(tmp_path / "a.nii.gz", 2), LABELS)


def test_arrays_and_pictures(tmp_path):
    np.save(tmp_path / "labels.npy", LABELS.astype(np.float32))
    np.save(tmp_path / "channels.npy", np.eye(3)[LABELS] * 0.7 + 0.1)
    Image.fromarray(LABELS.astype(np.uint8)).save(tmp_path / "labels.png")
    for name in ("labels.npy", "channels.npy", "labels.png"):
        np.testing.assert_array_equal(found_labels(tmp_path / name, 2), LABELS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 4, 2)), "expected background and 2 channels, got 2"),
        (np.full((3, 4), 3), "expected labels from 0 to 2, got 3 to 3"),
        (np.zeros(3), r"expected rows x columns, got shape \(3,\)"),
    ],
)
def test_what_does_not_fit(tmp_path, values, message):
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(DataError, match=f"^a.npy: {message}"):
        found_labels(tmp_path / "a.npy", 2)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.npy", "a.png"])
def test_damaged_and_missing_files(tmp_path, name):
    with pytest.raises(UnreadableFileError, match=f"^{name}: expected a label map"):
        found_labels(tmp_path / name, 2)
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableFileError, match=f"^{name}: expected a label map"):
        found_labels(tmp_path / name, 2)


def test_the_labels_file_names_its_classes(tmp_path):
    Image.fromarray(LABELS.astype(np.uint8)).save(tmp_path / "a.png")
    known = {"label": "a.png", FOLDER_KEY: str(tmp_path)}
    np.testing.assert_array_equal(true_labels(known, ("L1", "L2"), None), LABELS)
    swapped = {**known, "labels": ["background", "L2", "S1"]}
    np.testing.assert_array_equal(true_labels(swapped, ("L1", "L2"), (3, 4)), np.where(LABELS == 1, 2, 0))
    with pytest.raises(DataError, match=r"a.png: expected classes from 0 to 1, got up to 2"):
        true_labels(known, ("L1",), None)
    with pytest.raises(DataError, match=r"a.png: expected the label's \(3, 4\) rows and columns, got a segmentation of \(4, 3\)"):
        true_labels(known, ("L1", "L2"), (4, 3))


def test_vertebrae_are_drawn_from_their_corners():
    labels = true_labels(truth(), LEVELS, (120, 60))
    for number in range(3):
        rows, columns = np.nonzero(labels == number + 1)
        top = 10 + 30 * number
        assert top <= rows.min() <= top + 1  # a pixel whose centre lies on the outline may fall to either side
        assert top + HEIGHT - 1 <= rows.max() <= top + HEIGHT
        assert 10 <= columns.min() <= 11
        assert 9 + WIDTH <= columns.max() <= 10 + WIDTH
    assert true_labels(truth(), LEVELS, None).shape == (91, 41)
    assert set(np.unique(true_labels(truth(points=[None, *truth()["points"][1:]]), LEVELS, None))) == {0, 2, 3}
    assert true_labels(truth(points=[None] * 12), LEVELS, None).max() == 0
