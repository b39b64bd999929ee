import numpy as np
import pytest

from msk_monai.phantoms.bone_scan import MATRICES, sample_bone_scan, sample_setup, scan
from msk_monai.phantoms.bone_scan_body import SIDES, sample_body, with_knee
from msk_monai.phantoms.gamma_camera import expected_counts

SEED = 4


@pytest.fixture(scope="module")
def scans():
    return [sample_bone_scan(index, seed=SEED, matrix=matrix) for index, matrix in enumerate(MATRICES)]


@pytest.fixture(scope="module")
def patient():
    """Whose right knee is hot, with the camera's setup."""
    rng = np.random.default_rng(8)
    body = with_knee(sample_body(rng), "right", excess=(7.0, 7.0, 7.0), prosthesis=False)
    return with_knee(body, "left", excess=(0.0, 0.0, 0.0), prosthesis=False), sample_setup(rng, body)


def uptake(shown, side, view):
    """Mean counts within a joint's half width."""
    (x, y), half = shown.knees[side][("anterior", "posterior")[view]], shown.half_widths[side]
    rows, columns = (slice(max(int(v - half), 0), int(v + half) + 1) for v in (y, x))
    return shown.counts[view, rows, columns].mean()


def test_scans_depend_on_seed_and_index_only(scans):
    again = sample_bone_scan(0, seed=SEED, matrix=MATRICES[0])
    np.testing.assert_array_equal(again.counts, scans[0].counts)
    assert again.truth() == scans[0].truth()
    assert sample_bone_scan(1, seed=SEED, matrix="512x128").truth()["wear"] == scans[1].truth()["wear"]
    assert scans[0].truth()["wear"] != scans[1].truth()["wear"]


def test_counts_are_of_the_matrix_asked_for(scans):
    for shown, matrix in zip(scans, MATRICES, strict=True):
        rows, columns = map(int, matrix.split("x"))
        assert shown.counts.shape == (2, rows, columns)
        assert shown.counts.dtype == np.uint16
        assert shown.truth()["size"] == [columns, rows]
        assert 2250 < shown.pixel * rows < 2460
        assert shown.counts.sum(dtype=float) == pytest.approx(shown.setup.counts, abs=6 * shown.setup.counts**0.5)


def test_a_matrix_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match=r"matrix must be one of 1024x256, .* got '64x64'"):
        sample_bone_scan(0, seed=0, matrix="64x64")


@pytest.mark.parametrize(("matrix", "feet_first"), [*((matrix, False) for matrix in MATRICES), (MATRICES[0], True)])
def test_the_hot_right_knee_is_where_the_truth_says(patient, matrix, feet_first):
    body, setup = patient
    shown = scan(body, setup, np.random.default_rng(1), matrix=matrix, feet_first=feet_first)
    middle = shown.counts.shape[2] / 2
    (anterior, _), (posterior, _) = shown.knees["right"].values()
    assert (anterior < middle) != feet_first
    assert (posterior > middle) != feet_first
    for view in range(2):
        assert uptake(shown, "right", view) > 2 * uptake(shown, "left", view)
        x, y = shown.knees["right"][("anterior", "posterior")[view]]
        reach = int(2.5 * shown.half_widths["right"])
        around = shown.counts[view, int(y) - reach : int(y) + reach + 1, max(int(x) - reach, 0) : int(x) + reach + 1].astype(float)
        rows, columns = np.indices(around.shape)
        heavy = around > 0.5 * around.max()
        found = np.array((columns[heavy].mean() + max(int(x) - reach, 0), rows[heavy].mean() + int(y) - reach))
        assert np.abs(found - (x, y)).max() < 0.6 * shown.half_widths["right"]


def test_feet_first_is_half_a_turn(patient):
    body, setup = patient
    head, feet = (scan(body, setup, np.random.default_rng(1), matrix="1024x256", feet_first=first) for first in (False, True))
    np.testing.assert_array_equal(feet.counts, head.counts[:, ::-1, ::-1])
    for side in SIDES:
        for view in ("anterior", "posterior"):
            np.testing.assert_allclose(np.add(feet.knees[side][view], head.knees[side][view]), (255, 1023))
    assert (head.truth()["patient_position"], feet.truth()["patient_position"]) == ("HFS", "FFS")


def test_the_posterior_view_is_mirrored(scans):
    for shown in scans:
        for views in shown.knees.values():
            assert views["anterior"][0] + views["posterior"][0] == pytest.approx(shown.counts.shape[2] - 1)
            assert views["anterior"][1] == views["posterior"][1]


def test_counts_scatter_as_poissons_do(patient):
    body, setup = patient
    texture = np.float32(1.0)
    expected = expected_counts(body, setup, texture=texture)
    first = scan(body, setup, np.random.default_rng(5), matrix="1024x256").counts[0].astype(float)
    # where the picture is smooth, neighbours differ by as much as their counts let them
    smooth = (np.abs(np.diff(expected[0], axis=1)) < 0.02 * expected[0, :, 1:]) & (expected[0, :, 1:] > 4)
    step = np.diff(first, axis=1)[smooth]
    assert np.var(step) == pytest.approx(2 * expected[0, :, 1:][smooth].mean(), rel=0.2)


def test_knees_are_always_in_the_field():
    rows = []
    for index in range(120):
        rng = np.random.default_rng((9, index))
        body = sample_body(rng)
        setup = sample_setup(rng, body)
        assert 0.7e6 <= setup.counts <= 4e6
        for knee in body.knees:
            column, row = setup.pixel_of(np.array(knee.centre[0]), np.array(knee.centre[2]))
            reach = knee.half_width / setup.pixel
            assert abs(column - 127.5) + reach < setup.width / 2 / setup.pixel
            assert setup.rows[0] + 100 < row < setup.rows[1] - reach - 20
            rows.append(row)
    assert 480 < min(rows) < 560
    assert 640 < max(rows) < 715


def test_knees_are_not_always_the_brightest():
    brightest = []
    for index in range(3):
        shown = sample_bone_scan(index, seed=SEED, matrix="512x128", feet_first=False)
        row = int(np.unravel_index(shown.counts[0].argmax(), shown.counts[0].shape)[0])
        brightest.append(abs(row - shown.knees["right"]["anterior"][1]) < 2 * shown.half_widths["right"])
    assert not all(brightest)
