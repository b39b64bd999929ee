"""From level probabilities and phases along the body to every level's range: an order-respecting dynamic programme.

The stack is cut into consecutive segments, one a level from the head down. Levels may only follow in order, each of a
credible length, cut where the phase has a disc; the scan may begin and end anywhere, so that only the first and the last
segment may be shorter. This is a segmental (hidden semi-Markov) model, https://doi.org/10.1016/j.artint.2009.11.011: its
best path gives the ranges, its posterior their probability, and the phase the middles to a fraction of a slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from msk_monai.measure.phase import BODY, DISC, phase_crossing

Array = npt.NDArray[np.float64]
Phases = npt.NDArray[np.complex128]
Segment = tuple[int, int, int]
"""A class, its first slice, and the slice after its last."""

EVIDENCE_SHARE = 0.35
"""Neighbouring slices see nearly the same thing; their log-probabilities are scaled down by this when added up."""
PHASE_WEIGHT = 2.0
"""Log-score of a cut in the middle of a disc, and of a segment with a body in its middle."""
EDGE_REACH_MM = 10.0
"""The phase may move a cut so far."""
SEEN_BEYOND_MM = 5.0
"""So much of a level that is cut off has to be seen beyond its middle; nearer to the scan's end the phase sees one side only."""


@dataclass(frozen=True, kw_only=True)
class LevelRange:
    """Where one level lies.

    Args:
        name: level.
        top: its upper edge, mm along z; the scan's end where ``top_seen`` is false.
        bottom: its lower edge likewise.
        middle: middle of its body; ``None`` where the scan does not hold it.
        top_seen: whether the edge to the level above lies in the scan.
        bottom_seen: whether the edge to the level below lies in the scan.
        probability: posterior probability that the slice in its middle bears this name, 0 to 1.
    """

    name: str
    top: float
    bottom: float
    middle: float | None
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
            https://doi.org/10.1097/00007632-198603000-00010), with wide limits for children, giants and collapse.
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


def level_ranges(probabilities: npt.ArrayLike, phases: npt.ArrayLike, heights: npt.ArrayLike, model: LevelModel) -> list[LevelRange]:
    """Decode a profile.

    Args:
        probabilities: (classes, slices), columns summing to 1.
        phases: (slices,) complex, growing by 2π from one body's middle to the next towards the head; its length, at most
            about 1, says how sure it is. All zero where nothing is known.
        heights: (slices,) z of the slice centres in mm, evenly spaced, rising or falling.
        model: names and lengths.

    Returns:
        The levels that the scan holds at least a slice of, from the head down.

    Raises:
        ValueError: shapes do not fit, a number is not finite, or the heights are not evenly spaced.
    """
    profile, z = np.asarray(probabilities, dtype=np.float64), np.asarray(heights, dtype=np.float64)
    phase = np.asarray(phases, dtype=np.complex128)
    if profile.shape != (len(model.levels) + 2, len(z)) or len(z) < 2:
        raise ValueError(f"expected {len(model.levels) + 2} classes and at least 2 slices, got {profile.shape} and {len(z)}")
    if phase.shape != z.shape:
        raise ValueError(f"expected one phase a slice, got {phase.shape} for {len(z)} slices")
    if not (np.all(np.isfinite(profile)) and np.all(np.isfinite(phase))):
        raise ValueError("expected finite probabilities and phases")
    steps = np.diff(z)
    if not np.allclose(steps, steps[0], atol=1e-3) or steps[0] == 0:
        raise ValueError("expected evenly spaced heights")
    if steps[0] > 0:
        profile, phase, z = profile[:, ::-1], phase[::-1], z[::-1]
    scores = _segment_scores(profile, abs(float(steps[0])), model) + _phase_scores(phase, len(profile))
    absent = np.array([-np.inf, *(model.absent.get(level, -np.inf) for level in model.levels), -np.inf])
    best, marginals = _best_cut(scores, absent), _marginals(scores, absent)
    return _ranges(best, marginals, phase, z, model)


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


def _phase_scores(phase: Phases, classes: int) -> Array:
    """What the phase adds to the score of every segment: (classes, slices, slices + 1)."""
    slices = len(phase)
    cut = np.zeros(slices + 1)  # before each slice; the scan's own ends say nothing
    cut[1:-1] = -PHASE_WEIGHT / 2 * (phase[:-1] + phase[1:]).real
    ends = (cut[:-1, None] + cut[None, :]) / 2  # each cut belongs to two segments
    start, end = np.meshgrid(np.arange(slices), np.arange(slices + 1), indexing="ij")
    whole = (start > 0) & (end < slices)
    body = np.where(whole, PHASE_WEIGHT * phase.real[np.clip((start + end - 1) // 2, 0, slices - 1)], 0.0)
    scores = np.repeat((ends + body)[None], classes, axis=0)
    scores[[0, -1]] = ends
    return np.asarray(scores)


def _best_cut(scores: Array, absent: Array) -> list[Segment]:
    """The best segments in order."""
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
    path: list[Segment] = []
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
    total = np.logaddexp.reduce(before[:classes, :-1] + scores[:, :, slices], axis=None)  # a level absent at the very end is no cut
    segments = np.exp(before[:classes, :-1, None] + scores + after[1:, None, :] - total)
    opened, closed = segments.sum(axis=2), segments.sum(axis=1)[:, :-1]
    return np.asarray(np.cumsum(opened - closed, axis=1)).clip(0.0, 1.0)


def _ranges(path: Sequence[Segment], marginals: Array, phase: Phases, z: Array, model: LevelModel) -> list[LevelRange]:
    half = float(z[0] - z[1]) / 2
    inner = [_edge(phase, z, upper, lower) for upper, lower in pairwise(path)]
    edges = [float(z[0]) + half, *inner, float(z[-1]) - half]
    return [
        LevelRange(
            name=model.levels[k - 1],
            top=top,
            bottom=bottom,
            middle=_middle(phase, z, top, bottom, top_seen=start > 0, bottom_seen=end < len(z)),
            top_seen=start > 0,
            bottom_seen=end < len(z),
            probability=float(marginals[k, (start + end - 1) // 2]),
        )
        for (k, start, end), (top, bottom) in zip(path, pairwise(edges), strict=True)
        if 0 < k <= len(model.levels)
    ]


def _edge(phase: Phases, z: Array, upper: Segment, lower: Segment) -> float:
    """Edge between two segments: the disc nearest to the cut, but never more than half a segment away, else the cut itself."""
    step = float(z[0] - z[1])
    cut = float(z[lower[1]]) + step / 2
    shorter = step * min(upper[2] - upper[1], lower[2] - lower[1])
    found = phase_crossing(phase, z, DISC, near=cut, reach=min(EDGE_REACH_MM, 0.49 * shorter))
    return cut if found is None else found


def _middle(phase: Phases, z: Array, top: float, bottom: float, *, top_seen: bool, bottom_seen: bool) -> float | None:
    """Middle of a body within its level; where the phase does not tell, that of the level if all of it is seen."""
    found = phase_crossing(phase, z, BODY, near=(top + bottom) / 2, reach=(top - bottom) / 2)
    if found is None:
        return (top + bottom) / 2 if top_seen and bottom_seen else None
    near_top, near_bottom = not top_seen and top - found < SEEN_BEYOND_MM, not bottom_seen and found - bottom < SEEN_BEYOND_MM
    return None if near_top or near_bottom else found
