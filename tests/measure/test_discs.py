import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.measure.discs import bulge, canal_width, measure_disc, nucleus

SIZE = 120
MIDDLE = np.array([59.3, 60.8])


def coverage(inside, size=SIZE, fine=5):
    """How much of each pixel (X, Y) a shape fills; ``inside`` tells which points [x, y] it holds."""
    at = (np.arange(size * fine) + 0.5) / fine - 0.5
    points = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1)
    return inside(points).reshape(size, fine, size, fine).mean(axis=(1, 3))


def axes(degrees):
    angle = np.radians(degrees)
    return np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])


def wedge(degrees, depth, front, back, mm=(1.0, 1.0)):
    """A disc that is ``front`` high at its anterior and ``back`` at its posterior edge."""
    along, up = axes(degrees)

    def inside(points):
        u, v = ((points - MIDDLE) * mm @ axis for axis in (along, up))
        height = front + (back - front) * (u / depth + 0.5)
        return (np.abs(u) <= depth / 2) & (np.abs(v) <= height / 2)

    return coverage(inside)


@settings(max_examples=25)
@given(st.floats(-60, 60), st.floats(30, 60), st.floats(5, 14), st.floats(5, 14))
def test_heights_depth_and_area_of_a_wedge(degrees, depth, front, back):
    along, _ = axes(degrees)
    disc = measure_disc(wedge(degrees, depth, front, back), along)
    expected = {"anterior": 0.2, "middle": 0.5, "posterior": 0.8}
    for name, share in expected.items():
        assert disc.heights[name] == pytest.approx(front + (back - front) * share, abs=0.4)
    assert disc.depth == pytest.approx(depth, abs=1.0)
    assert disc.area == pytest.approx(depth * (front + back) / 2, rel=0.02)
    assert disc.height_index == pytest.approx((front + back) / 2 / depth, rel=0.06)
    assert np.degrees(np.arccos(abs(disc.axis @ along))) < 6


@settings(max_examples=25)
@given(st.floats(-40, 40), st.floats(0.3, 0.9), st.floats(0.3, 0.9))
def test_millimetres_of_oblong_pixels(degrees, x_mm, y_mm):
    disc = measure_disc(wedge(degrees, 20.0, 5.0, 5.0, mm=(x_mm, y_mm)), axes(degrees)[0], spacing=(x_mm, y_mm))
    assert disc.mean_height == pytest.approx(5.0, abs=0.3)
    assert disc.depth == pytest.approx(20.0, abs=0.6)
    assert disc.area == pytest.approx(100.0, rel=0.03)


@settings(max_examples=25)
@given(st.floats(-50, 50), st.booleans())
def test_front_and_back_follow_the_canal(degrees, turned):
    along, _ = axes(degrees)
    disc = measure_disc(wedge(degrees, 40.0, 12.0, 6.0), -along if turned else along)
    assert (disc.heights["anterior"] > disc.heights["posterior"]) != turned


@settings(max_examples=25)
@given(st.floats(-40, 40), st.floats(-3, 8))
def test_a_bulge_is_what_lies_beyond_the_corners_line(degrees, beyond):
    along, up = axes(degrees)
    mask = wedge(degrees, 40.0, 8.0, 8.0) > 0.5
    disc = measure_disc(mask, along)
    corners = [MIDDLE + (20 - beyond) * along + side * 4 * up for side in (-1, 1)]
    assert bulge(mask, disc, *corners) == pytest.approx(beyond, abs=1.2)


@settings(max_examples=25)
@given(st.floats(-30, 30), st.floats(-25, 25), st.floats(6, 18))
def test_the_canal_is_measured_across_its_own_course(degrees, lean, width):
    along, up = axes(degrees)
    disc = measure_disc(wedge(degrees, 30.0, 8.0, 8.0), along)
    course, across = axes(degrees + 90 + lean)[0], axes(degrees + 90 + lean)[1]
    place = MIDDLE + 28 * along
    canal = coverage(lambda points: np.abs((points - place) @ across) <= width / 2)
    seen = canal_width(canal, disc)
    assert seen == pytest.approx(width, abs=0.8)
    assert abs(course @ up) > 0.8


def test_no_canal_no_width():
    disc = measure_disc(wedge(0, 40.0, 8.0, 8.0), (1, 0))
    assert canal_width(np.zeros((SIZE, SIZE)), disc) is None


@settings(max_examples=25)
@given(st.floats(-60, 60))
def test_the_nucleus_lies_in_the_middle(degrees):
    mask = wedge(degrees, 40.0, 10.0, 10.0)
    disc = measure_disc(mask, axes(degrees)[0])
    inner = nucleus(mask, disc)
    assert inner.sum() == pytest.approx(0.3 * 400, rel=0.15)
    assert np.argwhere(inner).mean(axis=0) == pytest.approx(MIDDLE, abs=0.7)


def test_a_speck_is_no_disc():
    mask = np.zeros((9, 9))
    mask[4, 4:6] = 1
    with pytest.raises(ValueError, match="speck"):
        measure_disc(mask, (1, 0))
    with pytest.raises(ValueError, match=r"\(X, Y\)"):
        measure_disc(np.ones((3, 3, 3)), (1, 0))
