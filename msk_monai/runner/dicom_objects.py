"""Adding DICOM objects to a recorded result; whatever befalls them, the result stays."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msk_monai.dicom.files import kind_of
from msk_monai.dicom.source import one_series
from msk_monai.dicom.study import default_workers
from msk_monai.dicom.whole_body import views_of, why_not_whole_body
from msk_monai.errors import DataError
from msk_monai.records import Result, Status
from msk_monai.runner.case import Case
from msk_monai.runner.faults import log_fault

NO_SOURCE = "the image is no DICOM: there is no study to refer to"
KINDS = ("dicom_sr", "dicom_seg", "dicom_sc")
"""Of outputs."""


def lacks_objects(result: Result, case: Case) -> bool:
    """Whether a recorded result has an answer, but no DICOM objects that could be made, or no word about that they cannot."""
    if result.findings.status not in (Status.OK, Status.FLAGGED) or "dicom_sr" in result.outputs:
        return False
    return result.dicom_reason != NO_SOURCE or _is_dicom(case)


def failed_objects(result: Result) -> bool:
    """Whether DICOM objects were asked for, could have been made, and were not."""
    return result.dicom_reason not in (None, NO_SOURCE)


def with_objects(result: Result, case: Case, *, out: Path, unfinished: Path) -> Result:
    """Write a result's DICOM objects and name them in its outputs, or say why there are none.

    Args:
        result: of the case.
        case: its images.
        out: the output folder, with the files that the result names.
        unfinished: an empty folder on the same file system.

    Returns:
        The result with the files, or with ``dicom_reason``.
    """
    if result.findings.status not in (Status.OK, Status.FLAGGED):
        return result
    outputs = {kind: path for kind, path in result.outputs.items() if kind not in KINDS}
    recorded = replace(Result.from_json(result.to_json()), outputs=outputs, dicom_reason=None)  # the very numbers of the record
    if not _is_dicom(case):
        return replace(recorded, dicom_reason=NO_SOURCE)
    try:
        written = _write(recorded, case, out, unfinished)
    except DataError as fault:
        return replace(recorded, dicom_reason=str(fault))
    except Exception as fault:  # pydicom's and highdicom's may quote the header: their words go nowhere
        log_fault(fault, case.name, out, texts=False)
        return replace(recorded, dicom_reason=f"they could not be made ({type(fault).__name__}); errors.log says where")
    return replace(recorded, outputs={**outputs, **written})


def _is_dicom(case: Case) -> bool:
    return bool(case.files) and all(kind_of(Path(path)) == "dicom" for path in case.files)


def _write(result: Result, case: Case, out: Path, unfinished: Path) -> dict[str, str]:
    from msk_monai.report.dicom_objects import write_objects  # highdicom: only those wait for it who ask for it
    from msk_monai.report.dicom_source import read_source

    files = write_objects(
        result,
        read_source(case.files, case.beside),
        out=out,
        folder=unfinished,
        name=case.file_stem(result.bundle.name),
        views=_views(case.files),
    )
    written = {}
    for kind, path in files.items():
        relative = path.relative_to(unfinished)
        (out / relative).parent.mkdir(parents=True, exist_ok=True)
        path.replace(out / relative)
        written[kind] = relative.as_posix()
    return written


def _views(files: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Object and frame, from 1, of each view of a whole-body scan; empty for any other image."""
    if len(files) > 2:
        return {}  # it is a stack: its headers need not be read again
    series, _ = one_series([Path(path) for path in files], workers=default_workers())
    if why_not_whole_body(series) is not None:
        return {}
    frames = [(instance.sop_uid, number) for instance in series.instances for number in range(1, len(instance.frames) + 1)]
    views = views_of(series)
    return {name: frames[place] for name, place in zip(views.names, views.frames, strict=True)}
