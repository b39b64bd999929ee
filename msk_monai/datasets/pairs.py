"""Which image and which label file belong together, told by their names."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

KNOWN_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima", ".jpg", ".jpeg", ".png", ".json", ".mat"})
"""Endings that are no part of a stem; any other (``.4`` of a UID) is."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Files that belong together, and those left over.

    Attributes:
        pairs: an image and its label, in the order of the images.
        alone: every other file, and why it has no partner.
    """

    pairs: tuple[tuple[Path, Path], ...]
    alone: tuple[tuple[Path, str], ...]


def stem_of(path: Path) -> str:
    """A file's name without the endings that tell its kind, one or several.

    >>> stem_of(Path("film 7.jpg.mat")), stem_of(Path("1.2.840.4")), stem_of(Path("1.2.840.4.DCM"))
    ('film 7', '1.2.840.4', '1.2.840.4')
    """
    while path.suffix.lower() in KNOWN_SUFFIXES:
        path = path.with_suffix("")
    return path.name


def pair_by_stem(images: Sequence[Path], labels: Sequence[Path]) -> Pairs:
    """Match files of the same stem: side by side first, then in sibling folders, in mirrored trees, anywhere.

    Each of these steps pairs only what is one image and one label among all files, so that a stem which occurs once in every
    patient's folder never joins two patients.

    Args:
        images: image files.
        labels: label files.
    """
    partners: dict[Path, Path] = {}
    for place in _PLACES:
        labels_by_place, images_by_place = _grouped(labels, place), _grouped(images, place)
        for key, candidates in images_by_place.items():
            matches = labels_by_place.get(key, [])
            if len(candidates) == len(matches) == 1 and candidates[0] not in partners and matches[0] not in partners.values():
                partners[candidates[0]] = matches[0]
    taken = set(partners.values())
    return Pairs(
        pairs=tuple((image, partners[image]) for image in images if image in partners),
        alone=(
            *_without_partner([image for image in images if image not in partners], labels, "label"),
            *_without_partner([label for label in labels if label not in taken], images, "image"),
        ),
    )


_PLACES: tuple[Callable[[Path], Hashable], ...] = (
    lambda path: (path.parent, stem_of(path)),
    lambda path: (path.parent.parent, stem_of(path)),
    lambda path: (path.parent.name, stem_of(path)),
    stem_of,
)


def _grouped(paths: Iterable[Path], place: Callable[[Path], Hashable]) -> dict[Hashable, list[Path]]:
    groups: dict[Hashable, list[Path]] = defaultdict(list)
    for path in paths:
        groups[place(path)].append(path)
    return groups


def _without_partner(paths: Sequence[Path], others: Sequence[Path], kind: str) -> list[tuple[Path, str]]:
    counts = Counter(stem_of(other) for other in others)
    return [(path, _reason(counts[stem_of(path)], kind)) for path in paths]


def _reason(count: int, kind: str) -> str:
    return f"expected one {kind} of that name, got {f'{count} and nothing tells which' if count else 'none'}"
