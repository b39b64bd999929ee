"""``msk-monai convert``."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msk_monai.cli.console import ExitCode, say
from msk_monai.errors import DataError, UnsuitableImageError

if TYPE_CHECKING:
    from msk_monai.datasets.films import Converted, FilmFolder
    from msk_monai.datasets.knees import FilmHeader
    from msk_monai.dicom.instance import Instance
    from msk_monai.dicom.study import Series


class DataFormat(StrEnum):
    """Layouts that can be read."""

    VERTEBRA_LABELS = "vertebra_labels"
    SPINE_POLYGONS = "spine_polygons"
    SPINE_CHANNELS = "spine_channels"
    AASCE = "aasce"
    KNEE_JSON = "knee_json"
    KNEE_ARRAYS = "knee_arrays"
    LANDMARK_CSV = "landmark_csv"
    LUMBAR_MRI_JSON = "lumbar_mri_json"
    BONE_SCAN_MAT = "bone_scan_mat"


_OPTIONS = {
    DataFormat.VERTEBRA_LABELS: {"share"},
    DataFormat.SPINE_POLYGONS: {"levels", "validation", "seed"},
    DataFormat.SPINE_CHANNELS: {"levels", "validation", "seed"},
    DataFormat.AASCE: set(),
    DataFormat.KNEE_JSON: {"validation", "seed"},
    DataFormat.KNEE_ARRAYS: {"validation", "seed"},
    DataFormat.LANDMARK_CSV: {"validation", "seed"},
    DataFormat.LUMBAR_MRI_JSON: {"seed"},
    DataFormat.BONE_SCAN_MAT: {"validation", "seed", "patient"},
}
"""Which options belong to which format."""


def convert(
    data_format: Annotated[DataFormat, typer.Argument(metavar="FORMAT", help="The layout of the data: see above.")],
    source: Annotated[Path, typer.Argument(exists=True, help="Where the data are.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the datalist.json, and for label maps.")],
    share: Annotated[float | None, typer.Option(min=0, help="vertebra_labels: how often training draws each item. Default: 1.")] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            help="spine_*: the vertebrae of the label maps, numbered from 1; of spine_channels, its channels. Default: T12,L1,…,L5."
        ),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="spine_*, knee_*, landmark_csv, bone_scan_mat: share of the films that go into validation, by patient; of "
            "bone_scan_mat by scan, unless --patient is given. Default: 0.2.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="All but vertebra_labels and aasce: another seed splits otherwise. Default: 0."),
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(
            help="bone_scan_mat: a regular expression for the patient in a file's name, such as '^(P[0-9]+)_'; its first group counts. "
            "Default: none, and scans of one patient cannot be told apart."
        ),
    ] = None,
) -> None:
    """Turn another layout of data into a datalist.json. Files that cannot be used are named and left out.

    vertebra_labels: CTs with label maps; SOURCE is their cases.json.

    spine_polygons: DICOM radiographs, each with a JSON of the same name: polygons of vertebrae (labelme's form, or plain
    {"L4": [[x, y], ...]}), and under 'angle' and 'distance' what is known of L4-L5.

    spine_channels: DICOM radiographs, each with a .mat of the same name: rows x columns x channels, background first, values 0 and 1
    or 0 and 255.

    aasce: the AASCE challenge's folders data and labels, with .mat or csv files; its test films become the validation list.

    knee_json: DICOM, PNG or JPEG radiographs of a knee, each with a JSON of the same name: eight points in pairs (labelme's form,
    {"points": [[x, y], ...]}, or by number or name), the ends of the femoral condylar width, the tibial plateau width, the lateral and
    the medial joint space; or all sixteen points by name.

    knee_arrays: DICOM, PNG or JPEG radiographs of a knee, and one .npz, or .npy files, with label (N x 8 x 2, on films resized to 512),
    reduce_ratio, pixel_spacing and perhaps names.

    landmark_csv: DICOM, PNG or JPEG radiographs of knees, and CSV files with sixteen points: a row for each knee or for each point, told
    by file or by ID and SIDE.

    lumbar_mri_json: axial MR images of lumbar discs below H01/PATIENT, H02/PATIENT, …, each with a JSON of the same name, beside it or in
    a tree of its own: the disc level, whether it is symptomatic, age, sex, canal width. Six patients in ten go into training, two into
    validation, two into testing.

    bone_scan_mat: whole-body bone scans as .mat files (version 5 to 7.3): V, rows x columns x 2 counts (anterior, posterior), and
    diaginfo with kneejointid, [right, left]. The last 40 by name go into testing, at most half; the others are split by scan or,
    with --patient, by patient, who is then in one of the lists only.
    """
    given = {"share": share, "levels": levels, "validation": validation, "seed": seed, "patient": patient}
    options = {name: value for name, value in given.items() if value is not None}
    foreign = sorted(options.keys() - _OPTIONS[data_format])
    if foreign:
        raise typer.BadParameter(f"{data_format.value} knows no {', '.join(f'--{name}' for name in foreign)}")
    converted = _converted(data_format, source, out, options)
    for file, reason in converted.skipped:
        say(f"left out: {file}: {reason}")
    for file, note in converted.notes:
        say(f"note: {file}: {note}")
    if data_format is DataFormat.BONE_SCAN_MAT and patient is None:
        say("note: split by scan: without --patient, scans of one patient cannot be told apart and may be in several lists")
    counts = {section: len(converted.content.get(section, ())) for section in ("training", "validation", "testing")}
    if not any(counts.values()):
        raise UnsuitableImageError(f"nothing in it could be read as {data_format.value}", subject=str(source))
    target = _write(converted, out)
    told = ", ".join(f"{count} {section}" for section, count in counts.items() if count)
    print(f"{sum(counts.values())} cases ({data_format.value}) in {target}: {told}")
    if converted.skipped:
        raise typer.Exit(ExitCode.SOME_FAILED)


def _write(converted: "Converted", out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    target = out / "datalist.json"
    target.write_text(json.dumps(converted.content, indent=1), encoding="utf-8")
    return target


def _converted(data_format: DataFormat, source: Path, out: Path, options: dict[str, Any]) -> "Converted":
    from msk_monai.datasets.films import Converted

    match data_format:
        case DataFormat.VERTEBRA_LABELS:
            from msk_monai.datasets.vertebra_labels import vertebra_datalist

            return Converted(vertebra_datalist(source, **options))
        case DataFormat.AASCE:
            from msk_monai.datasets.aasce import aasce_datalist

            return aasce_datalist(_films(source, "raster"), out)
        case DataFormat.KNEE_JSON | DataFormat.KNEE_ARRAYS | DataFormat.LANDMARK_CSV:
            return _converted_knees(data_format, source, out, **options)
        case DataFormat.LUMBAR_MRI_JSON:
            return _converted_lumbar_mri(source, out, **options)
        case DataFormat.BONE_SCAN_MAT:
            return _converted_bone_scans(source, out, **options)
        case DataFormat.SPINE_POLYGONS:
            from msk_monai.datasets.spine_polygons import spine_polygon_datalist

            return spine_polygon_datalist(_films(source, "dicom"), out, **_film_options(**options))
        case DataFormat.SPINE_CHANNELS:
            from msk_monai.datasets.spine_channels import spine_channel_datalist

            return spine_channel_datalist(_films(source, "dicom"), out, **_film_options(**options))


def _converted_knees(data_format: DataFormat, source: Path, out: Path, *, validation: float = 0.2, seed: int = 0) -> "Converted":
    from msk_monai.datasets.knee_arrays import knee_arrays_datalist
    from msk_monai.datasets.knee_json import knee_json_datalist
    from msk_monai.datasets.landmark_csv import landmark_csv_datalist

    readers = {
        DataFormat.KNEE_JSON: knee_json_datalist,
        DataFormat.KNEE_ARRAYS: knee_arrays_datalist,
        DataFormat.LANDMARK_CSV: landmark_csv_datalist,
    }
    folder = _films(source, "dicom", "raster")
    return readers[data_format](folder, out, headers=_film_headers(folder), validation=validation, seed=seed)


def _converted_lumbar_mri(source: Path, out: Path, *, seed: int = 0) -> "Converted":
    """Only images with a JSON are read: most series of a study have none."""
    from msk_monai.datasets.lumbar_mri_folders import pair_in_hospitals
    from msk_monai.datasets.lumbar_mri_json import FOLDER_OF_LINKS, lumbar_mri_datalist
    from msk_monai.dicom.files import kind_of, walk

    _require_folder(source)
    own = (out / FOLDER_OF_LINKS).resolve()  # what an earlier run may have left
    files = tuple(path for path in walk(source) if not path.resolve().is_relative_to(own))
    images = [path for path in files if kind_of(path) == "dicom"]
    labels = [path for path in files if path.suffix.lower() == ".json" and path.name != "datalist.json"]
    pairs = pair_in_hospitals(source, images, labels)
    return lumbar_mri_datalist(_film_folder(source, files, [image for image, _ in pairs.pairs]), pairs, out, seed=seed)


def _converted_bone_scans(source: Path, out: Path, *, validation: float = 0.2, seed: int = 0, patient: str | None = None) -> "Converted":
    import re

    from msk_monai.datasets.bone_scan_mat import bone_scan_datalist

    try:
        re.compile(patient or "")
    except re.error as fault:
        raise typer.BadParameter(f"expected a regular expression as --patient, got {patient!r} ({fault})") from None
    return bone_scan_datalist(_films(source, "mat"), out, validation=validation, seed=seed, patient=patient)


def _film_options(*, levels: str | None = None, validation: float = 0.2, seed: int = 0) -> dict[str, Any]:
    """Options as the readers take them; an option that names no vertebra is a wrong command."""
    from msk_monai.anatomy import SPINE
    from msk_monai.datasets.films import LUMBAR

    names = LUMBAR if levels is None else tuple(name.strip().upper() for name in levels.split(","))
    if not set(names) <= {level.name for level in SPINE} or len(set(names)) < len(names):
        raise typer.BadParameter(f"expected --levels such as {','.join(LUMBAR)}, got {levels!r}")
    return {"levels": names, "validation": validation, "seed": seed}


def _films(source: Path, *kinds: str) -> "FilmFolder":
    """The radiographs (``dicom``), pictures (``raster``) or scans (``mat``) of a folder, each decoded once to see that it is whole."""
    from msk_monai.dicom.files import kind_of, walk

    _require_folder(source)
    files = tuple(walk(source))
    return _film_folder(source, files, [path for path in files if kind_of(path) in kinds])


def _require_folder(source: Path) -> None:
    if not source.is_dir():
        raise typer.BadParameter(f"expected a folder as SOURCE, got {source}")


def _film_folder(source: Path, files: tuple[Path, ...], candidates: list[Path]) -> "FilmFolder":
    """What candidates for films are; the other files are as they are."""
    from msk_monai.datasets.films import Film, FilmFolder
    from msk_monai.dicom.study import index_files

    index = index_files(candidates, root=source)
    faults = dict.fromkeys(candidates, "is an exact copy of another file")  # as the index leaves those out
    faults |= {one.path: one.reason for one in index.unreadable}
    films = []
    for patient in index.patients:
        for series in (series for study in patient.studies for series in study.series):
            for instance in series.instances:
                del faults[instance.path]
                fault = _fault(series, instance)
                if fault:
                    faults[instance.path] = fault
                else:
                    films.append(Film(path=instance.path, rows=instance.rows, columns=instance.columns, patient=patient.key))
    return FilmFolder(root=source, films=tuple(sorted(films, key=lambda film: film.path)), faults=faults, files=files)


def _film_headers(folder: "FilmFolder") -> "dict[Path, FilmHeader]":
    """What the DICOM films of a folder say of their pixel spacing and of the side they show."""
    from msk_monai.datasets.knees import FilmHeader, side_of
    from msk_monai.dicom.files import kind_of
    from msk_monai.dicom.header import read_header
    from msk_monai.dicom.quiet import quiet_pydicom
    from msk_monai.dicom.spacing import pixel_size

    headers = {}
    for film in folder.films:
        with quiet_pydicom():
            header = read_header(film.path) if kind_of(film.path) == "dicom" else None
        if header is not None:
            size = pixel_size(header.instance, header.series.modality).rows_columns
            side = side_of(header.instance.laterality or header.series.laterality)
            headers[film.path] = FilmHeader(spacing_mm=None if size is None else (size[1], size[0]), side=side)
    return headers


def _fault(series: "Series", instance: "Instance") -> str | None:
    """Why an image is no whole radiograph, or MATLAB file of counts; None where it is one."""
    import numpy as np

    from msk_monai.dicom.decode import decode_frame
    from msk_monai.dicom.mat_scans import read_counts
    from msk_monai.dicom.quiet import quiet_pydicom
    from msk_monai.dicom.volumes import read_raster

    if series.format != "mat" and len(instance.frames) != 1:
        return f"expected one image, got {len(instance.frames)}"
    try:
        if series.format == "raster":
            read_raster(instance.path)
            return None
        with quiet_pydicom():
            if series.format == "mat":
                read_counts(instance.path)
                return None
            decode_frame(instance, 0, modality=series.modality, out=np.empty((instance.rows, instance.columns), dtype=np.float32))
    except DataError as fault:
        return fault.message
    return None
