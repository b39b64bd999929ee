# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

import numpy as np
import pytest

from msk_monai.phantoms import integrals as module
from msk_monai.phantoms.attenuation import patient_integrals
from msk_monai.phantoms.integrals import WATER_PER_MM, attenuation, seen_box
from msk_monai.phantoms.projection import Detector, aim


@pytest.fixture(scope="module")
def coarse_film(patient):
    view = aim(at=np.asarray(patient.spine["L3"].centre), source_distance=1150.0, detector_gap=160.0, from_front=True)
    detector = Detector((80, 60), (3.0, 3.0), (-90.0, -120.0))
    return view, detector, patient_integrals(patient, view, detector)


def test_air_and_water_and_what_is_denser():
    air, water, bone, metal = attenuation(np.array([-1000, 0, 1000, 6500], np.float32))
    assert air == 0
    assert water == pytest.approx(WATER_PER_MM)
    assert 2 < bone / water < 4
    assert metal / water > 12


def test_a_trunk_lets_a_hundredth_or_so_through(coarse_film):
    integrals = coarse_film[2]
    assert 2.5 < np.median(integrals) < 8
    assert integrals.min() >= 0
    assert integrals.dtype == np.float32


def test_bodies_stand_out_from_the_discs_and_the_tissue_beside_them(patient, coarse_film):
    view, detector, integrals = coarse_film

    def at(*points):
        x, y = np.rint(detector.to_pixels(view.onto_detector(np.array(points)))).astype(int).T
        return integrals[y, x].mean()

    bodies = [np.asarray(patient.spine[n].centre) for n in ("L1", "L2", "L3")]
    beside = [b + (side * 38, 0, 0) for b in bodies for side in (1, -1)]
    assert at(*bodies) > at(*beside) + 0.2


def test_the_box_holds_what_all_rays_meet_between_two_planes(coarse_film):
    view, detector, _ = coarse_film
    low, high = seen_box(view, detector, front=-130, back=115, margin=1)
    assert (low[1], high[1]) == (-130, 115)
    ends = view.from_detector(detector.outline)
    for y in (low[1], high[1]):
        meet = view.source + (ends - view.source) * ((y - view.source[1]) / (ends - view.source)[:, 1:2])
        assert (meet[:, [0, 2]] > low[[0, 2]]).all()
        assert (meet[:, [0, 2]] < high[[0, 2]]).all()


def test_where_the_body_is_cut_for_rendering_is_not_seen(patient, coarse_film, monkeypatch):
    view, detector, integrals = coarse_film
    monkeypatch.setattr(module, "_CHUNK_MM", 61.0)
    np.testing.assert_allclose(patient_integrals(patient, view, detector), integrals, atol=0.05)
