"""A picture of which classes were taken for which."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes


def draw_confusion(axes: Axes, counts: np.ndarray, labels: Sequence[str]) -> None:
    """Draw a confusion matrix with the share of each row.

    Args:
        axes: where.
        counts: (classes, classes), rows the true class.
        labels: of the classes.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        text = f"{count}\n{100 * shares[row, column]:.0f} %" if counts[row].any() else "–"
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=9, color=color)
    ticks = range(len(counts))
    axes.set_xticks(ticks, labels)
    axes.set_yticks(ticks, labels)
