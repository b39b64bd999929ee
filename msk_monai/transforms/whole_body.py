"""Whole-body scans of any matrix as uptake on one grid, and the knees cut from them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import RandomizableTransform, Transform
from numpy.typing import NDArray

from msk_monai.anatomy.whole_body import SIDES, VIEWS
from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry.patches import into_patches, mirrored
from msk_monai.measure.scintigram import MOST, body_counts, reference_knee_row
from msk_monai.sampling import reduced, sampled

_REFERENCE_SIZE = (256, 1024)
LENGTH_MM = 2304.0
"""A scan that does not say how large its pixels are is taken to be so long: 1024 rows of 2.25 mm."""
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Uptake:
    """A whole-body scan as uptake.

    Attributes:
        views: (2, X, Y) counts over those of the median pixel of the body in that view: anterior, and posterior exchanged left and right,
            so that both have the patient's right at the image's left. A view that the scan lacks is 0 everywhere.
        seen: whether the scan has the anterior and the posterior view.
        spacing: mm between columns and rows, as the scan says or, where it does not, as ``LENGTH_MM`` makes it.
    """

    views: torch.Tensor
    seen: tuple[bool, bool]
    spacing: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return int(self.views.shape[1]), int(self.views.shape[2])


class WholeBodyGridd(Transform):
    """Write ``uptake``, an :class:`Uptake`, and ``image`` (2, X, Y), the same on a grid of its own, grey values 0 to 1.

    The grey value is the square root of the uptake (:func:`msk_monai.measure.scintigram.uptake_grey`). The first row of the grid is that of
    the scan, its middle column that of the scan; what lies beyond is 0.

    Args:
        size: columns and rows of the grid.
        pixel_mm: of the grid.
        source_key: (views, X, Y) counts as :class:`msk_monai.dicom.whole_body_reader.WholeBodyReader` reads them.

    Raises:
        UnsuitableImageError: the scan has other views, or a view without counts.
    """

    def __init__(self, *, size: Sequence[int] = (128, 384), pixel_mm: float = 6.0, source_key: str = "source") -> None:
        self.size, self.pixel_mm, self.source_key = (int(size[0]), int(size[1])), float(pixel_mm), source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Bring one scan to the grid."""
        scan: MetaTensor = data[self.source_key]
        names = tuple(scan.meta.get("views", ()))
        if not names or not set(names) <= set(VIEWS) or len(set(names)) != len(names) or len(names) != scan.shape[0]:
            raise UnsuitableImageError(f"expected an anterior and a posterior view or one of them, got {', '.join(names) or 'none'}")
        columns, rows = int(scan.shape[1]), int(scan.shape[2])
        told = scan.meta.get("spacing_mm")
        length = LENGTH_MM / rows
        spacing = (length, length) if told is None else (float(told[0]), float(told[1]))
        counts = scan.as_subclass(torch.Tensor).float()
        views = torch.zeros((2, columns, rows))
        grid = grid_matrix((columns, rows), spacing, self.size, self.pixel_mm)
        for name, view in zip(names, counts, strict=True):
            upright = view.flip(0) if name == "posterior" else view
            coarse = _sampled(upright[None], grid, self.size)[0]
            try:
                views[VIEWS.index(name)] = upright / body_counts(coarse.numpy())
            except ValueError:
                raise UnsuitableImageError(f"the {name} view has no counts") from None
        uptake = Uptake(views, (VIEWS[0] in names, VIEWS[1] in names), spacing)
        return {**data, "uptake": uptake, "image": grey(_sampled(views, grid, self.size)), "grid": grid}


class ReferencePlacesd(Transform):
    """Write ``places`` by the reference system's rule (:func:`msk_monai.measure.scintigram.reference_knee_row`) on the anterior view.

    A scan of another number of rows is seen as if it had 1024, and the middle 256 of its columns then. The middles of the left and the
    right half of these are the right and the left knee's columns; down, the place lies half a pixel above the row that was found, for the
    reference's crop has 64 rows before and 63 after it.

    Raises:
        UnsuitableImageError: there is no anterior view.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Find the knees of one scan."""
        uptake: Uptake = data["uptake"]
        if not uptake.seen[0]:
            raise UnsuitableImageError("the reference's rule needs the anterior view")
        columns, rows = uptake.size
        matrix = grid_matrix((columns, rows), (1.0, 1.0), _REFERENCE_SIZE, rows / _REFERENCE_SIZE[1])
        row = reference_knee_row(_as_reference(uptake.views[0], matrix))
        across = (_REFERENCE_SIZE[0] - 1) / 2 + np.array([-1.0, 1.0]) * _REFERENCE_SIZE[0] / 4
        return {**data, "places": np.column_stack([across, [row - 0.5, row - 0.5]]) @ matrix[:, :2].T + matrix[:, 2]}


class KneeCropsd(Transform):
    """Write ``crops``, (2, 2, size, size): anterior and posterior view of the right knee, and of the left one; grey values 0 to 1.

    Args:
        size: pixels of a crop's side.
        pixel_mm: of a crop.
        mirror: whether the left knee is mirrored, so that lateral is on the same side for both.
    """

    def __init__(self, *, size: int = 128, pixel_mm: float = 1.6, mirror: bool = True) -> None:
        self.size, self.pixel_mm, self.mirror = int(size), float(pixel_mm), mirror

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Cut both knees out of one scan: its ``uptake`` at its ``places``, (2, 2) [x, y] of the right and the left knee."""
        crops = knee_crops(data["uptake"], np.asarray(data["places"]), size=self.size, pixel_mm=self.pixel_mm, mirror=self.mirror)
        return {**data, "crops": crops}


class SplitKneesd(Transform):
    """Make of a scan two items, one a knee: ``image`` (2, size, size) of ``crops``, and ``label`` (1,) its grade, -1 where it is not known.

    Args:
        grades_key: ``{"right": 2, "left": null}``.
    """

    def __init__(self, *, grades_key: str = "grades") -> None:
        self.grades_key = grades_key

    def __call__(self, data: Mapping[Hashable, Any]) -> list[dict[Hashable, Any]]:
        """Split one scan."""
        grades: Mapping[str, Any] = data.get(self.grades_key) or {}
        known = [grades.get(side) for side in SIDES]
        labels = [torch.tensor([-1.0 if grade is None else float(grade)]) for grade in known]
        return [{"image": crop, "label": label} for crop, label in zip(data["crops"], labels, strict=True)]


class RandMissingViewd(RandomizableTransform):
    """Take one of both views away, so that a network learns to do with the other.

    Args:
        prob: how often.
        image_key: (2, X, Y).
    """

    def __init__(self, *, prob: float = 0.2, image_key: str = "image") -> None:
        super().__init__(prob=prob)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Change one item, whose other view shows something."""
        self.randomize(None)
        taken = int(self.R.randint(2))
        image = torch.as_tensor(data[self.image_key])
        if not self._do_transform or not image[1 - taken].any():
            return dict(data)
        image = image.clone()
        image[taken] = 0
        return {**data, self.image_key: image}


class KneePointsd(Transform):
    """Write ``points``, (2, 2) [x, y] of the right and the left knee on the grid, from an item's ``knees``; NaN where they are not known.

    ``knees`` holds, by side and view, [column, row] in the pixels of the stored image; where both views are given the anterior one counts.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Bring the places of one scan to the grid."""
        columns, rows = data["uptake"].size
        points = np.full((2, 2), np.nan)
        for row, side in enumerate(SIDES):
            seen: Mapping[str, Sequence[float]] = (data.get("knees") or {}).get(side) or {}
            view = next((name for name in VIEWS if name in seen), None)
            if view is None:
                continue
            x, y = stored_place(seen[view], view, data["source"].meta, (columns, rows))
            points[row] = (columns - 1 - x if view == "posterior" else x), y
        return {**data, "points": into_patches(points, data["grid"])}


class RandWholeBodyd(RandomizableTransform):
    """Change where and how large a scan lies on its grid, and half of the times exchange left and right.

    Args:
        shift: sd of the jitter of the place, in the grid's pixels.
        turn_deg: sd of the jitter of the direction.
        zoom: sd of the jitter of the logarithm of the size.
        stretch: sd of the jitter of the logarithm of the ratio of the axes.
        image_key: (2, X, Y).
        points_key: (2, 2) [x, y] of the right and the left knee; exchanged with left and right.
    """

    def __init__(
        self,
        *,
        shift: tuple[float, float] = (5.0, 12.0),
        turn_deg: float = 3.0,
        zoom: float = 0.08,
        stretch: float = 0.04,
        image_key: str = "image",
        points_key: str = "points",
    ) -> None:
        super().__init__(prob=1.0)
        self.shift, self.turn_deg, self.zoom, self.stretch = (float(shift[0]), float(shift[1])), turn_deg, zoom, stretch
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Change one scan."""
        rng = self.R
        image = torch.as_tensor(data[self.image_key]).as_subclass(torch.Tensor)
        size = np.array(image.shape[1:], dtype=np.float64)
        turn, zoom = np.radians(rng.normal(0, self.turn_deg)), np.exp(rng.normal(0, self.zoom))
        ratio = np.exp(rng.normal(0, self.stretch) / 2)
        linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag([ratio, 1 / ratio])
        middle = (size - 1) / 2
        matrix = np.column_stack([linear, middle - linear @ middle + rng.normal(0, 1, 2) * self.shift])
        points = np.asarray(data[self.points_key], dtype=np.float64)
        if rng.random_sample() < 0.5:
            matrix, points = mirrored(matrix, int(size[0])), points[::-1]
        moved = into_patches(points, matrix)
        return {
            **data,
            self.image_key: sampled(image[:, None], _matrices(matrix, len(image)), image.shape[1:])[:, 0],  # means would blur it
            self.points_key: torch.as_tensor(moved.astype(np.float32)),
        }


def stored_place(place: Sequence[float], view: str, meta: Mapping[Any, Any], size: Sequence[int]) -> tuple[float, float]:
    """A place of a view as it was read in the image as it is stored, and the other way round: to turn and to mirror undo themselves.

    Args:
        place: [x, y].
        view: ``anterior`` or ``posterior``.
        meta: of the scan, as :class:`msk_monai.dicom.whole_body_reader.WholeBodyReader` gives it.
        size: columns and rows.
    """
    x, y = float(place[0]), float(place[1])
    turned, mirrored = bool(meta.get("turned")), view in meta.get("mirrored", ())
    return size[0] - 1 - x if turned != mirrored else x, size[1] - 1 - y if turned else y


def grid_matrix(size: Sequence[int], spacing: Sequence[float], grid: Sequence[int], pixel_mm: float) -> Array:
    """Matrix (2, 3) from a grid's pixels to a scan's: the first rows' upper edges meet, and the middles of the columns.

    Args:
        size: columns and rows of the scan.
        spacing: mm between its columns and rows.
        grid: columns and rows of the grid.
        pixel_mm: of the grid.
    """
    across, down = pixel_mm / spacing[0], pixel_mm / spacing[1]
    return np.array([[across, 0.0, (size[0] - 1) / 2 - across * (grid[0] - 1) / 2], [0.0, down, (down - 1) / 2]])


def knee_crops(uptake: Uptake, places: Array, *, size: int, pixel_mm: float, mirror: bool = True) -> torch.Tensor:
    """(2, 2, size, size) grey values: the right and the left knee, of each the anterior and the posterior view.

    Args:
        uptake: of the scan.
        places: (2, 2) [x, y] of the right and the left knee in pixels of ``uptake``.
        size: pixels of a crop's side.
        pixel_mm: of a crop.
        mirror: whether the left knee is mirrored.
    """
    crops = []
    for place, flip in zip(places, (1.0, -1.0 if mirror else 1.0), strict=True):
        scale = pixel_mm / np.asarray(uptake.spacing)
        linear = np.diag([flip * scale[0], scale[1]])
        matrix = np.column_stack([linear, np.asarray(place) - linear @ np.full(2, (size - 1) / 2)])
        crops.append(grey(_sampled(uptake.views, matrix, (size, size))))
    return torch.stack(crops)


def grey(uptake: torch.Tensor) -> torch.Tensor:
    """See :func:`msk_monai.measure.scintigram.uptake_grey`."""
    return (uptake.clamp(0, MOST) / MOST).sqrt()


def _as_reference(view: torch.Tensor, matrix: Array) -> Array:
    """A view (X, Y) as one of 256 x 1024: the same pixels where there are 1024 rows, for a single count tells the reference's rule."""
    columns, rows = _REFERENCE_SIZE
    spare = view.shape[0] - columns
    if view.shape[1] != rows or spare % 2:
        return np.asarray(_sampled(view[None], matrix, _REFERENCE_SIZE)[0].numpy(), dtype=np.float64)
    given = np.asarray(view.numpy(), dtype=np.float64)
    return given[spare // 2 : spare // 2 + columns] if spare >= 0 else np.pad(given, ((-spare // 2, -spare // 2), (0, 0)))


def _sampled(views: torch.Tensor, matrix: Array, size: Sequence[int]) -> torch.Tensor:
    return reduced(views[:, None], _matrices(matrix, len(views)), size)[:, 0]


def _matrices(matrix: Array, count: int) -> torch.Tensor:
    return torch.as_tensor(matrix, dtype=torch.float32).expand(count, 1, 2, 3)
