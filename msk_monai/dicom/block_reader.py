"""Read a series of several angled blocks of slices: one tensor for each block."""

from collections.abc import Sequence

from monai.config import PathLike
from monai.data import MetaTensor
from monai.transforms import EnsureChannelFirst
from monai.utils import ImageMetaKey

from msk_monai.dicom.blocks import blocks
from msk_monai.dicom.quiet import quiet_pydicom
from msk_monai.dicom.reader import SeriesReader
from msk_monai.dicom.source import one_series
from msk_monai.dicom.study import Series, default_workers


class BlockReader:
    """Reads the blocks of one series, each as ``LoadImage(reader=SeriesReader(), ensure_channel_first=True)`` reads a stack.

    Nothing is interpolated: slices that lie on no regular grid come one by one. A block of one slice is a volume of one slice, as thick
    as its header says. The meta data are those of ``SeriesReader``; ``warnings`` of the whole series are each block's.

    Args:
        workers: threads that decode; default: one per core, at most 8.
    """

    def __init__(self, *, workers: int | None = None) -> None:
        self._reader = SeriesReader(workers=workers)
        self._workers = workers or default_workers()

    def __call__(self, paths: Sequence[PathLike] | PathLike) -> list[MetaTensor]:
        """Read all blocks.

        Args:
            paths: the files of one series, a file or a folder.

        Returns:
            float32 tensors (1, X, Y, Z) with axes (column, row, slice) and their affines in RAS mm, from the head to the feet. Matrix and
            spacing may differ between them.

        Raises:
            DataError: see ``msk_monai.errors`` for its kinds; one block that cannot be read is enough.
        """
        with quiet_pydicom():
            series, warnings = one_series(self._reader.read(paths), workers=self._workers)
            return [self._read(block, warnings) for block in blocks(series)]

    def _read(self, block: Series, warnings: Sequence[str]) -> MetaTensor:
        array, meta = self._reader.read_series(block, warnings)
        meta[ImageMetaKey.FILENAME_OR_OBJ] = str(block.paths[0])
        return EnsureChannelFirst()(MetaTensor.ensure_torch_and_prune_meta(array, meta))
