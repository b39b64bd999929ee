"""Findings of a bone scan's knees: grades, places in the stored image's pixels, counts."""

import numpy as np
import pytest
from scipy.special import softmax

from msk_monai.measure.ordinal import CumulativeScaling, grade_probabilities
from msk_monai.networks.bone_scan_inferer import SeenKnees
from msk_monai.records import Status
from msk_monai.transforms import BoneScanFindingsd, KneePointsd, WholeBodyGridd
from tests.transforms.scans import BOTH, FORMS, KNEES_MM, drawn, scan, written_scan

GRID = WholeBodyGridd()
GRADES = ("0", "1", "2", "3", "4")
LOGITS = np.array([[3.0, 1.5, -0.5, -3.0], [1.0, -0.5, -2.5, -5.0]])
PLACES = [127 / 2, -0.5] + KNEES_MM / 4.5
SPACING = (4.5, 4.5)


def seen(out, places, *, logits=LOGITS, scale=(3.0, 4.0)):
    return SeenKnees(np.asarray(places, dtype=float), np.array(scale), np.zeros((2, 2, 8, 8)), np.asarray(logits), out["uptake"])


def run(places=PLACES, *, views=BOTH, meta=None, options=None, **told):
    numbers = [BOTH.index(view) for view in views]
    out = GRID({"source": scan(drawn(128, 512, SPACING)[numbers], views=views, spacing_mm=SPACING, **(meta or {}))})
    out["pred"] = seen(out, places, **told)
    return BoneScanFindingsd(grades=GRADES, crop_mm=204.8, **(options or {}))(out)["findings"]


def measured(findings):
    return {m.name: m for m in findings.measurements}


@pytest.mark.parametrize("form", FORMS)
def test_true_places_come_back_in_the_stored_images_pixels(form, tmp_path):
    source, truth = written_scan(form, tmp_path)
    out = KneePointsd()(GRID({"source": source, **truth}))
    grid = out["grid"]
    out["pred"] = seen(out, out["points"] @ grid[:, :2].T + grid[:, 2])
    findings = BoneScanFindingsd(grades=GRADES, crop_mm=204.8)(out)["findings"]
    views = source.meta["views"]
    expected = {f"{side}_knee_{view}": tuple(truth["knees"][side][view]) for side in ("right", "left") for view in views}
    assert {mark.name: (mark.x, mark.y) for mark in findings.landmarks} == {
        name: pytest.approx(at, abs=1e-4) for name, at in expected.items()
    }
    assert measured(findings)["crop_side"].value == pytest.approx(204.8 / out["uptake"].spacing[0])
    counts = [measured(findings)[f"{view}_counts"].value for view in views]
    assert counts == [float(view.sum()) for view in np.asarray(source, dtype=np.float64)]
    if len(views) == 2:
        assert sum(counts) == truth["counts"]


def test_each_knee_has_its_own_grade_with_its_interval():
    findings = run()
    rows = grade_probabilities(LOGITS)
    assert list(findings.classes) == [f"{side}_{grade}" for side in ("right", "left") for grade in GRADES]
    assert list(findings.classes.values()) == pytest.approx(rows.reshape(-1).tolist())
    found = measured(findings)
    assert [(found[f"{side}_grade"].value, found[f"{side}_grade"].unit) for side in ("right", "left")] == [(2, "{grade}"), (1, "{grade}")]
    assert found["right_expected_grade"].value == pytest.approx(float(rows[0] @ np.arange(5)))
    grade = found["left_grade"]
    assert grade.lower <= grade.value <= grade.upper
    assert (grade.confidence_level, findings.status) == (0.9, Status.OK)


def test_classes_without_order_are_a_softmax():
    logits = np.array([[0.0, 3, 0, 0, 0], [0, 0, 0, 0, 5.0]])
    findings = run(logits=logits, options={"ordinal": False, "temperature": 2.0})
    assert list(findings.classes.values()) == pytest.approx(softmax(logits / 2, axis=1).reshape(-1).tolist())
    assert [measured(findings)[f"{side}_grade"].value for side in ("right", "left")] == [1, 4]


def test_calibration_is_applied():
    biases = (0.4, 0.1, -0.1, -0.3)
    expected = grade_probabilities(LOGITS, CumulativeScaling(temperature=2.0, biases=biases))
    findings = run(options={"temperature": 2.0, "biases": biases})
    assert list(findings.classes.values()) == pytest.approx(expected.reshape(-1).tolist())


def test_one_view_is_said():
    findings = run(views=("posterior",))
    assert all("graded on the posterior view alone" in measured(findings)[f"{side}_grade"].flags for side in ("right", "left"))
    assert [mark.name for mark in findings.landmarks] == ["right_knee_posterior", "left_knee_posterior"]
    assert "anterior_counts" not in measured(findings)


def test_what_was_assumed_is_said_but_not_that_there_are_no_millimetres():
    warnings = ("the first frame was taken as anterior", "no pixel spacing: lengths are in pixels")
    assert measured(run(meta={"warnings": warnings}))["left_grade"].flags == warnings[:1]


@pytest.mark.parametrize(
    ("places", "scale", "reason"),
    [
        (PLACES[::-1], (3.0, 3.0), "the wrong way round"),
        ([[-9, 300], [80, 300]], (3.0, 3.0), "outside the image"),
        (PLACES, (3.0, 22.0), "known to 22 mm only"),
        (PLACES, (3.0, np.nan), "only"),
    ],
)
def test_knees_that_were_not_found_have_no_grade(places, scale, reason):
    findings = run(places, scale=scale)
    assert findings.status is Status.FLAGGED
    assert findings.reason.startswith("the knees were not found: ")
    assert reason in findings.reason
    assert list(measured(findings)) == ["anterior_counts", "posterior_counts"]
    assert not findings.classes
    assert not findings.landmarks


def test_a_place_that_is_less_sure_is_less_confident():
    right, _, left, _ = run(scale=(2.0, 12.0)).landmarks
    assert 0 < left.confidence < right.confidence < 1
