"""What is run of a network that is run in parts, so that each part can be exported and replaced."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

Shape = tuple[int | str, ...]
"""Of an input: a number, or the name of an axis of any length; ``"32*x"`` is one whose length is a multiple of 32."""


@runtime_checkable
class HasEntryPoints(Protocol):
    """A network of which an inferer calls parts, not all at once.

    Attributes:
        forward_is: the part whose (first) answer to an image is that of ``forward``; ``None`` where there is none.
    """

    forward_is: str | None

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """Shapes of the inputs of each part that is called, by the part's name: that of a submodule, with dots."""


def below(name: str, points: Mapping[str, tuple[Shape, ...]]) -> dict[str, tuple[Shape, ...]]:
    """The entry points of a network that is the submodule ``name`` of another."""
    return {f"{name}.{point}": shapes for point, shapes in points.items()}
