# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.phantoms.projection import Detector, aim, line_integrals, rays_to

AT = np.array([10.0, -20.0, 100.0])
angles = st.floats(-12, 12)


def looking(**options):
    return aim(at=AT, source_distance=1150.0, detector_gap=180.0, **{"from_front": True, **options})


def axes(low, high, step):
    z, y, x = (np.arange(a, b, s, dtype=np.float32) for a, b, s in zip(low[::-1], high[::-1], step[::-1], strict=True))
    return z, y, x


def filled(grid, inside):
    z, y, x = grid
    return inside(x[None, None], y[None, :, None], z[:, None, None]).astype(np.float32)


@given(turn=angles, lean=angles, front=st.booleans(), share=st.floats(0.5, 0.99), a=st.floats(-150, 150), b=st.floats(-300, 300))
def test_a_point_on_a_ray_projects_where_the_ray_ends(turn, lean, front, share, a, b):
    view = looking(turn=turn, lean=lean, from_front=front)
    spot = np.array([a, b])
    end = view.from_detector(spot)
    np.testing.assert_allclose(view.onto_detector(end), spot, atol=1e-9)
    point = view.source + share * (end - view.source)
    np.testing.assert_allclose(view.onto_detector(point), spot, atol=1e-6)
    assert view.magnification(point) == pytest.approx(1 / share)


@pytest.mark.parametrize("front", [True, False])
def test_films_hang_as_usual(front):
    view = looking(from_front=front)
    left, up = AT + (30, 0, 0), AT + (0, 0, 30)
    enlarged = 30 * 1150 / (1150 - 180)
    np.testing.assert_allclose(view.onto_detector(np.array([AT, left, up])), [(0, 0), (enlarged, 0), (0, -enlarged)], atol=1e-9)
    assert (view.source[1] < AT[1]) == front  # LPS: the front has the smaller y
    assert looking(from_front=front, mirrored=True).onto_detector(left)[0] == pytest.approx(-enlarged)


@given(
    x=st.floats(-500, 500),
    y=st.floats(-500, 500),
    tilt=st.floats(-20, 20),
    spacing=st.tuples(st.floats(0.1, 2), st.floats(0.1, 2)),
)
def test_pixels_and_spots_are_inverse(x, y, tilt, spacing):
    detector = Detector((200, 100), spacing, (-30.0, -50.0), tilt)
    np.testing.assert_allclose(detector.to_spots(detector.to_pixels(np.array([x, y]))), (x, y), atol=1e-8)


def test_tilt_turns_the_picture_clockwise():
    spot = np.array([40.0, 0.0])
    straight, tilted = (Detector((101, 101), (1.0, 2.0), (-50.0, -100.0), t).to_pixels(spot) for t in (0.0, 90.0))
    np.testing.assert_allclose(straight, (90, 50))
    np.testing.assert_allclose(tilted, (50, 70), atol=1e-9)  # right went down


def test_rays_end_at_the_pixels():
    view, detector = looking(turn=7.0, lean=-4.0), Detector((40, 30), (1.5, 2.0), (-22.0, -39.0), 5.0)
    rays = np.stack(rays_to(detector, view), -1)
    pixel = np.array([(x, y) for y in range(40) for x in range(30)], float)
    np.testing.assert_allclose(rays.reshape(-1, 3), view.from_detector(detector.to_spots(pixel)) - view.source, atol=2e-3)


@pytest.mark.parametrize("turn", [0.0, 10.0])
def test_a_plate_counts_with_the_length_of_the_ray_in_it(turn):
    view, detector = looking(turn=turn), Detector((21, 21), (8.0, 8.0), (-80.0, -80.0))
    grid = axes(AT - (150, 40, 150), AT + (150, 40, 150), (4, 2, 4))
    rays = rays_to(detector, view)
    found = line_integrals(filled(grid, lambda x, y, z: (abs(y - AT[1]) < 21) & (x < 999) & (z < 999)), grid, view, rays)
    slant = np.linalg.norm(np.stack(rays), axis=0) / np.abs(rays[1])
    np.testing.assert_allclose(found, 42 * slant, rtol=2e-3)  # 21 planes, 2 mm apart
    assert slant.max() > 1.004


@pytest.mark.parametrize("pose", [{}, {"turn": 11.0, "lean": -5.0}, {"turn": -8.0, "from_front": False, "mirrored": True}])
def test_a_ball_appears_where_its_centre_projects(pose):
    view, detector = looking(**pose), Detector((120, 100), (2.0, 1.5), (-100.0, -90.0), 4.0)
    centre = AT + (25, -30, -15)
    grid = axes(centre - 16, centre + 16, (1, 1, 1))
    ball = filled(grid, lambda x, y, z: (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < 14**2)
    shadow = line_integrals(ball, grid, view, rays_to(detector, view))
    middle = np.array([shadow.sum(0) @ np.arange(100), shadow.sum(1) @ np.arange(120)]) / shadow.sum()
    np.testing.assert_allclose(middle, detector.to_pixels(view.onto_detector(centre)), atol=0.1)
    assert shadow.max() == pytest.approx(28, rel=0.05)


def test_what_the_rays_miss_leaves_no_shadow():
    view, detector = looking(), Detector((20, 20), (1.0, 1.0), (-10.0, -10.0))
    far = axes(AT + (200, -10, -10), AT + (220, 10, 10), (2, 2, 2))
    assert not line_integrals(np.ones(tuple(len(a) for a in far), np.float32), far, view, rays_to(detector, view)).any()
