"""Which of several series that satisfy a task's rules is preferred."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from msk_monai.dicom.study import Series

_ALWAYS = ("many", "original", "soft")
_NO_SPACING = float("inf")
_FAT_SATURATED = re.compile(
    r"\b(?:T[12]W?)?(?:FS|FAT ?-?SAT|FATSUP|SPIR|SPAIR|WFS|STIR|TIRM|CHESS|IDEAL)\b|\bDIXON\b.*\b(?:W|F|WATER|FAT)\b|\bWATER\b"
)
"""Names of images without fat (Dixon's water) or of nothing else."""
_CONTRAST_AGENT = re.compile(r"\+ ?(?:C|KM|GD)\b|\b(?:GD|GAD\w*|POST|CONTRAST|KM|CE)\b")
_LUMBAR = re.compile(r"LUMB|LOMB|LENDEN|腰|\bT?L[ -]?S?[ -]?SP(?:INE?)?\b|\b[TB]?LWS\b")
_OTHER_REGION = re.compile(
    r"CERV|THORA|DORSAL|胸|颈|頸|\b(?:[CT][ -]?SP(?:INE?)?|HWS|BWS|NECK|HALS|HEAD|BRAIN|SKULL|PELVIS|ABDOMEN|HIP|SIJ?|KNEE)\b"
)


def rank(series: Series, prefer: Sequence[str]) -> tuple[Any, ...]:
    """What sorts series, the preferred one first.

    Args:
        series: the series.
        prefer: names out of ``PREFERENCES``, most important first; ``many``, ``original`` and ``soft`` always follow.
    """
    order = dict.fromkeys((*prefer, *_ALWAYS))
    return (*(PREFERENCES[name](series) for name in order), series.series_number or 0, series.key)


def _sharpness(series: Series) -> float:
    """How sharp a CT kernel is by its name: the number in Siemens' Br40 or B70f, words elsewhere; 50 where nothing is known."""
    kernel = (series.kernel or "").upper()
    number = re.match(r"[A-Z]{1,2}(\d{2})", kernel)
    if number:
        return float(number[1])
    if re.search(r"BONE|LUNG|EDGE|SHARP|DETAIL|^FC[3-8]\d|^Y", kernel):
        return 70.0
    return 30.0 if re.search(r"SOFT|SMOOTH|STANDARD|^STND|^FC[01]\d|^[A-C]$", kernel) else 50.0


def _fat_saturated(series: Series) -> bool:
    return bool(_FAT_SATURATED.search(_words(series.description or series.protocol)))


def _with_contrast_agent(series: Series) -> bool:
    stated = _words(series.contrast)
    return stated not in ("", "NO", "NONE") or bool(_CONTRAST_AGENT.search(_words(series.description or series.protocol)))


def _away_from_lumbar(series: Series) -> float:
    """0 where body part or names say lumbar, 2 where they say another region only, else 1; a series' own words before its study's."""
    for texts in ((series.description, series.body_part), (series.protocol, series.study_description)):
        text = _words(" ".join(text for text in texts if text))
        if _LUMBAR.search(text):
            return 0.0
        if _OTHER_REGION.search(text):
            return 2.0
    return 1.0


def _words(text: str | None) -> str:
    """Upper case, underscores as spaces: words end there."""
    return (text or "").upper().replace("_", " ")


PREFERENCES: dict[str, Callable[[Series], float]] = {
    "thin": lambda series: series.slice_thickness or series.spacing_between_slices or _NO_SPACING,
    "thick": lambda series: -(series.slice_thickness or series.spacing_between_slices or 0.0),
    "many": lambda series: -series.n_slices,
    "few": lambda series: series.n_slices,
    "original": lambda series: 0.0 if "ORIGINAL" in series.image_type else 1.0,
    "soft": _sharpness,
    "sharp": lambda series: -_sharpness(series),
    "no_fat_saturation": lambda series: float(_fat_saturated(series)),
    "no_contrast_agent": lambda series: float(_with_contrast_agent(series)),
    "known_weighting": lambda series: 1.0 if series.weighting is None else 0.0,
    "lumbar": _away_from_lumbar,
}
"""What a series may be preferred for: the lower the number, the better."""
