"""What a reader is pointed at: a folder, a file or some files, and the one series in them."""

from collections.abc import Sequence
from pathlib import Path

from msk_monai.dicom.files import kind_of, walk
from msk_monai.dicom.study import Index, Series, index_files
from msk_monai.errors import MixedStackError, UnreadableFileError

_LISTED = 4
"""So many series are named in an error before it only counts them."""


def one_series(paths: Sequence[Path], *, workers: int) -> tuple[Series, tuple[str, ...]]:
    """Find the one series among files, and say of other files why they were left out.

    Args:
        paths: a folder, or files.
        workers: threads that read headers.

    Raises:
        UnreadableFileError: there is no image.
        MixedStackError: there are several series, none of them alone a stack of slices.
    """
    absent = next((path for path in paths if not path.exists()), None)
    if absent is not None:
        raise UnreadableFileError("expected a file or folder, got nothing of that name", subject=absent.name)
    index = index_files([file for path in paths for file in walk(path)], root=paths[0], workers=workers)
    beside = [one for one in index.unreadable if kind_of(one.path) != "mat"]  # what is no scan may be labels, or anything
    warnings = tuple(f"{one.path.name} was left out: {one.reason}" for one in beside)
    if not index.series:
        raise _nothing(paths, index)
    series = list(index.series)
    if len(series) > 1:
        stacks = [one for one in series if not _is_beside(one)]
        if len(stacks) != 1:
            raise MixedStackError(f"expected one series, got {_listed(series)}; read the files of one of them", subject=paths[0].name)
        warnings += tuple(f"series {one.key} was left out: it is no stack of slices" for one in series if one is not stacks[0])
        series = stacks
    return series[0], warnings


def _listed(series: Sequence[Series]) -> str:
    names = ", ".join(f"{one.key} ({one.n_slices} images)" for one in series[:_LISTED])
    return f"{len(series)}: {names}{', ...' if len(series) > _LISTED else ''}"


def _is_beside(series: Series) -> bool:
    """Whether a series is what may lie in a folder beside a stack: a localizer, a capture, a report."""
    return series.format == "dicom" and (
        series.n_slices == 0 or series.stands_alone or all(instance.is_localizer for instance in series.instances)
    )


def _nothing(paths: Sequence[Path], index: Index) -> UnreadableFileError:
    if index.unreadable:
        first = index.unreadable[0]
        more = f" (and {len(index.unreadable) - 1} more like it)" if len(index.unreadable) > 1 else ""
        return UnreadableFileError(f"{first.reason}{more}", subject=first.path.name)
    return UnreadableFileError("expected an image, got none (empty folder, or no file of a known kind)", subject=paths[0].name)
