"""From the vertebral bodies in a datalist to the points that training follows."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from monai.transforms import Transform

from msk_monai.measure.level_edges import level_edges
from msk_monai.measure.spine_column import column_points
from msk_monai.measure.vertebral_bodies import VertebralBody


class SpinePointsd(Transform):
    """Write points of the spine, LPS mm, from a list of bodies.

    Args:
        bodies_key: list of ``{"name", "centre", "z_range"}``, LPS mm.
        edges_key: where the edges between the levels go, (levels + 1, 3).
        column_key: where the middles of bodies and discs go, (2 bodies - 1, 3).
        levels: names from the head down.
    """

    def __init__(self, *, bodies_key: str = "bodies", edges_key: str = "edges", column_key: str = "column", levels: Sequence[str]) -> None:
        self.bodies_key = bodies_key
        self.edges_key, self.column_key = edges_key, column_key
        self.levels = tuple(levels)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the points of one case."""
        out = dict(data)
        bodies = [
            VertebralBody(name=body["name"], centre=tuple(body["centre"]), z_range=tuple(body["z_range"])) for body in out[self.bodies_key]
        ]
        out[self.edges_key], out[self.column_key] = level_edges(bodies, self.levels), column_points(bodies)
        return out
