"""The picture of a spine film."""

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor
from PIL import Image

from msk_monai.geometry import angle_between
from msk_monai.measure.segment import measure_segment
from msk_monai.measure.vertebra_corners import VertebraCorners
from msk_monai.records import Findings, Measurement, Status
from msk_monai.report import SpineOverlay
from msk_monai.report.picture import ANSWER, CURVE, DOUBT, INK, LENGTH, MARK, Panel

WIDTH, HEIGHT = 575, 1150  # of the whole film's panel: a film of 400 x 800 just fits


def film(columns=400, rows=800, aspect=1.0):
    y, x = np.mgrid[:rows, :columns]
    pixels = 1000 + 400 * np.sin(8 * x / columns) * np.sin(16 * y / rows)
    return MetaTensor(torch.from_numpy(pixels.T.astype(np.float32))[None], affine=np.eye(4), meta={"pixel_aspect_ratio": aspect})


def vertebra(name, top_left, top_right, bottom_left, bottom_right, *, confidence=0.9, times=1.0):
    corners = np.array([top_left, top_right, bottom_left, bottom_right], dtype=float)
    return VertebraCorners(name, (corners + 0.5) * times - 0.5, np.full(4, confidence))


def l4(**changes):
    return vertebra("L4", (150, 400), (250, 400), (150, 470), (250, 470), **changes)


def l5(rise=0.0, **changes):
    return vertebra("L5", (150, 500), (250, 500 - rise), (150, 570), (250, 570), **changes)


def measurements(angle=5.0, interval=9.0, cobb=None):
    named = (("l4_l5_angle", angle, "deg"), ("l4_l5_interval_mean", interval, "mm"), ("cobb_main", cobb, "deg"))
    return tuple(Measurement(name=name, value=value, unit=unit) for name, value, unit in named)


def draw(folder, vertebrae, *, source=None, cobb_ends=None, **findings):
    data = {"source": film() if source is None else source, "vertebrae": vertebrae, "findings": Findings(**findings)}
    if cobb_ends:
        data["cobb_ends"] = cobb_ends
    files = SpineOverlay()(data, folder=folder, name="case_one")
    assert files == {"overlay": folder / "overlays" / "case_one.png"}
    with Image.open(files["overlay"]) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


def places(picture, colour):
    """(N, 2) columns and rows of one colour."""
    return np.argwhere((picture == colour).all(axis=2))[:, ::-1]


def placed(x, y):
    """Where a point of the film lies in the whole film's panel."""
    return (x - 199.5) * HEIGHT / 800 + (WIDTH - 1) / 2, (y - 399.5) * HEIGHT / 800 + (HEIGHT - 1) / 2


class Drawn:
    """Strokes and texts of every panel: ``(panel, points or text, colour)``."""

    def __init__(self):
        self.strokes, self.texts = [], []

    def __enter__(self):
        stroke, text = Panel.stroke, Panel.text

        def noted_stroke(panel, points, colour, **options):
            self.strokes.append((panel, np.array(points), colour))
            stroke(panel, points, colour, **options)

        def noted_text(panel, at, words, colour, **options):
            self.texts.append((panel, words, colour))
            text(panel, at, words, colour, **options)

        self._patches = [patch.object(Panel, "stroke", noted_stroke), patch.object(Panel, "text", noted_text)]
        for each in self._patches:
            each.start()
        return self

    def __exit__(self, *_):
        for each in self._patches:
            each.stop()

    def of(self, colour):
        return [(panel, points) for panel, points, drawn in self.strokes if drawn == colour]

    @property
    def words(self):
        return [words for _, words, _ in self.texts]


@pytest.mark.parametrize("times", [0.5, 1, 2.5])
def test_outlines_lie_where_the_corners_are_whatever_the_films_size(tmp_path, times):
    picture = draw(tmp_path, [l4(times=times)], source=film(int(400 * times), int(800 * times)))
    assert picture.shape[1] == WIDTH
    found = places(picture, MARK)
    right, top = placed(250, 400)
    _, bottom = placed(250, 470)
    assert found[:, 0].max() == pytest.approx(right, abs=1.5)
    assert found[:, 1].min() == pytest.approx(top, abs=1.5)
    assert found[:, 1].max() == pytest.approx(bottom, abs=1.5)
    down_the_side = found[np.abs(found[:, 0] - right) < 2]
    assert len(np.unique(down_the_side[:, 1])) > 0.95 * (bottom - top)


def test_a_doubtful_vertebra_is_dashed_in_its_own_colour(tmp_path):
    picture = draw(tmp_path, [l4(confidence=0.3)])
    assert len(places(picture, MARK)) == 0
    right, top = placed(250, 400)
    _, bottom = placed(250, 470)
    found = places(picture, DOUBT)
    side = found[(np.abs(found[:, 0] - right) < 2) & (found[:, 1] > top + 3) & (found[:, 1] < bottom - 3)]
    assert 0.3 < len(np.unique(side[:, 1])) / (bottom - top - 6) < 0.75


def test_names_stand_beside_their_vertebrae_in_both_panels(tmp_path):
    with Drawn() as drawn:
        draw(tmp_path, [l4(), l5()])
    assert sorted(drawn.words) == ["L4", "L4", "L5", "L5"]


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_pixels_that_are_not_square_are_shown_in_their_true_shape(tmp_path, aspect):
    picture = draw(tmp_path, [l4(), l5(rise=15)], source=film(aspect=aspect))
    scale = min(900 / 400, 1150 / (800 * aspect))
    shown = picture[:, : max(560, round(400 * scale))]
    found = places(shown, ANSWER)
    middle = (476 - 399.5) * aspect * scale + (round(800 * aspect * scale) - 1) / 2
    upper, lower = found[found[:, 1] < middle], found[found[:, 1] > middle]
    slopes = [np.polyfit(part[:, 0], part[:, 1], 1)[0] for part in (upper, lower)]
    assert slopes[0] == pytest.approx(0, abs=0.01)
    assert slopes[1] == pytest.approx(-0.15 * aspect, abs=0.02)


def test_lines_that_meet_in_the_film_meet_in_the_picture_and_the_number_stands_there(tmp_path):
    lower = vertebra("L5", (150, 510), (250, 490), (150, 570), (250, 570))
    with Drawn() as drawn:
        picture = draw(tmp_path, [l4(), lower], measurements=measurements(angle=11.3))
    assert drawn.words.count("11.3°") == 2
    meeting = placed(350, 470)
    assert np.abs(places(picture, ANSWER) - meeting).sum(axis=1).min() <= 2


coordinate = st.floats(-14, 14)


@given(a=coordinate, b=coordinate, c=coordinate, d=coordinate, aside=st.floats(-120, 120))
@settings(max_examples=12, deadline=None)
def test_the_arc_spans_the_angle_between_the_endplates(tmp_path_factory, a, b, c, d, aside):
    upper = vertebra("L4", (150 + aside, 400), (250 + aside, 400), (150 + aside, 465 + a), (250 + aside, 465 + b))
    lower = vertebra("L5", (150 + aside, 505 + c), (250 + aside, 505 + d), (150 + aside, 570), (250 + aside, 570))
    first, second = upper.inferior_endplate, lower.superior_endplate
    angle = angle_between(first[1] - first[0], second[1] - second[0])
    with Drawn() as drawn:
        draw(tmp_path_factory.mktemp("arcs"), [upper, lower], measurements=measurements(angle=angle))
    arcs = [points for _, points in drawn.of(ANSWER) if len(points) > 5]
    assert len(arcs) == 2  # whole film and inset
    for points in arcs:
        steps = np.diff(points, axis=0)
        turn = np.degrees(2 * np.arcsin(np.linalg.norm(steps[0]) / 2 / radius(points))) if angle > 0.5 else 0.0
        assert turn * len(steps) == pytest.approx(angle if angle > 0.5 else 0.0, rel=0.02)


def radius(points):
    """Of the circle through the first, the middle and the last point."""
    a, b, c = points[0], points[len(points) // 2], points[-1]
    (ux, uy), (vx, vy) = b - a, c - a
    sides = np.linalg.norm(b - a) * np.linalg.norm(c - b) * np.linalg.norm(a - c)
    return sides / (2 * abs(ux * vy - uy * vx))


@given(a=coordinate, b=coordinate, shift=st.floats(-40, 40))
@settings(max_examples=12, deadline=None)
def test_the_arrow_is_as_long_as_the_mean_interval(tmp_path_factory, a, b, shift):
    lower = vertebra("L5", (150 + shift, 500 + a), (250 + shift, 500 + b), (150 + shift, 570), (250 + shift, 570))
    with Drawn() as drawn:
        draw(tmp_path_factory.mktemp("arrows"), [l4(), lower], measurements=measurements())
    ((panel, (start, end)),) = drawn.of(LENGTH)
    assert np.linalg.norm(end - start) / panel.scale == pytest.approx(measure_segment(l4(), lower).interval_mean, abs=1e-6)
    assert "9.0 mm" in drawn.words


def test_the_inset_enlarges_the_segment_within_the_film(tmp_path):
    with Drawn() as drawn:
        picture = draw(tmp_path, [l4(), l5()], measurements=measurements())
    whole, inset = dict.fromkeys(panel for panel, _, _ in drawn.strokes)
    assert picture.shape[1] == WIDTH + 6 + inset.size[0]
    assert inset.scale > 1.5 * whole.scale
    assert inset.holds(inset.place((200, 485)), margin=200)
    assert not inset.holds(inset.place((-1, 485)))
    last_row = inset.place((200, 799.5))[1]
    assert last_row >= inset.size[1] - 1  # nothing below the film is shown
    shown = places(picture, LENGTH) - (WIDTH + 6, 0)
    assert shown.min(axis=0) == pytest.approx(inset.place((200, 470)), abs=12)


def test_a_number_that_is_withheld_is_not_drawn_but_the_endplates_are(tmp_path):
    with Drawn() as drawn:
        draw(
            tmp_path, [l4(), l5()], measurements=measurements(angle=None, interval=None), status=Status.FLAGGED, reason="L5 is not certain"
        )
    assert set(drawn.words) == {"L4", "L5"}
    assert drawn.of(LENGTH) == []
    assert [len(points) for _, points in drawn.of(ANSWER)] == [2] * 4


def test_negative_and_pixel_values_are_written_with_their_signs_and_units(tmp_path):
    with Drawn() as drawn:
        pixels = Measurement(name="l4_l5_interval_mean", value=-1.25, unit="{pixels}")
        draw(tmp_path, [l4(), l5()], measurements=(measurements(angle=-4.24)[0], pixels))
    assert {"−4.2°", "−1.2 px"} < set(drawn.words)


def test_the_main_curve_is_drawn_between_the_mid_lines_of_its_end_vertebrae(tmp_path):
    upper = vertebra("T8", (150, 100), (250, 130), (150, 160), (250, 190))
    with Drawn() as drawn:
        draw(tmp_path, [upper, l4(), l5()], measurements=measurements(cobb=16.7), cobb_ends=("T8", "L4"))
    assert "Cobb 16.7°" in drawn.words
    straight = [points for _, points in drawn.of(CURVE) if len(points) == 2]
    for end in (upper, l4()):
        mid = np.array([placed(*point) for point in end.mid_line])
        assert any(_covers(line, mid) for line in straight)


def _covers(line, points):
    """Whether a drawn line runs through points, within half a pixel."""
    along = (line[1] - line[0]) / np.linalg.norm(line[1] - line[0])
    return all(
        abs((point - line[0]) @ (-along[1], along[0])) < 0.5 and -0.5 < (point - line[0]) @ along < np.linalg.norm(line[1] - line[0]) + 0.5
        for point in points
    )


def test_end_vertebrae_that_were_not_found_are_left_out(tmp_path):
    with Drawn() as drawn:
        draw(tmp_path, [l4(), l5()], measurements=measurements(cobb=16.7), cobb_ends=("T8", "L4"))
    assert drawn.of(CURVE) == []


@pytest.mark.parametrize(
    ("status", "colour"),
    [(Status.FLAGGED, ANSWER), (Status.OK, INK)],
)
def test_the_reason_is_the_caption_amber_where_the_result_is_flagged(tmp_path, status, colour):
    bare = draw(tmp_path, [], status=status)
    short = draw(tmp_path, [], status=status, reason="no spine")
    long = draw(tmp_path, [], status=status, reason="no spine was found on this film, " * 6)
    assert not bare[HEIGHT:].any()
    assert len(long) > len(short) == len(bare) > HEIGHT
    core = np.abs(long[HEIGHT:] - colour).sum(axis=2) <= 16
    assert core.sum() > 100


def test_bounds_and_flags_are_in_the_caption(tmp_path):
    angle = Measurement(name="l4_l5_angle", value=4.0, unit="deg", lower=-1.0, upper=9.0, flags=("one corner is doubtful",))
    with patch("msk_monai.report.spine_overlay.sheet", return_value=Image.new("RGB", (9, 9))) as page:
        draw(tmp_path, [l4(), l5()], measurements=(angle, measurements(cobb=12.0)[2]))
    assert page.call_args.args[1:] == ("L4–L5 angle 4.0° (−1.0 to 9.0; one corner is doubtful)  ·  Cobb angle 12.0°", INK)


@pytest.mark.parametrize("vertebrae", [None, [], [l4()], [l5()]], ids=["none", "empty", "upper", "lower"])
def test_without_the_segment_the_film_stands_alone(tmp_path, vertebrae):
    assert draw(tmp_path, vertebrae, measurements=measurements()).shape[1] == WIDTH


def test_data_without_vertebrae_are_drawn_too(tmp_path):
    data = {"source": film(), "findings": Findings(status=Status.FLAGGED, reason="no spine")}
    assert SpineOverlay()(data, folder=tmp_path, name="bare")["overlay"].exists()


HARD = {
    "parallel": (l4(), l5()),
    "crossing each other": (l4(), vertebra("L5", (150, 440), (250, 500), (150, 570), (250, 570))),
    "no length": (l4(), vertebra("L5", (200, 500), (200, 500), (150, 570), (250, 570))),
    "upright": (l4(), vertebra("L5", (200, 500), (200, 600), (150, 570), (250, 570))),
    "turned round": (l4(), vertebra("L5", (250, 500), (150, 510), (250, 570), (150, 570))),
    "at the border": (
        vertebra("L4", (-40, 700), (60, 700), (-40, 780), (60, 780)),
        vertebra("L5", (-40, 810), (60, 790), (-40, 880), (60, 880)),
    ),
    "far outside": (
        vertebra("L4", (5e3, 5e3), (6e3, 5e3), (5e3, 6e3), (6e3, 6e3)),
        vertebra("L5", (5e3, 7e3), (6e3, 7e3), (5e3, 8e3), (6e3, 8e3)),
    ),
}


@pytest.mark.parametrize("pair", HARD.values(), ids=HARD)
@pytest.mark.parametrize("confidence", [0.9, 0.1])
def test_corners_of_any_kind_are_drawn(tmp_path, pair, confidence):
    found = [VertebraCorners(each.name, each.corners, np.full(4, confidence)) for each in pair]
    picture = draw(tmp_path, found, measurements=measurements(angle=0.0), cobb_ends=("L4", "L5"))
    assert picture.shape[1] == WIDTH + 6 + 560


@pytest.mark.parametrize("size", [(1, 1), (30, 40), (900, 20)])
def test_small_and_blank_films_are_drawn(tmp_path, size):
    blank = MetaTensor(torch.zeros(1, *size), affine=np.eye(4))
    assert draw(tmp_path, [l4(), l5()], source=blank).shape[1] >= 560


def test_a_film_from_a_nifti_file_has_a_third_axis_of_one(tmp_path):
    flat = film()
    deep = MetaTensor(flat.as_tensor()[..., None], affine=np.eye(4))
    np.testing.assert_array_equal(draw(tmp_path, [l4()], source=deep), draw(tmp_path, [l4()], source=flat))


@pytest.mark.parametrize("shape", [(1, 40, 50, 3), (3, 40, 50), (40, 50)])
def test_what_is_not_one_film_is_refused(tmp_path, shape):
    with pytest.raises(ValueError, match=r"expected one film \(1, columns, rows\)"):
        draw(tmp_path, [], source=MetaTensor(torch.zeros(shape), affine=np.eye(4)))


def test_a_noisy_film_makes_a_small_file(tmp_path):
    source = film(500, 1300)
    noisy = MetaTensor(source.as_tensor() + 20 * torch.randn(source.shape, generator=torch.Generator().manual_seed(3)), affine=np.eye(4))
    draw(tmp_path, [l4(), l5()], source=noisy)
    assert (tmp_path / "overlays" / "case_one.png").stat().st_size < 600_000
