"""A bundle on a data set whose truth is known: figures per case, figures of the set, a table to read."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from msk_monai.errors import DataError
from msk_monai.metrics import Figure, Grades, Pair, Scores
from msk_monai.metrics.figure import cells
from msk_monai.records import Result
from msk_monai.report import replacing
from msk_monai.report.grade_plots import GradedValues, write_grade_plots
from msk_monai.report.plots import PairedValues, write_agreement_plots
from msk_monai.report.score_plots import ScoredValues, write_score_plots
from msk_monai.runner.case import Case
from msk_monai.runner.figures import Summary, grades_of, pairs_of, scores_of, summarise
from msk_monai.runner.grade_figures import grades_as_one
from msk_monai.runner.runner import Runner

SCHEMA = "msk_monai.metrics/1"

_PLAIN = ("figure", "n", "mean ± sd or share", "95 % interval", "median", "max")
_PAIRS = ("predicted - true", "n", "mean abs.", "median abs.", "max", "bias", "limits of agreement", "R²", "r", "ICC(2,1)", "SMAPE %")

_GRADED = ("error by confidence", "n", "least confident tenth", "rest", "ratio")

_SCORED = (
    *("yes or no", "n", "positive", "AUC", "95 % interval", "accuracy", "balanced", "sensitivity", "specificity", "F1"),
    *("Brier", "ECE", "threshold"),
)

_ORDERED = ("ordered grades", "n", "kappa", "95 % interval", "accuracy", "balanced", "mean abs.", "within one", "ECE")


class Metric(Protocol):
    """Compares one result with its truth."""

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path) -> Mapping[str, Figure]:
        """Compare one result with its truth.

        Args:
            result: what was recorded; the case may have failed.
            truth: what is known of the case.
            folder: the output folder, which the paths in ``result.outputs`` are relative to.

        Returns:
            Figures by name; none where the result has nothing to compare.
        """


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation found: the results, and the summary of each figure."""

    results: Sequence[Result]
    figures: Mapping[str, Summary]


def evaluate(
    runner: Runner, cases: Sequence[Case], metrics: Sequence[Metric], out: str | Path, *, data: str | None = None, split: str | None = None
) -> Evaluation:
    """Run the cases and compare what is found with what is known.

    Writes ``metrics.json``, ``cases.csv``, ``plots/<name>.png`` of every pair that three cases or more have, ``plots/<name>_roc.png`` and
    ``plots/<name>_calibration.png`` of scores of both classes, ``plots/<name>_confusion.png`` and ``plots/<name>_calibration.png`` of
    three grades or more, and prints a table.

    Args:
        runner: the bundle.
        cases: with their truth; a case without one is run and not compared.
        metrics: each sees every result that has a truth, also a failed one.
        out: the output folder; a run in it is continued.
        data: the datalist, for the record.
        split: its list, for the record.

    Raises:
        DataError: a truth, or a file that was written, cannot be used; the message names the case.
        ValueError: two metrics give a figure of one name.
    """
    folder = Path(out)
    results = runner.run(cases, folder)
    rows = [_figures(metrics, result, case.truth, folder) for result, case in zip(results, cases, strict=True)]
    figures = summarise(rows)
    write_agreement_plots({name: _columns(pairs) for name, pairs in pairs_of(rows).items()}, folder)
    write_score_plots({name: _score_columns(scores, figures[name]) for name, scores in scores_of(rows).items()}, folder)
    write_grade_plots({name: _grade_columns(parts, figures[name]) for name, parts in grades_of(rows).items()}, folder)
    _write_cases(folder / "cases.csv", results, rows)
    status = Counter(result.findings.status.value for result in results)
    head = {
        "schema": SCHEMA,
        "bundle": {k: v for k, v in asdict(runner.identity).items() if v is not None},
        "data": _provenance(data),
        "split": split,
    }
    with replacing(folder / "metrics.json") as file:
        json.dump({**head, "cases": len(cases), "status": status, "figures": figures}, file, indent=2)
        file.write("\n")
    print(f"{runner.identity.name} {runner.identity.version}: {len(cases)} cases, {', '.join(f'{n} {s}' for s, n in status.items())}")
    print(table(figures))
    return Evaluation(results=results, figures=figures)


def table(figures: Mapping[str, Summary]) -> str:
    """The summary as lines of text, one a figure, columns aligned; a block for each kind of compound figure.

    Pairs of predicted and true values, errors by confidence, scores, and ordered grades have blocks of their own; scores and grades also
    a line for each name, and grades a table of which were taken for which.
    """
    plain = [_plain_row(name, figure) for name, figure in figures.items() if not _BLOCKS.keys() & figure.keys()]
    blocks = []
    for key, (heads, rows_of) in _BLOCKS.items():
        if rows := [row for name, figure in figures.items() if key in figure for row in rows_of(name, figure)]:
            blocks.append(_aligned([heads, *rows]))
    blocks += [_aligned(_confusion_rows(name, figure["confusion"])) for name, figure in figures.items() if "confusion" in figure]
    return "\n\n".join([_aligned([_PLAIN, *plain]), *blocks] if plain or not blocks else blocks)


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _figures(metrics: Sequence[Metric], result: Result, truth: Mapping[str, Any] | None, folder: Path) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    if truth is None:
        return figures
    for metric in metrics:
        try:
            found = metric(result, truth, folder=folder)
        except DataError as fault:
            raise DataError(str(fault), subject=result.case) from fault
        if twice := figures.keys() & found.keys():
            raise ValueError(f"two metrics must not give one figure, got {', '.join(sorted(twice))} twice")
        figures |= found
    return figures


def _columns(pairs: Sequence[Pair]) -> PairedValues:
    return PairedValues(predicted=[pair.predicted for pair in pairs], true=[pair.true for pair in pairs], unit=pairs[0].unit)


def _score_columns(scores: Scores, figure: Summary) -> ScoredValues:
    return ScoredValues(probabilities=scores.probabilities, truths=scores.truths, threshold=scores.threshold, interval=_bounds(figure))


def _grade_columns(parts: Sequence[Grades], figure: Summary) -> GradedValues:
    probabilities, truths, *_ = grades_as_one(parts)
    return GradedValues(probabilities=probabilities, truths=truths, interval=_bounds(figure))


def _bounds(figure: Summary) -> tuple[float, float] | None:
    lower, upper = figure.get("lower"), figure.get("upper")
    return None if lower is None or upper is None else (lower, upper)


def _write_cases(path: Path, results: Sequence[Result], rows: Sequence[Mapping[str, Figure]]) -> None:
    lines = [{column: value for name, figure in row.items() for column, value in cells(name, figure).items()} for row in rows]
    columns = list(dict.fromkeys(column for line in lines for column in line))
    with replacing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "status", *columns])
        for result, line in zip(results, lines, strict=True):
            writer.writerow([result.case, result.findings.status.value, *(line.get(column, "") for column in columns)])


def _provenance(data: str | None) -> dict[str, str] | None:
    if data is None:
        return None
    content = Path(data).read_bytes()
    name = json.loads(content).get("name") or Path(data).resolve().parent.name
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest()}


def _plain_row(name: str, figure: Summary) -> tuple[str, ...]:
    return name, str(figure["n"]), _centre(figure), _interval(figure), _cell(figure.get("median")), _cell(figure.get("max"))


def _pair_rows(name: str, figure: Summary) -> list[tuple[str, ...]]:
    unit = "" if figure["unit"] in ("", "1") else f" {figure['unit']}"
    limits = "–" if figure["sd"] is None else f"{_cell(figure['loa_lower'])} to {_cell(figure['loa_upper'])}"
    errors = [_cell(figure[key]) for key in ("mae", "median_error", "max_error", "bias")]
    return [(name + unit, str(figure["n"]), *errors, limits, *(_cell(figure[key]) for key in ("r2", "pearson", "icc", "smape")))]


def _graded_rows(name: str, figure: Summary) -> list[tuple[str, ...]]:
    return [(name, str(figure["n"]), *(_cell(figure[key]) for key in ("least_confident_tenth", "rest", "ratio")))]


def _score_rows(name: str, figure: Summary) -> list[tuple[str, ...]]:
    named = figure.get("by_name", {})
    return [_score_row(name, figure), *(_score_row(f"{name} {own}", part) for own, part in named.items())]


def _score_row(name: str, figure: Summary) -> tuple[str, ...]:
    at_threshold = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "f1", "brier", "ece", "threshold")
    head = (name, str(figure["n"]), str(figure["positives"]), _cell(figure["auc"]), _interval(figure))
    return *head, *(_cell(figure[key]) for key in at_threshold)


def _grade_rows(name: str, figure: Summary) -> list[tuple[str, ...]]:
    parts = [(name, figure), *((f"{name} {own}", part) for own, part in figure.get("by_name", {}).items())]
    measures = ("accuracy", "balanced_accuracy", "mae_grades", "within_one", "ece")
    return [
        (title, str(part["n"]), _cell(part["kappa"]), _interval(part), *(_cell(part[key]) for key in measures)) for title, part in parts
    ]


def _confusion_rows(name: str, counts: Sequence[Sequence[int]]) -> list[tuple[str, ...]]:
    heads = (f"{name}: true grade, most probable", *map(str, range(len(counts))))
    return [heads, *((str(grade), *map(str, row)) for grade, row in enumerate(counts))]


def _centre(figure: Summary) -> str:
    if "share" in figure:
        return f"{100 * (figure['share'] or 0):.1f} % ({figure['count']})"
    return f"{_cell(figure.get('mean'))} ± {_cell(figure.get('sd'))}"


def _interval(figure: Summary) -> str:
    lower, upper = figure.get("lower"), figure.get("upper")
    if lower is None or upper is None:
        return "–"
    return f"{100 * lower:.1f} to {100 * upper:.1f} %" if "share" in figure else f"{_cell(lower)} to {_cell(upper)}"


def _cell(value: float | int | None) -> str:
    return "–" if value is None else f"{value:.3f}"


_BLOCKS: dict[str, tuple[tuple[str, ...], Callable[[str, Summary], list[tuple[str, ...]]]]] = {
    "mae": (_PAIRS, _pair_rows),
    "ratio": (_GRADED, _graded_rows),
    "auc": (_SCORED, _score_rows),
    "kappa": (_ORDERED, _grade_rows),
}
"""Heads and rows of each compound figure, by what only its summary has."""
