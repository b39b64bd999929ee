"""Summaries of grades."""

import json

import numpy as np
import pytest

from msk_monai.measure.classification import confidence_calibration_error
from msk_monai.measure.ordinal import confusion_matrix, kappa_interval, quadratic_weighted_kappa
from msk_monai.metrics import Grades
from msk_monai.runner.figures import summarise

SIDES = ("right", "left")


def cases(count=40, seed=0, **options):
    """Two knees a case, graded well but not always."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        truths = rng.integers(0, 5, 2)
        rows = np.exp(-((np.arange(5) - truths[:, None] - rng.normal(0, 1.0, (2, 1))) ** 2))
        rows /= rows.sum(axis=1, keepdims=True)
        yield {"grade": Grades(tuple(map(tuple, rows.tolist())), tuple(truths.tolist()), SIDES, **options)}


def test_grades_of_all_cases_are_pooled_and_drawn_by_case():
    rows = list(cases())
    values = np.concatenate([row["grade"].probabilities for row in rows])
    truths = np.concatenate([row["grade"].truths for row in rows])
    said = values.argmax(axis=1)
    figure = summarise(rows)["grade"]
    counts = confusion_matrix(truths, said, 5)
    assert (figure["n"], figure["grades"], figure["confusion"]) == (80, 5, counts.tolist())
    assert figure["kappa"] == quadratic_weighted_kappa(counts)
    assert (figure["lower"], figure["upper"]) == kappa_interval(truths, said, 5, np.repeat(np.arange(40), 2))
    assert figure["accuracy"] == pytest.approx(np.mean(said == truths))
    assert figure["balanced_accuracy"] == pytest.approx(np.mean([np.mean(said[truths == k] == k) for k in range(5)]))
    assert figure["mae_grades"] == pytest.approx(np.mean(np.abs(said - truths)))
    assert figure["within_one"] == pytest.approx(np.mean(np.abs(said - truths) < 2))
    assert 0.4 < figure["accuracy"] < figure["within_one"] < 1
    assert figure["ece"] == confidence_calibration_error(values, truths)
    assert json.loads(json.dumps(figure)) == figure


def test_each_name_has_a_summary_of_its_own():
    rows = list(cases())
    only = [{"grade": Grades(row["grade"].probabilities[1:], row["grade"].truths[1:])} for row in rows]
    figure = summarise(rows)["grade"]
    assert list(figure["by_name"]) == list(SIDES)
    assert figure["by_name"]["left"] == summarise(only)["grade"]
    assert "by_name" not in summarise(only)["grade"]
    assert "by_name" not in summarise([*rows, *only])["grade"]
    assert "by_name" in summarise([*rows, {"grade": Grades((), ())}])["grade"]


def test_cases_of_one_patient_are_drawn_together():
    rows = list(cases(30, seed=2))
    apart = [
        {"grade": Grades(row["grade"].probabilities[k : k + 1], row["grade"].truths[k : k + 1], (SIDES[k],), group=str(number))}
        for k in range(2)
        for number, row in enumerate(rows)
    ]
    alone = [{"grade": Grades(row["grade"].probabilities, row["grade"].truths, row["grade"].names)} for row in apart]
    together, grouped, single = (summarise(some)["grade"] for some in (rows, apart, alone))
    assert grouped["kappa"] == together["kappa"]
    assert abs(grouped["lower"] - together["lower"]) < 1e-12
    assert single["lower"] != grouped["lower"]


def test_one_grade_has_no_kappa_and_none_no_figures():
    same = [{"grade": Grades(((0.8, 0.2),), (0,))}] * 3
    figure = summarise(same)["grade"]
    assert (figure["kappa"], figure["lower"], figure["upper"], figure["accuracy"]) == (None, None, None, 1.0)
    assert figure["ece"] == pytest.approx(0.2)
    assert summarise([{"grade": Grades((), ())}])["grade"] == {"n": 0}


def test_one_patient_has_no_interval():
    row = next(cases(1, seed=4))
    figure = summarise([row])["grade"]
    assert (figure["lower"], figure["upper"]) == (None, None)


def test_figures_of_one_name_are_of_one_kind():
    with pytest.raises(ValueError, match="cases of one figure must have as many grades, got 2, 3"):
        summarise([{"a": Grades(((0.5, 0.5),), (0,))}, {"a": Grades(((0.5, 0.5, 0.0),), (0,))}])
    with pytest.raises(TypeError, match="figure a must be of one kind, got Grades, float"):
        summarise([{"a": Grades((), ())}, {"a": 1.0}])
