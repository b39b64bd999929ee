"""The figures of a data set as tables to read."""

from collections.abc import Callable, Mapping, Sequence

from msk_monai.runner.figures import Summary

_PLAIN = ("figure", "n", "mean ± sd or share", "95 % interval", "median", "max")
_PAIRS = ("predicted - true", "n", "mean abs.", "median abs.", "max", "bias", "limits of agreement", "R²", "r", "ICC(2,1)", "SMAPE %")

_GRADED = ("error by confidence", "n", "least confident tenth", "rest", "ratio")

_SCORED = (
    *("yes or no", "n", "positive", "AUC", "95 % interval", "accuracy", "balanced", "sensitivity", "specificity", "F1"),
    *("Brier", "ECE", "threshold"),
)

_ORDERED = ("ordered grades", "n", "kappa", "95 % interval", "accuracy", "balanced", "mean abs.", "within one", "ECE")


def table(figures: Mapping[str, Summary]) -> str:
    """The tables as lines of text, columns aligned."""
    return "\n\n".join(_aligned(rows) for rows in tables(figures))


def tables(figures: Mapping[str, Summary]) -> list[list[tuple[str, ...]]]:
    """The summary as tables of text with their heads first, one row a figure; a table for each kind of compound figure.

    Pairs of predicted and true values, errors by confidence, scores, and ordered grades have tables of their own; scores and grades also
    a row for each name, and grades a table of which were taken for which.
    """
    plain = [_plain_row(name, figure) for name, figure in figures.items() if not _BLOCKS.keys() & figure.keys()]
    blocks = []
    for key, (heads, rows_of) in _BLOCKS.items():
        if rows := [row for name, figure in figures.items() if key in figure for row in rows_of(name, figure)]:
            blocks.append([heads, *rows])
    blocks += [_confusion_rows(name, figure["confusion"]) for name, figure in figures.items() if "confusion" in figure]
    return [[_PLAIN, *plain], *blocks] if plain or not blocks else blocks


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


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
