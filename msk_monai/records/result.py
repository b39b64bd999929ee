"""One line of ``results.jsonl``: whose findings, by which bundle, from which files, in what time."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from msk_monai.records.findings import Findings, Landmark, Measurement, SliceLocation, Status

SCHEMA = "msk_monai.result/1"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a case came from. ``path`` is relative to the input folder, with forward slashes.

    ``beside_series_instance_uid`` is that of a second series of the study that was read along with it. Files without UIDs (NIfTI, pictures)
    are known by ``fingerprint``: their size, and a hash of how they begin and end.
    """

    path: str
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    beside_series_instance_uid: str | None = None
    modality: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class BundleIdentity:
    """Which bundle, with which weights and settings: a result made by another of either is not the same result.

    ``overrides`` holds the settings that were not the bundle's own, as a JSON object.
    """

    name: str
    version: str
    weights_sha256: str | None = None
    overrides: str | None = None


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """Wall-clock seconds spent on a case."""

    read: float | None = None
    infer: float | None = None
    write: float | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """One case seen by one bundle.

    Args:
        case: name of the case, unique within a run, made of folder names and UIDs only.
        source: its files.
        bundle: who looked at it.
        findings: what was found.
        outputs: files written for the case by kind, as paths relative to the output folder.
        seconds: time it took.
        dicom_reason: why there are no DICOM objects, where they were asked for.
    """

    case: str
    source: Source
    bundle: BundleIdentity
    findings: Findings
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: Seconds = field(default_factory=Seconds)
    dicom_reason: str | None = None

    @property
    def key(self) -> tuple[str, BundleIdentity]:
        """What makes a result the same result: recorded once, it is not run again."""
        return self.case, self.bundle

    def to_json(self) -> str:
        """One line without line breaks; empty fields are left out, numbers that are not finite become null."""
        findings = asdict(self.findings)
        row = {
            "schema": SCHEMA,
            "case": self.case,
            "source": asdict(self.source),
            "bundle": asdict(self.bundle),
            "status": findings.pop("status"),
            "reason": findings.pop("reason"),
            **findings,
            "outputs": dict(self.outputs),
            "dicom_reason": self.dicom_reason,
            "seconds": {k: round(v, 4) for k, v in asdict(self.seconds).items() if v is not None},
        }
        return json.dumps(_compact(row), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Result":
        """The inverse of :meth:`to_json`.

        Raises:
            ValueError: the line is not a result of this schema.
        """
        try:
            return cls._from_row(json.loads(line))
        except (TypeError, KeyError, AttributeError) as fault:
            raise ValueError(f"not a result line of schema {SCHEMA}: {fault!r}") from fault

    @classmethod
    def _from_row(cls, row: dict[str, Any]) -> "Result":
        if row["schema"] != SCHEMA:
            raise ValueError(f"expected schema {SCHEMA}, got {row['schema']}")
        measurements = tuple(Measurement(**{"value": None, **m, "flags": tuple(m.get("flags", ()))}) for m in row.get("measurements", ()))
        landmarks = tuple(Landmark(**{**p, "world_mm": _point(p.get("world_mm"))}) for p in row.get("landmarks", ()))
        where = row.get("slice")
        return cls(
            case=row["case"],
            source=Source(**row["source"]),
            bundle=BundleIdentity(**row["bundle"]),
            findings=Findings(
                status=Status(row["status"]),
                reason=row.get("reason"),
                measurements=measurements,
                landmarks=landmarks,
                slice=SliceLocation(**{**where, "position_mm": _point(where["position_mm"])}) if where else None,
                classes=row.get("classes", {}),
            ),
            outputs=row.get("outputs", {}),
            seconds=Seconds(**row.get("seconds", {})),
            dicom_reason=row.get("dicom_reason"),
        )


def _point(xyz: list[float] | None) -> Any:
    return None if xyz is None else tuple(xyz)


def _compact(value: Any) -> Any:
    """Drop ``None`` and empty containers, round floats to what they can mean, turn NaN and infinity into null."""
    if isinstance(value, Mapping):
        pairs = ((k, _compact(v)) for k, v in value.items())
        return {k: v for k, v in pairs if v is not None and v != {} and v != []}
    if isinstance(value, list | tuple):
        return [_compact(v) for v in value]
    if isinstance(value, float):
        return round(value, 6) if abs(value) < float("inf") else None
    return value
