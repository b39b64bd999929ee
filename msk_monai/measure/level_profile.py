"""From a profile of level probabilities along the body to every level's range: an order-respecting dynamic programme.

The profile is cut into consecutive segments, one a level from the head down. Levels may only follow in order, each of a
credible length; the scan may begin and end anywhere, so that only the first and the last segment may be shorter. This
is a segmental (hidden semi-Markov) model, https://doi.org/10.1016/j.artint.2009.11.011: its best path gives the ranges,
its posterior their probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

EVIDENCE_SHARE = 0.35
"""Neighbouring slices see nearly the same thing; their log-probabilities are scaled down by this when added up."""


@dataclass(frozen=True, kw_only=True)
class LevelRange:
    """Where one level lies.

    Args:
        name: level.
        top: its upper edge, mm along z; the scan's end where ``top_seen`` is false.
        bottom: its lower edge likewise.
        top_seen: whether the edge to the level above lies in the scan.
        bottom_seen: whether the edge to the level below lies in the scan.
        probability: posterior probability that the slice in its middle bears this name, 0 to 1.
    """

    name: str
    top: float
    bottom: float
    top_seen: bool
    bottom_seen: bool
    probability: float

    @property
    def complete(self) -> bool:
        """Whether both edges lie in the scan."""
        return self.top_seen and self.bottom_seen

    @property
    def length(self) -> float:
        """Length in mm that the scan holds."""
        return self.top - self.bottom


@dataclass(frozen=True, kw_only=True)
class LevelModel:
    """What is known of the levels before looking.

    Args:
        levels: names from the head down; classes of the profile are "above", these, "below".
        typical_mm: usual length of a level with its disc (sums of body and disc heights, Gilad & Nissan 1986,
            https://doi.org/10.1097/00007632-198602000-00004), with wide limits for children, giants and collapse.
        spread: standard deviation of the logarithm of the length.
        longest_mm: no level is longer.
        absent: log-probability that a level named here does not exist (four lumbar vertebrae).
    """

    levels: tuple[str, ...]
    typical_mm: float = 36.0
    spread: float = 0.25
    longest_mm: float = 90.0
    absent: dict[str, float] = field(default_factory=lambda: {"L5": -4.0})

    def length_score(self, length_mm: Array) -> Array:
        """Log-density, up to a constant, of complete lengths."""
        score = -0.5 * (np.log(length_mm / self.typical_mm) / self.spread) ** 2
        return np.where(length_mm <= self.longest_mm, score, -np.inf)


def level_ranges(probabilities: npt.ArrayLike, heights: npt.ArrayLike, model: LevelModel) -> list[LevelRange]:
    """Decode a profile.

    Args:
        probabilities: (classes, slices), columns summing to 1.
        heights: (slices,) z of the slice centres in mm, evenly spaced, rising or falling.
        model: names and lengths.

    Returns:
        The levels that the scan holds at least a slice of, from the head down.

    Raises:
        ValueError: shapes do not fit, or the heights are not evenly spaced.
    """
    profile, z = np.asarray(probabilities, dtype=np.float64), np.asarray(heights, dtype=np.float64)
    if profile.shape != (len(model.levels) + 2, len(z)) or len(z) < 2:
        raise ValueError(f"expected {len(model.levels) + 2} classes and at least 2 slices, got {profile.shape} and {len(z)}")
    steps = np.diff(z)
    if not np.allclose(steps, steps[0], atol=1e-3) or steps[0] == 0:
        raise ValueError("expected evenly spaced heights")
    if steps[0] > 0:
        profile, z = profile[:, ::-1], z[::-1]
    scores = _segment_scores(profile, abs(float(steps[0])), model)
    absent = np.array([-np.inf, *(model.absent.get(level, -np.inf) for level in model.levels), -np.inf])
    best, marginals = _best_cut(scores, absent), _marginals(scores, absent)
    return _ranges(best, marginals, profile, z, model)


def _segment_scores(profile: Array, step: float, model: LevelModel) -> Array:
    """Log-score of every segment (class, first slice, slice after the last): (classes, slices, slices + 1)."""
    classes, slices = profile.shape
    log_p = EVIDENCE_SHARE * step / 3.0 * np.log(np.clip(profile, 1e-4, 1.0))
    sums = np.concatenate([np.zeros((classes, 1)), np.cumsum(log_p, axis=1)], axis=1)
    count = np.arange(slices + 1)[None, :] - np.arange(slices)[:, None]
    prior = np.where(count > 0, model.length_score(np.maximum(count, 1) * step), -np.inf)
    cut = np.where((count > 0) & (count * step <= model.longest_mm), 0.0, -np.inf)
    prior[0], prior[:, -1] = cut[0], cut[:, -1]  # what the scan's end cuts off may be as short as it likes
    scores = sums[:, None, :] - sums[:, :-1, None] + prior
    for end in (0, classes - 1):  # above and below have no length of their own
        scores[end] = np.where(count > 0, sums[end][None, :] - sums[end, :-1, None], -np.inf)
    return np.asarray(scores)


def _best_cut(scores: Array, absent: Array) -> list[tuple[int, int, int]]:
    """The best segments in order, as (class, first slice, slice after the last)."""
    classes, slices, _ = scores.shape
    entry = np.full((classes + 1, slices + 1), -np.inf)
    came_from = np.zeros((classes + 1, slices + 1), dtype=int)  # first slice of the class before; -1: that class is absent
    entry[:classes, 0] = 0.0
    for k in range(classes):
        through = entry[k, :-1, None] + scores[k]
        came_from[k + 1], ends = through.argmax(axis=0), through.max(axis=0)
        skipped = entry[k] + absent[k]
        skipped[0] = -np.inf
        came_from[k + 1] = np.where(skipped > ends, -1, came_from[k + 1])
        entry[k + 1, 1:] = np.maximum(skipped, ends)[1:]
    k, end = int(entry[1:, slices].argmax()) + 1, slices
    path: list[tuple[int, int, int]] = []
    while end > 0:
        start = int(came_from[k, end])
        if start >= 0:
            path.append((k - 1, start, end))
            end = start
        k -= 1
    return path[::-1]


def _marginals(scores: Array, absent: Array) -> Array:
    """Posterior probability of each class at each slice, (classes, slices), over all cuts."""
    classes, slices, _ = scores.shape
    before = np.full((classes + 1, slices + 1), -np.inf)
    before[:classes, 0] = 0.0
    for k in range(classes):
        ends = np.logaddexp.reduce(before[k, :-1, None] + scores[k], axis=0)
        before[k + 1, 1:] = np.logaddexp(ends, before[k] + absent[k])[1:]
    after = np.full((classes + 1, slices + 1), -np.inf)  # score of everything from class k starting at a slice
    after[:, slices] = 0.0
    for k in reversed(range(classes)):
        starts = np.logaddexp.reduce(scores[k] + after[k + 1][None, :], axis=1)
        after[k, :slices] = np.logaddexp(starts, after[k + 1, :slices] + absent[k])
    total = np.logaddexp.reduce(before[1:, slices])
    segments = np.exp(before[:classes, :-1, None] + scores + after[1:, None, :] - total)
    opened, closed = segments.sum(axis=2), segments.sum(axis=1)[:, :-1]
    return np.asarray(np.cumsum(opened - closed, axis=1)).clip(0.0, 1.0)


def _ranges(path: Sequence[tuple[int, int, int]], marginals: Array, profile: Array, z: Array, model: LevelModel) -> list[LevelRange]:
    step = float(z[0] - z[1])
    ranges = []
    for k, start, end in path:
        if 0 < k <= len(model.levels):
            top_seen, bottom_seen = start > 0, end < len(z)
            ranges.append(
                LevelRange(
                    name=model.levels[k - 1],
                    top=_edge(profile, z, start, k) if top_seen else float(z[0]) + step / 2,
                    bottom=_edge(profile, z, end, k + 1) if bottom_seen else float(z[-1]) - step / 2,
                    top_seen=top_seen,
                    bottom_seen=bottom_seen,
                    probability=float(marginals[k, (start + end - 1) // 2]),
                )
            )
    return ranges


def _edge(profile: Array, z: Array, slice_below: int, class_below: int, reach: int = 4) -> float:
    """Edge between a class and the next to a fraction of a slice: the slices about it add up their shares above it."""
    step = float(z[0] - z[1])
    first, last = max(0, slice_below - reach), min(len(z), slice_below + reach)
    window = profile[:, first:last]
    near = window[max(0, class_below - 1) : class_below + 1]
    share = near[0] / np.maximum(near.sum(axis=0), 1e-9)
    share[: max(0, slice_below - reach - first)] = 1.0
    return float(z[first]) + step / 2 - step * float(share.sum())
