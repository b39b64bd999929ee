from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import CTVolume
from msk_monai.phantoms.scanner import Scanner, acquire, sample_scanner


@pytest.fixture
def water(volume):
    plane = np.full((2, 256, 256), 0, np.int16)
    empty = np.zeros_like(plane, np.uint8)
    return CTVolume(plane, empty, empty, Grid((0, 0, 0), (1, 1, 1), plane.shape), volume.truth)


@pytest.mark.parametrize("kernel", ["soft", "standard", "bone"])
def test_noise_has_its_deviation_and_no_bias(water, kernel):
    seen = acquire(water, Scanner(kernel=kernel, noise_hu=20), np.random.default_rng(0)).hu[0, 88:168, 88:168]
    assert seen.mean() == pytest.approx(0, abs=2)
    assert seen.std() == pytest.approx(22, rel=0.2)


def test_the_soft_kernel_is_grainier_than_the_bone_kernel(water):
    def neighbours(kernel):
        hu = acquire(water, Scanner(kernel=kernel), np.random.default_rng(0)).hu[0].astype(float)
        return np.corrcoef(hu[:, 1:].ravel(), hu[:, :-1].ravel())[0, 1]

    assert neighbours("soft") > neighbours("bone") + 0.2


def test_the_same_seed_gives_the_same_noise(water):
    first, again, other = (acquire(water, Scanner(), np.random.default_rng(s)).hu for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_metal_throws_streaks_only_where_it_is(water):
    metal = water.hu.copy()
    metal[0, 120:136, 120:136] = 6000
    scan = replace(water, hu=metal)
    quiet = Scanner(noise_hu=0.0)
    seen = acquire(scan, quiet, np.random.default_rng(0)).hu
    assert np.abs(seen[0, 100:156, 60:110]).max() > 30
    assert np.abs(seen[1]).max() <= 1


def test_low_dose_and_thin_slices_are_noisier():
    def mean_noise(thickness):
        return np.mean([sample_scanner(np.random.default_rng(s), thickness=thickness).noise_hu for s in range(60)])

    assert mean_noise(0.6) > 1.5 * mean_noise(5.0)
