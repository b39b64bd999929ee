"""A figure of ordered grades, each given as probabilities: pooled over the whole set."""

from dataclasses import dataclass

import numpy as np

from msk_monai.measure.ordinal import expected_grade

_OFF = 1e-3
"""So much may probabilities miss 1 together: results are stored rounded."""


@dataclass(frozen=True)
class Grades:
    """A case's part of pooled grades, e.g. those of its two knees.

    The set's summary draws a case's grades together when it tells how sure the agreement is.

    Args:
        probabilities: of all grades, from the least, each 0 to 1 and together 1; one row for each thing that is graded.
        truths: the true grade of each, from 0.
        names: what each belongs to, e.g. ``right``; the set's summary then has a table by name too. Empty where there is one at most.
        group: the patient, where several cases may be of one; their grades are then drawn together.

    Raises:
        ValueError: there is not a truth for each row, or not a name for each of several; the rows have not one length, and two grades at
            least; or a value is not as above.
    """

    probabilities: tuple[tuple[float, ...], ...]
    truths: tuple[int, ...]
    names: tuple[str, ...] = ()
    group: str | None = None

    def __post_init__(self) -> None:
        count = len(self.probabilities)
        if len(self.truths) != count:
            raise ValueError(f"expected a truth for each of {count} rows of probabilities, got {len(self.truths)}")
        if len(self.names) != count and (self.names or count > 1):
            raise ValueError(f"expected a name for each of {count} rows of probabilities, got {len(self.names)}")
        if not count:
            return
        sizes = {len(row) for row in self.probabilities}
        if len(sizes) > 1 or min(sizes) < 2:
            raise ValueError(f"expected rows of at least 2 probabilities, all as many, got {', '.join(map(str, sorted(sizes)))}")
        if not all(all(0 <= value <= 1 for value in row) and abs(sum(row) - 1) < _OFF for row in self.probabilities):
            raise ValueError("expected probabilities from 0 to 1, together 1")
        if not all(0 <= true < min(sizes) for true in self.truths):
            raise ValueError(f"expected grades from 0 to {min(sizes) - 1}, got {', '.join(map(str, self.truths))}")

    @property
    def said(self) -> tuple[int, ...]:
        """The most probable grades; of equally probable ones the least."""
        return tuple(int(np.argmax(row)) for row in self.probabilities)

    @property
    def expected(self) -> tuple[float, ...]:
        """The means over the probabilities."""
        return tuple(float(expected_grade(row)) for row in self.probabilities)
