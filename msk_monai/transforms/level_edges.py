"""From the vertebral bodies in a datalist to the edges between levels."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from monai.transforms import Transform

from msk_monai.measure.level_edges import level_edges
from msk_monai.measure.vertebral_bodies import VertebralBody


class LevelEdgesd(Transform):
    """Write the (levels + 1, 3) edges between the levels, LPS mm, from a list of bodies.

    Args:
        bodies_key: list of ``{"name", "centre", "z_range"}``, LPS mm.
        output_key: where the edges go.
        levels: names from the head down.
    """

    def __init__(self, *, bodies_key: str = "bodies", output_key: str = "edges", levels: Sequence[str]) -> None:
        self.bodies_key = bodies_key
        self.output_key = output_key
        self.levels = tuple(levels)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the edges of one case."""
        out = dict(data)
        bodies = [
            VertebralBody(name=body["name"], centre=tuple(body["centre"]), z_range=tuple(body["z_range"])) for body in out[self.bodies_key]
        ]
        out[self.output_key] = level_edges(bodies, self.levels)
        return out
