"""A radiograph or picture of any size on the grid that a network sees it on."""

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform, Resize
from monai.utils import ensure_tuple

from msk_monai.errors import UnsuitableImageError


class FilmGridd(MapTransform):
    """Bring a film (1, columns, rows) to square pixels and a longest side of ``longest`` pixels.

    The result keeps an affine to the world of the film, so that points found on it return to the film's own pixels.

    Args:
        keys: films to work on, as read by ``msk_monai.dicom.reader.SeriesReader``.
        output_keys: where the results go; default: in place.
        longest: pixels of the longer side.
        enlarge: whether smaller films are made larger; otherwise ``longest`` is an upper bound.
        smallest: films with a side of fewer pixels than this hold too little to see.

    Raises:
        UnsuitableImageError: the image has a third axis, several channels or too few pixels, or is blank.
    """

    def __init__(
        self, keys: KeysCollection, *, output_keys: KeysCollection | None = None, longest: int, enlarge: bool = True, smallest: int = 64
    ) -> None:
        super().__init__(keys)
        self.output_keys = self.keys if output_keys is None else ensure_tuple(output_keys)
        self.longest, self.enlarge = longest, enlarge
        self.smallest = smallest

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Resample the films of one case."""
        out = dict(data)
        for key, target in zip(self.keys, self.output_keys, strict=True):
            out[target] = self._on_grid(out[key])
        return out

    def _on_grid(self, film: MetaTensor) -> MetaTensor:
        columns, rows = self._size(film)
        aspect = float(film.meta.get("pixel_aspect_ratio", 1.0))  # height of a pixel in widths
        zoom = self.longest / max(columns, rows * aspect)
        zoom = zoom if self.enlarge else min(zoom, 1.0)
        size = max(1, round(columns * zoom)), max(1, round(rows * aspect * zoom))
        return Resize(spatial_size=size, mode="area" if zoom < 1 else "bilinear")(film.float())

    def _size(self, film: MetaTensor) -> tuple[int, int]:
        if film.ndim != 3 or film.shape[0] != 1:
            raise UnsuitableImageError(
                f"expected one film, got an image of {' x '.join(map(str, film.shape[1:]))} in {film.shape[0]} channels"
            )
        if min(film.shape[1:]) < self.smallest:
            size = f"{film.shape[1]} x {film.shape[2]}"
            raise UnsuitableImageError(f"expected a film of at least {self.smallest} pixels a side, got {size}")
        if float(film.min()) == float(film.max()):
            raise UnsuitableImageError("expected a film, got a blank picture")
        return int(film.shape[1]), int(film.shape[2])
