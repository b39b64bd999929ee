"""Figures of which a case has many: pooled over the whole set, not averaged per case first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Values:
    """A case's part of a pooled distribution, e.g. the error of each of its points.

    Args:
        values: the numbers; a set's summary leaves out those that are not finite.
        names: what each belongs to, e.g. a landmark's name; the set's summary then has a table by name too. Empty where there are none.

    Raises:
        ValueError: there are names, but not as many as values.
    """

    values: tuple[float, ...]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.names and len(self.names) != len(self.values):
            raise ValueError(f"expected a name for each of {len(self.values)} values, got {len(self.names)}")


@dataclass(frozen=True)
class Graded:
    """A case's part of errors that each come with a confidence: does the confidence tell the large ones?

    Args:
        errors: the errors.
        confidences: of each; only their order counts.

    Raises:
        ValueError: there are not as many of one as of the other.
    """

    errors: tuple[float, ...]
    confidences: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.errors) != len(self.confidences):
            raise ValueError(f"expected a confidence for each of {len(self.errors)} errors, got {len(self.confidences)}")


@dataclass(frozen=True)
class Share:
    """A case's part of a pooled share, e.g. how many of its vertebrae were named right.

    The set's interval takes every member for independent; members of one film are not quite, so it is a little too narrow.

    Args:
        count: members with the property.
        total: all members.

    Raises:
        ValueError: not ``0 <= count <= total``.
    """

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"expected 0 <= count <= total, got {self.count} of {self.total}")
