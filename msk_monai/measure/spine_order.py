"""Which of the places that look like vertebrae form the spine, and which vertebra each of them is: decided together, not one by one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Array = NDArray[np.float64]

_PITCH = 1.28
"""Usual distance of neighbouring vertebrae's centres in heights of their bodies (a body and its disc)."""
_PITCH_SD = 0.22
"""Spread of the logarithm of that distance."""
_SKIP = 2.5
"""Cost, in nats, of passing over a vertebra that was not seen."""
_LONGEST_SKIP = 2


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Vertebrae that follow each other.

    Args:
        member: (M,) index of each one's candidate, from the head down.
        place: (M,) its place in the row, from 0; a vertebra that was not seen leaves its place free.
    """

    member: NDArray[np.intp]
    place: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Names of a chain.

    Args:
        level: (M,) index of each member's level; negative for those above the first level, L and more for those below the last.
        probability: that the names are right and not all off by one or more, 0 to 1; 0 for a chain without members.
    """

    level: NDArray[np.intp]
    probability: float


def name_chain(chain: Chain, names: Array, *, temperature: float = 1.0) -> Naming:
    """Give all members of a chain their names at once.

    Names follow one another without exception, so that a chain has as many namings as there are places for its first member.

    Args:
        chain: of M members.
        names: (M, L + 2) logarithm of the probability that a member lies above the first level, is each level from the head down,
            or lies below the last.
        temperature: by which the namings' evidence is divided, for members that are not independent witnesses.
    """
    levels = names.shape[1] - 2
    if not len(chain.member):
        return Naming(level=np.empty(0, dtype=np.intp), probability=0.0)
    shifts = np.arange(-chain.place[-1], levels)
    named = chain.place[None] + shifts[:, None]
    evidence = names[np.arange(len(chain.member))[None], np.clip(named, -1, levels) + 1].sum(axis=1)
    best = int(evidence.argmax())
    scaled = evidence / temperature
    return Naming(level=named[best], probability=float(np.exp(scaled[best] - logsumexp(scaled))))


def spine_chain(score: Array, corners: Array, *, sideways: float = 0.9) -> Chain:
    """Find the chain of candidates that makes the most credible spine.

    A chain descends; the distances between its members fit their heights; each costs what its score lacks.

    Args:
        score: (N,) probability, 0 to 1, that a place is a vertebra.
        corners: (N, 4, 2) its corners: top left, top right, bottom left, bottom right; [x, y], y downwards, square pixels.
        sideways: how many widths neighbours may lie from each other across their own direction.
    """
    member, place = _best_chain(score, corners, sideways)
    return Chain(member=member, place=place)


def _best_chain(score: Array, corners: Array, sideways: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Members of the best chain from the head down, and the place of each in the row, from 0."""
    centre = corners.mean(axis=1)
    order = np.argsort(centre[:, 1], kind="stable")
    gain = _logit(score)[order] + 1.0
    best, before, step = gain.copy(), np.full(len(order), -1), np.zeros(len(order), dtype=np.intp)
    for j in range(len(order)):
        for i in range(j):
            skipped, cost = _step(corners[order[i]], corners[order[j]], sideways)
            if best[i] - cost + gain[j] > best[j]:
                best[j], before[j], step[j] = best[i] - cost + gain[j], i, skipped
    if not len(order) or best.max() <= 0:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    chain, steps, at = [], [], int(best.argmax())
    while at >= 0:
        chain.append(order[at])
        steps.append(step[at] if before[at] >= 0 else 0)
        at = int(before[at])
    return np.array(chain[::-1], dtype=np.intp), np.cumsum(steps[::-1]).astype(np.intp)


def _step(a: Array, b: Array, sideways: float) -> tuple[int, float]:
    """How many levels the lower of two candidates lies below the upper one, and what it costs to put them after each other."""
    way = b.mean(axis=0) - a.mean(axis=0)
    down = (a[2] + a[3] - a[0] - a[1] + b[2] + b[3] - b[0] - b[1]) / 4
    height, width = float(np.hypot(*down)), _width(a) / 2 + _width(b) / 2
    along = float(way @ down) / max(height, 1e-6)
    across = abs(float(way[0] * down[1] - way[1] * down[0])) / max(height, 1e-6)
    if along <= 0 or across > sideways * width:
        return 1, np.inf
    usual = _PITCH * height
    costs = [0.5 * (np.log(along / (count * usual)) / _PITCH_SD) ** 2 + _SKIP * (count - 1) for count in range(1, _LONGEST_SKIP + 2)]
    count = int(np.argmin(costs))
    return count + 1, float(costs[count])


def _width(corners: Array) -> float:
    return float(np.hypot(*(corners[1] + corners[3] - corners[0] - corners[2]) / 2))


def _logit(score: Array) -> Array:
    inner = np.clip(score, 1e-6, 1 - 1e-6)
    return np.log(inner) - np.log1p(-inner)
