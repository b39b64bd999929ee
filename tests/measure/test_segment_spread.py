import numpy as np
import pytest

from msk_monai.measure.segment import measure_segment
from msk_monai.measure.segment_spread import segment_spread
from msk_monai.measure.vertebra_corners import VertebraCorners

UPPER = np.array([[0.0, 0.0], [50.0, 2.0], [0.0, 30.0], [50.0, 31.0]])
LOWER = np.array([[1.0, 40.0], [52.0, 44.0], [1.0, 70.0], [52.0, 72.0]])


def vertebrae(noise: np.ndarray) -> tuple[VertebraCorners, VertebraCorners]:
    return VertebraCorners("L4", UPPER + noise[0], np.ones(4)), VertebraCorners("L5", LOWER + noise[1], np.ones(4))


def test_spreads_are_those_of_many_noisy_corners():
    rng, scale = np.random.default_rng(0), np.array([[0.3, 0.3, 0.5, 0.7], [0.4, 0.6, 0.3, 0.3]])
    drawn = [measure_segment(*vertebrae(rng.laplace(0, scale[:, :, None], (2, 4, 2)))) for _ in range(3000)]
    spread = segment_spread(*vertebrae(np.zeros((2, 4, 2))), scale)
    assert spread.angle == pytest.approx(np.std([s.signed_angle for s in drawn]), rel=0.06)
    assert spread.interval_mean == pytest.approx(np.std([s.interval_mean for s in drawn]), rel=0.06)
    ends = np.sqrt(np.mean([np.var([s.interval_left for s in drawn]), np.var([s.interval_right for s in drawn])]))
    assert spread.interval_end == pytest.approx(ends, rel=0.08)
