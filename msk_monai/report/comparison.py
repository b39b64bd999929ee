"""What an evaluation adds to the page: its tables and its plots, and the figures of each case."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image

_PLOT_COLORS = 64
_BUDGET = 4_000_000
"""Bytes of all plots on a page; those beyond it are linked to."""
_KINDS = {
    "roc": "ROC curve",
    "confusion": "confusion matrix",
    "calibration": "how often each probability comes true",
    "distribution": "distribution over the cases",
}
_PAIR = "predicted against true values, and their differences (Bland–Altman)"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Results beside the truth.

    Args:
        bundle: name of the bundle that was evaluated.
        data: name of the data set, where it is known.
        data_sha256: of its list.
        split: which of its lists.
        tables: each with its heads first, then its rows.
        plots: PNG files in the output folder.
        values: figures of each case, by case and name.
    """

    bundle: str
    data: str | None = None
    data_sha256: str | None = None
    split: str | None = None
    tables: Sequence[Sequence[tuple[str, ...]]] = ()
    plots: Sequence[Path] = ()
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PagePlot:
    """A plot as the page has it.

    Args:
        title: of what, and which kind.
        path: relative to the output folder.
        source: the picture itself as a data URL; ``None`` where it is too large to be carried.
        size: width and height, in pixels.
    """

    title: str
    path: str
    source: str | None
    size: tuple[int, int]


def page_plots(plots: Sequence[Path], folder: Path) -> list[PagePlot]:
    """The plots, reduced to few colours, which is all they have and a third of their bytes."""
    left, pages = _BUDGET, []
    for path in plots:
        with Image.open(path) as opened:
            size, content = opened.size, _reduced(opened)
        left -= len(content)
        source = f"data:image/png;base64,{b64encode(content).decode()}" if left >= 0 else None
        pages.append(PagePlot(title=plot_title(path.stem), path=path.relative_to(folder).as_posix(), source=source, size=size))
    return pages


def plot_title(stem: str) -> str:
    """What a plot shows, from its file's name.

    >>> plot_title("grade_confusion")
    'grade: confusion matrix'
    """
    name, _, kind = stem.rpartition("_")
    return f"{name}: {_KINDS[kind]}" if name and kind in _KINDS else f"{stem}: {_PAIR}"


def _reduced(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.convert("RGB").quantize(_PLOT_COLORS).save(file, format="png", optimize=True)
    return file.getvalue()
