"""Points and lines found on a film, in the film's own pixels, for findings and pictures."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class MarkedObject:
    """One object of a film, a knee say.

    Attributes:
        points: (P, 2) [x, y] in pixels of the film as it was read.
        confidence: (P,) from 0 to 1.
        score: how sure it is that the object is one, 0 to 1.
        width: between its ends, in pixels of the grid that the network saw.
        flipped: whether it is the mirror image of what is usual: its first end is on the right.
    """

    points: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    score: float
    width: float
    flipped: bool


@dataclass(frozen=True)
class MarkedLine:
    """A line that was measured.

    Attributes:
        start: [x, y] in pixels of the film as it was read.
        end: the same.
        label: what to write beside it.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    label: str
