"""What is on a film besides the patient: the collimator's edges, and letters."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from msk_monai.phantoms.shapes import Array


@dataclass(frozen=True, kw_only=True)
class Collimation:
    """The open field.

    Args:
        margins: shares of the film that are covered at the top, bottom, left and right.
        blur_mm: width of its edges.
        masked: whether the picture is black there; otherwise it is white, as nothing was exposed.
    """

    margins: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    blur_mm: float = 1.0
    masked: bool = True

    def field(self, shape: tuple[int, int], pixel_mm: tuple[float, float]) -> Array:
        """Return the share of the beam let through to each pixel, (rows, columns); ``pixel_mm`` between rows, between columns."""
        sides = []
        for count, size, first, last in zip(shape, pixel_mm, self.margins[::2], self.margins[1::2], strict=True):
            at = np.arange(count, dtype=np.float32) + np.float32(0.5)
            edge = np.minimum(at - first * count if first else at + count, (1 - last) * count - at if last else at + count)
            sides.append(np.clip(edge * np.float32(size / self.blur_mm) + np.float32(0.5), 0, 1))
        return np.asarray(np.maximum(sides[0][:, None] * sides[1], np.float32(4e-4)), np.float32)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Letters on the film.

    Args:
        text: what they say.
        place: of their middle, as shares of columns and rows.
        size: their height as a share of the rows.
        lead: laid on the cassette; otherwise written into the picture.
        turned: by so many degrees.
        backwards: seen in a mirror, as a lead letter on the wrong side of the cassette.
    """

    text: str
    place: tuple[float, float]
    size: float = 0.03
    lead: bool = True
    turned: float = 0.0
    backwards: bool = False

    def mask(self, shape: tuple[int, int]) -> Array:
        """Return 1 where the letters are, 0 elsewhere, (rows, columns)."""
        font = ImageFont.load_default(size=max(self.size * shape[0], 8.0))
        left, top, right, bottom = (round(v) for v in font.getbbox(self.text))
        label = Image.new("L", (right - left + 4, bottom - top + 4))
        ImageDraw.Draw(label).text((2 - left, 2 - top), self.text, fill=255, font=font)
        if self.backwards:
            label = label.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        label = label.rotate(self.turned, expand=True, resample=Image.Resampling.BILINEAR)
        canvas = Image.new("L", (shape[1], shape[0]))
        canvas.paste(label, (round(self.place[0] * shape[1] - label.width / 2), round(self.place[1] * shape[0] - label.height / 2)))
        return np.asarray(np.asarray(canvas, np.float32) / np.float32(255), np.float32)


def sample_collimation(rng: np.random.Generator) -> Collimation:
    """Draw a collimation; every second film is open to its edges."""
    if rng.random() < 0.5:
        return Collimation()
    top, bottom, left, right = (float(v) for v in rng.uniform(0.01, (0.03, 0.03, 0.12, 0.12)) * (rng.random(4) < 0.75))
    return Collimation(margins=(top, bottom, left, right), blur_mm=float(rng.uniform(0.5, 4)), masked=bool(rng.random() < 0.65))


def sample_marks(rng: np.random.Generator, *, mirrored: bool) -> tuple[Mark, ...]:
    """Draw side letters and captions; the letter says which side of the patient it is on."""
    marks = []
    if rng.random() < 0.7:
        on_right = bool(rng.random() < 0.5)
        text = "L" if on_right != mirrored else "R"
        x, y = rng.uniform(0.05, 0.12), rng.uniform(0.05, 0.95)
        lead = bool(rng.random() < 0.7)
        marks.append(
            Mark(
                text=text,
                place=(1 - x if on_right else x, y),
                size=float(rng.uniform(0.015, 0.045)),
                lead=lead,
                turned=float(rng.choice((0, 0, 0, 90, -90)) + rng.normal(0, 8)) if lead else 0.0,
                backwards=lead and bool(rng.random() < 0.1),
            )
        )
    if rng.random() < 0.15:
        text = str(rng.choice(("STANDING", "standing", "ERECT", "AP", "PA", "SUPINE", "WEIGHT BEARING")))
        marks.append(Mark(text=text, place=(float(rng.uniform(0.2, 0.8)), 0.02), size=float(rng.uniform(0.012, 0.025)), lead=False))
    return tuple(marks)
