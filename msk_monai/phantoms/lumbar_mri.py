"""Phantom MR examinations of the lumbar spine: DICOM studies, their truth, and datalists of studies and of single images."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from msk_monai.measure.axial_disc import measure_axial_disc
from msk_monai.phantoms.canvas import texture_tile
from msk_monai.phantoms.dicom_mr import MROptions, write_mr_series
from msk_monai.phantoms.lumbar_discs import LumbarDisc
from msk_monai.phantoms.lumbar_mr import (
    ANNULUS,
    CANAL,
    LABELS,
    NUCLEUS,
    SIGNALS,
    VERTEBRA,
    LumbarPatient,
    lumbar_recipe,
    sample_lumbar_patient,
    tissues,
)
from msk_monai.phantoms.mr_slab import Plane, Slab, Tissue, render_slab
from msk_monai.phantoms.mr_study import acquire, sample_mr_scanner, sample_series
from msk_monai.phantoms.phantom_set import PhantomSet
from msk_monai.phantoms.shapes import Array, rotation_xyz

AXIAL_CLASSES = ("annulus", "nucleus", "canal")
"""Labels 1, 2, 3 of the masks of axial slices; those of sagittal ones are vertebra, disc, canal."""
_LENGTHS = ("annulus_mean", "annulus_sd", "annulus_minimum", "posterior_thickness", "canal_width")
_FINE_MM, _FINE_SIZE = 0.3, 320
_HEADER = {
    "description": "procedural MR examinations of invented patients (phantoms); outcome drawn as lumbar_discs.py says",
    "modality": "MR",
    "licence": "Apache-2.0",
}


def write_lumbar_studies(folder: Path, *, count: int, seed: int, whole: bool, workers: int = 1, split: str = "validation") -> Path:
    """Write studies with their truth and datalists; see :meth:`msk_monai.phantoms.phantom_set.PhantomSet.write`.

    Args:
        folder: studies go to ``studies/phantom-<i>/``, the truth to ``truth/``, label maps of slices to ``masks/``.
        count: studies.
        seed: of the whole set.
        whole: all series of an examination; else sagittal T2 (three slices) and axial T2 only, which is what training needs.
        workers: processes.
        split: of the datalists.

    Returns:
        ``datalist.json``, a study an item. Beside it stand ``axial.json``, an item for each axial T2 slice that crosses a disc (``level``,
        ``label`` the outcome, ``age``, ``sex``, ``canal_width_mm`` as the truth has it, ``offset`` of the slice from the disc's middle as a
        share of half its height, ``mask``, ``case``), and ``sagittal.json``, an item for each of the three middle sagittal T2 slices
        (``label`` a picture of 0 background, 1 vertebra, 2 disc, 3 canal).
    """
    header = {**_HEADER, "name": "lumbar_mri phantoms" if whole else "lumbar_mri_t2 phantoms"}
    studies = PhantomSet(make=partial(_write_study, whole), listed=("discs",), header=header, place="studies/{name}")
    datalist = studies.write(folder, count=count, seed=seed, workers=workers, split=split)
    records = [json.loads((folder / "truth" / f"phantom-{index:04d}.json").read_text(encoding="utf-8")) for index in range(count)]
    for name, items, labels in (
        ("axial", [item for record in records for item in _axial_items(record)], AXIAL_CLASSES),
        ("sagittal", [item for record in records for item in record["sagittal"]], ("vertebra", "disc", "canal")),
    ):
        listing = {**header, "labels": ["background", *labels], "seed": seed, "training": [], "validation": [], split: items}
        (folder / f"{name}.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    return datalist


def _axial_items(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "image": piece["image"],
            "mask": piece["mask"],
            "level": piece["level"],
            "label": int(record["discs"][piece["level"]]["herniation"]),
            "age": record["age"],
            "sex": record["sex"],
            "canal_width_mm": record["discs"][piece["level"]]["canal_width_mm"],
            "offset": piece["offset"],
            "case": record["case"],
        }
        for piece in record["axial"]
        if piece["mask"]
    ]


def _write_study(whole: bool, folder: Path, seed: int, index: int) -> dict[str, Any]:
    rng = np.random.default_rng((seed, index))
    lumbar = sample_lumbar_patient(rng, lumbar_recipe())
    scanner = sample_mr_scanner(rng)
    plan = sample_series(rng, lumbar, scanner, whole=whole)
    options = MROptions(seed=seed, study=index, sex=lumbar.patient.sex, age=lumbar.patient.age, scanner=scanner)
    shown, tile = tissues(lumbar), texture_tile(lumbar.patient.habitus.seed)
    root = folder.parents[1]
    masks = Path("masks") / folder.name
    shutil.rmtree(folder, ignore_errors=True)
    (root / masks).mkdir(parents=True, exist_ok=True)
    slabs: dict[int, Slab] = {}
    found: dict[str, Any] = {"axial": [], "sagittal": [], "series": {}}
    for series in plan:
        rendered = [_slab(slabs, plane, shown, tile, {one.weighting for one in plan}) for plane in series.planes]
        images = [acquire(slab.signals[series.weighting], plane, scanner, rng) for slab, plane in zip(rendered, series.planes, strict=True)]
        paths = write_mr_series(folder / f"C{series.number - 1:03d}", series, images, options)
        found["series"][series.kind] = {"series_instance_uid": options.series_uid(series), "description": series.description}
        names = [path.relative_to(root).as_posix() for path in paths]
        if series.kind == "axial T2":
            found["axial"] = [
                _axial(root, masks, name, plane, slab, lumbar) for name, plane, slab in zip(names, series.planes, rendered, strict=True)
            ]
        if series.kind == "sagittal T2":
            middle = range(len(names) // 2 - 1, len(names) // 2 + 2)
            found["sagittal"] = [_sagittal(root, masks, names[place], rendered[place]) for place in middle]
    return {
        "sex": lumbar.patient.sex,
        "age": int(lumbar.patient.age),
        "manufacturer": scanner.manufacturer,
        "discs": {disc.level: _disc_truth(disc, shown, tile) for disc in lumbar.discs},
        **found,
    }


def _slab(known: dict[int, Slab], plane: Plane, shown: tuple[Tissue, ...], tile: Array, weightings: set[str]) -> Slab:
    """Series of several weightings share their planes: each is rendered once."""
    if id(plane) not in known:
        known[id(plane)] = render_slab(plane, shown, {name: SIGNALS[name] for name in sorted(weightings)}, labels=LABELS, tile=tile)
    return known[id(plane)]


def _axial(root: Path, masks: Path, image: str, plane: Plane, slab: Slab, lumbar: LumbarPatient) -> dict[str, Any]:
    places = {disc.level: crossing(plane, disc) for disc in lumbar.discs}
    level = next((name for name, (offset, _) in places.items() if abs(offset) < 1), None)
    nearest = min(places, key=lambda name: abs(places[name][0]))
    mask = None
    if level is not None:
        mask = (masks / f"axial-{Path(image).stem}.png").as_posix()
        _save(root / mask, _axial_classes(slab.shares))
    offset, tilt = places[nearest]
    return {"image": image, "level": level, "mask": mask, "nearest": nearest, "offset": round(offset, 3), "tilt_deg": round(tilt, 2)}


def _axial_classes(shares: Array) -> NDArray[np.uint8]:
    """What fills at least half of a pixel; a slice is rendered from few sheets, so that a share of just a half is common."""
    disc = shares[ANNULUS] + shares[NUCLEUS]
    classes = np.where(shares[NUCLEUS] > shares[ANNULUS], 2, 1) * (disc >= 0.5)
    return np.where((shares[CANAL] >= 0.5) & (shares[CANAL] > disc), 3, classes).astype(np.uint8)


def crossing(plane: Plane, disc: LumbarDisc) -> tuple[float, float]:
    """Where a plane meets a disc's own axis, as a share of half the disc's height from its middle, and their angle in degrees."""
    axis = rotation_xyz(*disc.disc.turn)[:, 2]
    cosine = float(axis @ plane.normal)
    along = float((plane.origin - np.asarray(disc.disc.centre)) @ plane.normal) / cosine
    return along / (disc.disc.height / 2), float(np.degrees(np.arccos(min(1.0, abs(cosine)))))


def _sagittal(root: Path, masks: Path, image: str, slab: Slab) -> dict[str, str]:
    label = (masks / f"sagittal-{Path(image).stem}.png").as_posix()
    classes = np.zeros(LABELS + 1, np.uint8)
    classes[[VERTEBRA, ANNULUS, NUCLEUS, CANAL]] = (1, 2, 2, 3)
    shares = slab.shares
    joined = np.stack([shares[0], shares[VERTEBRA], shares[ANNULUS] + shares[NUCLEUS], shares[CANAL]])
    _save(root / label, joined.argmax(axis=0).astype(np.uint8))
    return {"image": image, "label": label}


def _disc_truth(disc: LumbarDisc, shown: tuple[Tissue, ...], tile: Array) -> dict[str, Any]:
    """What is true of a disc: the outcome, how it came about, and its sizes in a thin slice through its middle."""
    turn = rotation_xyz(*disc.disc.turn)
    centre = np.asarray(disc.disc.centre) + turn @ (0.0, 15.0, 0.0)
    plane = Plane.about(centre, turn[:, 0], turn[:, 1], spacing=_FINE_MM, shape=(_FINE_SIZE, _FINE_SIZE), thickness=0.1)
    labelled = [tissue for tissue in shown if tissue.label in (ANNULUS, NUCLEUS, CANAL)]  # vertebrae may cut into a thin disc's middle
    shares = render_slab(plane, labelled, {"T2": SIGNALS["T2"]}, labels=LABELS, tile=tile).shares
    sizes = measure_axial_disc(*(shares[label].T for label in (ANNULUS, NUCLEUS, CANAL)), spacing=(_FINE_MM, _FINE_MM))
    herniation = disc.herniation
    return {
        "herniation": int(disc.symptomatic),
        "log_odds": round(disc.odds, 3),
        "kind": herniation.kind if herniation else None,
        "depth_mm": round(herniation.depth, 2) if herniation else 0.0,
        "bulge_mm": round(disc.bulge, 2),
        "grade": disc.grade,
        **{f"{name}_mm": _rounded(getattr(sizes, name)) for name in _LENGTHS},
        "nucleus_share": _rounded(sizes.nucleus_share),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _save(path: Path, classes: NDArray[np.uint8]) -> None:
    Image.fromarray(classes).save(path)
