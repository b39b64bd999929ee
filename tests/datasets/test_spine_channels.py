"""DICOM radiographs with a channel for each vertebra in a MATLAB file."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from msk_monai.datasets.films import LUMBAR, Film, FilmFolder
from msk_monai.datasets.spine_channels import read_channels, spine_channel_datalist
from msk_monai.errors import UnreadableFileError

ROWS, COLUMNS = 70, 30


def channels(*, high=1, dtype=np.uint8, background=True):
    """Six vertebrae of 8 x 20 pixels, one below the other."""
    masks = np.zeros((ROWS, COLUMNS, 7), dtype=dtype)
    for level in range(6):
        masks[2 + 11 * level : 10 + 11 * level, 5:25, level + 1] = high
    masks[..., 0] = high * (masks[..., 1:].max(axis=2) == 0)
    return masks if background else masks[..., 1:]


def changed(at, value):
    masks = channels().astype(np.float64)
    masks[at] = value
    return masks


def convert(tmp_path, *variables, size=(ROWS, COLUMNS), **options):
    """Convert one film whose MATLAB file holds these variables."""
    folder = tmp_path / "in"
    folder.mkdir(exist_ok=True)
    savemat(folder / "film.mat", dict(variables))
    film = Film(path=folder / "film.dcm", rows=size[0], columns=size[1], patient="one")
    source = FilmFolder(root=folder, films=(film,), faults={}, files=(folder / "film.mat",))
    return spine_channel_datalist(source, tmp_path / "out", **options)


def labels_of(tmp_path, converted):
    (item,) = converted.content["training"]
    return np.asarray(Image.open(tmp_path / "out" / item["label"]))


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize(("high", "dtype"), [(1, np.uint8), (255, np.uint8), (1.0, np.float64), (255, np.int16), (True, bool)])
def test_values_of_either_kind_give_the_same_map(tmp_path, high, dtype, background):
    converted = convert(tmp_path, ("whatever", channels(high=high, dtype=dtype, background=background)))
    assert (converted.skipped, converted.notes) == ((), ())
    labels = labels_of(tmp_path, converted)
    assert (labels.dtype, labels.shape) == (np.uint8, (ROWS, COLUMNS))
    assert [int(np.count_nonzero(labels == number)) for number in range(7)] == [ROWS * COLUMNS - 960] + [160] * 6
    assert labels[[3, 14, 25, 36, 47, 58], 10].tolist() == [1, 2, 3, 4, 5, 6]
    assert converted.content["labels"] == ["background", *LUMBAR]


def test_a_variable_called_label_goes_before_others(tmp_path):
    decoy = np.zeros((4, 4, 7))
    converted = convert(tmp_path, ("first", decoy), ("names", "text"), ("flat", np.ones((3, 3))), ("Label", channels()))
    assert converted.skipped == ()
    assert convert(tmp_path, ("first", decoy), ("second", channels())).skipped[0][1].endswith("got 4 columns x 4 rows")


def test_channels_can_be_other_vertebrae(tmp_path):
    levels = ("L1", "L2", "L3", "L4", "L5", "S1")
    converted = convert(tmp_path, ("label", channels()), levels=levels)
    assert converted.content["labels"] == ["background", *levels]
    refused = convert(tmp_path, ("label", channels()), levels=("L4", "L5"))
    assert refused.skipped == (("film.mat", "expected 3 channels, background first, or 2 without, got 7"),)


@pytest.mark.parametrize(
    ("masks", "reason"),
    [
        (channels().transpose(1, 0, 2), "expected channels of 30 columns x 70 rows, got 70 columns x 30 rows"),
        (channels()[..., :5], "expected 7 channels, background first, or 6 without, got 5"),
        (changed((5, 6, 1), 0.5), "expected values 0 and 1, or 0 and 255, got 0.5"),
        (changed((5, 6, 1), 255), "got both 1 and 255"),
        (changed((5, 6, 1), np.nan), "got nan"),
        (-channels().astype(np.int16), "got -1"),
        (np.zeros((ROWS, COLUMNS, 7)), "expected a vertebra among T12"),
        (changed((..., 0), 1), "one that covers most of the vertebrae"),
        (np.repeat(channels()[..., 1:].max(axis=2)[..., None], 6, axis=2), "wholly within others"),
        (channels()[..., 0], "expected an array of rows x columns x channels, got none"),
    ],
)
def test_what_is_no_label_is_named_and_left_out(tmp_path, masks, reason):
    converted = convert(tmp_path, ("label", masks))
    ((file, said),) = converted.skipped
    assert file == "film.mat"
    assert reason in said
    assert converted.content["training"] == []


def test_overlap_and_a_wrong_background_are_noted(tmp_path):
    masks = channels()
    masks[2:14, 5:25, 1] = 1  # T12 reaches over the disc and one row into L1
    converted = convert(tmp_path, ("label", masks))
    notes = [note for _, note in converted.notes]
    assert notes == [
        "60 pixels of the background channel contradict the vertebrae's, which were believed",
        "20 pixels belong to several vertebrae; each was given to the nearest",
    ]
    labels = labels_of(tmp_path, converted)
    assert labels[11, 10] == 1
    assert labels[13, 10] in (1, 2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124, b" ") + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n", r"got 7.3 \(HDF5\): save it"),
        (b"", "cannot be parsed"),
        (b"no MATLAB at all" * 20, "cannot be parsed"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, content, reason):
    path = tmp_path / "film.mat"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=reason):
        read_channels(path)


def test_a_truncated_file_cannot_be_read(tmp_path):
    path = tmp_path / "film.mat"
    savemat(path, {"label": channels()})
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UnreadableFileError, match=r"film\.mat: expected a MATLAB file, got one that cannot be parsed"):
        read_channels(path)
