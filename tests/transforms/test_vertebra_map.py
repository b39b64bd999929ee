import numpy as np
import pytest
import torch

from msk_monai.measure.vertebra_corners import VertebraCorners
from msk_monai.records import Status
from msk_monai.transforms import FilmGridd, VertebraMapd
from msk_monai.transforms.vertebra_map import drawn
from tests.transforms.films import column, film
from tests.transforms.test_spine_film import LEVELS, answer

REPORTED = LEVELS[-3:]


def mapped(pred: np.ndarray, source=None, longest: int | None = None):
    source = film() if source is None else source
    image = FilmGridd("source", output_keys="image", longest=longest or int(max(source.shape)))({"source": source})["image"]
    return VertebraMapd(levels=LEVELS, reported=REPORTED)({"pred": torch.tensor(pred), "image": image, "source": source})


def test_the_vertebrae_asked_for_are_drawn_on_the_films_own_pixels():
    corners = column(6)
    source = film()
    longest = int(max(source.shape))
    out = mapped(answer(corners / 2), source, longest // 2)  # found on a grid of half the size
    segmentation = out["segmentation"]
    assert segmentation.shape == (source.shape[2], source.shape[1])
    assert set(np.unique(segmentation)) == {0, 1, 2, 3}
    for number, quad in enumerate(corners[-3:], 1):
        rows, columns = np.nonzero(segmentation == number)
        assert [columns.mean(), rows.mean()] == pytest.approx(quad.mean(axis=0), abs=1.0)
    assert out["findings"].status is Status.OK
    assert [m.name for m in out["findings"].measurements] == ["l3_area", "l4_area", "l5_area"]


def test_a_pixel_has_the_vertebra_that_its_centre_lies_in():
    square = VertebraCorners("L4", np.array([[1.6, 2.6], [4.4, 2.6], [1.6, 5.4], [4.4, 5.4]]), np.ones(4))
    segmentation = drawn({"L4": square}, ["L3", "L4"], (8, 7))
    assert np.argwhere(segmentation == 2).tolist() == [[row, column] for row in (3, 4, 5) for column in (2, 3, 4)]
    assert np.count_nonzero(segmentation) == 9


def test_what_lies_beyond_the_film_is_not_drawn():
    square = VertebraCorners("L4", np.array([[-2, -2], [2, -2], [-2, 2], [2, 2]], dtype=float), np.ones(4))
    assert np.count_nonzero(drawn({"L4": square}, ["L4"], (8, 7))) == 9


@pytest.mark.parametrize(
    ("pred", "reason"),
    [
        (np.full((17, 4, 5), np.nan), "no spine was found in this picture"),
        (answer(column(6), score=0.1), "no spine was found in this picture"),
        (answer(column(6), probability=0.3), "the names of the vertebrae are in doubt (probability 0.30)"),
    ],
)
def test_doubts_are_said(pred, reason):
    out = mapped(pred)
    assert (out["findings"].status, out["findings"].reason) == (Status.FLAGGED, reason)
    assert (out["segmentation"] is None) == ("spine" in reason)


def test_a_vertebra_that_was_not_seen_is_not_drawn():
    pred = answer(column(6))
    pred[-1, :, 3] = 0.0
    assert set(np.unique(mapped(pred)["segmentation"])) == {0, 1, 2}
