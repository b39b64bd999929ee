"""What is true of a rendered scan: where every vertebral body lies, what is cut off, what was found."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.pelvis import s1_z_range
from msk_monai.phantoms.spine import LABELS
from msk_monai.phantoms.vertebra import body_z_range

Extent = Literal["complete", "partial", "outside"]


@dataclass(frozen=True)
class BodyTruth:
    """One vertebral body.

    Args:
        name: level, ``C2`` … ``L6``, ``S1``.
        label: its value in the label maps.
        z_range_mm: lowest and highest LPS z of the body, without its posterior elements.
        middle_mm: middle of that range.
        middle_slice: index towards the head of the slice nearest to the middle, None where it lies outside the scan.
        slices: first and last slice whose centre lies in the range, None where there is none.
        extent: whether the scan holds all, a part or nothing of the body.
        centre_mm: middle of the body, LPS.
    """

    name: str
    label: int
    z_range_mm: tuple[float, float]
    middle_mm: float
    middle_slice: int | None
    slices: tuple[int, int] | None
    extent: Extent
    centre_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Truth:
    """The truth of one scan; ``bodies`` from the head downwards, those outside the scan included.

    ``l3_in_scan`` is True where the middle of L3's body lies between the scan's first and last slice.
    """

    lumbar_count: int
    l3_in_scan: bool
    l3_middle_slice: int | None
    bodies: tuple[BodyTruth, ...]
    findings: tuple[str, ...]
    cobb: float
    sex: str
    age: float

    def __getitem__(self, name: str) -> BodyTruth:
        for body in self.bodies:
            if body.name == name:
                return body
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        return asdict(self)


def scan_truth(patient: Patient, grid: Grid) -> Truth:
    """Return the truth of a patient scanned on a grid."""
    ranges = [(v.name, body_z_range(v), v.centre) for v in patient.spine.vertebrae[::-1]]
    ranges.append(("S1", s1_z_range(patient.pelvis), (0.0, 0.0, -14 * patient.pelvis.scale)))
    bodies = tuple(_body(name, extent, centre, grid) for name, extent, centre in ranges)
    third = next(b for b in bodies if b.name == "L3")
    return Truth(
        lumbar_count=patient.spine.lumbar_count,
        l3_in_scan=third.middle_slice is not None,
        l3_middle_slice=third.middle_slice,
        bodies=bodies,
        findings=_findings(patient),
        cobb=round(patient.spine.cobb, 1),
        sex=patient.sex,
        age=round(patient.age),
    )


def _body(name: str, extent: tuple[float, float], centre: tuple[float, float, float], grid: Grid) -> BodyTruth:
    low, high = extent
    bottom, top = grid.z_range
    middle = (low + high) / 2
    spacing, count = grid.spacing[2], grid.shape[0]
    index = round((middle - grid.origin[2]) / spacing)
    first, last = (max(int(-(-(low - grid.origin[2]) // spacing)), 0), min(int((high - grid.origin[2]) // spacing), count - 1))
    if high <= bottom or low >= top:
        state: Extent = "outside"
    else:
        state = "complete" if low >= bottom and high <= top else "partial"
    return BodyTruth(
        name=name,
        label=LABELS[name],
        z_range_mm=(round(low, 2), round(high, 2)),
        middle_mm=round(middle, 2),
        middle_slice=index if 0 <= index < count else None,
        slices=(first, last) if first <= last else None,
        extent=state,
        centre_mm=(round(centre[0], 2), round(centre[1], 2), round(centre[2], 2)),
    )


def _findings(patient: Patient) -> tuple[str, ...]:
    found = [f"{v.name}: {v.finding}" for v in patient.spine.vertebrae if v.finding]
    devices = patient.devices
    found += [f"{name}: pedicle screws" for name in devices.screws]
    found += [f"{name}: cage below" for name in devices.cages]
    found += [f"{name}: cement" for name in devices.cement]
    found += [f"hip prosthesis {'left' if side > 0 else 'right'}" for side in patient.pelvis.prosthesis]
    if patient.cage.rib12 == (0.0, 0.0):
        found.append("no twelfth ribs")
    if patient.cage.lumbar_ribs:
        found.append("ribs at L1")
    if patient.spine.lumbar_count != 5:
        found.append(f"{patient.spine.lumbar_count} lumbar vertebrae")
    return tuple(found)
