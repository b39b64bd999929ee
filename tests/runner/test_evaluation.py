import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from msk_monai.runner import evaluate
from msk_monai.runner.figures import summarise
from tests.runner.making import make_cases, make_runner
from tests.toy import GreyError

BROKEN = 252


def with_truth(cases, *truths):
    return [replace(case, truth=None if grey is None else {"grey": grey}) for case, grey in zip(cases, truths, strict=True)]


def test_figures_of_the_cases_and_of_the_set_are_written_and_printed(tmp_path, capsys):
    data = tmp_path / "datalist.json"
    data.write_text('{"name": "greys"}')
    cases = with_truth(make_cases(tmp_path, [10, 20, 30, BROKEN, 40]), 9, 18, 27, 50, None)
    evaluation = evaluate(make_runner(), cases, [GreyError()], tmp_path / "out", data=str(data), split="testing")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["bundle"] == {"name": "toy", "version": "0.1.0", "weights_sha256": "ab" * 32}
    assert metrics["data"]["name"] == "greys"
    assert len(metrics["data"]["sha256"]) == 64
    assert metrics["split"] == "testing"
    assert metrics["cases"] == 5
    assert metrics["status"] == {"ok": 4, "failed": 1}
    assert metrics["figures"] == evaluation.figures
    error = metrics["figures"]["error"]
    assert (error["n"], error["mean"], error["sd"], error["median"], error["min"], error["max"]) == (3, 2.0, 1.0, 2.0, 1.0, 3.0)
    assert metrics["figures"]["close"]["count"] == 1
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["status"], row["error"], row["close"]) for row in rows] == [
        ("a0", "ok", "1.0", "True"),
        ("a1", "ok", "2.0", "False"),
        ("a2", "ok", "3.0", "False"),
        ("a3", "failed", "", ""),
        ("a4", "ok", "", ""),
    ]
    printed = capsys.readouterr().out
    assert "toy 0.1.0: 5 cases, 4 ok, 1 failed" in printed
    assert "2.000 ± 1.000" in printed
    assert "33.3 % (1)" in printed


def test_an_evaluation_that_goes_on_gives_the_same_figures(tmp_path):
    cases = with_truth(make_cases(tmp_path, [10, 20]), 9.1234567, 18)
    first = evaluate(make_runner(), cases, [GreyError()], tmp_path / "out")
    assert evaluate(make_runner(), cases, [GreyError()], tmp_path / "out") == first


def test_numbers_that_are_not_finite_count_as_lacking():
    figure = summarise([{"a": 1.0}, {"a": float("nan")}, {"a": float("inf")}, {}])["a"]
    assert figure["n"] == 1
    assert figure["mean"] == figure["max"] == 1.0
    assert figure["sd"] is None
    assert summarise([{"a": float("nan")}]) == {"a": {"n": 0}}
    assert summarise([{}, {}]) == {}


def test_the_share_has_wilsons_interval():
    figure = summarise([{"a": number < 8} for number in range(10)])["a"]
    assert (figure["n"], figure["count"], figure["share"]) == (10, 8, 0.8)
    assert figure["lower"] == pytest.approx(0.4902, abs=1e-4)  # R: prop.test(8, 10, correct = FALSE)
    assert figure["upper"] == pytest.approx(0.9433, abs=1e-4)


def test_the_interval_of_the_mean_is_that_of_the_normal_distribution_for_many_cases():
    values = np.random.default_rng(3).normal(5.0, 2.0, 400)
    figure = summarise([{"a": float(value)} for value in values])["a"]
    half = 1.96 * values.std(ddof=1) / 20
    assert figure["lower"] == pytest.approx(values.mean() - half, abs=0.03)
    assert figure["upper"] == pytest.approx(values.mean() + half, abs=0.03)
