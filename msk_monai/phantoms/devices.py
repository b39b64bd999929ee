"""Implants, the scanner's couch, and metal in the clothing."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.shapes import Material, Part, Piece, box_piece, capsule_piece, ellipsoid_piece, rotation_xyz, tube

_TITANIUM = Material(6500)


def implant_parts(patient: Patient) -> list[Part]:
    """Return pedicle screws with their rods, cages between bodies, and bone cement."""
    spine = patient.spine
    metal: list[Piece] = []
    heads: dict[int, list[NDArray[np.float64]]] = {1: [], -1: []}
    for name in patient.devices.screws:
        v = spine[name]
        for side in (1, -1):
            entry = v.to_patient(
                (side * (v.canal_width / 2 + 0.55 * v.pedicle_width + 2), 0.46 * v.depth + v.canal_depth + 4, 0.17 * v.height)
            )
            tip = v.to_patient((side * 9, -0.25 * v.depth, 0.12 * v.height))
            metal += [capsule_piece(entry, tip, 3.2, 2.6), ellipsoid_piece(entry, (6.5, 6.5, 7))]
            heads[side].append(entry + (0, 4, 0))
    for ends in heads.values():
        if len(ends) > 1:
            metal += tube(np.array(ends), np.full(len(ends), 3.0))
    parts = [Part(tuple(metal), _TITANIUM)] if metal else []
    discs = {d.below: d for d in spine.discs}
    for name in patient.devices.cages:
        d = discs[name]
        parts.append(Part((box_piece(d.centre, (13, 11, d.height / 2 + 1), 2),), Material(1400, 2.5, 200)))
    for name in patient.devices.cement:
        v = spine[name]
        parts.append(Part(tuple(ellipsoid_piece(v.to_patient((s * 7, -4, 0)), (8, 9, 7)) for s in (1, -1)), Material(1700)))
    return parts


def couch_parts(patient: Patient, back: float) -> list[Part]:
    """Return the couch under a patient whose back reaches y = ``back``, and metal things on his front."""
    length = 1000.0
    shell = Material(patient.devices.table_hu, 1.6, -930)
    kind = patient.devices.table
    angle = np.linspace(-0.62, 0.62, 17)
    if kind == "curved":
        arc = [(330 * np.sin(a), back + 8 + 330 * (np.cos(a) - 1) * 0.42) for a in angle]
        pieces = tuple(_plank(p, q, 11.0, length) for p, q in pairwise(arc))
        return [Part(pieces, shell)]
    if kind == "cradle":
        arc = [(300 * np.sin(a), back + 6 + 300 * (np.cos(a) - 1)) for a in angle]
        thin = tuple(_plank(p, q, 3.0, length) for p, q in pairwise(arc))
        base = box_piece((0, back + 50, 200), (200, 16, length), 8)
        return [Part((base,), Material(patient.devices.table_hu, 2.0, -960)), Part(thin, Material(-60))]
    if kind == "flat":
        return [
            Part((box_piece((0, back + 8, 200), (210, 8, length), 4),), Material(-880)),
            Part((box_piece((0, back + 30, 200), (205, 14, length), 8),), shell),
        ]
    return []


def object_parts(patient: Patient, front: float) -> list[Part]:
    """Return buttons, zips and leads lying on the patient's front at y = ``front``."""
    rng = np.random.default_rng(patient.habitus.seed + 1)
    parts = []
    for _ in range(patient.devices.objects):
        spot = np.array((rng.uniform(-100, 100), front + rng.uniform(-4, 10), rng.uniform(-80, 300)))
        parts.append(Part((ellipsoid_piece(spot, rng.uniform((2, 1.5, 2), (9, 4, 9))),), Material(float(rng.choice((900, 3000, 7000))))))
    return parts


def _plank(start: tuple[float, float], end: tuple[float, float], half: float, length: float) -> Piece:
    """Return a long plank between two points of the axial plane; it overlaps the next, so that no wall is left between them."""
    run = np.subtract(end, start)
    turn = rotation_xyz(0, 0, float(np.degrees(np.arctan2(run[1], run[0]))))
    middle = np.add(start, end) / 2
    return box_piece((middle[0], middle[1] + half, 200), (np.hypot(*run) / 2 + half, half, length), 1, turn)
