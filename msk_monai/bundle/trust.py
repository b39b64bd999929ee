"""What in the configs of a bundle from elsewhere may run code.

A config is a program: MONAI calls whatever ``_target_`` names and evaluates what begins with ``$``. A list of what is dangerous would
never be complete, so there is a list of what is harmless, and everything else is shown to the user, who may trust it.
See docs/decisions/0009-bundles-from-elsewhere.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msk_monai.bundle.metadata import METADATA, read_metadata
from msk_monai.bundle.search import installed_folders
from msk_monai.errors import BundleError

if TYPE_CHECKING:
    from monai.bundle import ConfigParser

_COMPONENTS = {
    "": """
        AsDiscreted CenterSpatialCropd Compose CopyItemsd DivisiblePadd EnsureChannelFirstd EnsureTyped KeepLargestConnectedComponentd
        LoadImaged NormalizeIntensityd Orientationd Regressor Resized ScaleIntensityRangePercentilesd ScaleIntensityRanged ScaleIntensityd
        SelectItemsd SimpleInferer SlidingWindowInferer Spacingd SpatialPadd UNet
    """,
    "msk_monai.bundle.": "identity",
    "msk_monai.dicom.": "block_reader.BlockReader reader.SeriesReader whole_body_reader.WholeBodyReader",
    "msk_monai.metrics.": """
        CobbError DiscHeights DiscHerniation IdentificationRate KneeGrades KneeLines KneePlaces LandmarkError MaskOverlap
        MeasurementAgreement SegmentError SliceError
    """,
    "msk_monai.networks.": """
        BoneScanInferer BoneScanKnees FilmLooks FilmLooksInferer GradedLandmarks GradedLandmarksInferer HerniationGrade HerniationInferer
        ImageStackInferer KneeFinder LandmarkLooks LandmarkLooksInferer LumbarHerniation OrdinalGrader SliceProfileNet
    """,
    "msk_monai.report.": """
        BoneScanOverlay HerniationOverlay LandmarkOverlay LevelOverlay MaskOverlay SegmentationFiles SliceTable SpineOverlay
    """,
    "msk_monai.runner.": "Runner",
    "msk_monai.transforms.": """
        AxialBlocksd AxialGridd BoneScanFindingsd FilmContrastd FilmGridd HerniationFindingsd KneeCropsd KneeFilmd KneeGradesd
        LandmarksFoundd LumbarDiscsd MeasurementsFoundd MiddleSliced NamedLevelsd NeighbourSlicesd ReadBesided RequireHounsfieldd
        SagittalSlicesd SpineFilmd VertebraMapd WholeBodyGridd
    """,
}
TARGETS = frozenset(f"{package}{name}" for package, names in _COMPONENTS.items() for name in names.split())
"""Components that can do no harm, whatever their arguments are: they open no file but weights (as plain tensors), the cases' images and
the results, import nothing by name and call nothing that they are given, but for what ``_BY_NAME`` lists."""
_BY_NAME = "reader"
"""An argument that MONAI takes for the name of something to import and call, if it is text."""
_READERS = frozenset(name for name in TARGETS if name.startswith("msk_monai.dicom."))
"""What it may be instead. They take every file; where none or another is given, MONAI tries its own readers, of which one unpickles."""
_LOADER, _LOADER_TAKES = "LoadImaged", frozenset({"_target_", "keys", _BY_NAME, "image_only", "ensure_channel_first", "allow_missing_keys"})
_FIXED: Mapping[str, Mapping[str, str]] = {
    "msk_monai.bundle.identity": {"root": "@bundle_root", "weights": "@weights"},
    "msk_monai.runner.Runner": {"weights": "@weights"},
}
"""Arguments by which a result says who made it, and files are named: it must be the opened bundle, with the weights that were loaded."""
_CODE = frozenset({"_mode_", "_requires_", "_debug_"})
"""Keys that change how a component is called, or have others built first."""
_REFERENCE = re.compile(r"@\w+(?:(?:#|::)\w+)*", re.ASCII)
_DEEPEST, _MOST, _SHOWN = 40, 20_000, 100
_FEW = 20


@dataclass(frozen=True)
class Objection:
    """A place in a config that may run code.

    Args:
        file: the config's name.
        key: where in it, as an id of MONAI's.
        text: what stands there, shortened, in plain characters.
    """

    file: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {_shown(self.key)}: {self.text}"


def objections(root: Path, files: Sequence[Path]) -> list[Objection]:
    """What may run code if these configs of a bundle are opened together; nothing of them runs here.

    Configs that are, byte for byte, those of the bundle of that name installed with this package are as good as that bundle.

    Args:
        root: the bundle's folder, resolved.
        files: its configs, in the order in which they are laid over one another.

    Raises:
        BundleError: a config cannot be read.
    """
    from monai.bundle import ConfigParser

    metadata = read_metadata(root)
    found = list(_in_metadata(metadata))
    if not _are_installed(metadata["name"], root, files):
        merged = ConfigParser()
        merged.read_config(list(map(str, files)))
        for file in files:
            alone = ConfigParser.load_config_file(file)
            if not isinstance(alone, dict):
                raise BundleError(f"{file.name}: expected a mapping, got {type(alone).__name__}")
            found += _Walk(file.name, merged).through(alone)
        together = {id: value for id, value in merged.config.items() if id != "_meta_"}
        found += _Walk("configs", merged).through(together)
        found += [Objection("configs", _normal(id), text) for id, text in _misused(together)]
    known: dict[tuple[str, str], Objection] = {}
    for one in found:  # the first to name a place is the file that holds it
        known.setdefault((one.key, one.text), one)
    return list(known.values())


def told(found: Sequence[Objection]) -> list[str]:
    """Objections as lines, the first few of many."""
    lines = [f"  {one}" for one in found[:_FEW]]
    return lines if len(found) <= _FEW else [*lines, f"  and {len(found) - _FEW} more"]


def _are_installed(name: str, root: Path, files: Sequence[Path]) -> bool:
    """Whether the configs are those of the installed bundle of that name. All or none: they mean what they mean together."""
    for folder in installed_folders():
        theirs = [folder / name / file.resolve().relative_to(root) for file in files]
        if all(own.is_file() and own.read_bytes() == file.read_bytes() for own, file in zip(theirs, files, strict=True)):
            return True
    return False


def _in_metadata(metadata: Mapping[str, Any]) -> Iterator[Objection]:
    """Metadata are part of the config for MONAI, but have no need of anything that it would evaluate."""
    for id, value in _leaves(metadata):
        if (isinstance(value, str) and value.startswith(("$", "%", "@"))) or {"_target_", *_CODE} & set(_parts(id)):
            yield Objection(METADATA.name, _normal(id), _shown(value))


class _Walk:
    """One look through a config."""

    def __init__(self, file: str, merged: "ConfigParser") -> None:
        self.file, self.merged = file, merged

    def through(self, config: Mapping[str, Any]) -> Iterator[Objection]:
        for id, value in _leaves(config):
            *outer, last = _parts(id)
            if _CODE & {*outer, last} or "_target_" in outer:
                fault = True
            elif last == "_target_":
                fault = not isinstance(value, str) or value not in TARGETS
            else:
                fault = self._runs(id, value)
            if fault:
                yield Objection(self.file, _normal(id), _shown(value))
        for id, value in _named(config):
            if not self._is_reader(value):
                yield Objection(self.file, _normal(id), _shown(value))

    def _runs(self, id: str, value: Any) -> bool:
        """Whether a value is a macro, which copies text from elsewhere, or an expression or a reference that is not harmless."""
        if not isinstance(value, str) or not value.startswith(("$", "%", "@")):
            return False
        from msk_monai.bundle.expressions import is_harmless, runs_steps

        if value.startswith("@"):
            return runs_steps(value, id)
        return value.startswith("%") or not is_harmless(value, id)

    def _is_reader(self, value: Any) -> bool:
        """Whether a value is built from a reader's ``_target_``, there or where a reference leads, and not a text that names one."""
        if value is None:
            return True
        if isinstance(value, str) and _REFERENCE.fullmatch(value):
            value = self.merged.get(value[1:])
        return isinstance(value, dict) and value.get("_target_") in _READERS and "_disabled_" not in value


def _leaves(config: Any, id: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its id.

    Raises:
        BundleError: there are too many, too deep within one another (or without end: YAML knows references of its own).
    """
    todo, count = [(id, config, 0)], 0
    while todo:
        here, value, depth = todo.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST:
            raise BundleError(f"expected a config of at most {_MOST} values, {_DEEPEST} within one another, got more")
        inside = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else None
        if inside is None or (isinstance(value, Mapping) and not value):
            yield here, value
        else:
            todo += reversed([(f"{here}::{key}" if here else f"{key}", one, depth + 1) for key, one in inside])


def _named(config: Any, id: str = "") -> Iterator[tuple[str, Any]]:
    """Every argument that MONAI may take for a name, with its id; the walk over the leaves has bounded their number."""
    inside = config.items() if isinstance(config, Mapping) else enumerate(config) if isinstance(config, list | tuple) else ()
    for key, value in inside:
        here = f"{id}::{key}" if id else f"{key}"
        if _parts(here)[-1] == _BY_NAME:
            yield here, value
        yield from _named(value, here)


def _misused(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Components that are harmless only with certain arguments and have others, with their ids."""
    for id, one in _components(config):
        target = one["_target_"]
        for name, value in (_FIXED.get(target) or {}).items() if isinstance(target, str) else ():
            if one.get(name) != value:
                yield f"{id}::{name}", f"expected {value} of {target}, got {_shown(one.get(name))}"
        if target == _LOADER:
            if one.get(_BY_NAME) is None:
                yield id, f"{_LOADER} without a {_BY_NAME}"
            for name in sorted(one.keys() - _LOADER_TAKES, key=str):
                yield f"{id}::{name}", f"{_shown(one[name])} for {_LOADER}"


def _components(config: Any, id: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every component with its id; the walk over the leaves has bounded their number."""
    if isinstance(config, Mapping) and "_target_" in config:
        yield id, config
    inside = config.items() if isinstance(config, Mapping) else enumerate(config) if isinstance(config, list | tuple) else ()
    for key, value in inside:
        yield from _components(value, f"{id}::{key}" if id else f"{key}")


def _parts(id: str) -> list[str]:
    """An id as MONAI splits it, also within a key; a ``+`` before it means to add to what is there."""
    return id.replace("#", "::").lstrip("+").split("::")


def _normal(id: str) -> str:
    return "::".join(_parts(id))


def _shown(value: Any) -> str:
    """A value in one line, without what a terminal would obey."""
    line = " ".join(str(value).split())
    line = line if line.isascii() and line.isprintable() else ascii(line)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
