"""A bundle opened: its configs laid over one another, overridden and turned into objects."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msk_monai.bundle.elsewhere import folder_of, require_trust
from msk_monai.bundle.faults import explained
from msk_monai.bundle.metadata import METADATA, read_metadata
from msk_monai.errors import BundleError

if TYPE_CHECKING:
    from monai.bundle import ConfigParser

TRUNK = "inference.yaml"
ELSEWHERE = ("input", "output_dir", "device", "weights", "data", "split", "runner#overwrite", "runner#dicom")
"""Overrides that a result tells of elsewhere, or that do not change it."""


class Bundle:
    """An opened bundle; made by :func:`open_bundle`.

    Args:
        root: its folder.
        metadata: what it says of itself.
        parser: MONAI's parser, holding its configs.
    """

    def __init__(self, *, root: Path, metadata: Mapping[str, Any], parser: "ConfigParser") -> None:
        self.root = root
        self.metadata = metadata
        self.parser = parser

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self.metadata["name"]

    def get(self, id: str) -> Any:  # MONAI's word for it
        """Build what the config calls ``id``, with all that it refers to.

        Raises:
            BundleError: in one line, what in the config is wrong.
        """
        if id not in self.parser:
            raise BundleError(f"{self.name}: its config has no {id}{_suggestion(id.split('#')[0], self._keys)}")
        with explained(self.name, known=self._keys):
            return self.parser.get_parsed_content(id)

    def raw(self, id: str) -> Any:
        """What the config holds under ``id``, as it is written there; ``None`` for an argument that a component takes and nobody gave.

        Raises:
            BundleError: in one line, what is not there.
        """
        _require_place(self.parser, id, f"{self.name}: its config has no {id}")
        return self.parser.get(id, None)

    def override(self, values: Mapping[str, Any]) -> None:
        """Lay values over the config, by id; before anything is built from it.

        Raises:
            BundleError: one of them names nothing, see :func:`open_bundle`.
        """
        for id, value in values.items():
            _require_place(self.parser, id, f"{self.name}: unknown override {id}")
            self.parser[id] = value

    def run(self) -> list[Any]:
        """Evaluate ``initialize``, ``run`` and ``finalize`` as ``python -m monai.bundle run`` does.

        Returns:
            What the steps of ``run`` returned.

        Raises:
            BundleError: in one line, what in the config is wrong.
        """
        if "initialize" in self.parser:
            self.get("initialize")
        outcome = self.get("run")
        if "finalize" in self.parser:
            self.get("finalize")
        return outcome if isinstance(outcome, list) else [outcome]

    @property
    def _keys(self) -> list[str]:
        return [key for key in self.parser.config if key != "_meta_"]


def open_bundle(
    name: str | Path, *, overlays: Sequence[str] = (), overrides: Mapping[str, Any] | None = None, trust: bool = False
) -> Bundle:
    """Read a bundle's configs without building anything yet.

    Args:
        name: a name or a path, see :func:`msk_monai.bundle.folder_of`.
        overlays: further config files, each laid over what is there: of the bundle, e.g. ``evaluate.yaml``, or paths of others.
        overrides: values by id (``network_def#channels``). All of an id must be there already, except that an argument may be
            added to a component. ``bundle_root`` is always the opened folder.
        trust: whether what an archive's own configs may run is run. Overrides, and overlays that are not the archive's, are the
            user's own.

    Raises:
        BundleError: there is no such bundle, a file of it is missing or broken, or an override names nothing.
        UntrustedBundleError: it is an archive whose configs may run code, and ``trust`` is not given.
    """
    from monai.bundle import ConfigParser  # takes seconds to import: only those wait who open a bundle

    root = folder_of(name)
    metadata = read_metadata(root)
    files = [root / "configs" / TRUNK, *(overlay_file(root, overlay) for overlay in overlays)]
    for file in files:
        if not file.is_file():
            raise BundleError(f"{metadata['name']}: it has no configs/{file.name}")
    if not trust:
        with explained(metadata["name"]):
            require_trust(root, files)
    parser = ConfigParser()
    with explained(metadata["name"]):
        parser.read_config(list(map(str, files)))
        parser.read_meta(str(root / METADATA))
    bundle = Bundle(root=root, metadata=metadata, parser=parser)
    if "bundle_root" in parser:
        parser["bundle_root"] = str(root)
    bundle.override(overrides or {})
    told = {id: value for id, value in (overrides or {}).items() if id not in ELSEWHERE}
    if told and "runner#identity" in parser:
        parser["runner#identity#overrides"] = tuple(told.items())  # MONAI would build and resolve what a mapping holds
    return bundle


def overlay_file(root: Path, overlay: str) -> Path:
    """A config laid over a bundle's: of its own folder ``configs``, else a file of the user's."""
    own = root / "configs" / overlay
    return Path(overlay) if not own.is_file() and Path(overlay).is_file() else own


def _require_place(parser: "ConfigParser", id: str, complaint: str) -> None:
    """Check that an override says something to somebody: MONAI adds an unknown id without a word."""
    here: Any = parser.config
    parts = id.replace("::", "#").split("#")
    for depth, part in enumerate(parts):
        inside = _children(here)
        if part in inside:
            here = inside[part]
            continue
        if depth == len(parts) - 1 and depth > 0 and isinstance(here, dict) and "_target_" in here:
            return
        raise BundleError(f"{complaint}: there is no {part}{_suggestion(part, inside)}")


def _children(config: Any) -> dict[str, Any]:
    if isinstance(config, dict):
        return {str(key): value for key, value in config.items()}
    return {str(index): value for index, value in enumerate(config)} if isinstance(config, list) else {}


def _suggestion(word: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    names = [name for name in known if name != "_meta_"]
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f", did you mean {close[0]}?"
    return f"; there are {', '.join(names)}" if names else ""
