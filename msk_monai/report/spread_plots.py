"""Pictures of errors and other figures that each case has: how they spread, and which names are worse than others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msk_monai.report.plots import FEWEST, FOLDER, LIMIT_COLOR, LINE_COLOR, POINT_COLOR, save_plot

_BINS = 30
_MOST_NAMES = 80
"""More boxes than this cannot be told apart."""
_LABELLED = 40


@dataclass(frozen=True, kw_only=True)
class SpreadValues:
    """One figure over a data set.

    Args:
        values: (n,) finite numbers, e.g. errors.
        cases: how many cases they are of.
        names: (n,) what each is of, e.g. a landmark; none where a case has one value.
    """

    values: npt.ArrayLike
    cases: int
    names: Sequence[str] = ()


def write_spread_plots(figures: Mapping[str, SpreadValues], folder: Path) -> list[Path]:
    """Draw every figure of at least three cases: a histogram, beside it a box for each name, or else the cumulative distribution.

    Args:
        figures: by name, with which the files' names begin.
        folder: the output folder.

    Returns:
        The files, ``plots/<name>_distribution.png``.
    """
    enough = {name: values for name, values in figures.items() if values.cases >= FEWEST and np.size(values.values)}
    return [save_plot(_draw(name, values), folder / FOLDER / f"{name}_distribution.png") for name, values in enough.items()]


def _draw(name: str, figure: SpreadValues) -> Figure:
    values = np.asarray(figure.values, dtype=np.float64)
    drawing = Figure(figsize=(9.6, 4.6), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    drawing.suptitle(f"{name}, n = {values.size} of {figure.cases} cases")
    left, right = drawing.subplots(1, 2)
    median, high = np.quantile(values, (0.5, 0.95))
    left.hist(values, bins=_BINS, color=POINT_COLOR)
    for place, label, dashes in ((median, "median", "-"), (high, "95th percentile", "--")):
        left.axvline(place, color=LIMIT_COLOR, linestyle=dashes, linewidth=1.2, label=f"{label} {place:.3g}")
    left.legend(fontsize=9)
    left.set(xlabel=name, ylabel="values")
    if 1 < len(set(figure.names)) <= _MOST_NAMES:
        _draw_boxes(right, values, figure.names, name)
    else:
        _draw_cumulative(right, values, name)
    return drawing


def _draw_boxes(axes: Axes, values: np.ndarray, names: Sequence[str], label: str) -> None:
    own = {name: values[np.array(names) == name] for name in dict.fromkeys(names)}
    axes.boxplot(
        list(own.values()), orientation="horizontal", showfliers=True, flierprops={"markersize": 3}, medianprops={"color": LIMIT_COLOR}
    )
    ticks = range(1, len(own) + 1) if len(own) <= _LABELLED else []
    axes.set_yticks(ticks, list(own) if len(own) <= _LABELLED else [], fontsize=8 if len(own) <= 20 else 5)
    axes.invert_yaxis()
    axes.set(xlabel=label)


def _draw_cumulative(axes: Axes, values: np.ndarray, label: str) -> None:
    axes.step(np.sort(values), np.arange(1, values.size + 1) / values.size, where="post", color=POINT_COLOR)
    axes.axhline(0.95, color=LINE_COLOR, linewidth=1, linestyle="--")
    axes.set(xlabel=label, ylabel="share of values that are not larger", ylim=(0, 1.02))
