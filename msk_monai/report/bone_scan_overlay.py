"""A picture of a whole-body bone scan with what was cut out of it, and the knees with their grades."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from msk_monai.anatomy.whole_body import SIDES, VIEWS
from msk_monai.measure.scintigram import uptake_grey
from msk_monai.records import Findings, Status
from msk_monai.report.picture import ANSWER, INK, MARK, Colour, font, grey, save_picture, sheet

_HEIGHT = 640
_SIDE = 312
_COLOURS: tuple[Colour, Colour] = (MARK, ANSWER)
"""Of the right and the left knee."""


class BoneScanOverlay:
    """Writes ``overlays/<name>.png``: both views, dark where uptake is high, with the crops' frames; and the crops, with the grades.

    Views are drawn as their cameras see them, crops as the patient is seen from the front. It takes ``findings`` and ``pred``, see
    ``msk_monai.networks.SeenKnees``.
    """

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one scan; see ``msk_monai.runner.Writer``."""
        findings: Findings = data["findings"]
        seen = data["pred"]
        graded = bool(findings.landmarks)
        side_px = next((m.value for m in findings.measurements if m.name == "crop_side"), None)
        views = [_view(seen, number, side_px if graded else None) for number, there in enumerate(seen.uptake.seen) if there]
        caption = findings.reason or _grades(findings)
        pictures = [*views, _crops(seen)] if graded else views
        page = sheet(pictures, caption, ANSWER if findings.status is Status.FLAGGED else INK)
        return {"overlay": save_picture(page, folder / "overlays" / f"{name}.png")}


def _view(seen: Any, number: int, side_px: float | None) -> Image.Image:
    """One view of the whole body, as its camera sees it."""
    uptake = seen.uptake.views[number].numpy()
    columns, rows = uptake.shape
    across, down = seen.uptake.spacing
    zoom = _HEIGHT / (rows * down)
    size = (max(1, round(columns * across * zoom)), _HEIGHT)
    behind = VIEWS[number] == "posterior"
    shades = uptake_grey(uptake[::-1] if behind else uptake).T
    picture = grey((1 - 1.6 * shades).astype(np.float32), (0.0, 1.0)).convert("RGB").resize(size, Image.Resampling.BOX)
    drawing = ImageDraw.Draw(picture)
    drawing.text((6, 4), VIEWS[number], fill=(60, 60, 60), font=font())
    if side_px is None:
        return picture
    for (x, y), colour in zip(seen.places, _COLOURS, strict=True):
        place = np.array([columns - 1 - x if behind else x, y])
        low, high = (((place + sign * side_px / 2 + 0.5) * (across, down) * zoom).tolist() for sign in (-1, 1))
        drawing.rectangle((*low, *high), outline=colour, width=2)
    return picture


def _crops(seen: Any) -> Image.Image:
    """The knees from the front, the patient's right at the left; below them the posterior view, exchanged left and right."""
    rows: Sequence[int] = [number for number, there in enumerate(seen.uptake.seen) if there]
    page = Image.new("RGB", (2 * _SIDE + 6, len(rows) * _SIDE + 6 * (len(rows) - 1)))
    for column, (side, colour) in enumerate(zip(SIDES, _COLOURS, strict=True)):
        for row, view in enumerate(rows):
            crop = seen.crops[column, view]
            upright = crop[::-1] if seen.mirrored and side == "left" else crop
            picture = grey((1 - 1.6 * upright.T).astype(np.float32), (0.0, 1.0)).convert("RGB")
            picture = picture.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
            drawing = ImageDraw.Draw(picture)
            drawing.rectangle((0, 0, _SIDE - 1, _SIDE - 1), outline=colour, width=2)
            drawing.text((8, 6), f"{side} knee, {VIEWS[view]}", fill=(60, 60, 60), font=font())
            page.paste(picture, (column * (_SIDE + 6), row * (_SIDE + 6)))
    return page


def _grades(findings: Findings) -> str:
    parts = []
    for side in SIDES:
        grade = next(m for m in findings.measurements if m.name == f"{side}_grade")
        mean = next(m for m in findings.measurements if m.name == f"{side}_expected_grade")
        probability = findings.classes.get(f"{side}_{grade.value:.0f}", 0.0)
        parts.append(f"{side} knee: grade {grade.value:.0f} ({100 * probability:.0f} %), expected {mean.value:.1f}")
    return ", ".join(parts)
