"""A bundle on a data set whose truth is known: figures per case, figures of the set, a table to read."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from msk_monai.errors import DataError
from msk_monai.metrics import Figure, Grades, Pair, Scores, Values
from msk_monai.metrics.figure import cells
from msk_monai.records import Result
from msk_monai.report import current, read_results, replacing, write_csv, write_html
from msk_monai.report.comparison import Comparison
from msk_monai.report.grade_plots import GradedValues, write_grade_plots
from msk_monai.report.jsonl import FILE_NAME as RESULTS
from msk_monai.report.plots import PairedValues, write_agreement_plots
from msk_monai.report.score_plots import ScoredValues, write_score_plots
from msk_monai.report.spread_plots import SpreadValues, write_spread_plots
from msk_monai.runner.case import Case
from msk_monai.runner.figure_tables import table, tables
from msk_monai.runner.figures import Summary, grades_of, pairs_of, scores_of, summarise, values_of
from msk_monai.runner.grade_figures import grades_as_one
from msk_monai.runner.runner import Runner

SCHEMA = "msk_monai.metrics/1"


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

    Writes ``metrics.json``, ``cases.csv``, ``plots/<name>.png`` of every pair that three cases or more have, ``plots/<name>_roc.png``,
    ``plots/<name>_confusion.png`` and ``plots/<name>_calibration.png`` of scores of both classes, the latter two also of three grades or
    more, ``plots/<name>_distribution.png`` of numbers that three cases or more have, adds all of it to ``report.html``, and prints a table.

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
    plots = _write_plots(rows, figures, folder)
    lines = [{column: value for name, figure in row.items() for column, value in cells(name, figure).items()} for row in rows]
    _write_cases(folder / "cases.csv", results, lines)
    status = Counter(result.findings.status.value for result in results)
    truth = _provenance(data)
    head = {
        "schema": SCHEMA,
        "bundle": {k: v for k, v in asdict(runner.identity).items() if v is not None},
        "data": truth,
        "split": split,
    }
    with replacing(folder / "metrics.json") as file:
        json.dump({**head, "cases": len(cases), "status": status, "figures": figures}, file, indent=2)
        file.write("\n")
    comparison = Comparison(
        bundle=runner.identity.name,
        data=truth["name"] if truth else None,
        data_sha256=truth["sha256"] if truth else None,
        split=split,
        tables=tables(figures),
        plots=plots,
        values={result.case: line for result, line in zip(results, lines, strict=True)},
    )
    write_html(current(read_results(folder / RESULTS)), folder, comparison)
    print(f"{runner.identity.name} {runner.identity.version}: {len(cases)} cases, {', '.join(f'{n} {s}' for s, n in status.items())}")
    print(table(figures))
    return Evaluation(results=results, figures=figures)


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


def _write_plots(rows: Sequence[Mapping[str, Figure]], figures: Mapping[str, Summary], folder: Path) -> list[Path]:
    return [
        *write_score_plots({name: _score_columns(scores, figures[name]) for name, scores in scores_of(rows).items()}, folder),
        *write_grade_plots({name: _grade_columns(parts, figures[name]) for name, parts in grades_of(rows).items()}, folder),
        *write_agreement_plots({name: _columns(pairs) for name, pairs in pairs_of(rows).items()}, folder),
        *write_spread_plots({name: _spread_columns(parts) for name, parts in values_of(rows).items()}, folder),
    ]


def _columns(pairs: Sequence[Pair]) -> PairedValues:
    return PairedValues(predicted=[pair.predicted for pair in pairs], true=[pair.true for pair in pairs], unit=pairs[0].unit)


def _score_columns(scores: Scores, figure: Summary) -> ScoredValues:
    return ScoredValues(probabilities=scores.probabilities, truths=scores.truths, threshold=scores.threshold, interval=_bounds(figure))


def _grade_columns(parts: Sequence[Grades], figure: Summary) -> GradedValues:
    probabilities, truths, *_ = grades_as_one(parts)
    return GradedValues(probabilities=probabilities, truths=truths, interval=_bounds(figure))


def _spread_columns(parts: Sequence[Values]) -> SpreadValues:
    names = [name for part in parts for name in part.names] if all(part.names for part in parts) else []
    return SpreadValues(values=[value for part in parts for value in part.values], cases=len(parts), names=names)


def _bounds(figure: Summary) -> tuple[float, float] | None:
    lower, upper = figure.get("lower"), figure.get("upper")
    return None if lower is None or upper is None else (lower, upper)


def _write_cases(path: Path, results: Sequence[Result], lines: Sequence[Mapping[str, float]]) -> None:
    columns = list(dict.fromkeys(column for line in lines for column in line))
    shown = ([result.case, result.findings.status.value, *map(line.get, columns)] for result, line in zip(results, lines, strict=True))
    write_csv(path, ["case", "status", *columns], shown)


def _provenance(data: str | None) -> dict[str, str] | None:
    if data is None:
        return None
    content = Path(data).read_bytes()
    name = json.loads(content).get("name") or Path(data).resolve().parent.name
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
