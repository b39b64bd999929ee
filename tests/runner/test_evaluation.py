import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import Graded, Grades, Pair, Pairs, Scores, Share, Values
from msk_monai.runner import evaluate
from msk_monai.runner.figure_tables import table
from msk_monai.runner.figures import pairs_of, summarise
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


class EveryKind:
    """A pair, a share and pooled values of a grey value, and where the files are."""

    def __init__(self):
        self.folders = []

    def __call__(self, result, truth, *, folder):
        self.folders.append(folder)
        if not result.findings.measurements:
            return {"known": Share(0, 2)}
        grey = result.findings.measurements[0].value
        return {"grey": Pair(grey, truth["grey"], "1"), "known": Share(1, 2), "off": Values((grey - truth["grey"], 0.0), ("a", "b"))}


def test_pairs_shares_and_pooled_values_are_written_printed_and_drawn(tmp_path, capsys):
    cases = with_truth(make_cases(tmp_path, [10, 20, 30, BROKEN]), 9, 18, 27, 50)
    metric = EveryKind()
    evaluate(make_runner(), cases, [metric, GreyError()], tmp_path / "out")
    assert metric.folders == [tmp_path / "out"] * 4
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())["figures"]
    assert (figures["grey"]["unit"], figures["grey"]["n"], figures["grey"]["mae"], figures["grey"]["r2"]) == ("1", 3, 2.0, 1 - 14 / 162)
    assert (figures["known"]["n"], figures["known"]["count"]) == (8, 3)
    assert (figures["off"]["n"], figures["off"]["mean"], figures["off"]["by_name"]["a"]["mean"]) == (6, 1.0, 2.0)
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("grey_predicted", "grey_true", "known_count", "known_total", "off_max", "error")
    assert list(rows[0]) == ["case", "status", *columns, "close"]
    assert [rows[2][column] for column in columns] == ["30.0", "27", "1", "2", "3.0", "3.0"]
    assert [rows[3][column] for column in columns] == ["", "", "0", "2", "", ""]
    assert (tmp_path / "out" / "plots" / "grey.png").is_file()
    plain, pairs = capsys.readouterr().out.rstrip().split("\n\n")
    assert [line.split()[0] for line in plain.splitlines()[2:]] == ["known", "off", "error", "close"]
    heads, values = pairs.splitlines()
    assert values.split() == ["grey", "3", "2.000", "2.000", "3.000", "2.000", "0.040", "to", "3.960", "0.914", "1.000", "0.975", "5.263"]
    assert heads.index("R²") == values.index("0.914")


def test_two_pairs_make_no_picture(tmp_path):
    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10, 20]), 9, 18), [EveryKind()], tmp_path / "out")
    assert not (tmp_path / "out" / "plots").exists()


def test_a_table_of_pairs_only_and_of_nothing():
    heads, values = table(summarise([{"a": Pair(1.0, 2.0, "deg")}])).splitlines()
    assert heads.startswith("predicted - true")
    assert values.split()[:2] == ["a", "deg"]
    assert values.split()[-5:-1] == ["–"] * 4
    assert table({}).split()[0] == "figure"


def test_what_two_metrics_call_the_same_is_refused(tmp_path):
    cases = with_truth(make_cases(tmp_path, [10]), 9)
    with pytest.raises(ValueError, match="must not give one figure, got close, error twice"):
        evaluate(make_runner(), cases, [GreyError(), GreyError()], tmp_path / "out")


def test_a_truth_that_cannot_be_used_is_named(tmp_path):
    def metric(result, truth, *, folder):
        raise DataError("expected a label map", subject="a.png")

    with pytest.raises(DataError, match=r"^a0: a\.png: expected a label map$"):
        evaluate(make_runner(), with_truth(make_cases(tmp_path, [10]), 9), [metric], tmp_path / "out")


def test_pairs_that_are_not_finite_count_as_lacking():
    rows = [{"a": Pair(1.0, 1.5)}, {"a": Pair(float("nan"), 1.0)}, {"a": Pair(1.0, float("inf"))}, {}]
    assert pairs_of(rows) == {"a": [Pair(1.0, 1.5)]}
    assert summarise(rows)["a"]["n"] == 1
    assert summarise(rows[1:])["a"] == {"n": 0}


def test_pooled_values_are_not_averaged_per_case():
    figure = summarise([{"a": Values((0.0,) * 9)}, {"a": Values((10.0, float("nan")))}])["a"]
    assert figure == {"n": 10, "mean": 1.0, "sd": pytest.approx(10**0.5), "median": 0.0, "p95": pytest.approx(5.5), "max": 10.0}
    assert summarise([{"a": Values(())}])["a"] == {"n": 0}
    assert summarise([{"a": Share(0, 0)}])["a"] == {"n": 0}


def test_a_figure_is_of_one_kind():
    with pytest.raises(TypeError, match="figure a must be of one kind, got Pair, float"):
        summarise([{"a": Pair(1.0, 2.0)}, {"a": 1.0}])


def test_several_pairs_of_a_case_are_pooled_with_those_of_the_others():
    one, two, three = Pair(1.0, 2.0, "mm"), Pair(5.0, 4.5, "mm"), Pair(7.0, 7.0, "mm")
    rows = [{"a": Pairs((one, two))}, {"a": Pairs((three, Pair(float("nan"), 1.0, "mm")))}, {"a": Pairs(())}, {}]
    assert pairs_of(rows) == {"a": [one, two, three]}
    assert summarise(rows)["a"] == summarise([{"a": pair} for pair in (one, two, three)])["a"]
    assert summarise(rows)["a"]["mae"] == pytest.approx(0.5)
    assert summarise([{"a": Pairs(())}])["a"] == {"n": 0}


def graded(errors, confidences):
    return {"a": Graded(tuple(map(float, errors)), tuple(map(float, confidences)))}


def test_the_least_confident_tenth_is_set_against_the_rest_of_all_cases():
    rows = [graded([8, *[1] * 9], [0.1, *[0.9] * 9]), graded([6, *[1] * 9], [0.2, *[0.8] * 9]), graded([99, 99], [float("nan")] * 2)]
    assert summarise(rows)["a"] == {"n": 20, "least_confident_tenth": 7.0, "rest": 1.0, "ratio": 7.0}


def test_too_few_graded_errors_and_perfect_ones_have_no_ratio():
    assert summarise([graded([1.0] * 9, [0.5] * 9)])["a"] == {"n": 9, "least_confident_tenth": None, "rest": None, "ratio": None}
    assert summarise([graded([0.0] * 10, range(10))])["a"]["ratio"] is None


def test_pairs_and_graded_errors_are_printed_in_blocks_of_their_own():
    both = {**graded([3, *[1] * 9], range(10)), "b": Pairs((Pair(1.0, 2.0, "mm"),) * 3), "c": 1.0}
    plain, pairs, grades = table(summarise([both])).split("\n\n")
    assert plain.splitlines()[1].split()[0] == "c"
    assert pairs.splitlines()[1].split()[:3] == ["b", "mm", "3"]
    heads, values = grades.splitlines()
    assert heads.startswith("error by confidence")
    assert values.split() == ["a", "10", "3.000", "1.000", "3.000"]


def test_a_table_of_graded_errors_only_has_one_block():
    assert table(summarise([graded([3, *[1] * 9], range(10))])).startswith("error by confidence")


def test_several_pairs_of_a_case_are_drawn_and_their_largest_error_is_written(tmp_path):
    def metric(result, truth, *, folder):
        grey = result.findings.measurements[0].value
        return {"a": Pairs((Pair(grey, truth["grey"]), Pair(grey, grey))), **{"b": graded([1.0], [0.5])["a"]}}

    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10, 20]), 9, 17), [metric], tmp_path / "out")
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        assert [(list(row)[2:], row["a_max"]) for row in csv.DictReader(file)] == [(["a_max"], "1.0"), (["a_max"], "3.0")]
    assert (tmp_path / "out" / "plots" / "a.png").is_file()


def test_scores_are_written_printed_and_drawn(tmp_path, capsys):
    def metric(result, truth, *, folder):
        probability = result.findings.measurements[0].value / 100
        return {"tear": Scores((probability, 0.1), (truth["grey"] > 15, False), 0.25, ("left", "right"))}

    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10, 20, 30]), 9, 18, 27), [metric], tmp_path / "out")
    figure = json.loads((tmp_path / "out" / "metrics.json").read_text())["figures"]["tear"]
    assert (figure["n"], figure["positives"], figure["auc"], figure["sensitivity"]) == (6, 2, 1.0, 0.5)
    assert figure["by_name"]["right"] | {"auc": None, "n": 3, "positives": 0} == figure["by_name"]["right"]
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["tear_right"], row["tear_total"], row["tear_left_probability"], row["tear_left_true"]) for row in rows] == [
        ("2", "2", "0.1", "0"),
        ("1", "2", "0.2", "1"),
        ("2", "2", "0.3", "1"),
    ]
    assert sorted(path.name for path in (tmp_path / "out" / "plots").iterdir()) == [
        "tear_calibration.png",
        "tear_confusion.png",
        "tear_roc.png",
    ]
    heads, whole, left, right = capsys.readouterr().out.rstrip().splitlines()[1:]
    assert heads.startswith("yes or no")
    assert whole.split()[:7] == ["tear", "6", "2", "1.000", "1.000", "to", "1.000"]
    assert whole.split()[7:] == ["0.833", "0.750", "0.500", "1.000", "0.667", "0.195", "0.317", "0.250"]
    assert left.split()[:5] == ["tear", "left", "3", "2", "1.000"]
    assert right.split() == ["tear", "right", "3", "0", *["–"] * 9, "0.250"]


def test_scores_of_no_case_are_a_plain_line_and_no_picture(tmp_path, capsys):
    def metric(result, truth, *, folder):
        return {"tear": Scores((), (), 0.5)}

    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10]), 9), [metric], tmp_path / "out")
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["tear", "0"]
    assert not (tmp_path / "out" / "plots").exists()


def test_grades_are_written_printed_and_drawn(tmp_path, capsys):
    def metric(result, truth, *, folder):
        grey = result.findings.measurements[0].value / 100
        return {"kl": Grades(((grey, 1 - grey, 0.0), (0.0, 0.2, 0.8)), (1, truth["grey"] // 9 - 1), ("right", "left"))}

    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10, 20, 30]), 9, 18, 27), [metric], tmp_path / "out")
    figure = json.loads((tmp_path / "out" / "metrics.json").read_text())["figures"]["kl"]
    assert (figure["n"], figure["confusion"]) == (6, [[0, 0, 1], [0, 3, 1], [0, 0, 1]])
    assert (figure["by_name"]["right"]["kappa"], figure["by_name"]["right"]["accuracy"]) == (None, 1.0)
    with (tmp_path / "out" / "cases.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["kl_right_grade"], row["kl_right_expected"], row["kl_left_grade"], row["kl_left_true"]) for row in rows] == [
        ("1", "0.9", "2", "0"),
        ("1", "0.8", "2", "1"),
        ("1", "0.7", "2", "2"),
    ]
    assert sorted(path.name for path in (tmp_path / "out" / "plots").iterdir()) == ["kl_calibration.png", "kl_confusion.png"]
    heads, whole, right, left, empty, confusion, *counts = capsys.readouterr().out.rstrip().splitlines()[1:]
    assert heads.startswith("ordered grades")
    assert whole.split()[:3] == ["kl", "6", f"{figure['kappa']:.3f}"]
    assert whole.split()[-5:] == ["0.667", "0.583", "0.500", "0.833", "0.267"]
    assert right.split() == ["kl", "right", "3", "–", "–", "1.000", "1.000", "0.000", "1.000", "0.200"]
    assert left.split()[:3] == ["kl", "left", "3"]
    assert empty == ""
    assert confusion.split()[-3:] == ["0", "1", "2"]
    assert [row.split() for row in counts] == [["0", "0", "0", "1"], ["1", "0", "3", "1"], ["2", "0", "0", "1"]]


def test_grades_of_no_case_are_a_plain_line_and_no_picture(tmp_path, capsys):
    def metric(result, truth, *, folder):
        return {"kl": Grades((), ())}

    evaluate(make_runner(), with_truth(make_cases(tmp_path, [10]), 9), [metric], tmp_path / "out")
    assert capsys.readouterr().out.splitlines()[-1].split()[:2] == ["kl", "0"]
    assert not (tmp_path / "out" / "plots").exists()
