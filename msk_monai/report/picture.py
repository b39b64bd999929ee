"""What every picture has in common: a grey window, panels that show a part of a film, text, a caption, small files.

Film points are ``[x, y]`` = column, row in pixels of the film, 0 = centre of the first pixel; panel points are the same in pixels of
the panel, which are square whatever the film's are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import get_data_path
from monai.data import MetaTensor
from PIL import Image, ImageDraw, ImageFont

Array = npt.NDArray[np.float64]
Colour = tuple[int, int, int]

INK, MARK, ANSWER, DOUBT = (240, 240, 240), (120, 190, 255), (255, 190, 60), (255, 110, 80)
"""Text; what was found; the answer asked for, and warnings; what is not certain."""
LENGTH, CURVE = (110, 230, 140), (240, 130, 230)
"""A distance; a curve's angle."""
LABELS: tuple[Colour, ...] = (
    (255, 190, 60), (120, 190, 255), (255, 110, 80), (110, 230, 140), (240, 130, 230), (255, 255, 64), (64, 255, 255), (191, 128, 255),
)  # fmt: skip
"""For classes in their order; neighbours differ."""
WIDEST, HIGHEST = 900, 1150
"""Pixels that a whole film fits into."""
_FINE = 2  # lines are drawn so many times larger, and smoothed when made smaller
_GAP = 6
_STEEPEST = 4.0  # contrast gained in a part of a film, at most: more would show noise and compression only


def grey(pixels: npt.NDArray[np.float32], window: tuple[float, float]) -> Image.Image:
    """(rows, columns) numbers as an 8-bit picture: the window's ends become black and white."""
    low, high = window
    scale = 255 / (high - low)
    shades = np.multiply(pixels, scale, dtype=np.float32)
    shades -= low * scale
    return Image.fromarray(np.clip(shades, 0, 255, out=shades).astype(np.uint8))


def robust_window(pixels: npt.NDArray[Any], darkest: float = 0.5, brightest: float = 99.9) -> tuple[float, float]:
    """Two percentiles of (rows, columns) grey values, counted on a part of the pixels; never the same number twice."""
    step = max(1, int(np.sqrt(pixels.size / 250_000)))
    low, high = (float(value) for value in np.percentile(pixels[::step, ::step], (darkest, brightest)))
    return (low, high) if high > low else (low, low + 1.0)


@dataclass(frozen=True)
class Film:
    """A film to draw on: its grey picture, and the height of its pixels divided by their width."""

    image: Image.Image
    aspect: float

    @classmethod
    def of(cls, source: MetaTensor) -> "Film":
        """The film of a tensor (1, columns, rows) or (1, columns, rows, 1) as ``SeriesReader`` reads it.

        Raises:
            ValueError: it is not one film.
        """
        shape = tuple(source.shape)
        if len(shape) < 3 or shape[0] != 1 or any(size != 1 for size in shape[3:]):
            raise ValueError(f"expected one film (1, columns, rows), got shape {shape}")
        pixels = np.asarray(source.as_tensor(), dtype=np.float32).reshape(shape[1:3]).T
        return cls(grey(pixels, robust_window(pixels)), float(source.meta.get("pixel_aspect_ratio", 1.0)))

    def whole(self, least_width: int = 1) -> "Panel":
        """A panel with all of the film; a narrow one gets dark margins left and right."""
        columns, rows = self.image.size
        scale = min(WIDEST / columns, HIGHEST / (rows * self.aspect))
        size = max(least_width, round(columns * scale)), max(1, round(rows * self.aspect * scale))
        return Panel(self, centre=((columns - 1) / 2, (rows - 1) / 2), size=size, scale=scale)


class Panel:
    """A part of a film, enlarged or reduced, to draw on. Its grey values are stretched to what the part holds.

    Args:
        film: the film.
        centre: film point in the middle of the panel, where that leaves no part of the panel empty; else as near as it can be.
        size: width and height in pixels.
        scale: pixels of the panel for a column of the film.
    """

    def __init__(self, film: Film, *, centre: Sequence[float], size: tuple[int, int], scale: float) -> None:
        self.size = size
        self.scale = scale
        self._steps = np.array([scale, scale * film.aspect])
        self._centre = self._nearest_centre(np.asarray(centre, dtype=np.float64), np.array(film.image.size))
        self._canvas = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE))
        self._draw = ImageDraw.Draw(self._canvas)
        self._texts: list[tuple[Array, str, Colour, str]] = []
        self._show(film.image)

    def place(self, points: npt.ArrayLike) -> Array:
        """Film points (..., 2) as panel points."""
        middle = (np.array(self.size) - 1) / 2
        placed: Array = (np.asarray(points, dtype=np.float64) - self._centre) * self._steps + middle
        return placed

    def holds(self, point: Array, margin: float = 0.0) -> bool:
        """Whether a panel point lies in the panel, so far from its border."""
        return bool(np.all(point >= margin) and np.all(point <= np.array(self.size) - 1 - margin))

    def stroke(self, points: npt.ArrayLike, colour: Colour, *, width: float = 1.0, dashed: bool = False) -> None:
        """Draw straight lines between panel points (N, 2)."""
        path = np.asarray(points, dtype=np.float64)
        for start, end in pairwise(path):
            for a, b in _dashes(start, end) if dashed else ((start, end),):
                ends = [tuple(part) for part in np.stack((a, b)) * _FINE + (_FINE - 1) / 2]
                self._draw.line(ends, fill=colour, width=round(width * _FINE))

    def fill(self, points: npt.ArrayLike, colour: Colour) -> None:
        """Fill the polygon of panel points (N, 2)."""
        self._draw.polygon([tuple(point) for point in np.asarray(points) * _FINE + (_FINE - 1) / 2], fill=colour)

    def paint(self, colours: npt.NDArray[np.uint8], where: npt.NDArray[np.bool_], corner: tuple[int, int]) -> None:
        """Set pixels of the fine grid: (rows, columns, 3) colours where (rows, columns) is true, as ``resample`` placed them."""
        self._canvas.paste(Image.fromarray(colours), corner, Image.fromarray(where))

    def text(self, at: npt.ArrayLike, text: str, colour: Colour, *, anchor: str = "lm") -> None:
        """Write at a panel point; ``anchor`` as Pillow has it. What would stand outside is moved in."""
        self._texts.append((np.asarray(at, dtype=np.float64), text, colour, anchor))

    def picture(self) -> Image.Image:
        """The finished panel."""
        picture = self._canvas.reduce(_FINE)
        draw = ImageDraw.Draw(picture)
        for at, text, colour, anchor in self._texts:
            place = self._within(at, draw.textbbox(tuple(at), text, font=font(), anchor=anchor))
            draw.text(place, text, fill=colour, font=font(), anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))
        return picture

    def resample(self, image: Image.Image, resampling: Image.Resampling) -> tuple[Image.Image, tuple[int, int]] | None:
        """The part of an image on the film's grid that the panel shows, on the drawing's fine grid, and where its corner lies.

        ``None`` where the panel shows nothing of it.
        """
        half = np.array(self.size) / 2
        shown = np.array([-half, half]) / self._steps + self._centre + 0.5  # edges, not centres
        box = np.clip(np.stack((np.floor(shown[0]), np.ceil(shown[1]))), 0, image.size)
        if np.any(box[1] <= box[0]):
            return None
        edges = np.rint(((box - 0.5 - self._centre) * self._steps + half) * _FINE).astype(int)
        size = np.maximum(edges[1] - edges[0], 1)
        part = image.resize((int(size[0]), int(size[1])), resampling, box=tuple(box.reshape(-1).tolist()))
        return part, (int(edges[0, 0]), int(edges[0, 1]))

    def _show(self, image: Image.Image) -> None:
        shown = self.resample(image, Image.Resampling.BILINEAR)
        if shown is not None:
            part, corner = shown
            low, high = robust_window(np.asarray(part), 0.5, 99.5)
            gain = min(255 / (high - low), _STEEPEST)
            shades = 127.5 + gain * (np.arange(256) - (low + high) / 2)
            self._canvas.paste(part.point(np.clip(np.rint(shades), 0, 255).tolist()), corner)

    def _nearest_centre(self, wanted: Array, film: Array) -> Array:
        half = np.array(self.size) / 2 / self._steps
        first, last = half - 0.5, film - 0.5 - half
        centre: Array = np.where(first <= last, np.clip(wanted, first, np.maximum(first, last)), (film - 1) / 2)
        return centre

    def _within(self, at: Array, box: tuple[float, float, float, float]) -> tuple[float, float]:
        edge = 3.0
        x, y = (
            float(value + max(0.0, edge - low) - max(0.0, high - (length - edge)))
            for value, low, high, length in zip(at, box[:2], box[2:], self.size, strict=True)
        )
        return x, y


@cache
def font() -> ImageFont.FreeTypeFont:
    """A font that has the signs of any reason or unit; Pillow's own lacks dashes and accents."""
    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", 15)


def sheet(pictures: Sequence[Image.Image], caption: str, colour: Colour = INK) -> Image.Image:
    """Pictures side by side, and a caption below them in as many lines as it needs."""
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) - 1)
    height = max(picture.height for picture in pictures)
    lines = _wrapped(caption, width - 12)
    page = Image.new("RGB", (width, height + 10 + 21 * len(lines)))
    left = 0
    for picture in pictures:
        page.paste(picture, (left, 0))
        left += picture.width + _GAP
    draw = ImageDraw.Draw(page)
    for place, line in enumerate(lines):
        draw.text((6, height + 5 + 21 * place), line, fill=colour, font=font())
    return page


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a PNG of at most 256 colours, whose folder is made; the colours named here stay as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(palette=_palette(), dither=Image.Dither.NONE).save(path, compress_level=4)
    return path


@cache
def _palette() -> Image.Image:
    """Greys, the named colours, and what smoothed lines make of the two."""
    named = dict.fromkeys([MARK, ANSWER, DOUBT, LENGTH, CURVE, *LABELS])
    greys = np.repeat(np.linspace(0, 255, 96).round().astype(int)[:, None], 3, axis=1)
    mixed = [
        share * np.array(colour) + (1 - share) * shade
        for colour in named
        for share in (0.25, 0.5, 0.75)
        for shade in (0, 64, 128, 191, 255)
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate((list(named), greys, np.rint(mixed).astype(int))).reshape(-1).tolist())
    return palette


def _dashes(start: Array, end: Array, length: float = 6.0) -> list[tuple[Array, Array]]:
    count = int(min(400.0, float(np.linalg.norm(end - start)) // length)) | 1
    marks = start + np.linspace(0, 1, count + 1)[:, None] * (end - start)
    return [(marks[n], marks[n + 1]) for n in range(0, count, 2)]


def _wrapped(text: str, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font().getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
