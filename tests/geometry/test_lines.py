"""Lines, their angles and their fits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.geometry import Line, angle_between, distance_to_line, fit_line, intersection, line_through, tilt, unit_vector

coordinate = st.floats(-1e4, 1e4)
vectors = st.tuples(coordinate, coordinate).filter(lambda v: np.hypot(*v) > 1e-6)
degrees = st.floats(-720, 720)


def pointing(angle):
    """Unit vector that descends by an angle towards the right."""
    return np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])


@settings(deadline=None, max_examples=50)
@given(a=vectors, b=vectors, turn=degrees, stretch=st.floats(1e-3, 1e3))
def test_an_angle_knows_neither_sense_nor_length_nor_frame(a, b, turn, stretch):
    angle = angle_between(a, b)
    assert 0 <= angle <= 90
    assert angle_between(b, np.negative(a) * stretch) == pytest.approx(angle, abs=1e-9)
    rotation = np.stack([pointing(turn), pointing(turn + 90)])
    assert angle_between(np.array(a) @ rotation, np.array(b) @ rotation) == pytest.approx(angle, abs=1e-9)
    assert angle_between(np.array(a) * [-1, 1], np.array(b) * [-1, 1]) == pytest.approx(angle, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(start=degrees, apart=st.floats(0, 90))
def test_an_angle_is_the_one_turned_by(start, apart):
    assert angle_between(pointing(start), pointing(start + apart)) == pytest.approx(apart, abs=1e-9)
    assert angle_between(pointing(start), pointing(start + 180 - apart)) == pytest.approx(apart, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(angle=st.floats(-89.9, 89.9), turns=st.integers(-3, 3))
def test_the_tilt_is_positive_where_a_line_descends_to_the_right(angle, turns):
    assert tilt(pointing(angle + 180 * turns)) == pytest.approx(angle, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(direction=vectors)
def test_a_tilt_never_wraps(direction):
    assert -90 < tilt(direction) <= 90
    assert tilt(direction) == tilt(np.negative(direction))


@pytest.mark.parametrize("direction", [(0, 1), (0, -1), (-1e-17, 1), (1e-17, -1), (1e-300, -1e300)])
def test_upright_is_plus_ninety(direction):
    assert tilt(direction) == 90


@pytest.mark.parametrize("vector", [(3e-310, 4e-310), (3e300, 4e300)])
def test_no_length_is_too_small_or_too_large(vector):
    np.testing.assert_allclose(unit_vector(vector), (0.6, 0.8))
    assert angle_between(vector, (0.6, 0.8)) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(point=vectors, direction=vectors)
def test_a_line_points_to_the_right(point, direction):
    line = Line(point, direction)
    assert np.linalg.norm(line.direction) == pytest.approx(1)
    assert tuple(line.direction) > (0, 0)
    assert angle_between(line, direction) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(point=vectors, angle=degrees, noise=st.floats(0, 0.5), seed=st.integers(0, 1000))
def test_a_fit_gives_back_the_line_whatever_its_slope(point, angle, noise, seed):
    random = np.random.default_rng(seed)
    places, off = random.uniform(-50, 50, 60), noise * random.standard_normal(60)
    cloud = point + places[:, None] * pointing(angle) + off[:, None] * pointing(angle + 90)
    line = fit_line(cloud)
    assert angle_between(line, pointing(angle)) <= noise + 1e-6  # the standard error is noise / (29 sqrt(60)) rad: 0.25 * noise degrees
    assert distance_to_line(point, line) <= 0.8 * noise + 1e-6
    if noise:
        np.testing.assert_allclose(fit_line(cloud[::-1] + 7).direction, line.direction, atol=1e-6)


def test_the_fit_is_of_perpendicular_distances():
    cloud = np.array([(0, 0), (0, 2), (4, 3), (4, 5)])  # mean 2, 2.5; spread by x and y alike would tilt least squares in y differently
    best = (distance_to_line(cloud, fit_line(cloud)) ** 2).sum()
    others = [(distance_to_line(cloud, Line(cloud.mean(axis=0), pointing(a))) ** 2).sum() for a in np.arange(-90, 90, 0.1)]
    assert best <= min(others)
    assert best == pytest.approx(min(others), abs=1e-3)


@settings(deadline=None, max_examples=50)
@given(a=vectors, b=vectors, point=vectors)
def test_two_lines_meet_where_both_are(a, b, point):
    if angle_between(a, b) > 1:
        first, second = Line(np.add(point, a), a), Line(np.subtract(point, b), b)
        np.testing.assert_allclose(intersection(first, second), point, atol=1e-4)


def test_a_line_through_two_points():
    line = line_through([3, 4], [0, 0])
    np.testing.assert_allclose(line.direction, (0.6, 0.8))
    np.testing.assert_allclose(distance_to_line([[3, 4], [0, 0], [4, -3], [-4, 3]], line), [0, 0, 5, 5], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: line_through([1, 2], [1, 2]), "no length"),
        (lambda: Line(np.zeros(2), np.array([np.nan, 1])), "finite"),
        (lambda: Line(np.zeros(3), np.ones(2)), "two finite numbers"),
        (lambda: angle_between([0, 0], [1, 0]), "no length"),
        (lambda: tilt([np.inf, 1]), "finite"),
        (lambda: tilt([1, 0, 0]), "two finite numbers"),
        (lambda: fit_line([[1, 2]]), "at least two"),
        (lambda: fit_line([[1, 2, 3], [4, 5, 6]]), "at least two"),
        (lambda: fit_line([[1, 2], [np.nan, 3]]), "finite"),
        (lambda: fit_line([[0.1, 0.2]] * 5), "without a direction"),
        (lambda: fit_line([[0, 0], [1, 0], [0, 1], [1, 1]]), "without a direction"),
        (lambda: intersection(Line([0, 0], [1, 1]), Line([5, 0], [-1, -1])), "parallel"),
    ],
)
def test_what_has_no_direction_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
