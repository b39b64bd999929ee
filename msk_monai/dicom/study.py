"""Index a folder by headers alone: patients, their studies, and the series in them."""

import filecmp
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msk_monai.dicom.files import kind_of, walk
from msk_monai.dicom.header import read_header
from msk_monai.dicom.instance import Header, Instance, SeriesHeader
from msk_monai.dicom.mat_scans import read_mat_header
from msk_monai.dicom.orientations import plane_names
from msk_monai.dicom.quiet import quiet_pydicom
from msk_monai.dicom.volumes import read_nifti_header, read_raster_header
from msk_monai.dicom.weighting import Weighting, weighting
from msk_monai.dicom.whole_body import paired_views
from msk_monai.errors import DataError, GeometryError
from msk_monai.geometry.stack import ORIENTATION_TOLERANCE, checked_orientation, stacking_direction

VOLUME_MODALITIES = frozenset({"CT", "MR", "PT"})
"""Modalities whose images are slices of the patient: without a position they are faulty, while any other image then stands alone."""
_MAX_WORKERS = 8


@dataclass(frozen=True, kw_only=True)
class Series(SeriesHeader):
    """Images that belong together: a DICOM series, one radiograph of it, a whole-body scan's two views, or a file of another format.

    Attributes:
        key: unique within an index: the Series Instance UID (with the SOP Instance UID of a radiograph that shares its series with
            others; both keys of two views), or the path of a file that has none.
        format: ``dicom``, ``nifti``, ``raster`` or ``mat``.
        instances: its files, in no particular order.
        notes: what was left out, and why.
    """

    key: str
    format: str
    instances: tuple[Instance, ...]
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files: what ``SeriesReader`` takes."""
        return tuple(instance.path for instance in self.instances)

    @property
    def name(self) -> str:
        """Its description, or the name of its file."""
        return self.description or self.instances[0].path.name

    @property
    def subject(self) -> str:
        """What a message about it names: its Series Instance UID, or its first file."""
        return self.series_uid or self.instances[0].path.name

    @property
    def n_slices(self) -> int:
        """Number of image planes, localizers among them left out."""
        return sum(len(instance.frames) for instance in self._images)

    @property
    def orientation(self) -> str | None:
        """``axial``, ``sagittal``, ``coronal`` or ``oblique``; None where it is unknown, faulty or mixed."""
        names = self.orientations
        return names[0] if len(names) == 1 else None

    @property
    def orientations(self) -> tuple[str, ...]:
        """Names of its planes: one, also of blocks tilted one by one; several where they are mixed; none where unknown or faulty."""
        return plane_names([frame.orientation for instance in self._images for frame in instance.frames], modality=self.modality)

    @property
    def weighting(self) -> str | None:
        """``T1``, ``T2``, ``PD``, ... (see ``dicom.weighting.WEIGHTINGS``); None where nothing says, or for what is no MR."""
        found = self.weighting_and_source
        return None if found is None else found.name

    @property
    def weighting_and_source(self) -> Weighting | None:
        """The weighting, and whether times or a name tell it."""
        if self.modality not in (None, "MR"):
            return None
        return weighting(
            self.description,
            self.protocol,
            echo_time=self.echo_time,
            repetition_time=self.repetition_time,
            inversion_time=self.inversion_time,
            sequence=self.sequence,
        )

    @property
    def extent(self) -> tuple[float, float] | None:
        """Positions in mm of the first and last plane along the slices' normal; None where that is unknown."""
        normal = self._normal
        positions = [frame.position for instance in self._images for frame in instance.frames]
        if normal is None or any(position is None for position in positions):
            return None
        offsets = np.asarray(positions, dtype=np.float64) @ normal
        return (float(offsets.min()), float(offsets.max())) if np.all(np.isfinite(offsets)) else None

    @property
    def extent_mm(self) -> float | None:
        """Distance in mm from the first to the last plane along their normal; None where that is unknown."""
        extent = self.extent
        return None if extent is None else extent[1] - extent[0]

    @property
    def spacing_between_slices(self) -> float | None:
        """Mean distance in mm of neighbouring planes; None where that is unknown."""
        length, count = self.extent_mm, self.n_slices
        return length / (count - 1) if length and count > 1 else None

    @property
    def normal(self) -> tuple[float, float, float] | None:
        """Unit vector (LPS) along which slices are counted; None where it is unknown or differs between planes."""
        normal = self._normal
        return None if normal is None else (float(normal[0]), float(normal[1]), float(normal[2]))

    @property
    def stands_alone(self) -> bool:
        """Whether its images are radiographs or views, one by one, instead of slices that make up a volume."""
        frames = [(instance.frames_are, frame.position) for instance in self.instances for frame in instance.frames]
        placed = any(kind == "slice" and position is not None for kind, position in frames)
        return self.format in ("raster", "mat") or (self.format == "dicom" and self.modality not in VOLUME_MODALITIES and not placed)

    @property
    def _images(self) -> list[Instance]:
        images = [instance for instance in self.instances if instance.frames]
        slices = [instance for instance in images if not instance.is_localizer]
        return slices or images

    @property
    def _normal(self) -> np.ndarray | None:
        orientations = [frame.orientation for instance in self._images for frame in instance.frames]
        if not orientations or any(orientation is None for orientation in orientations):
            return None
        cosines = np.asarray(orientations, dtype=np.float64)
        if not np.max(np.abs(cosines - cosines[0])) < ORIENTATION_TOLERANCE:  # so written, NaN is no agreement either
            return None
        try:
            return stacking_direction(checked_orientation(cosines[0]))
        except GeometryError:
            return None


@dataclass(frozen=True, kw_only=True)
class Study:
    """Series that share a Study Instance UID; a file without one is a study of its own."""

    uid: str
    patient: str
    series: tuple[Series, ...]


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Studies of one patient. ``key`` counts patients within one index and says nothing about who they are."""

    key: str
    studies: tuple[Study, ...]


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A file that should have been an image, and why it is none."""

    path: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """What a folder holds."""

    root: Path
    patients: tuple[Patient, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def studies(self) -> tuple[Study, ...]:
        """All studies of all patients."""
        return tuple(study for patient in self.patients for study in patient.studies)

    @property
    def series(self) -> tuple[Series, ...]:
        """All series of all studies."""
        return tuple(series for study in self.studies for series in study.series)


@dataclass(frozen=True)
class _Read:
    kind: str
    header: Header


def index_folder(path: Path, *, workers: int | None = None) -> Index:
    """Index a file or a folder of any depth by its files' headers.

    Args:
        path: a file, a folder or a DICOMDIR (which stands for its folder).
        workers: threads that read headers; default: one per core, at most 8.

    Raises:
        FileNotFoundError: there is nothing at the path.
    """
    return index_files(walk(Path(path)), root=Path(path), workers=workers)


def index_files(paths: Iterable[Path], *, root: Path, workers: int | None = None) -> Index:
    """Index the files given; see ``index_folder``.

    Args:
        paths: files.
        root: what the index is said to be of.
        workers: threads that read headers.
    """
    with quiet_pydicom(), ThreadPoolExecutor(workers or default_workers()) as pool:
        results = [result for result in pool.map(_read, paths) if result is not None]
    unreadable = tuple(result for result in results if isinstance(result, Unreadable))
    return Index(root=root, patients=_patients([result for result in results if isinstance(result, _Read)]), unreadable=unreadable)


def default_workers() -> int:
    """Threads used where none are asked for: the cores this process may use, at most 8."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MAX_WORKERS)


def _read(path: Path) -> _Read | Unreadable | None:
    kind = kind_of(path)
    if kind is None:
        return None
    try:
        header = {"dicom": read_header, "nifti": read_nifti_header, "raster": read_raster_header, "mat": read_mat_header}[kind](path)
    except DataError as error:
        return Unreadable(path=path, reason=error.message)
    except OSError as error:
        return Unreadable(path=path, reason=f"cannot be opened ({error.strerror})")
    return None if header is None else _Read(kind, header)


def _patients(reads: Sequence[_Read]) -> tuple[Patient, ...]:
    by_patient: dict[str, list[_Read]] = defaultdict(list)
    for read in reads:
        by_patient[read.header.patient].append(read)
    return tuple(
        Patient(key=f"patient-{number}", studies=_studies(f"patient-{number}", members))
        for number, members in enumerate(by_patient.values(), start=1)
    )


def _studies(patient: str, reads: Sequence[_Read]) -> tuple[Study, ...]:
    by_study: dict[str, list[_Read]] = defaultdict(list)
    for read in reads:
        by_study[read.header.series.study_uid or str(read.header.instance.path)].append(read)
    return tuple(
        Study(uid=members[0].header.series.study_uid, patient=patient, series=paired_views(_series(members)))
        for members in by_study.values()
    )


def _series(reads: Sequence[_Read]) -> tuple[Series, ...]:
    by_series: dict[str, list[_Read]] = defaultdict(list)
    for read in reads:
        by_series[read.header.series.series_uid or str(read.header.instance.path)].append(read)
    found: list[Series] = []
    for key, members in by_series.items():
        # an image whose ImageType differs (a localizer) must not speak for the series
        described = next((read for read in members if not read.header.instance.is_localizer), members[0])
        instances, notes = _without_copies([read.header.instance for read in members])
        series = Series(**vars(described.header.series), key=key, format=described.kind, instances=instances, notes=notes)
        found.extend(_apart(series, {read.header.instance.path: read.header.series for read in members}))
    return tuple(found)


def _apart(series: Series, headers: dict[Path, SeriesHeader]) -> list[Series]:
    """Radiographs that share a series are examinations of their own: one series each."""
    if not series.stands_alone or len(series.instances) == 1:
        return [series]
    return [
        replace(series, **vars(headers[instance.path]), key=f"{series.key}/{instance.sop_uid}", instances=(instance,))
        for instance in series.instances
    ]


def _without_copies(instances: Sequence[Instance]) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
    """Leave out files that are byte for byte another one; what merely shares a UID stays, for the reader to judge."""
    kept: list[Instance] = []
    by_uid: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        twins = by_uid[instance.sop_uid]
        if instance.sop_uid and any(filecmp.cmp(instance.path, twin.path, shallow=False) for twin in twins):
            continue
        twins.append(instance)
        kept.append(instance)
    copies = len(instances) - len(kept)
    return tuple(kept), (f"{copies} files are exact copies of others and were left out",) if copies else ()
