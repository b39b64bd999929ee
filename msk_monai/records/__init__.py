"""What a task found, as frozen dataclasses that turn into one line of ``results.jsonl``."""

from msk_monai.records.findings import Findings, Landmark, Measurement, SliceLocation, Status
from msk_monai.records.result import SCHEMA, BundleIdentity, Result, Seconds, Source

__all__ = [
    "SCHEMA",
    "BundleIdentity",
    "Findings",
    "Landmark",
    "Measurement",
    "Result",
    "Seconds",
    "SliceLocation",
    "Source",
    "Status",
]
