"""The middle of one level of the spine, or why it cannot be given."""

from collections.abc import Sequence
from dataclasses import dataclass

from msk_monai.measure.level_profile import LevelModel, LevelRange


@dataclass(frozen=True, kw_only=True)
class LevelMiddle:
    """The answer for one level.

    Args:
        z: its middle in mm along z; ``None`` where it is withheld.
        reason: why it is withheld.
        flags: what a reader of the number should know.
        probability: that the level bears the right name, 0 to 1.
    """

    z: float | None
    reason: str | None = None
    flags: tuple[str, ...] = ()
    probability: float = 0.0


def middle_of_level(ranges: Sequence[LevelRange], level: str, model: LevelModel, *, least_probability: float = 0.3) -> LevelMiddle:
    """Find the middle of a level.

    A level whose body's middle the scan does not reach counts as not in it.

    Args:
        ranges: levels found, from the head down.
        level: the one wanted.
        model: names in order and usual lengths.
        least_probability: a name less probable than this is not given out.

    Raises:
        ValueError: the level is not one of the model's.
    """
    if level not in model.levels:
        raise ValueError(f"expected one of {', '.join(model.levels)}, got {level}")
    found = next((r for r in ranges if r.name == level), None)
    if found is None:
        return LevelMiddle(z=None, reason=f"{level} is not in this scan: {_what_is_seen(ranges, level, model)}")
    if found.probability < least_probability:
        return LevelMiddle(z=None, reason=f"{level} cannot be told from its neighbours here", probability=found.probability)
    if found.middle is not None:
        flags = () if found.complete else (f"{level} is cut by the end of the scan",)
        return LevelMiddle(z=found.middle, flags=flags, probability=found.probability)
    if not (found.top_seen or found.bottom_seen):
        reason = f"{level} fills the whole scan: neither of its ends is seen"
    else:
        end = "lowest" if found.top_seen else "uppermost"
        reason = f"{level} is not in this scan: it is cut off, its middle lies beyond the {end} slice or too near to it"
    return LevelMiddle(z=None, reason=reason, probability=found.probability)


def _what_is_seen(ranges: Sequence[LevelRange], level: str, model: LevelModel) -> str:
    if not ranges:
        return f"none of {model.levels[0]} to {model.levels[-1]} is seen"
    first, last = ranges[0].name, ranges[-1].name
    span = first if first == last else f"{first} to {last}"
    if model.levels.index(last) < model.levels.index(level):
        return f"it ends above {level} ({span} seen)"
    if model.levels.index(first) > model.levels.index(level):
        return f"it begins below {level} ({span} seen)"
    return f"only {span} seen"
