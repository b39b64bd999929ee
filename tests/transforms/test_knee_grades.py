"""Findings of graded knees."""

import numpy as np
import pytest

from msk_monai.anatomy.knee import POINTS
from msk_monai.measure.ordinal import CumulativeScaling, expected_grade, grade_interval, grade_probabilities
from msk_monai.networks.graded_landmarks import GradedObjects
from msk_monai.records import Status
from msk_monai.transforms import FilmGridd, KneeGradesd
from tests.knees import ENDS, KNEE, MIRROR
from tests.transforms.films import film

PIXELS = KNEE * 2 + (150, 120)
"""A right knee 160 pixels wide, on the left of a film of 600 x 300."""
OTHER = KNEE * MIRROR * 2 + (450, 130)
LOGITS = np.array([3.0, 1.5, -0.5, -3.0])
HUNG = {"patient_orientation": ("L", "F")}
NAMES = ("kellgren_lawrence_grade", "expected_kellgren_lawrence_grade", "osteoarthritis_probability")
GRADES = ("0", "1", "2", "3", "4")


def run(*knees, logits=None, source=None, score=0.9, longest=1400, **options):
    rows = [np.column_stack([points, np.ones(16), np.full(16, score)]) for points in knees]
    pred = GradedObjects(np.array(rows).reshape(-1, 16, 4), np.array([LOGITS, LOGITS - 2][: len(knees)] if logits is None else logits))
    source = film(600, 300, **HUNG) if source is None else source
    image = FilmGridd("source", output_keys="image", longest=longest, enlarge=False)({"source": source})["image"]
    return KneeGradesd(grades=GRADES, ends=ENDS, **options)({"pred": pred, "image": image, "source": source})


def values(findings, prefix=""):
    return [next(m for m in findings.measurements if m.name == prefix + name) for name in NAMES]


def test_one_knee_has_a_grade_with_its_interval():
    out = run(PIXELS)
    findings, expected = out["findings"], grade_probabilities(LOGITS)
    assert findings.status is Status.OK
    assert [m.name for m in findings.measurements] == list(NAMES)
    grade, mean, arthritis = values(findings)
    interval = grade_interval(expected, 0.9)
    assert (grade.value, grade.unit, grade.confidence_level) == (2, "{grade}", 0.9)
    assert (grade.lower, grade.upper) == (interval.lower, interval.upper) == (1, 3)
    assert (mean.value, mean.unit) == (pytest.approx(float(expected_grade(expected))), "{grade}")
    assert (arthritis.value, arthritis.unit) == (pytest.approx(expected[2:].sum()), "1")
    assert all(m.flags == ("right knee",) for m in findings.measurements)
    assert list(findings.classes) == list(GRADES)
    assert list(findings.classes.values()) == pytest.approx(expected.tolist())
    assert [point.name for point in findings.landmarks] == list(POINTS)
    assert out["objects"][0].points == pytest.approx(PIXELS, abs=1e-3)


def test_landmarks_are_in_the_pixels_of_the_film():
    out = run((PIXELS + 0.5) / 2 - 0.5, longest=300)
    assert [(p.x, p.y) for p in out["findings"].landmarks] == [pytest.approx(point, abs=1e-3) for point in PIXELS.tolist()]


def test_each_of_two_knees_keeps_its_own_grade():
    findings = run(PIXELS, OTHER)["findings"]
    assert list(findings.classes) == [f"{side}_{grade}" for side in ("right", "left") for grade in GRADES]
    rows = np.array(list(findings.classes.values())).reshape(2, 5)
    assert rows == pytest.approx(grade_probabilities([LOGITS, LOGITS - 2]))
    assert rows.sum(axis=1) == pytest.approx([1, 1])
    assert [values(findings, side)[0].value for side in ("right_", "left_")] == [2, 1]
    assert [values(findings, side)[0].flags for side in ("right_", "left_")] == [("right knee",), ("left knee",)]
    hung_otherwise = run(PIXELS, OTHER, source=film(600, 300, patient_orientation=("R", "F")))["findings"]
    assert [values(hung_otherwise, side)[0].value for side in ("left_", "right_")] == [2, 1]


def test_of_two_the_one_that_is_asked_for_is_graded():
    findings = run(PIXELS, OTHER, side="L")["findings"]
    assert list(findings.classes) == list(GRADES)
    assert list(findings.classes.values()) == pytest.approx(grade_probabilities(LOGITS - 2).tolist())
    assert values(findings)[0].flags[0] == "left knee"


def test_calibration_is_applied():
    biases = (0.4, 0.1, -0.1, -0.3)
    findings = run(PIXELS, temperature=2.0, biases=biases)["findings"]
    expected = grade_probabilities(LOGITS, CumulativeScaling(temperature=2.0, biases=biases))
    assert list(findings.classes.values()) == pytest.approx(expected.tolist())


def test_the_side_that_is_told_counts():
    findings = run(PIXELS, side="L")["findings"]
    flags = values(findings)[0].flags
    assert flags[0] == "left knee"
    assert any("unusual for a left knee" in flag for flag in flags)
    with pytest.raises(ValueError, match="expected side to be R or L, got left"):
        KneeGradesd(grades=GRADES, ends=ENDS, side="left")


@pytest.mark.parametrize(("score", "reason"), [(None, "no knee was found in this picture"), (0.1, "no knee was found in this picture")])
def test_without_a_knee_the_film_is_flagged(score, reason):
    out = run(logits=np.empty((0, 0))) if score is None else run(PIXELS, score=score)
    assert out["objects"] == ()
    assert (out["findings"].status, out["findings"].reason) == (Status.FLAGGED, reason)
    assert not out["findings"].measurements
    assert not out["findings"].classes


def test_what_may_be_no_knee_is_graded_and_flagged():
    findings = run(PIXELS, score=0.4)["findings"]
    assert findings.status is Status.FLAGGED
    assert "may be no knee" in findings.reason
    assert list(findings.classes) == list(GRADES)


def test_a_knee_that_the_film_cuts_is_doubtful():
    def flagged(x, y):
        return run(KNEE * 2 + (x, y))["findings"]

    assert "the film cuts the knee" in values(flagged(50, 120))[0].flags  # 0.81 of its width are seen
    assert "the film cuts the knee" in values(flagged(560, 120))[1].flags
    assert "the film cuts the knee" in values(flagged(150, 296))[2].flags
    assert "the film cuts the knee" not in values(flagged(76, 120))[0].flags
    gone = flagged(-30, 120)
    assert (gone.status, gone.reason) == (Status.FLAGGED, "no knee was found in this picture: the film cuts it")
    other = run(KNEE * 2 + (-30, 120), OTHER)["findings"]
    assert "another knee was left out: the film cuts it" in values(other)[0].flags
    assert values(other)[0].value == 1  # that of the knee which is left, not of the first one
