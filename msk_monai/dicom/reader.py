"""Read one series, radiograph, NIfTI volume, picture or MATLAB file of counts through MONAI's ``LoadImaged(reader=SeriesReader())``."""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

from msk_monai.dicom.decode import decode_frame
from msk_monai.dicom.mat_scans import read_counts
from msk_monai.dicom.planes import Plane, place_series, planes_of, require_pixels
from msk_monai.dicom.quiet import quiet_pydicom
from msk_monai.dicom.source import one_series
from msk_monai.dicom.spacing import pixel_size
from msk_monai.dicom.study import Series, default_workers
from msk_monai.dicom.volumes import read_nifti, read_raster
from msk_monai.geometry import flip_lps_ras, spacing_of
from msk_monai.geometry.stack import stack_affine, stacking_direction

Meta = dict[str, Any]
Slices = slice | Sequence[int] | None
_FRAMES = "the third axis counts frames, not slices: it has no millimetres"


class SeriesReader(ImageReader):
    """MONAI reader of one series, by the geometry its headers state or not at all.

    Used as ``LoadImaged(keys, reader=SeriesReader(), ensure_channel_first=True)`` on a folder, a file, or the files of one series
    (``Series.paths``). Volumes come as float32 with axes (i = column, j = row, k = slice), k growing along the slices' normal and, for
    axial slices, towards the head; NIfTI volumes keep their stored axes. Radiographs and pictures come as (i = column, j = row);
    frames that are no slices (views, detectors, times) as (i, j, frame), those of a MATLAB file as those of an NM image.

    The tensor is a transposed view of one (slice, row, column) buffer that is decoded into in place. Every error is raised by
    ``get_data``, as a ``DataError``: what ``read`` raises, ``LoadImage`` swallows in order to try its other readers, some of which
    read the same files wrongly without a word.

    Meta data beside MONAI's own (``affine`` in RAS, ``original_affine``, ``spatial_shape``, ``original_channel_dim``, ``space``):

    - ``spacing_mm``: mm between columns, rows (and slices, along their normal); None where there are no millimetres
    - ``spacing_source``: which rule gave them; ``none`` without
    - ``pixel_aspect_ratio``: height of a pixel divided by its width
    - ``modality``, ``study_instance_uid``, ``series_instance_uid``, ``series_description``, ``laterality``, ``view_position``:
      empty strings where unknown
    - ``patient_age_years``: NaN where unknown (None cannot be collated); ``patient_sex``: ``M``, ``F`` or an empty string. Both are for
      computing with, and belong in no result
    - ``third_axis``: ``slice``, ``frame`` or an empty string
    - ``sop_instance_uids``: one for each plane of k; where planes were interpolated, that of the nearest acquired one
    - ``frame_numbers``: the frame of each within its file, from 1
    - ``slice_positions_lps``: (N, 3) ImagePositionPatient (centre of the first pixel) of the acquired slices behind the volume
    - ``slice_spacings``: (N - 1,) mm between them, along the normal
    - ``gantry_tilt_deg``, ``interpolated``
    - ``warnings``: sentences that a user should see

    Args:
        uneven: ``refuse`` raises where slices are missing or unevenly spaced; ``interpolate`` makes a regular grid at the median
            distance, linearly, and says so in ``interpolated`` and ``warnings``.
        slices: a slice object or evenly spaced, increasing indices: decode only these planes of the ordered stack.
        workers: threads that decode; default: one per core, at most 8.
    """

    def __init__(self, *, uneven: str = "refuse", slices: Slices = None, workers: int | None = None) -> None:
        super().__init__()
        if uneven not in ("refuse", "interpolate"):
            raise ValueError(f"uneven must be 'refuse' or 'interpolate', got {uneven!r}")
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._interpolate = uneven == "interpolate"
        self._slices = slices
        self._workers = workers or default_workers()

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Take everything: what is no image is an error that names it."""
        return True

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> tuple[Path, ...]:
        """Note the paths; see the class for why nothing is opened yet."""
        return (Path(data),) if isinstance(data, str) or not isinstance(data, Sequence) else tuple(Path(path) for path in data)

    def get_data(self, img: tuple[Path, ...]) -> tuple[Any, Meta]:
        """Read the image.

        Args:
            img: what ``read`` returned.

        Returns:
            float32 tensor and meta data.

        Raises:
            DataError: see ``msk_monai.errors`` for its kinds.
        """
        with quiet_pydicom():
            series, warnings = one_series(img, workers=self._workers)
            return self.read_series(series, warnings)

    def read_series(self, series: Series, warnings: Sequence[str] = ()) -> tuple[Any, Meta]:
        """Read a series whose headers are known already.

        Args:
            series: as ``index_folder`` gives it.
            warnings: what was found beside it, for the meta data.

        Returns:
            float32 tensor and meta data, as ``get_data`` gives them.

        Raises:
            DataError: see ``msk_monai.errors`` for its kinds.
        """
        with quiet_pydicom():
            array, meta = self._read_series(series)
        meta["warnings"] = (*warnings, *series.notes, *meta["warnings"])
        meta[MetaKeys.ORIGINAL_AFFINE] = meta[MetaKeys.AFFINE].copy()
        meta[MetaKeys.SPATIAL_SHAPE] = np.asarray(array.shape)
        meta[MetaKeys.ORIGINAL_CHANNEL_DIM] = float("nan")
        return torch.from_numpy(array), meta

    def _read_series(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        if series.format == "nifti":
            return self._nifti(series)
        if series.format == "raster":
            return self._raster(series)
        if series.format == "mat":
            return self._mat(series)
        require_pixels(series)
        if series.stands_alone:
            return self._projection(series)
        return self._volume(series)

    def _nifti(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        array, affine, warnings = read_nifti(series.instances[0].path)
        positions = flip_lps_ras(affine)[:3, 3] + np.arange(array.shape[2])[:, None] * flip_lps_ras(affine)[:3, 2]
        chosen = _chosen(self._slices, array.shape[2])
        affine = affine @ _subset(chosen)
        source = "NIfTI pixdim (neither qform nor sform)" if warnings else "NIfTI affine"
        return array[:, :, _as_slice(chosen)], {
            **_common(series),
            **_spatial(affine, spacing_of(affine).tolist(), source),
            "slice_positions_lps": positions[chosen],
            "slice_spacings": np.full(max(len(chosen) - 1, 0), spacing_of(affine)[2]),
            "warnings": warnings,
        }

    def _raster(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        array = read_raster(series.instances[0].path)
        return array.T, {
            **_common(series),
            **_spatial(np.eye(4), None, "none"),
            "third_axis": "",
            "warnings": ("no pixel spacing: lengths are in pixels",),
        }

    def _mat(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        array = read_counts(series.instances[0].path)
        chosen = _chosen(self._slices, array.shape[2])
        return array.transpose(1, 0, 2)[:, :, _as_slice(chosen)], {
            **_common(series),
            **_spatial(np.eye(4), None, "none"),
            "third_axis": "frame",
            "frame_numbers": tuple(index + 1 for index in chosen),
            "warnings": ("no pixel spacing: lengths are in pixels", _FRAMES),
        }

    def _projection(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        instance, planes = series.instances[0], planes_of(series)
        size = pixel_size(instance, series.modality)
        rows, columns = size.rows_columns or (1.0, 1.0)
        flat = len(planes) == 1
        planes = planes if flat else [planes[index] for index in _chosen(self._slices, len(planes))]
        buffer = self._decode(planes, [((n, 1.0),) for n in range(len(planes))], series)
        spacing = [columns, rows] if size.rows_columns else None
        warnings = () if flat else (_FRAMES,)
        return buffer[0].T if flat else buffer.transpose(2, 1, 0), {
            **_common(series),
            **_spatial(np.diag([columns, rows, 1.0, 1.0]), spacing, size.source),
            "pixel_aspect_ratio": size.aspect_ratio,
            "third_axis": "" if flat else "frame",
            "patient_orientation": instance.projection.patient_orientation,
            "sop_instance_uids": tuple(plane.instance.sop_uid for plane in planes),
            "frame_numbers": tuple(plane.index + 1 for plane in planes),
            "warnings": (*size.warnings, *warnings),
        }

    def _volume(self, series: Series) -> tuple[npt.NDArray[np.float32], Meta]:
        placed = place_series(series, interpolate=self._interpolate)
        stack = placed.stack
        chosen = _chosen(self._slices, len(stack.weights))
        weights = [stack.weights[index] for index in chosen]
        lps = stack_affine(placed.positions[0], placed.orientation, placed.spacing, stack.step) @ _subset(chosen)
        used = sorted({index for parts in weights for index, _ in parts})
        nearest = [placed.planes[max(parts, key=lambda part: part[1])[0]] for parts in weights]
        distance = float(stack.step @ stacking_direction(placed.orientation))
        buffer = self._decode(placed.planes, weights, series)
        return buffer.transpose(2, 1, 0), {
            **_common(series),
            **_spatial(flip_lps_ras(lps), [placed.spacing[1], placed.spacing[0], distance * _stride(chosen)], "PixelSpacing, positions"),
            "pixel_aspect_ratio": placed.spacing[0] / placed.spacing[1],
            "sop_instance_uids": tuple(plane.instance.sop_uid for plane in nearest),
            "frame_numbers": tuple(plane.index + 1 for plane in nearest),
            "slice_positions_lps": placed.positions[used],
            "slice_spacings": np.diff(stack.offsets[used]),
            "gantry_tilt_deg": stack.tilt_deg,
            "interpolated": stack.interpolated,
            "warnings": placed.warnings,
        }

    def _decode(self, planes: Sequence[Plane], weights: Sequence[tuple[tuple[int, float], ...]], series: Series) -> npt.NDArray[np.float32]:
        """Fill a (slice, row, column) buffer, each plane decoded once."""
        first = planes[0].instance
        blended = any(len(parts) > 1 for parts in weights)
        make = np.zeros if blended else np.empty
        buffer: npt.NDArray[np.float32] = make((len(weights), first.rows, first.columns), dtype=np.float32)
        targets: dict[int, list[tuple[int, float]]] = {}
        for k, parts in enumerate(weights):
            for index, weight in parts:
                targets.setdefault(index, []).append((k, weight))
        lock = threading.Lock()

        def fill(index: int) -> None:
            plane, places = planes[index], targets[index]
            if not blended:
                decode_frame(plane.instance, plane.index, modality=series.modality, out=buffer[places[0][0]])
                return
            image = np.empty(buffer.shape[1:], dtype=np.float32)
            decode_frame(plane.instance, plane.index, modality=series.modality, out=image)
            with lock:  # two acquired planes meet in one of the grid's; a sum of two terms does not depend on their order
                for k, weight in places:
                    buffer[k] += np.float32(weight) * image

        _for_each(fill, sorted(targets), self._workers)
        return buffer


def _common(series: Series) -> Meta:
    """What is known of any series; MONAI's meta data hold strings rather than None."""
    return {
        "modality": series.modality or "",
        "study_instance_uid": series.study_uid,
        "series_instance_uid": series.series_uid,
        "series_description": series.description or "",
        "laterality": series.laterality or "",
        "view_position": series.view_position or "",
        "patient_age_years": float("nan") if series.patient_age_years is None else series.patient_age_years,
        "patient_sex": series.patient_sex or "",
        "third_axis": "slice",
        "pixel_aspect_ratio": 1.0,
        "sop_instance_uids": (),
        "frame_numbers": (),
        "slice_positions_lps": np.empty((0, 3)),
        "slice_spacings": np.empty(0),
        "gantry_tilt_deg": 0.0,
        "interpolated": False,
    }


def _spatial(affine: npt.NDArray[np.float64], spacing: list[float] | None, source: str) -> Meta:
    return {
        MetaKeys.AFFINE: affine,
        MetaKeys.SPACE: SpaceKeys.RAS,
        "spacing_mm": None if spacing is None else tuple(float(value) for value in spacing),
        "spacing_source": source,
    }


def _chosen(slices: Slices, count: int) -> list[int]:
    """The planes asked for, as increasing indices."""
    if slices is None:
        return list(range(count))
    chosen = list(range(count))[slices] if isinstance(slices, slice) else [int(index) for index in slices]
    if not chosen or min(chosen) < 0 or max(chosen) >= count:
        raise ValueError(f"slices must be among 0..{count - 1}, got {slices}")
    steps = np.diff(chosen)
    if len(steps) and (steps[0] < 1 or np.any(steps != steps[0])):
        raise ValueError(f"slices must be increasing and evenly spaced, got {slices}")
    return chosen


def _stride(chosen: Sequence[int]) -> int:
    return chosen[1] - chosen[0] if len(chosen) > 1 else 1


def _as_slice(chosen: Sequence[int]) -> slice:
    return slice(chosen[0], chosen[-1] + 1, _stride(chosen))


def _subset(chosen: Sequence[int]) -> npt.NDArray[np.float64]:
    """Affine from the chosen planes' indices to the whole stack's."""
    matrix = np.eye(4)
    matrix[2, 2], matrix[2, 3] = _stride(chosen), chosen[0]
    return matrix


def _for_each(function: Any, indices: Iterable[int], workers: int) -> None:
    if workers == 1:
        for index in indices:
            function(index)
        return
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(function, indices):
            pass
