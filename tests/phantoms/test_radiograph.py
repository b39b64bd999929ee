from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from msk_monai.phantoms.radiograph import Exposure, Look, blurred, expose, present, sample_exposure, sample_look, to_stored

PIXEL = (0.5, 0.5)
OPEN = np.ones((120, 100), np.float32)
STILL = Exposure(quanta=1e9, scatter=0.2, hardening=0.0, readout=0.0)


@pytest.fixture
def step():
    """A dense stripe in the middle of soft tissue."""
    image = np.full(OPEN.shape, 3.0, np.float32)
    image[:, 40:60] = 4.0
    return image


def exposed(integrals, exposure, field=OPEN, seed=0):
    return expose(integrals, field, PIXEL, exposure, np.random.default_rng(seed))


def contrast(signal):
    return float(np.log(signal[60, 20] / signal[60, 50]))


def test_scatter_is_the_share_asked_for_and_lowers_contrast(step):
    clear, foggy = (exposed(step, replace(STILL, scatter=s)) for s in (0.0, 0.5))
    assert contrast(clear) == pytest.approx(1.0, abs=0.02)
    assert contrast(foggy) < 0.7
    assert foggy.mean() == pytest.approx(2 * clear.mean(), rel=0.1)


def test_noise_follows_the_quanta(step):
    def noise(quanta):
        exposure = replace(STILL, quanta=quanta, detector_mm=0.0)
        difference = exposed(step, exposure, seed=1) - exposed(step, exposure, seed=2)
        return difference[:, :35].std() / exposed(step, STILL)[:, :35].mean() / np.sqrt(2)

    assert noise(10_000) == pytest.approx(1 / np.sqrt(10_000 * 0.25), rel=0.05)
    assert noise(40_000) == pytest.approx(noise(10_000) / 2, rel=0.05)


def test_hardening_lowers_the_contrast_of_what_is_thick(step):
    assert contrast(exposed(step, replace(STILL, scatter=0.0, hardening=0.03))) < 0.85


def test_the_blur_is_as_wide_as_the_spot(step):
    sharp, soft = (exposed(step, replace(STILL, scatter=0.0, focal_mm=f, detector_mm=0.0)) for f in (0.0, 1.0))
    assert sharp[60, 41] == pytest.approx(np.exp(-4), rel=0.01)
    assert soft[60, 41] > 1.1 * np.exp(-4)


def test_dense_is_bright_and_grey_values_stay_in_range(step):
    grey = present(exposed(step, Exposure()), OPEN, PIXEL, Look(flatten=0.0))
    assert grey.min() >= 0
    assert grey.max() <= 1
    assert grey[:, 45:55].mean() > grey[:, :35].mean() + 0.3


def test_flattening_takes_slow_changes_away():
    ramp = np.broadcast_to(np.linspace(2, 5, 400, dtype=np.float32), (100, 400))
    field = np.ones(ramp.shape, np.float32)
    signal = np.exp(-ramp)
    signal[40:60, 198:203] *= 0.8
    plain, flat = (present(signal, field, PIXEL, Look(flatten=f, flatten_mm=15, sharpen=0.0, window=(0, 100))) for f in (0.0, 0.7))
    assert flat[50, 200] - flat[20, 200] > 1.5 * (plain[50, 200] - plain[20, 200])


def test_what_the_collimator_covers_does_not_set_the_window(step):
    field = OPEN.copy()
    field[:, :25] = 4e-4
    shown = present(exposed(step, STILL, field), field, PIXEL, Look(flatten=0.0, sharpen=0.0, window=(1, 99)))
    assert np.ptp(shown[30:90, 30:]) > 0.8
    assert (shown[:, :20] == 1).mean() > 0.9  # nothing was exposed: white


def test_a_wide_blur_is_that_of_a_gaussian():
    image = np.random.default_rng(3).random((150, 130)).astype(np.float32)
    image[40:80, 30:90] += 3
    np.testing.assert_allclose(blurred(image, 12.0, (0.5, 1.0)), gaussian_filter(image, (24.0, 12.0), mode="nearest"), atol=0.12)


def test_monochrome1_is_stored_upside_down():
    grey = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert to_stored(grey, inverted=False).tolist() == [[0, 2048, 4095]]
    assert to_stored(grey, inverted=True).tolist() == [[4095, 2047, 0]]


def test_draws_differ_and_can_be_used(step):
    rng = np.random.default_rng(5)
    looks = [sample_look(rng) for _ in range(30)]
    assert {look.inverted for look in looks} == {True, False}
    for look in looks[:6]:
        grey = present(exposed(step, sample_exposure(rng)), OPEN, PIXEL, look)
        assert np.isfinite(grey).all()
        assert grey[:, 45:55].mean() > grey[:, 5:35].mean()
