import numpy as np
import pytest

from msk_monai.phantoms.canvas import texture_tile
from msk_monai.phantoms.mr_slab import Plane, Tissue, render_slab
from msk_monai.phantoms.shapes import ellipsoid, rotation_xyz

RADIUS, CENTRE = 20.0, np.array([5.0, -3.0, 40.0])
SIGNALS = {"T2": {"air": 0.0, "ball": 1.0, "core": 0.5}, "T1": {"air": 1.0, "ball": 3.0, "core": 2.0}}
PLAIN = np.zeros((4, 4, 4), np.float32)


def ball(name="ball", radius=RADIUS, label=1, **options):
    def distance(x, y, z):
        return ellipsoid(x, y, z, CENTRE, (radius,) * 3)

    return Tissue(name, CENTRE - radius, CENTRE + radius, distance, label, **options)


def upper_half(**options):
    """All above the ball's middle."""
    return Tissue("ball", CENTRE - (99, 99, 0), CENTRE + 99, lambda x, y, z: np.float32(CENTRE[2]) - z + 0 * x + 0 * y, 1, **options)


def plane(offset=0.0, *, turn=None, spacing=0.5, size=100, thickness=0.5):
    """A slice so many mm along its normal from the ball's middle, which lies in the middle of its pixels."""
    turn = np.eye(3) if turn is None else turn
    middle = CENTRE + offset * turn[:, 2]
    return Plane.about(middle, turn[:, 0], turn[:, 1], spacing=spacing, shape=(size, size), thickness=thickness)


def render(where, tissues, tile=PLAIN):
    return render_slab(where, tissues, SIGNALS, labels=2, tile=tile)


def area(slab, where, label=1):
    return slab.shares[label].sum() * where.spacing**2


def test_a_plane_knows_its_middle_and_its_normal():
    turn = rotation_xyz(30, -20, 10)
    one = Plane.about(CENTRE, turn[:, 0], turn[:, 1], spacing=0.7, shape=(30, 41), thickness=4.0)
    np.testing.assert_allclose(one.centre, CENTRE)
    np.testing.assert_allclose(one.normal, turn[:, 2], atol=1e-12)
    np.testing.assert_allclose(CENTRE - one.origin, 0.7 * (20 * turn[:, 0] + 14.5 * turn[:, 1]))


@pytest.mark.parametrize("turn", [(0, 0, 0), (35, 0, 0), (-20, 50, 130)], ids=str)
@pytest.mark.parametrize("offset", [0.0, -12.0, 16.0])
def test_a_slice_of_a_ball_is_a_disc_in_the_middle_in_whatever_direction(turn, offset):
    where = plane(offset, turn=rotation_xyz(*turn))
    slab = render(where, [ball()])
    assert area(slab, where) == pytest.approx(np.pi * (RADIUS**2 - offset**2), rel=0.01)
    rows, columns = np.indices(slab.shares[1].shape)
    for places in (rows, columns):
        assert np.average(places, weights=slab.shares[1]) == pytest.approx(49.5, abs=0.01)


def test_shares_sum_to_one_and_the_signal_is_made_of_them():
    slab = render(plane(3.0, spacing=1.7, size=40, thickness=5.0), [ball(soft=2.0), ball("core", 9.0, 2)])
    np.testing.assert_allclose(slab.shares.sum(axis=0), 1, atol=1e-5)
    assert slab.shares.min() > -1e-6
    assert 0 < slab.shares[2].sum() < slab.shares[1].sum()
    np.testing.assert_allclose(slab.signals["T2"], slab.shares[1] + 0.5 * slab.shares[2], atol=1e-5)


def test_rows_and_columns_run_along_the_planes_axes():
    slab = render(plane(turn=np.stack([(0, 1, 0), (0, 0, -1), (-1, 0, 0)], 1).astype(float), spacing=2.0, size=30), [upper_half()])
    np.testing.assert_array_equal(slab.shares[1], np.repeat((np.arange(30) < 15)[:, None], 30, axis=1))  # rows run down


@pytest.mark.parametrize(("offset", "share"), [(0.0, 0.5), (2.0, 0.75), (-2.0, 0.25), (5.0, 1.0), (-5.0, 0.0)])
def test_a_pixel_averages_over_the_thickness(offset, share):
    slab = render(plane(offset, spacing=1.0, size=20, thickness=8.0), [upper_half()])
    np.testing.assert_allclose(slab.shares[1], share, atol=1e-6)


def test_coarse_tissues_lie_below_all_others_and_are_not_averaged():
    coarse = upper_half(coarse=True)
    where = plane(2.0, spacing=1.0, size=50, thickness=8.0)
    np.testing.assert_array_equal(render(where, [coarse]).shares[1], 1)
    slabs = [render(where, tissues) for tissues in ([coarse, ball("core", label=2)], [ball("core", label=2), coarse])]
    np.testing.assert_array_equal(slabs[0].shares, slabs[1].shares)
    assert slabs[0].shares[2, 25, 25] == 1


def test_what_is_painted_later_covers_what_was_there():
    where = plane()
    np.testing.assert_array_equal(render(where, [ball("core", 9.0, 2), ball()]).shares, render(where, [ball()]).shares)
    assert area(render(where, [ball(), ball("core", 9.0, 2)]), where, 2) == pytest.approx(np.pi * 81, rel=0.02)


def test_a_tissue_out_of_the_plane_costs_nothing_and_changes_nothing():
    def asked(x, y, z):
        raise AssertionError("its distance was asked for")

    where = plane(25.0, turn=rotation_xyz(20, 0, 0), size=400)
    beside = [
        Tissue("core", middle - 4, middle + 4, asked, 2)
        for middle in (where.centre + 20 * where.normal, where.centre + 150 * where.along_row, where.centre - 150 * where.along_column)
    ]
    np.testing.assert_array_equal(render(where, [ball(), *beside]).shares, render(where, [ball()]).shares)


def test_weightings_share_their_geometry():
    slab = render(plane(7.0, spacing=1.3, thickness=3.0), [ball()])
    np.testing.assert_allclose(slab.signals["T1"], 1 + 2 * slab.signals["T2"], atol=1e-5)
    assert set(slab.signals) == {"T2", "T1"}


@pytest.mark.parametrize("grain", [3.0, 14.0])
def test_texture_changes_signals_and_no_share(grain):
    where, tile = plane(size=90), texture_tile(3)
    plain, spotted = (render(where, [ball(texture=texture, grain=grain)], tile) for texture in (0.0, 0.2))
    np.testing.assert_array_equal(plain.shares, spotted.shares)
    inside = plain.shares[1] == 1
    assert 0.1 < spotted.signals["T2"][inside].std() < 0.25
    assert spotted.signals["T2"][inside].mean() == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(spotted.signals["T2"][plain.shares[1] == 0], 0)
    np.testing.assert_allclose(spotted.signals["T1"][inside], 3 * spotted.signals["T2"][inside], rtol=1e-4)
