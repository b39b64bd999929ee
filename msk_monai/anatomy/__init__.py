"""Names, order and coded concepts of the anatomy that the bundles speak of."""

from msk_monai.anatomy.concepts import Concept
from msk_monai.anatomy.spine import SPINE, SpineLevel, concept, level_range

__all__ = ["SPINE", "Concept", "SpineLevel", "concept", "level_range"]
