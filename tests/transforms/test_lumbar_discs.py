import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.geometry import apply_affine
from msk_monai.measure.disc_row import CANAL, DISC, VERTEBRA
from msk_monai.records import Status
from msk_monai.transforms import LumbarDiscsd, SagittalSlicesd

COLUMNS, ROWS = 160, 320
STEP, BODY = 40, 28
LEVELS = ("L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2", "T12-L1")
SIZES = (
    "disc_height_anterior", "disc_height_middle", "disc_height_posterior", "disc_height_index", "disc_area", "disc_bulge", "canal_width",
    "nucleus_signal_ratio",
)  # fmt: skip
SIGNAL = np.array([30.0, 40.0, 60.0, 120.0])


def spine(bodies: int = 6, *, canal: int = 16, bulging: int = 0) -> np.ndarray:
    """Classes (columns, rows): bodies 40 wide and 28 high, discs 12 high between and below them, a canal; the sacrum has no class.

    Args:
        bodies: so many.
        canal: its width.
        bulging: how far the discs reach beyond the bodies.
    """
    labels = np.zeros((COLUMNS, ROWS), dtype=np.uint8)
    for top in 20 + STEP * np.arange(bodies):
        labels[40:80, top : top + BODY] = VERTEBRA
        labels[40 : 80 + bulging, top + BODY : top + STEP] = DISC
    labels[88 : 88 + canal, 10:-20] = CANAL
    return labels


def run(*maps: np.ndarray, spacing=None, aspect=1.0, sagittal=False, **meta):
    """What is made of slices whose classes are known for certain, on a grid of square pixels."""
    films = [MetaTensor(torch.tensor(SIGNAL[one], dtype=torch.float32)[None]) for one in maps]
    if sagittal:
        affine = torch.tensor([[0.0, 0, -4, 10], [-spacing[0], 0, 0, 20], [0, -spacing[1], 0, 300], [0, 0, 0, 1]], dtype=torch.float64)
        stack = torch.stack([film.as_tensor() for film in films], dim=-1)
        source = MetaTensor(stack, affine=affine, meta={"spacing_mm": (*spacing, 4.0), "warnings": (), **meta})
    else:
        known = {"original_affine": torch.eye(4), "spacing_mm": spacing, "warnings": (), **meta}
        aspect = spacing[1] / spacing[0] if spacing else aspect
        affine = torch.diag(torch.tensor([*(spacing or (1.0, aspect)), 1.0, 1.0], dtype=torch.float64))
        source = MetaTensor(films[0].as_tensor(), affine=affine, meta={**known, "pixel_aspect_ratio": aspect})
    data = SagittalSlicesd(longest=ROWS)({"source": source})
    seen = torch.stack([torch.nn.functional.one_hot(torch.tensor(one).long(), 4).permute(2, 0, 1) for one in maps]).float()
    grid = torch.nn.functional.interpolate(seen, data["image"].shape[1:], mode="nearest-exact")
    data["image"] = torch.nn.functional.pad(data["image"], (0, 16, 0, 8))  # as the bundle pads it
    data["pred"] = 20 * torch.nn.functional.pad(grid, (0, 16, 0, 8))
    return LumbarDiscsd()(data)


def of(findings, name):
    return next(m for m in findings.measurements if m.name == name)


def test_every_disc_is_named_and_measured():
    findings = run(spine(), spacing=(0.8, 0.8))["findings"]
    assert (findings.status, findings.reason) == (Status.OK, None)
    assert [m.name for m in findings.measurements] == [f"{level.lower().replace('-', '_')}_{size}" for level in LEVELS for size in SIZES]
    assert [m.unit for m in findings.measurements[:8]] == ["mm", "mm", "mm", "1", "mm2", "mm", "mm", "1"]
    assert all("taken to be L5-S1" in m.method for m in findings.measurements)


@pytest.mark.parametrize(
    ("spacing", "aspect", "unit", "height", "depth", "area"),
    [
        ((0.8, 0.8), 1.0, "mm", 9.6, 32, 307.2),
        ((0.8, 0.5), 1.0, "mm", 6.0, 32, 192),
        (None, 1.0, "{pixels}", 12, 40, 480),
        (None, 0.8, "{pixels}", 12, 50, 600),
    ],
)
def test_heights_are_in_millimetres_or_else_in_rows(spacing, aspect, unit, height, depth, area):
    findings = run(spine(), spacing=spacing, aspect=aspect)["findings"]
    for third in ("anterior", "middle", "posterior"):
        found = of(findings, f"l4_l5_disc_height_{third}")
        assert (found.value, found.unit) == (pytest.approx(height, rel=0.06), unit)
    assert of(findings, "l3_l4_disc_height_index").value == pytest.approx(height / depth, rel=0.08)
    assert of(findings, "l3_l4_disc_area").value == pytest.approx(area, rel=0.05)
    assert of(findings, "l3_l4_disc_area").unit == ("mm2" if spacing else "{pixels}2")
    assert of(findings, "l2_l3_canal_width").value == pytest.approx(16 * depth / 40, rel=0.08)


def test_the_label_map_and_the_names_are_on_the_films_own_pixels():
    labels = spine()
    out = run(labels, spacing=(0.8, 0.5))
    assert (out["segmentation"].shape, out["segmentation"].dtype) == ((ROWS, COLUMNS), np.uint8)
    assert (labels != out["segmentation"].T).mean() < 0.01
    assert [name for name, _ in out["discs"]] == list(LEVELS)
    for k, (_, centre) in enumerate(out["discs"]):
        assert centre == pytest.approx((59.5, 20 + STEP * (5 - k) + BODY + 5.5), abs=0.6)


@pytest.mark.parametrize("bulging", [0, 4])
def test_a_bulge_needs_both_vertebrae(bulging):
    findings = run(spine(bulging=bulging), spacing=(0.8, 0.8))["findings"]
    for level in ("l4_l5", "l1_l2"):
        assert of(findings, f"{level}_disc_bulge").value == pytest.approx(0.8 * bulging, abs=0.5)
        assert of(findings, f"{level}_disc_bulge").flags == ()
    below = of(findings, "l5_s1_disc_bulge")
    assert (below.value, below.flags) == (None, ("the vertebra below is not seen whole",))


def test_the_signal_of_the_discs_core_is_over_that_of_the_fluid():
    findings = run(spine(), spacing=(0.8, 0.8))["findings"]
    assert of(findings, "l4_l5_nucleus_signal_ratio").value == pytest.approx(60 / 120, rel=0.02)


def test_of_several_slices_the_one_that_shows_most_of_the_canal_is_measured():
    shown = spine()
    out = run(spine(canal=4), spine(bodies=5, canal=10), shown, spine(canal=0), spacing=(0.8, 0.8), sagittal=True)
    assert out["source"] is out["slices"][2]
    assert (shown != out["segmentation"].T).mean() < 0.01
    assert out["findings"].slice.index == 2
    there = apply_affine(np.diag([-1.0, -1, 1, 1]) @ out["source"].affine.numpy(), (79.5, 159.5, 0))
    assert out["findings"].slice.position_mm == pytest.approx(tuple(there))
    assert len(out["discs"]) == 6


def test_where_no_disc_is_seen_nothing_is_measured():
    for out in (run(spine(canal=0), spacing=(0.8, 0.8)), run_blank()):
        assert (out["findings"].status, out["findings"].reason) == (Status.FLAGGED, "no lumbar discs were found in this image")
        assert out["findings"].measurements == ()
        assert out["segmentation"] is None
        assert out["discs"] == ()


def run_blank():
    """A film with something on it, of which the network sees nothing."""
    data = SagittalSlicesd(longest=ROWS)({"source": MetaTensor(torch.rand(1, COLUMNS, ROWS), meta={"spacing_mm": None, "warnings": ()})})
    data["pred"] = torch.tensor([5.0, 0, 0, 0])[None, :, None, None].expand(1, 4, COLUMNS, ROWS)
    return LumbarDiscsd()(data)


@pytest.mark.parametrize(("bodies", "few"), [(3, True), (4, False)])
def test_few_discs_are_measured_and_flagged(bodies, few):
    findings = run(spine(bodies), spacing=(0.8, 0.8))["findings"]
    assert len(findings.measurements) == bodies * len(SIZES)
    assert findings.status is (Status.FLAGGED if few else Status.OK)
    assert findings.reason == ("only 3 discs were found: their names may be wrong" if few else None)


def test_a_disc_beside_which_no_canal_is_seen_says_so():
    labels = spine()
    labels[:, 10:180][labels[:, 10:180] == CANAL] = 0
    findings = run(labels, spacing=(0.8, 0.8))["findings"]
    for size in ("canal_width", "nucleus_signal_ratio"):
        gone = of(findings, f"t12_l1_{size}")
        assert (gone.value, gone.flags) == (None, ("the canal is not seen at this disc",))
        assert of(findings, f"l5_s1_{size}").value is not None


def test_what_the_reader_warned_of_stands_with_every_number():
    findings = run(spine(), warnings=("no pixel spacing: lengths are in pixels",))["findings"]
    assert all(m.flags[0] == "no pixel spacing: lengths are in pixels" for m in findings.measurements)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_network_sees_the_numbers_are_finite(seed):
    rough = torch.nn.functional.interpolate(torch.randn(1, 4, 12, 24, generator=torch.Generator().manual_seed(seed)), (COLUMNS, ROWS))
    findings = run(rough[0].argmax(dim=0).numpy().astype(np.uint8), spacing=(0.8, 0.8))["findings"]
    assert all(m.value is None or np.isfinite(m.value) for m in findings.measurements)


def test_a_disc_that_is_seen_in_part_says_so_with_every_number():
    labels = spine()
    top = 20 + STEP * 3 + BODY
    labels[64:80, top : top + STEP - BODY] = VERTEBRA
    findings = run(labels, spacing=(0.8, 0.8))["findings"]
    shallow = {m.name.rsplit("_", 1)[0][:5] for m in findings.measurements if any("seen in part only" in flag for flag in m.flags)}
    assert len(shallow) == 1
    (level,) = shallow
    assert all(any("seen in part only" in flag for flag in m.flags) for m in findings.measurements if m.name.startswith(level))


def test_a_disc_at_the_border_is_said_to_be_cut():
    labels = spine(5)
    labels[40:80, :10] = DISC
    labels[40:80, 10:20] = VERTEBRA
    findings = run(labels, spacing=(0.8, 0.8))["findings"]
    cut = [m.name for m in findings.measurements if "cut by the image's border" in m.flags]
    assert len(cut) == len(SIZES)
