"""Summaries of scores; those of the other kinds are tested with the evaluation."""

import json

import numpy as np
import pytest

from msk_monai.measure.classification import auc, auc_interval, brier, expected_calibration_error
from msk_monai.metrics import Scores
from msk_monai.runner.figures import scores_of, summarise

KEYS = ("auc", "lower", "upper", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "f1", "brier", "ece")


def rows(count=30):
    rng = np.random.default_rng(1)
    for _ in range(count):
        truths = rng.random(2) < 0.5
        yield {"a": Scores(tuple(map(float, rng.random(2) * 0.6 + 0.4 * truths)), tuple(map(bool, truths)), 0.6, ("x", "y"))}


def test_scores_of_all_cases_are_pooled_and_drawn_by_case():
    cases = list(rows())
    probabilities = np.concatenate([row["a"].probabilities for row in cases])
    truths = np.concatenate([row["a"].truths for row in cases])
    figure = summarise(cases)["a"]
    assert (figure["n"], figure["positives"], figure["threshold"]) == (60, truths.sum(), 0.6)
    assert figure["auc"] == auc(probabilities, truths)
    assert (figure["lower"], figure["upper"]) == auc_interval(probabilities, truths, np.repeat(np.arange(30), 2))
    assert figure["accuracy"] == pytest.approx(np.mean((probabilities >= 0.6) == truths))
    assert figure["sensitivity"] == pytest.approx(np.mean(probabilities[truths] >= 0.6))
    assert figure["specificity"] == pytest.approx(np.mean(probabilities[~truths] < 0.6))
    assert (figure["brier"], figure["ece"]) == (brier(probabilities, truths), expected_calibration_error(probabilities, truths))
    assert set(figure) == {"n", "positives", "threshold", *KEYS, "by_name"}
    assert json.loads(json.dumps(figure)) == figure


def test_each_name_has_a_summary_of_its_own():
    cases = list(rows())
    only = [{"a": Scores(row["a"].probabilities[1:], row["a"].truths[1:], 0.6)} for row in cases]
    assert summarise(cases)["a"]["by_name"]["y"] == summarise(only)["a"]
    assert list(summarise(cases)["a"]["by_name"]) == ["x", "y"]
    assert "by_name" not in summarise(only)["a"]
    assert "by_name" not in summarise([*cases, *only])["a"]


def test_scores_of_one_class_have_no_figures():
    figure = summarise([{"a": Scores((0.2, 0.7), (False, False), 0.5)}])["a"]
    assert figure == {"n": 2, "positives": 0, "threshold": 0.5, **dict.fromkeys(KEYS)}
    assert summarise([{"a": Scores((), (), 0.5)}, {}])["a"] == {"n": 0}


def test_one_case_has_no_interval():
    figure = summarise([{"a": Scores((0.2, 0.7), (False, True), 0.5)}])["a"]
    assert (figure["auc"], figure["lower"], figure["upper"]) == (1, None, None)


def test_probabilities_that_are_not_finite_count_as_lacking():
    cases = [{"a": Scores((0.2, float("nan")), (False, True), 0.5, ("x", "y"))}, {}, {"a": Scores((), (), 0.5)}, {"b": 1.0}]
    assert scores_of(cases) == {"a": Scores((0.2,), (False,), 0.5, ("x",))}
    assert summarise(cases)["a"]["n"] == 1


def test_scores_have_one_threshold_and_are_of_one_kind():
    with pytest.raises(ValueError, match=r"scores of one figure must have one threshold, got 0\.4, 0\.5"):
        summarise([{"a": Scores((), (), 0.5)}, {"a": Scores((), (), 0.4)}])
    with pytest.raises(TypeError, match="figure a must be of one kind, got Scores, float"):
        summarise([{"a": Scores((), (), 0.5)}, {"a": 1.0}])


def test_images_of_one_patient_are_drawn_together():
    rng = np.random.default_rng(3)
    truths = rng.random(60) < 0.5
    values = np.clip(0.5 + 0.2 * (truths - 0.5) + 0.3 * rng.standard_normal(60), 0, 1)
    each = [Scores((float(v),), (bool(t),), 0.5, group=f"patient {k // 6}") for k, (v, t) in enumerate(zip(values, truths, strict=True))]
    alone = [Scores(one.probabilities, one.truths, one.threshold) for one in each]
    together = [Scores(tuple(values[k : k + 6].tolist()), tuple(map(bool, truths[k : k + 6])), 0.5) for k in range(0, 60, 6)]
    grouped, single, whole = (summarise([{"x": one} for one in parts])["x"] for parts in (each, alone, together))
    assert (grouped["lower"], grouped["upper"]) == (whole["lower"], whole["upper"]) != (single["lower"], single["upper"])
