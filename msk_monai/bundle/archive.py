"""A bundle as one zip file, in the form of MONAI's model zoo, and back.

The archive holds one folder, named as the bundle, with ``LICENSE``, ``configs``, ``docs``, ``models/model.pt`` and ``SHA256SUMS``, a
line for each other file as ``sha256sum`` writes it. Nothing in it depends on who packs it, when or where: files are stored, in the order
of their names, with one date and one mode, so that the same bundle gives the same bytes.
"""

import hashlib
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from stat import S_IFDIR, S_IFMT, S_IFREG
from typing import BinaryIO

from msk_monai.bundle.metadata import METADATA, WEIGHTS, read_metadata
from msk_monai.errors import BundleError

CHECKSUMS = "SHA256SUMS"
MAX_FILES = 500
MAX_BYTES = 2**30
"""Of all files together, unpacked."""
MAX_CONFIG_BYTES = 2**20
"""Of one file in ``configs``: parsing YAML takes a thousand times longer than reading it."""
MAX_DIRECTORY_BYTES = 2**18
"""Of the archive's own list of its files, which is read as a whole before anything can be counted."""

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = S_IFREG | 0o644
_UNIX = 3
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of the others, zipfile unpacks all that a chunk holds at once, gigabytes of zeros for example, before it can be counted."""
_CHUNK = 2**20
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+ -]{0,99}")
"""What a file or folder may be called: names that mean the same on every file system. It excludes ``..``, drives and hidden files."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,49}")
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write_archive(root: str | Path, path: str | Path) -> str:
    """Pack a bundle.

    Args:
        root: the bundle's folder.
        path: the archive to write; one that is there is replaced.

    Returns:
        The SHA-256 of the archive, for whoever receives it to compare.

    Raises:
        BundleError: the bundle has no weights or no licence, or something that an archive cannot hold.
    """
    root, path = Path(root), Path(path)
    name = _identified(root)
    for needed in (WEIGHTS, Path("LICENSE")):
        if not (root / needed).is_file():
            raise BundleError(f"{name}: cannot be packed, it has no {needed.as_posix()}")
    contents = {file.relative_to(root).as_posix(): file.read_bytes() for file in _packed(root)}
    for file in contents:
        _require_portable(name, file)
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    contents[CHECKSUMS] = "".join(f"{sums[file]}  {file}\n" for file in sorted(sums)).encode()
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(contents):
                entry = zipfile.ZipInfo(f"{name}/{file}", _DATE)
                entry.create_system, entry.external_attr = _UNIX, _MODE << 16
                archive.writestr(entry, contents[file])
        partial.replace(path)
    except OSError as fault:
        raise BundleError(f"{path}: cannot be written ({fault.strerror})") from fault
    finally:
        partial.unlink(missing_ok=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(file: BinaryIO, name: str, folder: Path) -> Path:
    """Unpack an archive that may have been made to do harm.

    Args:
        file: the archive, open for reading.
        name: what it is called in messages.
        folder: an empty folder. Nothing is written outside of it, whatever the archive says.

    Returns:
        The bundle's folder in it.

    Raises:
        BundleError: in one line, why it is no archive of a bundle, or not a whole one.
    """
    try:
        _require_small_directory(file, name)
        with zipfile.ZipFile(file) as archive:
            entries = _entries(archive, name)
            left = MAX_BYTES
            for place, entry in entries.items():
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                in_configs = PurePosixPath(place).parts[1] == METADATA.parent.name
                limit = min(left, MAX_CONFIG_BYTES) if in_configs else left
                with archive.open(entry) as source, target.open("xb") as out:
                    left -= _copied(source, out, limit, f"{name}: {place}")
    except BundleError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, struct.error) as fault:
        raise BundleError(f"{name}: expected a zip of a bundle, got a file that cannot be read as one ({type(fault).__name__})") from fault
    root = folder / next(iter(entries)).split("/")[0]
    _require_checksums(root, name, {place.split("/", 1)[1] for place in entries})
    if _identified(root) != root.name:
        raise BundleError(f"{name}: expected the folder of a bundle {read_metadata(root)['name']}, got {root.name}")
    return root


def _identified(root: Path) -> str:
    """The bundle's name, which becomes part of file names, as does its version."""
    metadata = read_metadata(root)
    for field, form in (("name", _NAME), ("version", _VERSION)):
        if not form.fullmatch(metadata[field]):
            raise BundleError(f"{root / METADATA}: expected a {field} of letters, digits and - _, got {metadata[field][:60]!r}")
    return metadata["name"]


def _packed(root: Path) -> Iterator[Path]:
    """What belongs to the bundle, and not to its training or to an editor."""
    folders = [root / "configs", root / "docs"]
    inside = (file for folder in folders if folder.is_dir() for file in folder.rglob("*") if file.is_file())
    for file in [root / "LICENSE", root / WEIGHTS, *inside]:
        hidden = any(part.startswith((".", "__pycache__")) for part in file.relative_to(root).parts)
        if not hidden and not file.is_symlink():
            yield file


def _require_small_directory(file: BinaryIO, name: str) -> None:
    """Check the record at the very end, where a zip without a comment has it: it says how long the list of files is."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 42))
    tail = file.read()
    locator, end = tail[:-22], tail[-22:]
    if len(end) < 22 or end[:4] != b"PK\5\6":
        raise BundleError(f"{name}: expected a zip of a bundle, got another file, or a part of one")
    length = struct.unpack("<L", end[12:16])[0]
    if length > MAX_DIRECTORY_BYTES or locator[:4] == b"PK\6\7":
        raise BundleError(f"{name}: expected at most {MAX_FILES} files, got a longer list")
    file.seek(0)


def _entries(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """The files by their place, all names and kinds checked."""
    listed = archive.infolist()
    if len(listed) > MAX_FILES:
        raise BundleError(f"{name}: expected at most {MAX_FILES} files, got {len(listed)}")
    if min((entry.header_offset for entry in listed), default=0) != 0:
        raise BundleError(f"{name}: expected a zip of a bundle, got one with something in front of it")
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in listed:
        kind = S_IFMT(entry.external_attr >> 16)
        if kind not in (0, S_IFREG, S_IFDIR) or ((kind == S_IFDIR) != entry.is_dir() and kind):
            raise BundleError(f"{name}: expected plain files, got a link or device: {_shown(entry.orig_filename)}")
        if entry.flag_bits & _ENCRYPTED:
            raise BundleError(f"{name}: expected plain files, got an encrypted one: {_shown(entry.orig_filename)}")
        if entry.compress_type not in _METHODS:
            raise BundleError(f"{name}: expected files stored or deflated, got another method: {_shown(entry.orig_filename)}")
        place = entry.orig_filename.rstrip("/") if entry.is_dir() else entry.orig_filename
        _require_portable(name, place)
        if place in entries:
            raise BundleError(f"{name}: it holds {place} twice")
        entries[place] = entry
    _require_apart(name, entries)
    files = {place: entry for place, entry in entries.items() if not entry.is_dir()}
    tops = {place.split("/")[0] for place in entries}
    if len(tops) != 1 or not files or any("/" not in place for place in files):
        raise BundleError(f"{name}: expected one folder with the bundle in it, got {', '.join(sorted(tops)[:5]) or 'nothing'}")
    if sum(entry.file_size for entry in files.values()) > MAX_BYTES:
        raise BundleError(f"{name}: expected at most {MAX_BYTES} bytes unpacked, got more")
    return files


def _require_portable(name: str, place: str) -> None:
    """Check that a place leads into the folder, on any system, and to what it seems to."""
    parts = place.split("/")
    for part in parts:
        if not _PART.fullmatch(part) or part.endswith((".", " ")) or _RESERVED.fullmatch(part) or len(parts) > 8:
            raise BundleError(f"{name}: expected a path within the bundle, in plain characters, got {_shown(place)}")


def _require_apart(name: str, places: Iterable[str]) -> None:
    """Check that no two places are one on a file system that does not tell capitals apart, and that no file is a folder as well."""
    seen: dict[str, str] = {}
    for place in places:
        folded = place.casefold()
        if folded in seen:
            raise BundleError(f"{name}: {place} and {seen[folded]} are one file on some systems")
        seen[folded] = place
    spelt: dict[str, str] = {}
    for place in places:
        for folder in map(str, PurePosixPath(place).parents):
            if spelt.setdefault(folder.casefold(), folder) != folder:
                raise BundleError(f"{name}: {folder} and {spelt[folder.casefold()]} are one folder on some systems")


def _copied(source: Iterable[bytes] | BinaryIO, out: BinaryIO, limit: int, name: str) -> int:
    """Copy at most so many bytes, whatever the archive says they are, and tell how many."""
    total = 0
    while chunk := source.read(_CHUNK):  # type: ignore[union-attr]
        total += len(chunk)
        if total > limit:
            raise BundleError(f"{name}: expected at most {limit} bytes, got more")
        out.write(chunk)
    return total


def _require_checksums(root: Path, name: str, files: set[str]) -> None:
    sums = _read_checksums(root / CHECKSUMS, name)
    for file in sorted(files - {CHECKSUMS} - sums.keys()):
        raise BundleError(f"{name}: {file} is not in its {CHECKSUMS}")
    for file, expected in sums.items():
        if file not in files:
            raise BundleError(f"{name}: {_shown(file)} is missing")
        with (root / file).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != expected:
                raise BundleError(f"{name}: {file} is not what its {CHECKSUMS} says: damaged or altered")


def _read_checksums(path: Path, name: str) -> Mapping[str, str]:
    if not path.is_file():
        raise BundleError(f"{name}: it has no {CHECKSUMS}; msk-monai export writes one")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise BundleError(f"{name}: its {CHECKSUMS} is too long")
    sums: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _SUM.fullmatch(line)
        if match is None or match[2] in sums:
            raise BundleError(f"{name}: its {CHECKSUMS} cannot be read: {_shown(line)}")
        sums[match[2]] = match[1]
    return sums


def _shown(text: str) -> str:
    """Text from an archive in a message: short, and without what a terminal would obey."""
    return ascii(text[:80])
