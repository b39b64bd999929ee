"""A bundle on a data set whose truth is known: figures per case, figures of the set, a table to read."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from msk_monai.records import Result
from msk_monai.report import replacing
from msk_monai.runner.case import Case
from msk_monai.runner.figures import Summary, summarise
from msk_monai.runner.runner import Runner

SCHEMA = "msk_monai.metrics/1"


class Metric(Protocol):
    """Compares one result with its truth."""

    def __call__(self, result: Result, truth: Mapping[str, Any]) -> Mapping[str, float]:
        """Figures by name, numbers or booleans; none where the result has nothing to compare (a case may have failed)."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation found: the results, and the summary of each figure."""

    results: Sequence[Result]
    figures: Mapping[str, Summary]


def evaluate(
    runner: Runner, cases: Sequence[Case], metrics: Sequence[Metric], out: str | Path, *, data: str | None = None, split: str | None = None
) -> Evaluation:
    """Run the cases and compare what is found with what is known; write ``metrics.json`` and ``cases.csv`` and print a table.

    Args:
        runner: the bundle.
        cases: with their truth; a case without one is run and not compared.
        metrics: each sees every result that has a truth, also a failed one.
        out: the output folder; a run in it is continued.
        data: the datalist, for the record.
        split: its list, for the record.
    """
    folder = Path(out)
    results = runner.run(cases, folder)
    rows = [_figures(metrics, result, case.truth) for result, case in zip(results, cases, strict=True)]
    figures = summarise(rows)
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
    """The summary as lines of text, one a figure, columns aligned."""
    rows = [("figure", "n", "mean ± sd or share", "95 % interval", "median", "max")]
    for name, figure in figures.items():
        rows.append((name, str(figure["n"]), _centre(figure), _interval(figure), _cell(figure.get("median")), _cell(figure.get("max"))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _figures(metrics: Sequence[Metric], result: Result, truth: Mapping[str, Any] | None) -> dict[str, float]:
    if truth is None:
        return {}
    return {name: value for metric in metrics for name, value in metric(result, truth).items()}


def _write_cases(path: Path, results: Sequence[Result], rows: Sequence[Mapping[str, float]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with replacing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "status", *names])
        for result, row in zip(results, rows, strict=True):
            writer.writerow([result.case, result.findings.status.value, *(row.get(name, "") for name in names)])


def _provenance(data: str | None) -> dict[str, str] | None:
    if data is None:
        return None
    content = Path(data).read_bytes()
    name = json.loads(content).get("name") or Path(data).resolve().parent.name
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest()}


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
