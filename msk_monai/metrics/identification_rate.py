"""How many vertebrae are found where the vertebra of that name is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.metrics.figure import Figure
from msk_monai.metrics.points import found_points, levels_of, true_points, true_spacing, vertebra
from msk_monai.metrics.pooled import Share, Values
from msk_monai.records import Result

REACH_MM = 20.0
"""VerSe's: a vertebra that is found further off is not found (doi:10.1016/j.media.2021.102166)."""


class IdentificationRate:
    """Metric for ``msk_monai.runner.evaluate``, after VerSe (doi:10.1016/j.media.2021.102166).

    A vertebra is identified if its found centre (the mean of its four found corners) lies nearer to the true centre of its own
    level than to that of any other, and within 20 mm of it; where the spacing is not known, within the vertebra's own height.

    Truth read: ``points`` with ``landmark_names`` such as ``L4_bottom_left``, and ``spacing_mm`` where it is known. A vertebra
    with a corner that is null is not in the film.

    Figures of a case: ``identified`` (of its vertebrae; one that is not found counts as not identified), ``all_identified``, and
    ``located``: of its vertebrae, those within reach and nearest of all to some found one, whatever that is called. What is located
    and not identified is a naming one or more levels off. ``identified_point_error_mm``, or ``_px`` where no spacing is known: the
    distances of the identified vertebrae's corners, pooled over the set. It says how good corners are where names are right; others count
    nowhere, so it is compared beside ``identified`` only.

    Args:
        levels: the levels that count; ``None`` counts all. The nearest is looked for among all the film's levels either way.
    """

    def __init__(self, *, levels: Sequence[str] | None = None) -> None:
        self.levels = None if levels is None else tuple(levels)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        points, found = true_points(truth), found_points(result)
        spacing = true_spacing(truth)
        scale = np.ones(2) if spacing is None else spacing
        true = {level: known.scaled(scale) for level in levels_of(tuple(points)) if (known := vertebra(points, level)) is not None}
        asked = [level for level in true if self.levels is None or level in self.levels]
        if not asked:
            return {}
        centres = {level: other.centre for level, other in true.items()}
        answers = {level: one.scaled(scale) for level in levels_of(tuple(found)) if (one := vertebra(found, level)) is not None}
        errors: list[float] = []
        hits = located = 0
        for level in asked:
            reach = true[level].height if spacing is None else REACH_MM
            if level in answers and _is_identified(answers[level].centre, level, centres, reach):
                hits += 1
                errors += np.linalg.norm(answers[level].corners - true[level].corners, axis=1).tolist()
            located += any(_is_identified(answer.centre, level, centres, reach) for answer in answers.values())
        unit = "px" if spacing is None else "mm"
        return {
            **({f"identified_point_error_{unit}": Values(tuple(errors))} if errors else {}),
            "identified": Share(hits, len(asked)),
            "located": Share(located, len(asked)),
            "all_identified": hits == len(asked),
        }


def _is_identified(found: np.ndarray, level: str, centres: Mapping[str, np.ndarray], reach: float) -> bool:
    distances = {other: float(np.linalg.norm(found - centre)) for other, centre in centres.items()}
    return min(distances, key=distances.__getitem__) == level and distances[level] < reach
