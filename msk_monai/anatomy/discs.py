"""The lumbar discs, named by the vertebrae above and below."""

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
"""From the head down."""


def level_key(name: str) -> str:
    """How the names of a disc's measurements begin.

    >>> level_key("L4-L5")
    'l4_l5'
    """
    return name.lower().replace("-", "_")
