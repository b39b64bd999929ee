"""Pictures of agreement: predicted against true values, and their differences (Bland-Altman)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from msk_monai.measure.agreement import Agreement, agreement
from msk_monai.report.files import replacing_whole

FEWEST = 3
"""Fewer pairs make no picture."""
FOLDER = "plots"
POINT_COLOR, LINE_COLOR, LIMIT_COLOR = "#1f5fa8", "#444444", "#c0504d"


@dataclass(frozen=True, kw_only=True)
class PairedValues:
    """One quantity over a data set.

    Args:
        predicted: (n,) finite values.
        true: (n,) finite values, in the same order.
        unit: UCUM code of both, e.g. ``deg``; empty or ``1`` for plain numbers.
    """

    predicted: npt.ArrayLike
    true: npt.ArrayLike
    unit: str = ""


def write_agreement_plots(pairs: Mapping[str, PairedValues], folder: Path) -> list[Path]:
    """Draw every quantity with at least three pairs: predicted against true with the line of identity, and a Bland-Altman plot.

    Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8.

    Args:
        pairs: by name, which becomes the file's.
        folder: the output folder.

    Returns:
        The files, ``plots/<name>.png``.
    """
    return [_write(name, values, folder / FOLDER) for name, values in pairs.items() if np.size(values.true) >= FEWEST]


def save_plot(figure: Figure, path: Path) -> Path:
    """Write a picture whole or not at all, the same bytes each time; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_whole(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})
    return path


def _write(name: str, values: PairedValues, folder: Path) -> Path:
    predicted, true = np.asarray(values.predicted, dtype=np.float64), np.asarray(values.true, dtype=np.float64)
    found = agreement(predicted, true)
    figure = Figure(figsize=(9.6, 4.6), dpi=110, layout="constrained")  # not pyplot: it would keep every figure, and look for a screen
    figure.suptitle(f"{name}, n = {found.n}")
    left, right = figure.subplots(1, 2)
    unit = {"deg": " (°)", "": "", "1": ""}.get(values.unit, f" ({values.unit})")
    _draw_identity(left, predicted, true, found, unit)
    _draw_differences(right, predicted, true, found, unit)
    return save_plot(figure, folder / f"{name}.png")


def _draw_identity(axes: Axes, predicted: np.ndarray, true: np.ndarray, found: Agreement, unit: str) -> None:
    low, high = min(predicted.min(), true.min()), max(predicted.max(), true.max())
    margin = 0.05 * (high - low) or 1.0
    axes.plot([low - margin, high + margin], [low - margin, high + margin], color=LINE_COLOR, linewidth=1)
    axes.scatter(true, predicted, s=14, alpha=0.7, color=POINT_COLOR)
    axes.set(xlabel=f"true{unit}", ylabel=f"predicted{unit}", xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
    axes.set_aspect("equal")
    axes.set_title(f"R² = {_number(found.r2)}, ICC(2,1) = {_number(found.icc)}, mean abs. error {found.mae:.3g}", fontsize=9)


def _draw_differences(axes: Axes, predicted: np.ndarray, true: np.ndarray, found: Agreement, unit: str) -> None:
    axes.scatter((predicted + true) / 2, predicted - true, s=14, alpha=0.7, color=POINT_COLOR)
    for height, color, dashes in (
        (found.bias, LINE_COLOR, "-"),
        (found.loa_lower, LIMIT_COLOR, "--"),
        (found.loa_upper, LIMIT_COLOR, "--"),
    ):
        if height is not None:
            axes.axhline(height, color=color, linestyle=dashes, linewidth=1)
    axes.set(xlabel=f"mean of predicted and true{unit}", ylabel=f"predicted - true{unit}")
    limits = f"{_number(found.loa_lower)} to {_number(found.loa_upper)}"
    axes.set_title(f"bias {found.bias:.3g}, 95 % limits of agreement {limits}", fontsize=9)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
