import numpy as np
import pytest

from msk_monai.phantoms.film_region import FEWEST_PIXELS, MOST_PIXELS, sample_setup


def shown(patient, setup):
    rows, columns = setup.detector.shape
    spots = {v.name: setup.detector.to_pixels(setup.view.onto_detector(np.asarray(v.centre))) for v in patient.spine.vertebrae}
    return {name for name, (x, y) in spots.items() if 0 <= x < columns and 0 <= y < rows}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("region", "whole", "never"),
    [
        ("lumbar", {"L1", "L2", "L3", "L4", "L5"}, {"T7"}),
        ("thoracolumbar", {"T10", "T12", "L3", "L5"}, {"T2"}),
        ("whole", {f"T{i}" for i in range(1, 13)} | {f"L{i}" for i in range(1, 6)}, {"C2"}),
        ("cut", {"T11", "T12", "L1"}, {"T1"}),
    ],
)
def test_films_show_their_region(patient, region, whole, never, seed):
    setup = sample_setup(np.random.default_rng(seed), patient, region=region)
    seen = shown(patient, setup)
    assert whole <= seen
    assert not never & seen
    assert FEWEST_PIXELS - 2 <= max(setup.detector.shape) <= MOST_PIXELS


def test_lumbar_films_have_the_pixels_of_clinical_ones(patient):
    pixels = [sample_setup(np.random.default_rng(s), patient, region="lumbar").detector.spacing[0] for s in range(30)]
    assert min(pixels) >= 0.14
    assert max(pixels) < 0.5


def test_all_regions_and_both_directions_are_drawn(patient):
    rng = np.random.default_rng(3)
    setups = [sample_setup(rng, patient) for _ in range(120)]
    shares = {r: np.mean([s.region == r for s in setups]) for r in ("lumbar", "thoracolumbar", "whole", "cut")}
    assert shares["lumbar"] == pytest.approx(0.6, abs=0.15)
    assert min(shares.values()) > 0
    assert {s.from_front for s in setups} == {True, False}
    assert {s.detector.spacing[0] == s.detector.spacing[1] for s in setups} == {True, False}
    assert all(999.9 < s.view.distance < 1800.1 for s in setups)
