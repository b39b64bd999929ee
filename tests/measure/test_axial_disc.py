"""Axial discs from fill fractions of shapes whose sizes are known: analytic, or from dense points on their outlines."""

from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial import cKDTree

from msk_monai.measure.axial_disc import canal_front, measure_axial_disc

LENGTHS = ("annulus_mean", "annulus_sd", "annulus_minimum", "posterior_thickness", "canal_width", "depth", "width")
FROM_NUCLEUS = ("annulus_mean", "annulus_sd", "annulus_minimum", "nucleus_share", "posterior_thickness")
FROM_CANAL = ("posterior_thickness", "canal_width", "depth", "width")
FINE = 10
ANGLES = np.linspace(-np.pi, np.pi, 4001)


@dataclass(frozen=True)
class Star:
    """Superellipse of half axes a, b (mm) with a dent or, negative, a bump of so much of its radius, towards an angle."""

    a: float
    b: float
    centre: tuple[float, float] = (0.0, 0.0)
    power: float = 2.0
    dent: float = 0.0
    towards: float = 90.0
    spread: float = 25.0

    def radius(self, angle):
        plain = (np.abs(np.cos(angle) / self.a) ** self.power + np.abs(np.sin(angle) / self.b) ** self.power) ** (-1 / self.power)
        off = (np.degrees(angle) - self.towards + 180) % 360 - 180
        return plain * (1 - self.dent * np.exp(-((off / self.spread) ** 2) / 2))

    def holds(self, x, y):
        x, y = x - self.centre[0], y - self.centre[1]
        return np.hypot(x, y) <= np.interp(np.arctan2(y, x), ANGLES, self.radius(ANGLES))

    def points(self, count=20000):
        angle = (np.arange(count) + 0.5) / count * 2 * np.pi
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * self.radius(angle)[:, None] + self.centre

    def area_and_centre(self):
        p = self.points()
        q = np.roll(p, -1, axis=0)
        cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
        return cross.sum() / 2, ((p + q) * cross[:, None]).sum(axis=0) / (3 * cross.sum())


def fill_fractions(holds, counts):
    """How much of each pixel (X, Y) a shape fills, by points in those at its edge; the first pixel reaches from 0 to 1."""
    corners = holds(np.stack(np.meshgrid(*[np.arange(n + 1.0) for n in counts], indexing="ij"), axis=-1)).astype(int)
    held = corners[1:, 1:] + corners[:-1, 1:] + corners[1:, :-1] + corners[:-1, :-1]
    edge = np.argwhere(ndimage.binary_dilation(held % 4 > 0))
    within = (np.indices((FINE, FINE)).reshape(2, -1).T + 0.5) / FINE
    fractions = held / 4
    fractions[tuple(edge.T)] = holds(edge[:, None] + within).mean(axis=1)
    return fractions


@dataclass(frozen=True)
class Scene:
    """Disc, nucleus and canal, x to the left, y to the back, mm."""

    disc: Star = field(default_factory=lambda: Star(25, 17))
    nucleus: Star = field(default_factory=lambda: Star(16, 10))
    canal: Star = field(default_factory=lambda: Star(11, 7, (0, 27)))

    def drawn(self, *, spacing=(0.7, 0.7), degrees=0.0, shift=(0.0, 0.0), mirror=False, pad=3.0):
        """Fill fractions (X, Y) of annulus, nucleus and canal, turned about the origin, then shifted (mm)."""
        mm = np.array(spacing)
        counts = np.ceil(2 * (42 + pad) / mm).astype(int)
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))

        def turned(points):
            x, y = np.moveaxis((points - counts / 2) * mm - shift, -1, 0)
            u, v = c * x + s * y, c * y - s * x
            return (-u if mirror else u), v

        disc, nucleus, canal = (fill_fractions(lambda points, star=star: star.holds(*turned(points)), counts) for star in self.stars())
        return disc - np.minimum(nucleus, disc), nucleus, canal

    def stars(self):
        return self.disc, self.nucleus, self.canal

    def measured(self, *, spacing=(0.7, 0.7), **how):
        return measure_axial_disc(*self.drawn(spacing=spacing, **how), spacing=spacing)

    def truth(self):
        area, centre = self.disc.area_and_centre()
        inner, _ = self.nucleus.area_and_centre()
        _, behind = self.canal.area_and_centre()
        along = (behind - centre) / np.linalg.norm(behind - centre)
        frame = np.stack([[along[1], -along[0]], along], axis=1)
        disc, nucleus, canal = self.disc.points(), self.nucleus.points(2000), self.canal.points()
        distances = cKDTree(disc[::4]).query(nucleus)[0]
        weights = np.linalg.norm(np.roll(nucleus, -1, axis=0) - np.roll(nucleus, 1, axis=0), axis=1)
        mean = np.average(distances, weights=weights)
        turned, sac = disc @ frame, canal @ frame
        low, high = sac[:, 0].min(), sac[:, 0].max()
        lines = np.linspace(low, high, 101)[1:-1]
        hindmost = [turned[near, 1].max() for near in _near(turned[:, 0], lines)]
        facing = np.stack([lines, hindmost], axis=1)
        chords = [np.ptp(sac[near, 1]) for near in _near(sac[:, 0], np.linspace(low + (high - low) / 3, high - (high - low) / 3, 101))]
        return {
            "annulus_mean": mean,
            "annulus_sd": np.sqrt(np.average((distances - mean) ** 2, weights=weights)),
            "annulus_minimum": distances.min(),
            "nucleus_share": inner / area,
            "posterior_thickness": cKDTree(nucleus @ frame).query(facing)[0].mean(),
            "canal_width": np.median(chords),
            "disc_area": area,
            "depth": np.ptp(turned[:, 1]),
            "width": np.ptp(turned[:, 0]),
        }


def _near(places, at, reach=0.04):
    return [np.abs(places - one) < reach for one in at]


scenes = st.builds(
    Scene,
    disc=st.builds(Star, st.floats(20, 28), st.floats(14, 19), power=st.floats(2, 3.5), dent=st.floats(0, 0.15)),
    nucleus=st.builds(
        Star, st.floats(9, 15), st.floats(5, 9), st.tuples(st.floats(-1.5, 1.5), st.floats(-1, 1)), st.floats(2, 3), st.floats(-0.1, 0.1)
    ),
    canal=st.builds(
        Star,
        st.floats(7, 13),
        st.floats(4, 9),
        st.tuples(st.floats(-2, 2), st.floats(25, 30)),
        dent=st.floats(0, 0.3),
        towards=st.just(-90),
    ),
)
views = st.fixed_dictionaries(
    {
        "spacing": st.tuples(st.floats(0.5, 0.9), st.floats(0.5, 0.9)),
        "degrees": st.floats(0, 360),
        "shift": st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
        "mirror": st.booleans(),
    }
)


def same(one, other, mm, share=0.01):
    for name in LENGTHS:
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=mm), name
    assert one.nucleus_share == pytest.approx(other.nucleus_share, abs=share)
    assert one.disc_area == pytest.approx(other.disc_area, rel=share)


def finite(disc):
    values = [value for value in asdict(disc).values() if value is not None]
    assert np.isfinite(values).all()
    assert min(values) >= 0


def test_circles_by_formula():
    disc = Scene(Star(20, 20), Star(11, 11, (2, 0)), Star(8, 8, (0, 30))).measured()
    angle = (np.arange(3600) + 0.5) / 3600 * 2 * np.pi
    thickness = 20 - np.hypot(2 + 11 * np.cos(angle), 11 * np.sin(angle))
    assert disc.annulus_mean == pytest.approx(thickness.mean(), abs=0.03)
    assert disc.annulus_sd == pytest.approx(thickness.std(), abs=0.03)
    assert disc.annulus_minimum == pytest.approx(7, abs=0.05)
    assert disc.nucleus_share == pytest.approx((11 / 20) ** 2, abs=0.002)
    assert disc.disc_area == pytest.approx(np.pi * 400, rel=0.002)
    assert (disc.depth, disc.width) == pytest.approx((40, 40), abs=0.15)
    lines = (np.arange(600) - 299.5) / 300 * 8
    away = np.hypot(lines - 2, np.sqrt(400 - lines**2)) - 11
    assert disc.posterior_thickness == pytest.approx(away.mean(), abs=0.05)
    assert disc.canal_width == pytest.approx(16 * np.sqrt(1 - 1 / 36), abs=0.1)


@settings(max_examples=25)
@given(scenes, views)
def test_a_disc_of_known_sizes(scene, view):
    found, truth = scene.measured(**view), scene.truth()
    for name in LENGTHS:
        assert getattr(found, name) == pytest.approx(truth[name], abs=0.3), name
    assert found.nucleus_share == pytest.approx(truth["nucleus_share"], abs=0.01)
    assert found.disc_area == pytest.approx(truth["disc_area"], rel=0.01)


def test_the_mean_error_is_a_small_part_of_a_pixel():
    random = np.random.default_rng(5)
    errors = []
    for _ in range(25):
        scene = Scene(
            Star(random.uniform(20, 28), random.uniform(14, 19), power=random.uniform(2, 3), dent=random.uniform(0, 0.15)),
            Star(random.uniform(9, 15), random.uniform(5, 9), tuple(random.uniform(-1, 1, 2))),
            Star(random.uniform(7, 13), random.uniform(4, 9), (random.uniform(-2, 2), random.uniform(25, 30))),
        )
        truth = scene.truth()
        found = scene.measured(spacing=tuple(random.uniform(0.5, 0.9, 2)), degrees=random.uniform(0, 360))
        errors.append([abs(getattr(found, name) - truth[name]) for name in LENGTHS])
    assert np.mean(errors, axis=0).max() < 0.1


@settings(max_examples=20)
@given(scenes, views)
def test_however_the_image_is_turned_shifted_mirrored_and_sampled(scene, view):
    same(scene.measured(**view), scene.measured(), 0.3)


@settings(max_examples=8)
@given(scenes, views, st.tuples(*[st.integers(0, 30)] * 4))
def test_the_image_s_own_axes_and_rims_do_not_matter(scene, view, rims):
    masks, (x_mm, y_mm) = scene.drawn(**view), view["spacing"]
    plain = measure_axial_disc(*masks, spacing=(x_mm, y_mm))
    same(measure_axial_disc(*[np.pad(m, (rims[:2], rims[2:])) for m in masks], spacing=(x_mm, y_mm)), plain, 1e-9, 1e-9)
    same(measure_axial_disc(*[m[::-1] for m in masks], spacing=(x_mm, y_mm)), plain, 0.02, 1e-9)
    same(measure_axial_disc(*[m[::-1, ::-1] for m in masks], spacing=(x_mm, y_mm)), plain, 0.02, 1e-9)
    same(measure_axial_disc(*[m.T for m in masks], spacing=(y_mm, x_mm)), plain, 0.02, 1e-9)


@settings(max_examples=8)
@given(scenes, views, st.floats(0.3, 3))
def test_lengths_scale_with_the_spacing(scene, view, scale):
    masks = scene.drawn(**view)
    plain = measure_axial_disc(*masks, spacing=view["spacing"])
    scaled = measure_axial_disc(*masks, spacing=np.multiply(view["spacing"], scale))
    for name in LENGTHS:
        assert getattr(scaled, name) == pytest.approx(scale * getattr(plain, name), rel=1e-9)
    assert scaled.nucleus_share == pytest.approx(plain.nucleus_share, rel=1e-12)
    assert scaled.disc_area == pytest.approx(scale**2 * plain.disc_area, rel=1e-9)


def test_no_nucleus_a_dark_disc():
    annulus, nucleus, canal = Scene().drawn()
    plain = measure_axial_disc(annulus, nucleus, canal, spacing=(0.7, 0.7))
    dark = measure_axial_disc(annulus + nucleus, 0 * nucleus, canal, spacing=(0.7, 0.7))
    assert {name: getattr(dark, name) for name in FROM_NUCLEUS} == dict.fromkeys(FROM_NUCLEUS)
    assert dark == replace(plain, **dict.fromkeys(FROM_NUCLEUS))
    speck = 0 * nucleus
    speck[60:62, 60:62] = 1
    assert measure_axial_disc(annulus + nucleus - speck, speck, canal, spacing=(0.7, 0.7)) == dark


def test_no_canal_no_back():
    annulus, nucleus, canal = Scene().drawn()
    plain = measure_axial_disc(annulus, nucleus, canal, spacing=(0.7, 0.7))
    alone = measure_axial_disc(annulus, nucleus, 0.3 * canal, spacing=(0.7, 0.7))
    assert {name: getattr(alone, name) for name in FROM_CANAL} == dict.fromkeys(FROM_CANAL)
    for name in ("annulus_mean", "annulus_minimum", "nucleus_share", "disc_area"):
        assert getattr(alone, name) == pytest.approx(getattr(plain, name), rel=1e-9)
    same_place = measure_axial_disc(annulus, nucleus, annulus + nucleus, spacing=(0.7, 0.7))
    assert same_place.depth is None


def test_a_speck_of_a_disc_that_no_line_through_the_canal_meets():
    speck, canal = np.zeros((2, 220, 20))
    speck[93, 5] = 1
    canal[10:210, 15] = 1
    canal[10:60, 16] = 1
    found = measure_axial_disc(0 * speck, speck, canal, spacing=(1, 1))
    finite(found)
    assert found.posterior_thickness is None
    assert found.canal_width == pytest.approx(1, abs=0.05)


def test_no_disc():
    nothing, something = np.zeros((30, 40)), np.ones((30, 40))
    with pytest.raises(ValueError, match="a disc"):
        measure_axial_disc(0.4 * something, nothing, something, spacing=(1, 1))
    with pytest.raises(ValueError, match=r"\(X, Y\)"):
        measure_axial_disc(something, something.T, something, spacing=(1, 1))
    with pytest.raises(ValueError, match=r"\(X, Y\)"):
        measure_axial_disc(*np.ones((3, 4, 4, 4)), spacing=(1, 1))


def test_a_nucleus_that_touches_the_outline():
    found = Scene(nucleus=Star(12, 8, (0, 9))).measured(degrees=20)
    assert found.annulus_minimum == pytest.approx(0, abs=0.05)
    assert 4 < found.annulus_mean < 9
    assert found.posterior_thickness < 3
    bare = measure_axial_disc(np.zeros((60, 60)), *[np.pad(np.ones((20, 20)), ((20, 20), (at, 40 - at))) for at in (5, 35)], spacing=(1, 1))
    assert bare.annulus_mean == pytest.approx(0, abs=1e-9)
    assert bare.posterior_thickness == pytest.approx(0, abs=1e-9)
    assert bare.nucleus_share == pytest.approx(1)
    assert (bare.canal_width, bare.depth, bare.width) == pytest.approx((20, 20, 20), abs=0.01)


def test_of_fragments_the_largest_counts():
    scene = Scene(nucleus=Star(12, 9, (-3, 0)))
    annulus, nucleus, canal = scene.drawn()
    plain = measure_axial_disc(annulus, nucleus, canal, spacing=(0.7, 0.7))
    loose = replace(scene, disc=Star(4, 4, (-30, -30)), nucleus=Star(2, 2, (-30, -30)), canal=Star(3, 3, (30, 30))).drawn()
    with_more = measure_axial_disc(annulus + loose[0], nucleus + loose[1], canal + loose[2], spacing=(0.7, 0.7))
    same(with_more, plain, 1e-9, 1e-9)
    second = Star(3, 3, (17, 0))
    _, part, _ = replace(scene, nucleus=second).drawn()
    twice = measure_axial_disc(annulus - part, nucleus + part, canal, spacing=(0.7, 0.7))
    assert twice == replace(plain, nucleus_share=twice.nucleus_share)
    assert twice.nucleus_share == pytest.approx((12 * 9 + 9) / (25 * 17), abs=0.003)


def test_holes_and_gaps_are_filled():
    annulus, nucleus, canal = Scene().drawn()
    plain = measure_axial_disc(annulus, nucleus, canal, spacing=(0.7, 0.7))
    gap = ndimage.binary_dilation(nucleus > 0, iterations=2) & (nucleus == 0)
    pierced = canal.copy()
    pierced[64:66, 102:104] = 0
    assert canal[64:66, 102:104].min() == 1
    found = measure_axial_disc(np.where(gap, 0, annulus), nucleus, pierced, spacing=(0.7, 0.7))
    same(found, plain, 0.01, 0.005)


@pytest.mark.parametrize("degrees", [0, 37, 200])
def test_a_herniation_joined_to_the_disc(degrees):
    whole = Scene(canal=Star(11, 7, (0, 26)))
    herniated = replace(
        whole, disc=replace(whole.disc, dent=-0.35, spread=12.0), canal=replace(whole.canal, dent=0.5, towards=-90, spread=40.0)
    )
    before, after, truth = whole.measured(degrees=degrees), herniated.measured(degrees=degrees), herniated.truth()
    for name in LENGTHS:
        assert getattr(after, name) == pytest.approx(truth[name], abs=0.3), name
    assert after.posterior_thickness > before.posterior_thickness + 1
    assert after.depth > before.depth + 5
    assert after.canal_width < before.canal_width - 2


def test_a_narrow_notch_or_one_at_the_side_does_not_decide_the_canal_s_width():
    whole = Scene().measured().canal_width
    annulus, nucleus, canal = Scene().drawn()
    middle = canal.shape[0] // 2
    for start, stop in ((middle - 1, middle + 1), (middle + 6, middle + 16)):
        notched = canal.copy()
        notched[start:stop, : int(canal.shape[1] / 2 + 27 / 0.7)] = 0
        assert measure_axial_disc(annulus, nucleus, notched, spacing=(0.7, 0.7)).canal_width == pytest.approx(whole, abs=0.8)


@settings(max_examples=12)
@given(scenes, st.floats(0.8, 2.5), st.floats(0.85, 1.0), st.floats(0.0, 0.08))
def test_a_network_s_blurred_shares(scene, blur, most, haze):
    masks = scene.drawn()
    soft = [haze + (most - haze) * ndimage.gaussian_filter(mask, blur) for mask in masks]
    found, truth = measure_axial_disc(*soft, spacing=(0.7, 0.7)), scene.truth()
    finite(found)
    assert found.annulus_mean == pytest.approx(truth["annulus_mean"], abs=1.0)
    assert found.depth == pytest.approx(truth["depth"], abs=1.5)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.5, 4), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_whatever_the_masks_hold_the_numbers_are_finite(seed, blur, shape):
    noise = np.random.default_rng(seed).standard_normal((3, *shape))
    masks = [ndimage.gaussian_filter(one, blur) > 0 for one in noise]
    masks[0][0, 0] = True
    found = measure_axial_disc(*masks, spacing=(0.6, 0.8))
    finite(found)
    assert found.nucleus_share is None or 0 < found.nucleus_share <= 1
    if found.annulus_mean is not None:
        assert found.annulus_minimum <= found.annulus_mean
    holey = [np.where(noise[0] > 1.5, np.nan, mask) for mask in masks]
    holey[0][0, 0] = 1
    finite(measure_axial_disc(*holey, spacing=(0.6, 0.8)))


def test_the_canals_front_lies_two_thirds_of_the_way_from_the_disc():
    masks = np.zeros((3, 60, 70))
    masks[0, 10:31, 5:36], masks[1, 15:26, 15:26], masks[2, 18:25, 45:56] = 1, 1, 0.5
    masks[0, 15:26, 15:26] = 0
    assert canal_front(masks) == pytest.approx(0.35 * np.array([20, 20]) + 0.65 * np.array([21, 50]))
    for missing in ([0, 1], [2]):
        without = masks.copy()
        without[missing] = 0
        assert canal_front(without) is None
