from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.lumbar_mr import lumbar_recipe, sample_lumbar_patient
from msk_monai.phantoms.lumbar_mri import crossing
from msk_monai.phantoms.mr_slab import Plane
from msk_monai.phantoms.mr_study import KINDS, LAYOUTS, MRScanner, acquire, axial_planes, sample_mr_scanner, sample_series

SILENT = MRScanner(manufacturer="SIEMENS", noise=0.0, shading=(0.0, 0.0, 0.0), full_scale=1000.0, blur=0.0)


@pytest.fixture(scope="module")
def patients():
    return [sample_lumbar_patient(np.random.default_rng(seed), lumbar_recipe()) for seed in range(6)]


@pytest.fixture(scope="module")
def series(patients):
    return {one.kind: one for one in sample_series(np.random.default_rng(1), patients[0], SILENT, whole=True, layout="blocks")}


def planes(patient, layout, seed=1):
    return axial_planes(np.random.default_rng(seed), patient, layout)


def heights(stack):
    """Positions along the stack's normal, and that all its planes have it."""
    np.testing.assert_allclose([one.normal for one in stack], [stack[0].normal] * len(stack), atol=1e-12)
    return np.array([one.origin @ stack[0].normal for one in stack])


def test_a_whole_study_has_every_kind_once_in_order(series):
    assert tuple(series) == KINDS
    assert len(KINDS) == 12
    assert [one.number for one in series.values()] == list(range(1, 13))
    assert len({one.description for one in series.values()}) == 12


def test_training_needs_two_series(patients):
    short = sample_series(np.random.default_rng(1), patients[0], SILENT, whole=False)
    assert [one.kind for one in short] == ["sagittal T2", "axial T2"]
    assert len(short[0].planes) == 3


def test_times_are_those_of_the_weighting(series):
    for kind, one in series.items():
        if kind.endswith("T2"):
            assert one.echo_time > 80, kind
            assert one.repetition_time > 3000, kind
        if "T1" in kind:
            assert one.echo_time < 20, kind
            assert one.repetition_time < 800, kind
        assert (one.inversion_time > 0) == (kind == "sagittal STIR")
        assert one.contrast == ("contrast" in kind)


def test_series_of_one_direction_share_their_planes(series):
    assert series["axial T1"].planes is series["axial T2"].planes
    assert series["sagittal STIR"].planes is series["sagittal T1 contrast"].planes


@pytest.mark.parametrize("layout", ["blocks", "single"])
def test_blocks_lie_parallel_to_their_discs(patients, layout):
    for patient in patients:
        slices = planes(patient, layout)
        count = len(slices) // 5
        assert len(slices) % 5 == 0
        assert count == 1 if layout == "single" else count in (3, 4)
        for place, disc in enumerate(patient.discs):
            block = slices[place * count : (place + 1) * count]
            nearest, tilt = min((crossing(one, disc) for one in block), key=lambda pair: abs(pair[0]))
            assert abs(nearest) < 1
            assert tilt < 8
            assert all(abs(one.normal[0]) < 1e-12 for one in block)
            assert all(np.array_equal(one.normal, block[0].normal) for one in block)  # one block, one direction
            along = np.array([(one.origin - block[0].origin) @ one.normal for one in block])
            np.testing.assert_allclose(np.diff(along), np.diff(along)[:1].repeat(count - 1))


def test_a_stack_is_regular_and_reaches_over_all_discs(patients):
    for patient in patients:
        stack = planes(patient, "stack")
        found = heights(stack)
        np.testing.assert_allclose(np.diff(found), np.diff(found)[0])
        assert stack[0].thickness < np.diff(found)[0] < stack[0].thickness + 1
        for disc in patient.discs:
            assert found[0] + 8 < np.asarray(disc.disc.centre) @ stack[0].normal < found[-1] - 8


def test_two_stacks_are_regular_and_of_different_tilt(patients):
    for patient in patients:
        slices = planes(patient, "two stacks")
        turns = [one.normal @ slices[0].normal for one in slices]
        upper = [one for one, cosine in zip(slices, turns, strict=True) if cosine > 1 - 1e-9]
        lower = slices[len(upper) :]
        for stack in (upper, lower):
            found = heights(stack)
            np.testing.assert_allclose(np.diff(found), np.diff(found)[0])
        assert upper[0].normal @ lower[0].normal < np.cos(np.radians(10))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_axial_slice_shows_the_patient_from_below_and_holds_disc_and_canal(patients, layout):
    patient = patients[1]
    for one in planes(patient, layout):
        assert one.along_row @ (1, 0, 0) > 0.99
        assert one.along_column @ (0, 1, 0) > 0.6
        for disc in patient.discs:
            if abs(crossing(one, disc)[0]) < 1:
                for middle in (disc.disc.centre, disc.sac_centre):
                    offset = np.asarray(middle) - one.origin
                    rows, columns = (offset @ axis / one.spacing / size for axis, size in zip(axes(one), one.shape, strict=True))
                    assert 0.3 < rows < 0.7
                    assert 0.4 < columns < 0.6


def axes(one):
    return one.along_column, one.along_row


def test_planes_lie_as_their_names_say(series):
    assert all(abs(one.normal[0]) > 0.99 for one in series["sagittal T2"].planes)
    assert all(abs(one.normal[1]) > 0.99 for kind in ("coronal T2", "myelogram") for one in series[kind].planes)
    assert {int(np.abs(one.normal).argmax()) for one in series["localizer"].planes} == {0, 1, 2}
    assert len(series["myelogram"].planes) == 1
    sagittal = heights(series["sagittal T2"].planes)
    np.testing.assert_allclose(np.abs(np.diff(sagittal)), 4.4)


def test_diffusion_is_coarser_and_lies_among_the_axial_slices(series):
    fine, coarse = series["axial T2"].planes, series["axial diffusion"].planes
    assert len(coarse) == (len(fine) + 1) // 2
    for one, other in zip(coarse, fine[::2], strict=True):
        np.testing.assert_allclose(one.centre, other.centre)
        assert one.spacing == 2 * other.spacing
        assert one.shape[0] == other.shape[0] // 2


def test_an_unknown_layout_is_refused(patients):
    with pytest.raises(ValueError, match="layout must be one of blocks"):
        planes(patients[0], "spiral")


def test_all_manufacturers_are_drawn():
    drawn = {sample_mr_scanner(np.random.default_rng(seed)).manufacturer for seed in range(40)}
    assert drawn == {"SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "TOSHIBA"}


AXIAL = Plane.about(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), spacing=1.0, shape=(60, 80), thickness=4.0)


def stored(signal, **changes):
    return acquire(np.full(AXIAL.shape, signal, np.float32), AXIAL, replace(SILENT, **changes), np.random.default_rng(0))


def test_a_scanner_without_faults_stores_the_signal():
    assert stored(0.5).dtype == np.uint16
    np.testing.assert_array_equal(stored(0.5), 500)


def test_noise_is_that_of_magnitudes():
    assert stored(0.0, noise=0.1).mean() == pytest.approx(100 * np.sqrt(np.pi / 2), rel=0.02)
    assert stored(1.0, noise=0.05).mean() == pytest.approx(1000, rel=0.01)
    assert stored(1.0, noise=0.05).std() == pytest.approx(50, rel=0.05)


def test_shading_grows_towards_the_coil():
    image = stored(1.0, shading=(0.0, 5.0, 0.0)).astype(float)
    assert image[-1, 0] / image[0, 0] == pytest.approx(np.exp(5 * 0.059), rel=0.01)
    np.testing.assert_array_equal(image, np.repeat(image[:, :1], 80, axis=1))
