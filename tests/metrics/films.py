"""A film with a straight column of vertebrae, its truth, and results that say where they are."""

from msk_monai.measure.vertebra_corners import CORNER_NAMES
from msk_monai.records import Findings, Landmark, Measurement
from tests.results import result

LEVELS = ("L3", "L4", "L5")
NAMES = [f"{level}_{corner}" for level in LEVELS for corner in CORNER_NAMES]
HEIGHT, WIDTH, GAP = 20.0, 30.0, 10.0


def corners(number):
    """Corners of the vertebra of that number from the top: 30 wide, 20 high, 10 apart; the first begins at (10, 10)."""
    top = 10 + number * (HEIGHT + GAP)
    return [[10.0, top], [10 + WIDTH, top], [10.0, top + HEIGHT], [10 + WIDTH, top + HEIGHT]]


def truth(**changes):
    return {"landmark_names": NAMES, "points": [point for number in range(3) for point in corners(number)], **changes}


def found(points):
    """A result with these points, ``[x, y]`` or ``None`` in the order of the names."""
    named = zip(NAMES, points, strict=True)
    return result("a", findings=Findings(landmarks=tuple(Landmark(name=name, x=p[0], y=p[1]) for name, p in named if p is not None)))


def measured(**values):
    """A result with measurements: ``name=(value, unit)``."""
    return result("a", findings=Findings(measurements=tuple(Measurement(name=n, value=v, unit=u) for n, (v, u) in values.items())))
