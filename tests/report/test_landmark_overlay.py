"""The picture of the landmarks of a film."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.measure.marks import MarkedLine, MarkedObject
from msk_monai.records import Findings, Landmark, Measurement, Status
from msk_monai.report import LandmarkOverlay
from msk_monai.report.picture import ANSWER, DOUBT, INK, LENGTH, MARK, Panel, font
from tests.knees import KNEE, MIRROR

CAPTIONED = ("joint_line_convergence_angle", "medial_lateral_joint_space_ratio")


def film(columns=1400, rows=700, aspect=1.0):
    y, x = np.mgrid[:rows, :columns]
    pixels = 1000 + 400 * np.sin(8 * x / columns) * np.sin(16 * y / rows)
    return MetaTensor(torch.from_numpy(pixels.T.astype(np.float32))[None], affine=np.eye(4), meta={"pixel_aspect_ratio": aspect})


def marked(points, confidence=0.9):
    return MarkedObject(np.asarray(points, dtype=float), np.full(len(points), confidence), 0.9, 100.0, False)


def lines_of(points, unit="mm"):
    at = dict(zip(POINTS, np.asarray(points).tolist(), strict=True))
    lengths = [np.linalg.norm(np.subtract(at[start], at[end])) for start, end in LINES.values()]
    return tuple(
        MarkedLine(tuple(at[start]), tuple(at[end]), f"{length:.1f} {unit}")
        for (start, end), length in zip(LINES.values(), lengths, strict=True)
    )


class Drawn:
    """Strokes and texts of every panel."""

    def __init__(self):
        self.strokes, self.texts = [], []

    def __enter__(self):
        stroke, text = Panel.stroke, Panel.text

        def noted_stroke(panel, points, colour, **options):
            self.strokes.append((panel, np.array(points), colour))
            stroke(panel, points, colour, **options)

        def noted_text(panel, at, words, colour, *, anchor="lm"):
            box = np.add(font().getbbox(words, anchor=anchor), [*at, *at])
            self.texts.append((panel, words, colour, box))
            text(panel, at, words, colour, anchor=anchor)

        self._patches = [patch.object(Panel, "stroke", noted_stroke), patch.object(Panel, "text", noted_text)]
        for each in self._patches:
            each.start()
        return self

    def __exit__(self, *_):
        for each in self._patches:
            each.stop()

    @property
    def panels(self):
        return list(dict.fromkeys(panel for panel, *_ in self.strokes))

    def words(self, panel, colour):
        return [words for where, words, drawn, _ in self.texts if where is panel and drawn == colour]


def draw(folder, *knees, source=None, confidence=0.9, captioned=(), numbered=True, **findings):
    data = {
        "source": film() if source is None else source,
        "objects": tuple(marked(knee, confidence) for knee in knees),
        "lines": tuple(line for knee in knees for line in lines_of(knee)),
        "findings": Findings(**findings),
    }
    with Drawn() as drawn:
        files = LandmarkOverlay(captioned=captioned, numbered=numbered)(data, folder=folder, name="case_one")
    assert files == {"overlay": folder / "overlays" / "case_one.png"}
    with Image.open(files["overlay"]) as opened:
        return np.asarray(opened.convert("RGB")).astype(int), drawn


def places(picture, colour):
    """(N, 2) columns and rows of one colour."""
    return np.argwhere((picture == colour).all(axis=2))[:, ::-1]


LARGE = KNEE * 4 + (250, 200)
RIGHT, LEFT = KNEE * 2.5 + (350, 300), KNEE * MIRROR * 2.5 + (1050, 320)


@pytest.mark.parametrize("aspect", [1.0, 1.5])
def test_lines_lie_where_the_points_are(tmp_path, aspect):
    picture, drawn = draw(tmp_path, LARGE, source=film(500, 400, aspect), numbered=False)
    (panel,) = drawn.panels
    assert picture.shape[1] == panel.size[0]
    found = places(picture, LENGTH)
    for line in lines_of(LARGE)[:2]:
        start, end = panel.place([line.start, line.end])
        near = found[np.abs(found[:, 1] - start[1]) < 2]
        assert len(np.unique(near[:, 0])) > 0.8 * (end[0] - start[0])
    marks = places(picture, MARK)
    for point in panel.place(LARGE):
        assert np.abs(marks - point).sum(axis=1).min() < 8


def test_an_object_that_fills_the_film_is_labelled_there(tmp_path):
    _, drawn = draw(tmp_path, LARGE, source=film(500, 400))
    (panel,) = drawn.panels
    assert drawn.words(panel, MARK) == [str(number) for number in range(1, 17)]
    assert drawn.words(panel, LENGTH) == ["320.0 mm", "312.0 mm", "24.0 mm", "24.0 mm"]


def test_two_knees_on_a_wide_film_are_enlarged_each_with_its_own_numbers_and_lengths(tmp_path):
    picture, drawn = draw(tmp_path, RIGHT, LEFT)
    whole, right, left = drawn.panels
    assert picture.shape[1] == whole.size[0] + right.size[0] + left.size[0] + 2 * 6
    assert drawn.words(whole, MARK) == drawn.words(whole, LENGTH) == []
    for panel, knee, other in ((right, RIGHT, LEFT), (left, LEFT, RIGHT)):
        assert panel.scale > 2 * whole.scale
        assert all(panel.holds(place, margin=20) for place in panel.place(knee))
        assert not any(panel.holds(place) for place in panel.place(other))
        assert drawn.words(panel, MARK) == [str(number) for number in range(1, 17)]
        assert drawn.words(panel, LENGTH) == ["200.0 mm", "195.0 mm", "15.0 mm", "15.0 mm"]


def test_lines_are_seen_in_every_panel(tmp_path):
    picture, drawn = draw(tmp_path, RIGHT, LEFT)
    whole, right, _ = drawn.panels
    left_edges = np.cumsum([0, whole.size[0] + 6, right.size[0] + 6])
    found = np.argwhere(picture[..., 1] - picture[..., 0] > 50)[:, ::-1]
    for panel, edge, knees in zip(drawn.panels, left_edges, ((RIGHT, LEFT), (RIGHT,), (LEFT,)), strict=True):
        for knee in knees:
            for line in lines_of(knee)[:2]:
                start, end = panel.place([line.start, line.end])
                near = found[(np.abs(found[:, 1] - start[1]) < 2) & (found[:, 0] >= edge)]
                inside = near[(near[:, 0] - edge > min(start[0], end[0])) & (near[:, 0] - edge < max(start[0], end[0]))]
                assert len(np.unique(inside[:, 0])) > 0.7 * abs(end[0] - start[0])


@pytest.mark.parametrize("worn", [0.0, 2.0, 5.5])
def test_lengths_hide_neither_each_other_nor_numbers(tmp_path, worn):
    knee = KNEE.copy()
    knee[5, 1] += worn
    _, drawn = draw(tmp_path, knee * 2.5 + (350, 300), knee * MIRROR * 2.5 + (1050, 320))
    for panel in drawn.panels[1:]:
        texts = [(colour, box) for where, _, colour, box in drawn.texts if where is panel]
        for number, (colour, box) in enumerate(texts):
            for _, other in texts[:number] if colour == LENGTH else ():
                assert not ((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all())


@pytest.mark.parametrize(("confidence", "shown", "absent"), [(0.9, MARK, DOUBT), (0.1, DOUBT, MARK)])
def test_points_of_little_confidence_are_drawn_as_doubtful(tmp_path, confidence, shown, absent):
    picture, _ = draw(tmp_path, RIGHT, confidence=confidence)
    assert len(places(picture, shown))
    assert not len(places(picture, absent))


def test_nothing_found_is_said_below_the_film_and_nothing_is_drawn(tmp_path):
    picture, drawn = draw(tmp_path, status=Status.FLAGGED, reason="no knee was found in this picture")
    assert (drawn.strokes, drawn.texts) == ([], [])
    assert picture.shape == (450 + 10 + 21, 900, 3)
    assert not any(len(places(picture[:450], colour)) for colour in (MARK, DOUBT, LENGTH))
    assert len(places(picture[450:], ANSWER))


def caption(folder, *measurements, **options):
    with patch(
        "msk_monai.report.landmark_overlay.sheet", side_effect=lambda pictures, words, colour: said.append((words, colour)) or pictures[0]
    ):
        said: list = []
        draw(folder, RIGHT, measurements=measurements, captioned=CAPTIONED, **options)
    return said[0]


def test_the_numbers_asked_for_stand_below_the_film_with_their_units(tmp_path):
    words = caption(
        tmp_path,
        Measurement(name="right_joint_line_convergence_angle", value=-1.26, unit="deg"),
        Measurement(name="right_medial_joint_space", value=3.0, unit="mm"),
        Measurement(name="right_medial_lateral_joint_space_ratio", value=0.678, unit="1"),
        Measurement(name="left_joint_line_convergence_angle", value=-0.01, unit="deg"),
        Measurement(name="left_medial_lateral_joint_space_ratio", value=None, unit="1"),
    )
    assert words == (
        "right joint line convergence angle −1.3°, right medial lateral joint space ratio 0.68, left joint line convergence angle 0.0°",
        INK,
    )


def test_without_numbers_the_landmarks_are_counted(tmp_path):
    assert caption(tmp_path, landmarks=(Landmark(name="a", x=1, y=2),) * 3) == ("3 landmarks", INK)


def test_objects_without_lines_are_drawn_too(tmp_path):
    data = {"source": film(500, 400), "objects": (marked(LARGE),), "findings": Findings()}
    LandmarkOverlay(numbered=False)(data, folder=tmp_path, name="a")
    with Image.open(tmp_path / "overlays" / "a.png") as opened:
        picture = np.asarray(opened.convert("RGB")).astype(int)
    assert len(places(picture, MARK))
    assert not len(places(picture, LENGTH))
