"""A figure whose agreement over the set is asked for, not only its error."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """A case's predicted value beside its true one; summarised by ``msk_monai.measure.agreement``.

    Args:
        predicted: what the bundle said.
        true: what is known.
        unit: UCUM code of both, e.g. ``deg``; empty or ``1`` for a plain number.
    """

    predicted: float
    true: float
    unit: str = ""


@dataclass(frozen=True)
class Pairs:
    """A case's part of the pairs of a figure of which it has several, e.g. one for each of two knees.

    Args:
        pairs: of one unit.
    """

    pairs: tuple[Pair, ...]
