import numpy as np
import pytest

from msk_monai.phantoms import knee_points as module
from msk_monai.phantoms.knee_points import knee_points
from msk_monai.phantoms.legs import sample_legs
from msk_monai.phantoms.projection import aim
from msk_monai.phantoms.shapes import rotation_xyz

VIEW = aim(at=np.zeros(3), source_distance=1200.0, detector_gap=100.0, from_front=True)
AXES = np.array([[1.0, 0.0], [0.0, -1.0]])
BOX = np.array([(x, y, z) for x in (-30.0, 30.0) for y in (-20.0, 20.0) for z in (-10.0, 10.0)])
EDGES = np.array([(a, b) for a in range(8) for b in range(a + 1, 8)])


def outline(turn, *, upper):
    corners = BOX @ rotation_xyz(0.0, 0.0, turn).T
    return module._outline((corners, EDGES), VIEW, np.zeros(2), AXES, upper=upper)


@pytest.mark.parametrize("turn", [0.0, 0.01, 3.0, 30.0])
@pytest.mark.parametrize("upper", [True, False])
def test_the_edge_of_a_flat_things_shadow_has_no_gaps_and_no_spikes(turn, upper):
    line = outline(turn, upper=upper)
    np.testing.assert_allclose(np.diff(line[:, 0]), 0.1)
    inner = line[np.abs(line[:, 0]) < 25, 1]
    assert (np.sign(inner) == (1 if upper else -1)).all()
    assert np.abs(np.diff(inner)).max() < 0.06  # the nearer edge is magnified more: a slope where the box is turned


def test_a_turning_point_is_the_middle_of_what_is_flat():
    at = np.arange(-20, 20, 0.1)
    height = -np.maximum(np.abs(at - 3) - 5, 0) + 0.001 * at  # the very highest spot is at the flat part's end
    assert at[module._turning(height, np.arange(len(at)))] == pytest.approx(3, abs=0.15)
    span = np.flatnonzero(at < 2)  # of which only so much is looked at
    assert at[module._turning(height, span)] == pytest.approx((2 - 2.8) / 2, abs=0.15)


@pytest.mark.parametrize("seed", range(6))
def test_points_belong_to_the_bones_and_not_to_the_mesh_that_they_are_found_on(seed, monkeypatch):
    knee = sample_legs(np.random.default_rng(seed)).knees[1]
    view = aim(at=np.asarray(knee.centre), source_distance=1150.0, detector_gap=90.0, from_front=True)
    points = knee_points(knee, view)
    monkeypatch.setattr(module, "_MESH_MM", 0.55)
    np.testing.assert_allclose(np.linalg.norm(knee_points(knee, view) - points, axis=1), 0, atol=0.25)
