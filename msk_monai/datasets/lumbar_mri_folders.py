"""Folders of hospitals, patients and series: whose a file is, which image and JSON belong together, and how to name both in public.

``[TREE/…]H01/PATIENT/…/C004/IMAGE``: a hospital's folder is the first called H and one or two digits; the one directly below it is the
patient's. Of series folders (C000 … C011) there may be any, and other folders at any depth.

Folders and files may be called by people's names. What is no code is shown as the first digits of its SHA-256 instead.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path, PurePath

from msk_monai.datasets.pairs import Pairs, stem_of

NO_PLACE = "expected a patient's folder in a hospital's (H01, H02, …), got a file outside"
_HOSPITAL = re.compile(r"H(\d{1,2})", re.IGNORECASE)
_SERIES = re.compile(r"C\d{3}", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGEST = re.compile(r"(?=.*\d)[0-9a-f-]{16,}", re.IGNORECASE)
_WORDS = frozenset(
    {"patient", "pt", "subject", "subj", "sub", "case", "id", "no", "nr", "study", "std", "exam", "series", "ser", "se", "scan", "slice"}
    | {"image", "images", "img", "im", "dicom", "dcm", "mr", "mri", "axial", "ax", "tra", "lumbar", "spine"}
    | {"json", "label", "labels", "annotation", "annotations"}
)
"""What codes are made of, beside digits and single letters."""
_LEAST_ALONE = 4
"""Shorter words (Im, No) may be names where no number stands with them."""


def place_of(relative: PurePath) -> tuple[str, ...] | None:
    """The hospital, the patient's folder and the folders below it, or None where a file lies in none.

    Args:
        relative: a file's path below the source.

    >>> place_of(PurePath("dicom/h1/0007/C004/IM1.dcm")), place_of(PurePath("H01/C004/IM1.dcm"))
    (('H01', '0007', 'C004'), None)
    """
    folders = relative.parts[:-1]
    start = _start(relative)
    below = folders[start + 1 :] if start is not None else ()
    if start is None or not below or (len(below) == 1 and _SERIES.fullmatch(below[0])):  # a series, but nobody's
        return None
    return (f"H{int(folders[start][1:]):02d}", *below)


def case_of(relative: PurePath) -> str:
    """What an item calls its patient: hospital and folder.

    Raises:
        ValueError: the file lies in no patient's folder.

    >>> case_of(PurePath("H01/0007/C004/IM1.dcm")), case_of(PurePath("H01/Doe^Jane/C004/IM1.dcm"))
    ('H01/0007', 'H01/ff37cfdaa951')
    """
    place = place_of(relative)
    if place is None:
        raise ValueError("expected a file in a patient's folder")
    return f"{place[0]}/{_public(place[1])}"


def public_name(relative: PurePath) -> str:
    """A file's path as messages may show it: below the hospital (or anywhere, where there is none) only codes.

    >>> public_name(PurePath("raw/H01/P-0007/C004/IM_0001.dcm")), public_name(PurePath("H01/Doe^Jane/C004/IM1.dcm"))
    ('raw/H01/P-0007/C004/IM_0001.dcm', 'H01/ff37cfdaa951/C004/IM1.dcm')
    """
    start = _start(relative)
    known = 0 if start is None else start + 1
    stem = stem_of(Path(relative))
    folders = (*relative.parts[:known], *(_public(part) for part in relative.parts[known:-1]))
    return "/".join((*folders, _public(stem) + relative.name[len(stem) :]))


def pair_in_hospitals(root: Path, images: Sequence[Path], labels: Sequence[Path]) -> Pairs:
    """Match images and JSON files of the same stem: side by side first, then in trees that agree from the hospital's folder on.

    Names recur in every patient's folders, and so nothing else is taken for a sign that two files belong together.

    Args:
        root: the source.
        images: image files below it.
        labels: JSON files below it.

    Returns:
        Where a folder has several images and none has a JSON (most series have none), only the first is named.
    """
    places = {path: place_of(path.relative_to(root)) for path in (*images, *labels)}

    def in_tree(path: Path) -> Hashable:
        return (places[path], stem_of(path))

    partners: dict[Path, Path] = {}
    placed = {"image": [path for path in images if places[path]], "label": [path for path in labels if places[path]]}
    for key_of in (lambda path: (path.parent, stem_of(path)), in_tree):
        taken = {*partners, *partners.values()}
        by_key = {kind: _grouped((path for path in paths if path not in taken), key_of) for kind, paths in placed.items()}
        for key, candidates in by_key["image"].items():
            matches = by_key["label"].get(key, [])
            if len(candidates) == len(matches) == 1:
                partners[candidates[0]] = matches[0]
    taken = {*partners, *partners.values()}
    counts = {kind: {key: len(paths) for key, paths in _grouped(paths, in_tree).items()} for kind, paths in placed.items()}
    with_json = {places[path] for path in placed["label"]}
    lonely = [path for path in (*placed["image"], *placed["label"]) if path not in taken]
    several = [path for path in lonely if places[path] in with_json]
    return Pairs(
        pairs=tuple((image, partners[image]) for image in images if image in partners),
        alone=(
            *((path, NO_PLACE) for path, place in places.items() if place is None),
            *((path, _reason(*(counts[kind].get(in_tree(path), 0) for kind in ("image", "label")))) for path in several),
            *_folder_by_folder(path for path in lonely if places[path] not in with_json),
        ),
    )


def _start(relative: PurePath) -> int | None:
    """Which of a file's folders is the hospital's."""
    return next((number for number, part in enumerate(relative.parts[:-1]) if _HOSPITAL.fullmatch(part)), None)


def _public(part: str) -> str:
    return part if _is_code(part) else hashlib.sha256(part.encode(errors="surrogateescape")).hexdigest()[:12]


def _is_code(part: str) -> bool:
    """Whether a name is made of digits, single letters and words that are no person's.

    >>> [_is_code(part) for part in ("0007", "P0007", "IM_12", "series", "1.2.840", "Im", "Kim01", "Doe^Jane", "李1")]
    [True, True, True, True, True, False, False, False, False]
    """
    words = [word.lower() for word in _LETTERS.findall(part)]
    known = all(word in _WORDS or (len(word) == 1 and word.isascii()) for word in words)
    numbered = re.search(r"\d", part) is not None
    return (known and (numbered or all(len(word) >= _LEAST_ALONE for word in words))) or _DIGEST.fullmatch(part) is not None


def _grouped(paths: Iterable[Path], key_of: Callable[[Path], Hashable]) -> dict[Hashable, list[Path]]:
    groups: dict[Hashable, list[Path]] = defaultdict(list)
    for path in paths:
        groups[key_of(path)].append(path)
    return groups


def _reason(images: int, labels: int) -> str:
    if images and labels:
        return f"expected one image and one label of that name, got {images} and {labels}"
    return f"expected one {'label' if images else 'image'} of that name, got none"


def _folder_by_folder(images: Iterable[Path]) -> list[tuple[Path, str]]:
    """One line for each folder without any JSON: its first image."""
    lines = []
    for first, *others in _grouped(images, lambda path: path.parent).values():
        more = f"; nor is there one for the other {len(others)} images of its folder" if others else ""
        lines.append((first, _reason(1, 0) + more))
    return lines
