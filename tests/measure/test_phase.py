"""Crossings of a phase."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.measure.phase import BODY, DISC, phase_crossing

HEIGHTS = np.arange(0, 200, 3.0)


def waves(middle=90.0, length=36.0, certainty=0.8):
    return certainty * np.exp(2j * np.pi * (HEIGHTS - middle) / length)


@given(middle=st.floats(60, 120), length=st.floats(20, 60), off=st.floats(-8, 8), falling=st.booleans())
def test_the_middle_of_a_body_is_found_to_a_fraction_of_a_slice(middle, length, off, falling):
    phase, z = waves(middle, length), HEIGHTS
    if falling:
        phase, z = phase[::-1], z[::-1]
    assert phase_crossing(phase, z, BODY, near=middle + off, reach=9) == pytest.approx(middle, abs=1e-6)
    assert phase_crossing(phase, z, DISC, near=middle + length / 2 + off, reach=9) == pytest.approx(middle + length / 2, abs=1e-6)


def test_none_within_reach():
    assert phase_crossing(waves(), HEIGHTS, BODY, near=100, reach=9) is None
    assert phase_crossing(np.zeros(len(HEIGHTS)), HEIGHTS, BODY, near=90, reach=50) is None
    assert phase_crossing(waves()[::-1], HEIGHTS, BODY, near=90, reach=50) is None  # it falls towards the head
    assert phase_crossing(waves()[:1], HEIGHTS[:1], BODY, near=0, reach=50) is None


def test_the_nearest_of_several():
    assert phase_crossing(waves(), HEIGHTS, BODY, near=112, reach=50) == pytest.approx(126)


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="one phase a height"):
        phase_crossing(waves()[:-1], HEIGHTS, BODY, near=0, reach=1)
