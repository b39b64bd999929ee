"""Bundles that come as one file: unpacked for this process, and run only as far as they are known to be harmless."""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msk_monai.bundle.archive import unpack
from msk_monai.bundle.search import locate
from msk_monai.bundle.trust import objections, told
from msk_monai.errors import BundleError, UntrustedBundleError

MAX_ARCHIVE_BYTES = 2**30

_unpacked: dict[str, Path] = {}
"""Folders of the archives that this process has unpacked, by the archives' SHA-256. None outlives the process."""
_names: dict[Path, str] = {}


def folder_of(name: str | Path) -> Path:
    """Find a bundle, by its name, its folder or its archive.

    An archive is unpacked to a temporary folder, once in a process, which is deleted when the process ends.

    Args:
        name: what :func:`msk_monai.bundle.locate` takes, or a file that ``msk-monai export`` wrote.

    Returns:
        The bundle's folder.

    Raises:
        BundleError: there is no such bundle, or the archive is damaged, altered or made to do harm.
    """
    path = Path(name)
    return _of_archive(path) if path.is_file() else Path(locate(name))


def archive_of(root: Path) -> str | None:
    """What the archive is called that a bundle's folder was unpacked from; ``None`` for any other folder."""
    return _names.get(root)


def require_trust(root: Path, files: Sequence[Path]) -> None:
    """Check that configs of an unpacked archive are harmless; folders, and files from elsewhere, are the user's own.

    Args:
        root: the bundle's folder.
        files: configs, in the order in which they are laid over one another.

    Raises:
        UntrustedBundleError: some may run code.
        BundleError: a config cannot be read.
    """
    name = archive_of(root)
    if name is None:
        return
    try:
        found = objections(root, [file for file in files if file.resolve().is_relative_to(root)])
    except BundleError as fault:
        raise BundleError(f"{name}: {fault}") from fault
    if found:
        count = "1 entry of its configs" if len(found) == 1 else f"{len(found)} entries of its configs"
        raise UntrustedBundleError(f"{name}: {count} may run any code; to let them, repeat with --trust", told(found))


def _of_archive(path: Path) -> Path:
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise BundleError(f"{path}: expected at most {MAX_ARCHIVE_BYTES} bytes, got {path.stat().st_size}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest not in _unpacked:
                folder = Path(tempfile.mkdtemp(prefix="msk_monai-")).resolve()
                atexit.register(shutil.rmtree, folder, ignore_errors=True)
                root = unpack(file, str(path), folder)
                _unpacked[digest], _names[root] = root, str(path)
    except OSError as fault:
        raise BundleError(f"{path}: cannot be opened ({fault.strerror})") from fault
    return _unpacked[digest]
