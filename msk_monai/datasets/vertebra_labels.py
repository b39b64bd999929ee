"""CT volumes with label maps of whole vertebrae, turned into a datalist of vertebral bodies."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from msk_monai.geometry import flip_lps_ras
from msk_monai.measure.vertebral_bodies import VertebralBody, vertebral_bodies

SHORTEST_CUT_BODY_MM = 20.0
"""Of a vertebra that the scan cuts, this much of its front must show: less may be its arch alone."""


def vertebra_datalist(cases: Path, *, share: float = 1.0) -> dict[str, Any]:
    """Read a ``cases.json`` (name, image, label, label_ids for each case) into a datalist.

    Args:
        cases: the file; paths in it are relative to its folder. Cases without a label are left out.
        share: how often training draws each item.

    Returns:
        The datalist, all items under ``training``; items hold absolute paths and ``bodies`` in LPS mm; ``bare`` marks volumes
        whose soft tissue was removed.
    """
    content = json.loads(cases.read_text())
    items = [{**_item(case, cases.parent), "share": share} for case in content["cases"] if "label" in case]
    return {"name": cases.parent.name, "coordinates": "LPS, mm", "training": items}


def _item(case: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    volume = nib.load(folder / case["label"])
    labels = np.asarray(volume.dataobj).astype(np.int16)
    affine = flip_lps_ras(volume.affine)
    bodies = vertebral_bodies(labels, affine, case["label_ids"])
    low, high = _z_extent(labels.shape, affine)
    whole = [body for body in bodies if not _is_scrap(body, low, high)]
    values = np.asarray(nib.load(folder / case["image"]).dataobj)
    return {
        "name": case["name"],
        "image": str((folder / case["image"]).resolve()),
        "bodies": [{"name": b.name, "centre": list(b.centre), "z_range": list(b.z_range)} for b in whole],
        "bare": bool((values == 0).mean() > 0.5),
        "licence": case.get("licence", "unknown"),
    }


def _z_extent(shape: tuple[int, ...], affine: np.ndarray) -> tuple[float, float]:
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij"), axis=-1).reshape(-1, 3)
    z = corners @ affine[2, :3] + affine[2, 3]
    return float(z.min()), float(z.max())


def _is_scrap(body: VertebralBody, low: float, high: float) -> bool:
    cut = body.z_range[0] <= low + 1e-3 or body.z_range[1] >= high - 1e-3
    return cut and body.z_range[1] - body.z_range[0] < SHORTEST_CUT_BODY_MM
