"""What an NM image's header says of its frames: view, detector, energy window, direction, time.

DICOM PS3.3 sections C.8.4.8 (frames are counted by vectors, DetectorVector and EnergyWindowVector among them), C.8.4.10 (energy windows)
and C.8.4.11 (an item for each detector, with its ViewCodeSequence by CID 26 and perhaps its ImageOrientationPatient).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msk_monai.dicom.fields import Fields
from msk_monai.dicom.instance import Scintigram, SeriesHeader, Vector

_CODES = {"399321004": "anterior", "G-5215": "anterior", "399001007": "posterior", "G-5216": "posterior"} | {
    "255549009": "anterior", "R-404CC": "anterior", "255551008": "posterior", "R-404CE": "posterior",
}  # fmt: skip
"""SNOMED CT and SNOMED RT codes: those of CID 26, and the bare adjectives that some cameras write instead."""
_WORDS = {"ANTERIOR": "anterior", "POSTERIOR": "posterior"}
_SHORT = {"ANT": "anterior", "VENTRAL": "anterior", "POST": "posterior", "DORSAL": "posterior"}
"""Words that mean other things, too: POST is also "after", DORSAL also "of the thoracic spine"."""
_OF_A_SCAN = {"WB", "WHOLE", "BODY", "WHOLEBODY", "BONE", "SCAN", "VIEW", "PROJECTION", "IMAGE", "STATIC", "PLANAR", "DELAYED", "NM"}
"""Words that may follow a short word for a view; what else follows makes it a time: POST TRAUMA, POST WHOLE BODY IRRADIATION."""
_UNITS = re.compile(r"(?:S|SEC|M|MIN|H|HR|HOUR|D|DAY|W|WK|WEEK|MO|MONTH|Y|YR|YEAR)S?|STD|STUNDEN")
_NAMES = ("ViewPosition", "ImageID", "SeriesDescription")
_BY_DIRECTION = {"LF": "anterior", "RH": "anterior", "RF": "posterior", "LH": "posterior"}
"""Rows and columns span the image as the camera sees it, so that their cross product points away from the camera."""
_ORIENTATION, _DETECTOR = "the image's orientation", "the detector's number"
_ALONG_AN_AXIS = 0.9
"""Least part of a direction cosine along one of the patient's axes."""


def read_scintigram(fields: Fields, series: SeriesHeader, count: int) -> Scintigram | None:
    """Read what an NM image's frames show; None for other modalities.

    Args:
        fields: the data set of an image.
        series: what its series' header says.
        count: number of its frames.
    """
    if series.modality != "NM":
        return None
    detectors = _vector(fields, "DetectorVector", count)
    information = fields.items("DetectorInformationSequence")
    own = _of_each_frame(information, detectors, count)
    directions = tuple(_directions(fields, detector) for detector in own)
    if count == 1:
        told = [_view(fields, own[0], directions[0], detectors)]
    else:
        told = _views_together([_coded(detector) for detector in own], [_of_detector(detector) or () for detector in own])
    windows = (fields.integer("NumberOfEnergyWindows") or 1, len(set(_vector(fields, "EnergyWindowVector", count))))
    return Scintigram(
        views=tuple(one.view for one in told),
        sources=tuple(one.source for one in told),
        detectors=detectors,
        energy_windows=max(windows),
        directions=directions,
        own_directions=count == 1 or all(_of_detector(detector) for detector in own),
        notes=tuple(one.note for one in told if one.note),
        acquired=_seconds(fields.text("AcquisitionDate"), fields.text("AcquisitionTime")),
    )


def _vector(fields: Fields, keyword: str, count: int) -> tuple[int, ...]:
    """A whole number for each frame; nothing where there are more or fewer."""
    numbers = fields.numbers(keyword)
    return tuple(int(number) for number in numbers) if len(numbers) == count and all(number == number for number in numbers) else ()


def _of_each_frame(information: Sequence[Fields], detectors: Sequence[int], count: int) -> list[Fields | None]:
    """The item of each frame's detector: by DetectorVector or, without it, one for one."""
    if detectors:
        return [information[number - 1] if 0 < number <= len(information) else None for number in detectors]
    return list(information) if len(information) == count else [None] * count


@dataclass(frozen=True)
class _Told:
    """A frame's view and the element that tells it, empty where none does; and what is to be said of it."""

    view: str = ""
    source: str = ""
    note: str = ""


def _coded(detector: Fields | None) -> _Told:
    """What a detector's ViewCodeSequence tells."""
    coded = None if detector is None else detector.item("ViewCodeSequence")
    if coded is None:
        return _Told()
    value, meaning = coded.text("CodeValue"), coded.text("CodeMeaning")
    view = _CODES.get(value or "") or _named(meaning)
    return _Told(view or "other", "ViewCodeSequence") if view or value or meaning else _Told()


def _views_together(coded: Sequence[_Told], directions: Sequence[tuple[str, ...]]) -> list[_Told]:
    """The views of several frames: coded or, where their detectors' orientations tell them apart, by these.

    What names the whole object, or says how it lies, tells nothing of one frame.
    """
    geometry = [_BY_DIRECTION.get("".join(direction), "") for direction in directions]
    apart = all(geometry) and len(set(geometry)) == len(geometry)
    return list(coded) if any(one.view for one in coded) or not apart else [_Told(view, _ORIENTATION) for view in geometry]


def _view(fields: Fields, detector: Fields | None, direction: tuple[str, ...], detectors: Sequence[int]) -> _Told:
    """The view of a frame that is alone in its object: by its code, the image's orientation, a text, the detector's number.

    Which detector lies in front is a habit, so that its number comes last; 1 is also that of an object's only one, and tells nothing then.
    """
    coded = _coded(detector)
    if coded.view:
        return coded
    several = (fields.integer("NumberOfDetectors") or 1) > 1
    number = {1: "anterior" if several else "", 2: "posterior"}.get(detectors[0], "") if detectors else ""
    named = [_Told(view, keyword) for keyword in _NAMES if (view := _named(fields.text(keyword)))]
    turned = _BY_DIRECTION.get("".join(direction), "")
    told = [*([_Told(turned, _ORIENTATION)] if turned else ()), *named, *([_Told(number, _DETECTOR)] if number else ())]
    if not told:
        return _Told()
    against = next((one.source for one in told if one.view != told[0].view), None)
    note = f"{against} contradicts {told[0].source} as to the view; the image was taken as {told[0].view}" if against else ""
    return replace(told[0], note=note)


def _named(text: str | None) -> str:
    """``anterior`` or ``posterior`` where a text names just one of them.

    A short word counts only where nothing follows it but other words for the scan, and no time precedes it.

    >>> [_named(text) for text in ("WB_POST", "POST view 2", "WB POST SURGERY", "WB BONE 3HR POST", "POST OP POSTERIOR")]
    ['posterior', 'posterior', '', '', 'posterior']
    """
    words = [word.rstrip("0123456789") or word for word in re.findall(r"\d+[A-Z]*|[A-Z]+\d*", (text or "").upper())]
    found = {_WORDS[word] for word in words if word in _WORDS}
    for place, word in enumerate(words):
        if word in _SHORT and not _ends_in_time(words[:place]) and all(map(_is_of_scan, words[place + 1 :])):
            found.add(_SHORT[word])
    return found.pop() if len(found) == 1 else ""


def _ends_in_time(words: Sequence[str]) -> bool:
    """Whether the last word is a number, or one with a unit."""
    if not words:
        return False
    return words[-1][0].isdigit() or (len(words) > 1 and words[-2].isdigit() and bool(_UNITS.fullmatch(words[-1])))


def _is_of_scan(word: str) -> bool:
    return word in _OF_A_SCAN or word in _WORDS or word in _SHORT or word.isdigit()


def _directions(fields: Fields, detector: Fields | None) -> tuple[str, ...]:
    """Where rows and columns run to: R or L, and H or F; empty where nothing says, or they run otherwise."""
    stated = _of_detector(detector)
    return _upright(tuple(fields.texts("PatientOrientation"))) if stated is None else stated


def _of_detector(detector: Fields | None) -> tuple[str, ...] | None:
    """The same of a detector alone; None where it states no orientation."""
    cosines = None if detector is None else detector.vector("ImageOrientationPatient", 6)
    return _upright((_letter(cosines[:3]), _letter(cosines[3:]))) if cosines else None


def _upright(stated: tuple[str, ...]) -> tuple[str, ...]:
    return stated if len(stated) == 2 and stated[0] in ("R", "L") and stated[1] in ("H", "F") else ()


def _letter(cosines: Vector) -> str:
    if abs(cosines[0]) >= _ALONG_AN_AXIS:
        return "L" if cosines[0] > 0 else "R"
    if abs(cosines[2]) >= _ALONG_AN_AXIS:
        return "H" if cosines[2] > 0 else "F"
    return ""


def _seconds(date: str | None, time: str | None) -> float | None:
    """Seconds from a fixed day on; fractions are left out.

    PS3.5 section 6.2: a time may end after its hours or minutes. ``strptime`` would take the digits of 0815 for three numbers.
    """
    parts = re.fullmatch(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d*)?)?)?", (time or "").replace(":", ""))
    if parts is None or not re.fullmatch(r"\d{8}", date or ""):
        return None
    hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    try:
        day = datetime.strptime(str(date), "%Y%m%d")
    except ValueError:
        return None
    if hours > 23 or minutes > 59 or seconds > 60:  # 60 is a leap second
        return None
    return (day - datetime(1970, 1, 1)).total_seconds() + 3600 * hours + 60 * minutes + seconds
