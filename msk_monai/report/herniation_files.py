"""What is written about the discs of an axial series: a picture of each, and what became of every slice."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from msk_monai.anatomy.discs import LEVELS, level_key
from msk_monai.records import Findings, Status
from msk_monai.report.picture import ANSWER, INK, LABELS, font, grey, save_picture, sheet

_SIDE = 288
_HEAT = 0.45
"""Opacity of the most salient place."""
_COLUMNS = ("sop_instance_uid", "z_mm", "level", "nearest", "offset", "tilt_deg", "logit", "reason")


class HerniationOverlay:
    """Writes ``overlays/<name>.png``: each disc's slice with outlines of annulus, nucleus and canal, its level and its probability.

    Where the answer is yes and that slice spoke for it, what made it so is tinted: the places whose covering lowers the logit.

    It takes ``findings`` and ``levels``, see ``msk_monai.transforms.HerniationFindingsd``.
    """

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one study; see ``msk_monai.runner.Writer``."""
        findings: Findings = data["findings"]
        herniated = {m.name for m in findings.measurements if "herniation" in m.flags}
        pictures = [_picture(found, f"{level_key(found.level)}_herniation_probability" in herniated) for found in data["levels"]]
        flagged = findings.status is Status.FLAGGED
        caption = findings.reason or "probability of a herniation at each disc; outlines: annulus, nucleus, canal"
        page = sheet(pictures or [Image.new("RGB", (2 * _SIDE, 24))], caption, ANSWER if flagged else INK)
        return {"overlay": save_picture(page, folder / "overlays" / f"{name}.png")}


class SliceTable:
    """Writes ``slices/<name>.csv``: for each axial slice the disc it crosses, or why it was dropped.

    It takes ``pred``, see ``msk_monai.networks.herniation_inferer.SeenStudy``.
    """

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Write one study's; see ``msk_monai.runner.Writer``."""
        path = folder / "slices" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_COLUMNS)
            for seen in data["pred"].slices:
                writer.writerow(_row(seen))
        return {"slices": path}


def _row(seen: Any) -> list[str]:
    place, film = seen.crossing, seen.film
    uid, z = film.meta.get("sop_instance_uid", ""), f"{float(film.affine[2, 3]):.2f}"
    if place is None:
        return [uid, z, "", "", "", "", "", "its level is not known"]
    beyond = "other slices lie nearer to the disc's middle" if place.level in LEVELS else "this disc is not graded"
    beyond = "the slice is blank" if bool(film.min() == film.max()) else beyond
    reason = place.reason or ("" if seen.logit is not None else beyond)
    logit = "" if seen.logit is None else f"{seen.logit:.3f}"
    return [uid, z, place.level or "", place.nearest, f"{place.offset:.3f}", f"{place.tilt_deg:.1f}", logit, reason]


def _picture(found: Any, herniated: bool) -> Image.Image:
    seen = found.slice
    base = np.asarray(
        grey(seen.close.T.astype(np.float32), (0.0, 1.0)).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), np.float32
    )
    if herniated and seen.saliency is not None and seen.saliency.max() > 0:
        heat = np.clip(seen.saliency.T / seen.saliency.max(), 0, 1).astype(np.float32)
        share = np.asarray(Image.fromarray(heat).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))[..., None] * _HEAT
        base = np.asarray(base * (1 - share) + np.array(LABELS[2], np.float32) * share, np.float32)
    parts = np.asarray(Image.fromarray(seen.parts.T).resize((_SIDE, _SIDE), Image.Resampling.NEAREST))
    edges = (np.diff(parts, axis=0, prepend=parts[:1]) != 0) | (np.diff(parts, axis=1, prepend=parts[:, :1]) != 0)
    base[edges] = np.array([(255, 255, 255), LABELS[0], LABELS[3], LABELS[1]], np.float32)[parts[edges]]
    picture = Image.fromarray(base.clip(0, 255).astype(np.uint8))
    text = f"{found.level}  {found.probability:.2f}{'  herniation' if herniated else ''}"
    colour = ANSWER if herniated else INK
    ImageDraw.Draw(picture).text((8, 6), text, fill=colour, font=font(), stroke_width=2, stroke_fill=(0, 0, 0))
    return picture
