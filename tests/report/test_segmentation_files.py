"""Label maps as pictures and files."""

import json
from unittest.mock import patch

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImage
from PIL import Image

from msk_monai.dicom.reader import SeriesReader
from msk_monai.records import Findings, Status
from msk_monai.report import MaskOverlay, SegmentationFiles
from msk_monai.report.picture import ANSWER, LABELS, Panel

NAMES = ("background", "L4", "L5")


def film(columns, rows, **meta):
    affine = np.diag([0.5, 0.7, 1.0, 1.0])
    affine[:2, 3] = (-20.0, 30.0)
    return MetaTensor(torch.rand(1, columns, rows, generator=torch.Generator().manual_seed(1)), affine=affine, meta=meta)


def label_map(columns, rows):
    """Two boxes above each other that touch, off the middle."""
    labels = np.zeros((rows, columns), dtype=np.int64)
    labels[10:30, 5:25] = 1
    labels[30:40, 5:25] = 2
    return labels


def case(columns=60, rows=80, segmentation=None, **meta):
    segmentation = label_map(columns, rows) if segmentation is None else segmentation
    return {"source": film(columns, rows, **meta), "segmentation": segmentation, "findings": Findings()}


@pytest.mark.parametrize("size", [(60, 80), (80, 60), (64, 64)])
@pytest.mark.parametrize("of", [np.asarray, torch.as_tensor])
def test_both_files_hold_the_map_on_the_films_grid(tmp_path, size, of):
    want = label_map(*size)
    files = SegmentationFiles(NAMES)(case(*size, segmentation=of(want)), folder=tmp_path, name="case_one")
    folder = tmp_path / "segmentations"
    assert files == {"segmentation": folder / "case_one.npy", "label_map": folder / "case_one.nii.gz"}
    channels = np.load(files["segmentation"])
    assert (channels.dtype, channels.shape) == (np.uint8, (*want.shape, 3))
    for label in range(3):
        np.testing.assert_array_equal(channels[..., label], want == label)
    image = nibabel.load(files["label_map"])
    assert (image.get_data_dtype(), image.shape) == (np.uint8, (*size, 1))
    np.testing.assert_array_equal(np.asarray(image.dataobj)[:, :, 0].T, want)
    np.testing.assert_allclose(image.affine, film(*size).affine.numpy())


def test_the_nifti_is_read_back_as_the_film_is(tmp_path):
    files = SegmentationFiles(NAMES)(case(), folder=tmp_path, name="a")
    again = LoadImage(reader=SeriesReader(), image_only=True, ensure_channel_first=True)(files["label_map"])
    np.testing.assert_array_equal(again[0, :, :, 0].numpy().T, label_map(60, 80))
    np.testing.assert_allclose(again.affine.numpy(), film(60, 80).affine.numpy())


def test_the_nifti_names_its_classes(tmp_path):
    files = SegmentationFiles(NAMES)(case(), folder=tmp_path, name="a")
    (comment,) = nibabel.load(files["label_map"]).header.extensions
    assert comment.get_code() == 6
    assert json.loads(comment.get_content()) == {"labels": list(NAMES)}


@pytest.mark.parametrize(("spacing", "unit"), [((0.5, 0.7), "mm"), (None, "unknown")])
def test_without_a_spacing_the_nifti_claims_no_millimetres(tmp_path, spacing, unit):
    files = SegmentationFiles(NAMES)(case(spacing_mm=spacing), folder=tmp_path, name="a")
    assert nibabel.load(files["label_map"]).header.get_xyzt_units()[0] == unit


def test_without_a_map_nothing_is_written(tmp_path):
    data = case()
    del data["segmentation"]
    assert SegmentationFiles(NAMES)(data, folder=tmp_path, name="a") == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("writer", [SegmentationFiles, MaskOverlay])
def test_a_map_that_is_not_the_films_is_refused(tmp_path, writer):
    with pytest.raises(ValueError, match=r"80 rows and 60 columns as the film, got shape \(60, 80\)"):
        writer(NAMES)(case(segmentation=label_map(60, 80).T), folder=tmp_path, name="a")
    with pytest.raises(ValueError, match="labels from 0 to 1, got 0 to 2"):
        writer(NAMES[:2])(case(), folder=tmp_path, name="a")
    with pytest.raises(ValueError, match="labels from 0 to 2, got -1 to 2"):
        writer(NAMES)(case(segmentation=np.where(label_map(60, 80) == 1, -1, label_map(60, 80))), folder=tmp_path, name="a")


def painted(folder, data):
    files = MaskOverlay(NAMES)(data, folder=folder, name="case_one")
    assert files == {"overlay": folder / "overlays" / "case_one.png"}
    with Image.open(files["overlay"]) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


@pytest.mark.parametrize("aspect", [1.0, 1.5])
def test_each_class_is_outlined_in_its_own_colour_where_it_lies(tmp_path, aspect):
    with patch.object(Panel, "text"):
        picture = painted(tmp_path, case(pixel_aspect_ratio=aspect))
    scale = min(900 / 60, 1150 / (80 * aspect))
    for colour, top, bottom in ((LABELS[0], 10, 30), (LABELS[1], 30, 40)):
        rows, columns = np.nonzero((picture == colour).all(axis=2))
        edges = np.array([columns.min(), columns.max() + 1, rows.min(), rows.max() + 1])
        assert edges == pytest.approx(np.array([5 * scale, 25 * scale, top * aspect * scale, bottom * aspect * scale]), abs=1.5)
        inside = (slice(rows.min() + 8, rows.max() - 8), slice(columns.min() + 8, columns.max() - 8))
        assert not (picture[inside] == colour).all(axis=2).any()


def test_names_stand_in_the_middle_of_their_classes(tmp_path):
    with patch.object(Panel, "text", autospec=True) as text:
        painted(tmp_path, case())
    (panel, at, name, colour), options = text.call_args_list[1]
    assert (name, colour, options) == ("L5", LABELS[1], {"anchor": "mm"})
    assert at == pytest.approx(panel.place((14.5, 34.5)))
    assert text.call_count == 2


def test_without_a_map_the_film_stands_alone_with_the_reason(tmp_path):
    data = {"source": film(60, 80), "segmentation": None, "findings": Findings(status=Status.FLAGGED, reason="no spine")}
    picture = painted(tmp_path, data)
    assert (np.abs(picture[1150:] - ANSWER).sum(axis=2) <= 16).sum() > 10
    assert not (picture[:1150] == ANSWER).all(axis=2).any()


def test_a_class_that_is_nowhere_is_not_named(tmp_path):
    with patch("msk_monai.report.segmentation_files.sheet", return_value=Image.new("RGB", (9, 9))) as page:
        painted(tmp_path, case(segmentation=np.where(label_map(60, 80) == 1, 0, label_map(60, 80))))
    assert page.call_args.args[1] == "L5"


def test_names_of_the_objects_stand_at_their_own_places(tmp_path):
    data = {**case(), "discs": (("L4-L5", np.array([12.0, 33.0])), ("L3-L4", np.array([14.5, 20.0])))}
    with patch.object(Panel, "text", autospec=True) as text, patch("msk_monai.report.segmentation_files.sheet") as page:
        page.return_value = Image.new("RGB", (9, 9))
        MaskOverlay(NAMES, names_key="discs")(data, folder=tmp_path, name="a")
    assert [call.args[2] for call in text.call_args_list] == ["L4-L5", "L3-L4"]
    panel, at = text.call_args_list[0].args[:2]
    assert at == pytest.approx(panel.place((12.0, 33.0)))
    assert page.call_args.args[1] == "L4-L5, L3-L4"
