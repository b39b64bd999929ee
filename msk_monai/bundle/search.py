"""Where bundles are."""

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from msk_monai.bundle.metadata import METADATA, WEIGHTS, read_metadata
from msk_monai.errors import BundleError

SEARCH_VARIABLE = "MSK_MONAI_BUNDLES"
"""Environment variable: folders that hold bundles, separated as in ``PATH``."""
DATA_PACKAGE = "msk_monai_bundles"
"""The installed package that the bundles of the project come in."""


@dataclass(frozen=True, kw_only=True)
class BundleInfo:
    """A bundle as ``msk-monai bundles`` shows it, read without loading it.

    Args:
        name: its name, which is its folder's.
        root: its folder.
        version: its version, empty if its metadata cannot be read.
        takes: what it takes, in a few words.
        gives: what it gives, in a few words.
        has_weights: whether its weights are there.
        research_use: whether its weights may be used for research only.
        fault: why it cannot be used, if so.
    """

    name: str
    root: Path
    version: str = ""
    takes: str = ""
    gives: str = ""
    has_weights: bool = False
    research_use: bool = False
    fault: str | None = None


def locate(name_or_path: str | Path) -> str:
    """Find a bundle's folder.

    Looked for, in this order: the path itself; the current folder, if it is that bundle; ``./bundles``; the folders of
    ``$MSK_MONAI_BUNDLES``; ``bundles`` beside the package, as in the repository; the bundles installed with the package.

    Args:
        name_or_path: a bundle's name, or a path to its folder.

    Returns:
        The folder, absolute, as a string for the expressions of a config.

    Raises:
        BundleError: there is no such bundle; the message lists what there is.
    """
    path, name = Path(name_or_path), str(name_or_path)
    if (path / METADATA).is_file():
        return str(path.resolve())
    found = _by_name()
    if name in found:
        return str(found[name])
    if path.is_dir() or len(path.parts) > 1:
        raise BundleError(f"{path}: no bundle there, it has no {METADATA.as_posix()}")
    raise BundleError(f"no bundle {name}{_suggestion(name, found)}; there are: {', '.join(sorted(found)) or 'none'}")


def available() -> list[BundleInfo]:
    """Every bundle that :func:`locate` finds by name, sorted by name."""
    return [_info(name, root) for name, root in sorted(_by_name().items())]


def describe(root: Path) -> BundleInfo:
    """What the bundle in a folder says of itself."""
    return _info(root.name, root)


def installed_folders() -> Iterator[Path]:
    """Folders of bundles that came with this package: beside it, as in the repository, or installed with it."""
    yield Path(__file__).parents[2] / "bundles"
    installed = find_spec(DATA_PACKAGE)
    if installed is not None:
        yield from map(Path, installed.submodule_search_locations or ())


def _by_name() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in _roots():
        found.setdefault(root.name, root)
    return found


def _roots() -> Iterator[Path]:
    here = Path.cwd()
    if (here / METADATA).is_file():
        yield here
    for folder in _search_path(here):
        if folder.is_dir():
            yield from (root.resolve() for root in sorted(folder.iterdir()) if (root / METADATA).is_file())


def _search_path(here: Path) -> Iterator[Path]:
    yield here / "bundles"
    yield from (Path(folder) for folder in os.environ.get(SEARCH_VARIABLE, "").split(os.pathsep) if folder)
    yield from installed_folders()


def _suggestion(name: str, found: dict[str, Path]) -> str:
    close = difflib.get_close_matches(name, found, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _info(name: str, root: Path) -> BundleInfo:
    try:
        metadata = read_metadata(root)
    except BundleError as fault:
        return BundleInfo(name=name, root=root, fault=str(fault))
    return BundleInfo(
        name=name,
        root=root,
        version=metadata["version"],
        takes=_plain(metadata.get("takes", metadata.get("task", ""))),
        gives=_plain(metadata.get("gives", "")),
        has_weights=(root / WEIGHTS).is_file(),
        research_use=bool(metadata.get("research_use", False)),
    )


def _plain(value: object) -> str:
    """What a bundle says, without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in str(value))
