"""A figure of yes and no that is given as a probability: pooled over the whole set."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scores:
    """A case's part of pooled probabilities, e.g. that of each of its discs to be herniated.

    The set's summary draws a case's scores together when it tells how sure the area under the ROC curve is.

    Args:
        probabilities: of yes, 0 to 1; a set's summary leaves out those that are not finite.
        truths: whether it is so.
        threshold: a probability that is not below it says yes; the same for all cases.
        group: the patient, where several cases may be of one; their scores are then drawn together.
        names: what each belongs to, e.g. a disc's level; the set's summary then has a table by name too. Empty where there are none.

    Raises:
        ValueError: there is not a truth for each probability, or there are names, but not as many; or a probability or the threshold is
            not from 0 to 1.
    """

    probabilities: tuple[float, ...]
    truths: tuple[bool, ...]
    threshold: float
    names: tuple[str, ...] = ()
    group: str | None = None

    def __post_init__(self) -> None:
        count = len(self.probabilities)
        if len(self.truths) != count:
            raise ValueError(f"expected a truth for each of {count} probabilities, got {len(self.truths)}")
        if self.names and len(self.names) != count:
            raise ValueError(f"expected a name for each of {count} probabilities, got {len(self.names)}")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"expected a threshold from 0 to 1, got {self.threshold}")
        if any(math.isfinite(value) and not 0 <= value <= 1 for value in self.probabilities):
            raise ValueError(f"expected probabilities from 0 to 1, got {', '.join(map(str, self.probabilities))}")

    @property
    def right(self) -> int:
        """How many answers are right at the threshold."""
        return sum((value >= self.threshold) == bool(true) for value, true in zip(self.probabilities, self.truths, strict=True))
