"""Axial T2 MR images of lumbar discs, each with a JSON that tells the disc level and whether it is symptomatic.

Folders are those of ``msk_monai.datasets.lumbar_mri_folders``, JSON files those of ``msk_monai.datasets.lumbar_mri_annotation``.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from msk_monai.anatomy.discs import LEVELS
from msk_monai.datasets.films import Converted, FilmFolder, path_in
from msk_monai.datasets.lumbar_mri_annotation import read_annotation
from msk_monai.datasets.lumbar_mri_folders import case_of, public_name
from msk_monai.datasets.pairs import Pairs
from msk_monai.datasets.patient_split import split_by_patient
from msk_monai.errors import DataError

SECTIONS = ("training", "validation", "testing")
FOLDER_OF_LINKS = "without_names"
"""Below the data list: images whose own path may hold a name."""


def lumbar_mri_datalist(folder: FilmFolder, pairs: Pairs, out: Path, *, seed: int = 0) -> Converted:
    """Turn images with their JSON files into a data list.

    Args:
        folder: the images that have a JSON; of those in ``faults``, the fault is told.
        pairs: which JSON belongs to which image, and files without partner.
        out: folder of the data list. An image whose path may hold a name gets a hard link (where that cannot be: a copy) below
            ``FOLDER_OF_LINKS``, named without.
        seed: for the split.

    Returns:
        Items hold ``image``, ``level``, ``label`` (1 symptomatic, 0 not), ``age`` in years, ``sex``, ``canal_width_mm`` (these three
        null where not known) and ``case``. Training, validation and testing have 6:2:2 of the patients, of those with a symptomatic
        level as of the others.
    """
    skipped = list(pairs.alone)
    notes: list[tuple[str, str]] = []
    items = []
    for path, file in pairs.pairs:
        if path in folder.faults:
            skipped.append((path, folder.faults[path]))
            continue
        try:
            found = read_annotation(file)
        except DataError as fault:
            skipped.append((file, fault.message))
            continue
        relative = path.relative_to(folder.root)
        if found.level is None:
            notes.append((public_name(relative), "shows no disc level and was dropped"))
            continue
        items.append({"image": _public_image(path, relative, out), **vars(found), "case": case_of(relative)})
    lists = [sorted(part, key=lambda item: str(item["image"])) for part in split_by_patient(items, seed=seed)]
    header = {
        "name": "lumbar_mri_json",
        "modality": "MR",
        "description": "axial T2 MR images of lumbar discs; label says whether the level is symptomatic; age in years, canal width in mm",
        "labels": ["not symptomatic", "symptomatic"],
        "levels": list(LEVELS),
    }
    return Converted(
        content={**header, **dict(zip(SECTIONS, lists, strict=True))},
        skipped=tuple((public_name(path.relative_to(folder.root)), reason) for path, reason in sorted(skipped)),
        notes=(*notes, *_missing(items)),
    )


def _missing(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    counts = {key: sum(item[key] is None for item in items) for key in ("age", "sex", "canal_width_mm")}
    return [("datalist.json", f"{key} is not known of {count} of {len(items)} images") for key, count in counts.items() if count]


def _public_image(path: Path, relative: Path, out: Path) -> str:
    """The image as the item holds it: where it is, or a link named without what may be a patient's name."""
    public = public_name(relative)
    if public == relative.as_posix():
        return path_in(out, path)
    link = out / FOLDER_OF_LINKS / public
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    source = os.path.realpath(path)
    try:
        os.link(source, link)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, link)
    return path_in(out, link)
