"""The middle of one level of the spine, or why it cannot be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

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

    Where the scan cuts the level, its missing end is put where its neighbours' length would have it; if the middle then
    lies outside of the scan, the level counts as not in it.

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
    if found.complete:
        return LevelMiddle(z=(found.top + found.bottom) / 2, probability=found.probability)
    return _middle_of_cut(found, ranges, model)


def _middle_of_cut(found: LevelRange, ranges: Sequence[LevelRange], model: LevelModel) -> LevelMiddle:
    if not (found.top_seen or found.bottom_seen):
        reason = f"{found.name} fills the whole scan: neither of its ends is seen"
        return LevelMiddle(z=None, reason=reason, probability=found.probability)
    length = _usual_length(found.name, ranges, model)
    z = found.top - length / 2 if found.top_seen else found.bottom + length / 2
    if not found.bottom <= z <= found.top:
        side = "below" if found.top_seen else "above"
        reason = f"{found.name} is not in this scan: it is cut off, its middle would lie {side} the last slice"
        return LevelMiddle(z=None, reason=reason, probability=found.probability)
    return LevelMiddle(z=z, flags=(f"{found.name} is cut by the end of the scan",), probability=found.probability)


def _usual_length(level: str, ranges: Sequence[LevelRange], model: LevelModel) -> float:
    """Mean length of the complete neighbours, else that of the model."""
    place = model.levels.index(level)
    near = {model.levels[i] for i in (place - 1, place + 1) if 0 <= i < len(model.levels)}
    lengths = [r.length for r in ranges if r.name in near and r.complete]
    return fmean(lengths) if lengths else model.typical_mm


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
