import numpy as np
import pytest
import torch

from msk_monai.anatomy import level_range
from msk_monai.records import Findings, Status
from msk_monai.transforms import FilmGridd, SpineFilmd
from tests.transforms.films import column, film

LEVELS = level_range("T1", "L5")


def answer(corners: np.ndarray, *, score: float = 0.9, probability: float = 0.99, scale: float = 1.0) -> np.ndarray:
    """(17, 4, 5) as the inferer gives, for the last ``len(corners)`` levels."""
    pred = np.full((17, 4, 5), np.nan)
    rows = slice(17 - len(corners), 17)
    pred[rows, :, :2] = corners
    pred[rows, :, 2:] = scale, score, probability
    return pred


def tilted(corners: np.ndarray, degrees: float) -> np.ndarray:
    """The last vertebra turned about its middle."""
    out, angle = corners.copy(), np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    out[-1] = (out[-1] - out[-1].mean(axis=0)) @ turn.T + out[-1].mean(axis=0)
    return out


def find(pred: np.ndarray, source=None, **options: object) -> tuple[Findings, dict]:
    source = film() if source is None else source
    image = FilmGridd("source", output_keys="image", longest=int(max(source.shape)))({"source": source})["image"]
    out = SpineFilmd(levels=LEVELS, **options)({"pred": torch.tensor(pred), "image": image, "source": source})
    return out["findings"], out


def value(findings: Findings, name: str) -> float:
    return next(m.value for m in findings.measurements if m.name == name)


def unit(findings: Findings, name: str) -> str:
    return next(m.unit for m in findings.measurements if m.name == name)


def test_a_whole_spine_is_measured_and_its_68_corners_named():
    findings, out = find(answer(tilted(column(17), 5.0)))
    assert findings.status is Status.OK
    assert value(findings, "l4_l5_angle") == pytest.approx(5.0)
    assert value(findings, "l4_l5_signed_angle") == pytest.approx(5.0)  # L5's endplate descends to the right: it opens there
    assert value(findings, "l4_l5_interval_mean") == pytest.approx(7.0, abs=0.1)
    assert value(findings, "l4_l5_interval_share") == pytest.approx(0.35, abs=0.01)
    assert value(findings, "cobb_main") == pytest.approx(5.0)
    assert [p.name for p in findings.landmarks[-4:]] == ["L5_top_left", "L5_top_right", "L5_bottom_left", "L5_bottom_right"]
    assert len(findings.landmarks) == 68
    assert len(out["vertebrae"]) == 17


def test_nothing_rests_on_vertebrae_that_were_not_seen():
    pred = answer(tilted(column(17), 5.0))
    pred[:6, :, 3], pred[0, :, 1] = 0, [0, 30, 20, 50]  # T1 lies anyhow
    findings, out = find(pred)
    assert value(findings, "cobb_main") == pytest.approx(5.0)
    assert next(m for m in findings.measurements if m.name == "cobb_main").flags == ("11 of 17 vertebrae were seen",)
    assert len(out["vertebrae"]) == 11
    assert len(findings.landmarks) == 68
    assert all(p.confidence == 0 for p in findings.landmarks[:24])


def test_vertebrae_that_were_not_seen_and_lie_beyond_the_film_are_not_given():
    pred = answer(column(17))
    pred[:2, :, 3] = 0
    pred[0, :, 1] -= 60
    findings, _ = find(pred)
    assert findings.landmarks[0].name == "T2_top_left"


def test_lengths_are_mm_where_the_spacing_is_known_and_pixels_where_not():
    with_mm, _ = find(answer(column(17)), film(spacing=(0.5, 0.5)))
    without, _ = find(answer(column(17)))
    assert value(with_mm, "l4_l5_interval_mean") == pytest.approx(3.5)
    assert unit(with_mm, "l4_l5_interval_mean") == "mm"
    assert unit(without, "l4_l5_interval_mean") == "{pixels}"
    assert value(with_mm, "l4_l5_interval_share") == pytest.approx(value(without, "l4_l5_interval_share"))


def test_landmarks_are_in_the_pixels_of_the_film():
    source = film(240, 1000)
    image = FilmGridd("source", output_keys="image", longest=500)({"source": source})["image"]
    out = SpineFilmd(levels=LEVELS)({"pred": torch.tensor(answer(column(17))), "image": image, "source": source})
    first = out["findings"].landmarks[0]
    assert (first.x, first.y) == pytest.approx((80.5, 20.5))


def test_degrees_and_mm_do_not_change_with_the_shape_of_the_pixels():
    corners = tilted(column(17), 8.0)
    square, _ = find(answer(corners), film(spacing=(0.4, 0.4)))
    source = film(120, 250, spacing=(0.4, 0.8))  # every second row
    image = FilmGridd("source", output_keys="image", longest=500)({"source": source})["image"]
    moved = SpineFilmd(levels=LEVELS)({"pred": torch.tensor(answer(corners)), "image": image, "source": source})["findings"]
    for name in ("l4_l5_angle", "l4_l5_interval_mean", "cobb_main"):
        assert value(moved, name) == pytest.approx(value(square, name), rel=0.02)


@pytest.mark.parametrize(
    ("pred", "reason"),
    [
        (np.full((17, 4, 5), np.nan), "no spine"),
        (answer(column(17), score=0.1), "no spine"),
        (answer(column(3)), "no spine"),
        (answer(column(17), probability=0.3), "in doubt"),
        (answer(tilted(column(17), 60.0)), "not credible"),
    ],
)
def test_what_cannot_be_believed_is_said_and_not_measured(pred, reason):
    findings, _ = find(pred)
    assert findings.status is Status.FLAGGED
    assert reason in findings.reason
    assert all(m.value is None for m in findings.measurements if m.name.startswith("l4_l5"))


def test_a_film_that_ends_above_l5_has_no_such_angle_but_cobb_angles_of_what_is_there():
    pred = answer(column(17))
    pred[16] = np.nan
    findings, _ = find(pred)
    assert findings.reason == "L5 was not seen in this film"
    assert value(findings, "l4_l5_angle") is None
    assert value(findings, "cobb_main") == pytest.approx(0, abs=1e-6)
    assert "16 of 17" in next(m for m in findings.measurements if m.name == "cobb_main").flags[0]


def test_sides_are_the_patients_where_the_film_says_so():
    findings, _ = find(answer(column(17)), film(patient_orientation=("L", "F")))
    left = next(m for m in findings.measurements if m.name == "l4_l5_interval_left")
    assert "image's left (patient's right)" in left.flags[0]


def test_intervals_grow_with_the_corners_uncertainty():
    def width(scale: float) -> float:
        findings, _ = find(answer(tilted(column(17), 20), scale=scale), interval_factor=1.96, confidence_level=0.95)
        angle = next(m for m in findings.measurements if m.name == "l4_l5_angle")
        assert angle.lower <= angle.value <= angle.upper
        assert angle.confidence_level == 0.95
        return angle.upper - angle.lower

    assert width(0.5) == pytest.approx(width(0.25) * 2, rel=0.01)
