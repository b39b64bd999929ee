from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, map_coordinates

from msk_monai.phantoms.body_corners import body_corners, body_rim
from msk_monai.phantoms.canvas import Canvas, texture_tile
from msk_monai.phantoms.projection import Detector, aim, line_integrals, rays_to
from msk_monai.phantoms.shapes import Material, Part
from msk_monai.phantoms.vertebra import vertebra_parts

PIXEL = 0.4


def view_of(vertebra, **pose):
    return aim(at=np.asarray(vertebra.centre), source_distance=1200.0, detector_gap=150.0, from_front=True, **pose)


def silhouette(vertebra, view, tilt):
    """The shadow of what is thicker than 2 mm of the body alone, 0.4 mm a pixel at the detector."""
    detector = Detector((200, 200), (PIXEL, PIXEL), (-40.0, -40.0), tilt)
    body = vertebra_parts(replace(vertebra, osteophyte=0.0), cortical_hu=1000, shell_mm=0.5)[0].body
    x, y, z = (np.arange(a, b, s, dtype=np.float32) for a, b, s in zip(body.low, body.high, (0.5, 1.0, 0.5), strict=True))
    canvas = Canvas(x=x, y=y, z=z, voxel=0.5, tile=texture_tile(0))
    canvas.paint(Part((body,), Material(0.0)))
    return line_integrals(canvas.hu + 1000, canvas.axes, view, rays_to(detector, view)) > 2000, detector


@pytest.mark.parametrize(("name", "pose"), [("L3", {}), ("L5", {"turn": 8.0}), ("T8", {"lean": 4.0}), ("L1", {"turn": -10.0})])
def test_corners_lie_on_the_edge_of_the_bodys_shadow(patient, name, pose):
    vertebra = patient.spine[name]
    view = view_of(vertebra, **pose)
    mask, detector = silhouette(vertebra, view, 3.0)
    corners = detector.to_pixels(body_corners(vertebra, view))
    to_edge = np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))
    assert np.abs(map_coordinates(to_edge, corners[:, ::-1].T, order=1)).max() < 1.5
    np.testing.assert_array_equal(np.argsort(corners[:2, 0]), [0, 1])
    assert corners[2:, 1].min() > corners[:2, 1].max()


def test_corners_are_those_of_the_shadow_of_a_body_seen_from_straight_ahead(patient):
    vertebra = replace(patient.spine["L3"], turn=(0.0, 6.0, 0.0))
    view = view_of(vertebra)
    mask, detector = silhouette(vertebra, view, 0.0)
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns, rows], 1)
    turn = np.radians(6.0)
    across, down = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    outermost = [pixels[np.argmax(pixels @ (a * across + d * down))] for d in (-1, 1) for a in (-1, 1)]
    np.testing.assert_allclose(detector.to_pixels(body_corners(vertebra, view)), outermost, atol=1.5)


def test_the_rim_lies_on_the_bodys_surface(patient):
    vertebra = replace(patient.spine["L2"], osteophyte=0.0)
    body = vertebra_parts(vertebra, cortical_hu=1000, shell_mm=0.5)[0].body
    for upper in (True, False):
        rim = body_rim(vertebra, upper=upper)
        x, y, z = (rim[:, k].astype(np.float32) for k in range(3))
        np.testing.assert_allclose(body.distance(x, y, z), 0, atol=0.1)
        height = (rim - vertebra.centre) @ vertebra.rotation[:, 2]
        assert (np.sign(height) == (1 if upper else -1)).all()


def test_spurs_do_not_move_the_corners(patient):
    vertebra = patient.spine["L2"]
    view = view_of(vertebra)
    smooth, spurred = (body_corners(replace(vertebra, osteophyte=mm), view) for mm in (0.0, 5.0))
    np.testing.assert_array_equal(smooth, spurred)


@pytest.mark.parametrize("tilt", [-30.0, 15.0])
def test_endplates_tilt_with_the_body(patient, tilt):
    level = replace(patient.spine["L2"], turn=(0.0, 0.0, 0.0))
    tilted = replace(level, turn=(0.0, tilt, 0.0))
    view = view_of(level)

    def slopes(vertebra):
        corners = body_corners(vertebra, view)
        across = corners[[1, 3]] - corners[[0, 2]]
        return np.degrees(np.arctan2(across[:, 1], across[:, 0]))

    np.testing.assert_allclose(slopes(tilted) - slopes(level), tilt, atol=0.7)


def test_a_spine_curved_by_much_keeps_left_and_right(patient):
    vertebra = replace(patient.spine["T9"], turn=(0.0, 48.0, 0.0))
    corners = body_corners(vertebra, view_of(vertebra))
    assert corners[0, 0] < corners[1, 0]
    assert corners[2, 0] < corners[3, 0]
