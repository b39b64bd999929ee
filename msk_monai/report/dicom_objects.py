"""A recorded case as DICOM objects of the patient's study: a report, the label map, the key picture.

They are made of what a run records (its line of ``results.jsonl`` and the files that the line names) and of the images' headers, so that
they can be added to a run that was made without them.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from pydicom.dataset import Dataset

from msk_monai.errors import DicomOutputError
from msk_monai.records import Result
from msk_monai.report.dicom_origin import Origin
from msk_monai.report.dicom_sc import secondary_capture
from msk_monai.report.dicom_seg import LabelMap, Segments, segmentation
from msk_monai.report.dicom_source import DicomSource
from msk_monai.report.dicom_sr import Report
from msk_monai.report.discreet import discreet

FOLDER = "dicom"
REPORT, LABELS, PICTURE = "dicom_sr", "dicom_seg", "dicom_sc"
"""Their kinds in a result's outputs."""


def write_objects(
    result: Result,
    source: DicomSource,
    *,
    out: Path,
    folder: Path,
    name: str,
    views: Mapping[str, tuple[str, int]] | None = None,
) -> dict[str, Path]:
    """Write ``dicom/<name>/report.dcm`` and, where the case has them, ``segmentation.dcm`` and ``overlay.dcm``.

    Args:
        result: as it is recorded: numbers are taken from here as they are.
        source: the case's images.
        out: the output folder, in which the files lie that the result names.
        folder: where to write.
        name: of the case's own folder.
        views: where the views of a scan are, by their names: SOP Instance UID and number of the frame.

    Returns:
        The files by kind.

    Raises:
        DicomOutputError: a file that the result names is missing or unfit, or the label map lies on none of the images.
    """
    with discreet():
        return _write_all(Origin(result, source), out, folder / FOLDER / name, views or {})


def _write_all(origin: Origin, out: Path, place: Path, views: Mapping[str, tuple[str, int]]) -> dict[str, Path]:
    result = origin.result
    segments = _segments(origin, out)
    report = Report(origin, segments, level_images=_level_images(result, out), views=views)
    objects: dict[str, tuple[str, Dataset]] = {REPORT: ("report.dcm", report.document())}
    if segments is not None:
        objects[LABELS] = ("segmentation.dcm", segments.dataset)
    if "overlay" in result.outputs:
        objects[PICTURE] = ("overlay.dcm", secondary_capture(_recorded(result, "overlay", out), origin))
    place.mkdir(parents=True, exist_ok=True)
    for file_name, dataset in objects.values():
        dataset.save_as(place / file_name, enforce_file_format=True)
    return {kind: place / file_name for kind, (file_name, _) in objects.items()}


def _segments(origin: Origin, out: Path) -> Segments | None:
    if "label_map" not in origin.result.outputs:
        return None
    return segmentation(LabelMap.read(_recorded(origin.result, "label_map", out)), origin)


def _level_images(result: Result, out: Path) -> dict[str, str]:
    """The image nearest to each disc's middle, as the table of slices tells (:class:`msk_monai.report.SliceTable`)."""
    if "slices" not in result.outputs:
        return {}
    nearest: dict[str, tuple[float, str]] = {}
    with _recorded(result, "slices", out).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("logit") and row.get("level") and row.get("sop_instance_uid"):
                candidate = (abs(float(row["offset"])), row["sop_instance_uid"])
                nearest[row["level"]] = min(nearest.get(row["level"], candidate), candidate)
    return {level: uid for level, (_, uid) in nearest.items()}


def _recorded(result: Result, kind: str, out: Path) -> Path:
    path = out / result.outputs[kind]
    if not path.is_file():
        raise DicomOutputError(f"expected the {kind} of the case at {result.outputs[kind]}, got nothing there")
    return path
