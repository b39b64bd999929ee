"""Read a whole-body scan: a channel for each view, anterior first, head up."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys

from msk_monai.dicom.quiet import quiet_pydicom
from msk_monai.dicom.reader import SeriesReader
from msk_monai.dicom.source import one_series
from msk_monai.dicom.study import Series, default_workers
from msk_monai.dicom.whole_body import views_of, why_not_whole_body
from msk_monai.errors import PixelDataError, UnsuitableImageError


class WholeBodyReader(ImageReader):
    """MONAI reader of a whole-body scan from DICOM NM (one object or two of one view each) or a MATLAB file.

    Used as ``LoadImaged(keys, reader=WholeBodyReader(), ensure_channel_first=True)``; gives float32 counts (views, X, Y) with X the
    column and Y the row, head up. The anterior view has the patient's right at the image's left, the posterior one his left: each is
    as its camera sees it. Counts are those stored, times RescaleSlope where the header has one.

    The meta data are those of ``SeriesReader``, one ``sop_instance_uids`` and ``frame_numbers`` for each view, ``third_axis`` empty, and

    - ``views``: ``("anterior", "posterior")`` or one of them
    - ``turned``: whether the stored image has its feet up and was turned by half a turn; ``affine`` leads to the stored image all the same
    - ``mirrored``: the views that are stored mirrored, by the header, and were mirrored back; of these ``affine`` knows nothing

    What was assumed, for want of a ViewCodeSequence for example, is among ``warnings``.

    Args:
        workers: threads that decode; default: one per core, at most 8.
    """

    def __init__(self, *, workers: int | None = None) -> None:
        super().__init__()
        self._reader = SeriesReader(workers=workers)
        self._workers = workers or default_workers()

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Take everything: what is no scan is an error that names it."""
        return True

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> tuple[Path, ...]:
        """Note the paths; nothing is opened yet, as in ``SeriesReader``."""
        return self._reader.read(data, **kwargs)

    def get_data(self, img: tuple[Path, ...]) -> tuple[Any, dict[str, Any]]:
        """Read the scan.

        Args:
            img: what ``read`` returned: the files of one scan, or a folder.

        Returns:
            float32 tensor (views, X, Y) and meta data.

        Raises:
            UnsuitableImageError: the images are no whole-body scan.
            PixelDataError: pixels are missing or damaged, or negative and so no counts.
            DataError: see ``msk_monai.errors`` for its other kinds.
        """
        with quiet_pydicom():
            series, warnings = one_series(img, workers=self._workers)
            return self._read(series, warnings)

    def _read(self, series: Series, warnings: Sequence[str]) -> tuple[Any, dict[str, Any]]:
        reason = why_not_whole_body(series)
        if reason is not None:
            raise UnsuitableImageError(f"no whole-body scan: {reason}", subject=series.subject)
        views = views_of(series)
        array, meta = self._reader.read_series(_as_views(series), warnings)
        frames = array[..., None] if array.ndim == 2 else array
        counts = frames[..., list(views.frames)].movedim(-1, 0)
        if not float(counts.min()) >= 0:  # so written, NaN is no count either
            raise PixelDataError(f"expected counts, got values down to {float(counts.min()):g}", subject=series.subject)
        if views.upside_down:
            counts = counts.flip(1, 2)
            affine = meta[MetaKeys.AFFINE]
            affine[:2, 3] += affine[:2, :2] @ [counts.shape[1] - 1, counts.shape[2] - 1]
            affine[:2, :2] *= -1
            meta[MetaKeys.ORIGINAL_AFFINE] = affine.copy()
        if views.mirrored:
            counts = torch.stack([view.flip(0) if name in views.mirrored else view for name, view in zip(views.names, counts, strict=True)])
        for key in ("sop_instance_uids", "frame_numbers"):
            meta[key] = tuple(meta[key][frame] for frame in views.frames if meta[key])
        meta |= {
            "views": views.names,
            "turned": views.upside_down,
            "mirrored": views.mirrored,
            "third_axis": "",
            "warnings": tuple(warning for warning in meta["warnings"] if "third axis" not in warning) + views.warnings,
            MetaKeys.SPATIAL_SHAPE: meta[MetaKeys.SPATIAL_SHAPE][:2],
            MetaKeys.ORIGINAL_CHANNEL_DIM: 0,
        }
        return torch.clone(counts, memory_format=torch.contiguous_format), meta


def _as_views(series: Series) -> Series:
    """The same images as projections: one with an ImagePositionPatient would be read as a slice, and two sorted along their normal."""
    instances = tuple(replace(instance, frames_are="frame") for instance in series.instances)
    return replace(series, instances=instances)
