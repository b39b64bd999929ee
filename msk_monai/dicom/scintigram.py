"""What an NM image's header says of its frames: view, detector, energy window, direction, time.

DICOM PS3.3 sections C.8.4.8 (frames are counted by vectors, DetectorVector and EnergyWindowVector among them), C.8.4.10 (energy windows)
and C.8.4.11 (an item for each detector, with its ViewCodeSequence by CID 26 and perhaps its ImageOrientationPatient).
"""

import re
from collections.abc import Sequence
from datetime import datetime

from msk_monai.dicom.fields import Fields
from msk_monai.dicom.instance import Scintigram, SeriesHeader, Vector

_CODES = {"399321004": "anterior", "G-5215": "anterior", "399001007": "posterior", "G-5216": "posterior"} | {
    "255549009": "anterior", "R-404CC": "anterior", "255551008": "posterior", "R-404CE": "posterior",
}  # fmt: skip
"""SNOMED CT and SNOMED RT codes: those of CID 26, and the bare adjectives that some cameras write instead."""
_ANTERIOR = re.compile(r"\b(?:ANT(?:ERIOR)?|VENTRAL)\b")
_POSTERIOR = re.compile(r"\b(?:POST(?:ERIOR)?(?!\W*(?:INJ|THER|OP|TX|DOSE|VOID))|DORSAL)\b")
"""POST before these words tells a time."""
_NAMES = ("ViewPosition", "ImageID", "SeriesDescription")
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
    told = [_view(fields, detector, direction, alone=count == 1) for detector, direction in zip(own, directions, strict=True)]
    windows = (fields.integer("NumberOfEnergyWindows") or 1, len(set(_vector(fields, "EnergyWindowVector", count))))
    return Scintigram(
        views=tuple(view for view, _ in told),
        sources=tuple(source for _, source in told),
        detectors=detectors,
        energy_windows=max(windows),
        directions=directions,
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


def _view(fields: Fields, detector: Fields | None, directions: tuple[str, ...], *, alone: bool) -> tuple[str, str]:
    """The view of a frame, and the element that tells it; empty where none does.

    What names the whole object tells the view of a frame that is alone in it.
    """
    coded = None if detector is None else detector.item("ViewCodeSequence")
    if coded is not None:
        value, meaning = coded.text("CodeValue"), coded.text("CodeMeaning")
        view = _CODES.get(value or "") or _named(meaning)
        if view or value or meaning:
            return view or "other", "ViewCodeSequence"
    if not alone:
        return "", ""
    for keyword in _NAMES:
        if view := _named(fields.text(keyword)):
            return view, keyword
    # rows and columns span the image as the camera sees it, so that their cross product points away from the camera
    view = {"LF": "anterior", "RH": "anterior", "RF": "posterior", "LH": "posterior"}.get("".join(directions), "")
    return (view, "the image's orientation") if view else ("", "")


def _named(text: str | None) -> str:
    """``anterior`` or ``posterior`` where a text names just one of them."""
    words = re.sub(r"[_\d]+", " ", (text or "").upper())
    anterior, posterior = bool(_ANTERIOR.search(words)), bool(_POSTERIOR.search(words))
    if anterior == posterior:
        return ""
    return "anterior" if anterior else "posterior"


def _directions(fields: Fields, detector: Fields | None) -> tuple[str, ...]:
    """Where rows and columns run to: R or L, and H or F; empty where nothing says, or they run otherwise."""
    cosines = None if detector is None else detector.vector("ImageOrientationPatient", 6)
    stated = (_letter(cosines[:3]), _letter(cosines[3:])) if cosines else tuple(fields.texts("PatientOrientation"))
    return stated if len(stated) == 2 and stated[0] in ("R", "L") and stated[1] in ("H", "F") else ()


def _letter(cosines: Vector) -> str:
    if abs(cosines[0]) >= _ALONG_AN_AXIS:
        return "L" if cosines[0] > 0 else "R"
    if abs(cosines[2]) >= _ALONG_AN_AXIS:
        return "H" if cosines[2] > 0 else "F"
    return ""


def _seconds(date: str | None, time: str | None) -> float | None:
    """Seconds from a fixed day on (PS3.5 section 6.2, DA and TM); fractions are left out."""
    try:
        return (datetime.strptime(f"{date}{(time or '')[:6]}", "%Y%m%d%H%M%S") - datetime(1970, 1, 1)).total_seconds()
    except ValueError:
        return None
