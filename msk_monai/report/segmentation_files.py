"""What is written about a label map: a picture of its outlines, and the map itself for other programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from monai.data import MetaTensor
from nibabel.nifti1 import Nifti1Extension
from PIL import Image

from msk_monai.records import Findings, Status
from msk_monai.report.picture import ANSWER, INK, LABELS, Film, Panel, save_picture, sheet

Point = tuple[float, float]

LEAST_WIDTH = 400
"""Pixels of the panel's width: a narrow film's caption needs some."""
_COMMENT = 6  # NIfTI-1.1 header extension of plain text


class MaskOverlay:
    """Writes ``overlays/<name>.png``: the film with an outline of each class in its own colour and its name at its middle.

    It takes ``findings``; ``source_key``, a film (1, columns, rows) as ``SeriesReader`` reads it; and ``segmentation_key``, a label
    map (rows, columns) on the film's own grid, absent where there is none.

    Args:
        labels: names of the classes, the background's first.
        segmentation_key: the label map.
        source_key: the film as read.
        names_key: pairs of a name and its place [x, y] in the film's pixels, written instead of the classes' names.
    """

    def __init__(
        self, labels: Sequence[str], *, segmentation_key: str = "segmentation", source_key: str = "source", names_key: str | None = None
    ) -> None:
        self.labels = tuple(labels)
        self.segmentation_key = segmentation_key
        self.source_key = source_key
        self.names_key = names_key

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one film; see ``msk_monai.runner.Writer``."""
        findings: Findings = data["findings"]
        panel = Film.of(data[self.source_key]).whole(LEAST_WIDTH)
        names: list[str] = []
        if data.get(self.segmentation_key) is not None:
            segmentation = _label_map(data[self.segmentation_key], data[self.source_key], self.labels)
            middles = _middles(segmentation)
            colours = _colours(self.labels)
            _draw(panel, segmentation, colours)
            written = [(self.labels[label], middle, colours[label]) for label, middle in middles.items()]
            if self.names_key is not None:
                written = [(text, place, np.array(INK)) for text, place in data[self.names_key]]
            for text, place, shade in written:
                panel.text(panel.place(place), text, tuple(shade.tolist()), anchor="mm")
            names = [text for text, _, _ in written]
        colour = ANSWER if findings.status is Status.FLAGGED else INK
        picture = sheet([panel.picture()], findings.reason or ", ".join(names), colour)
        return {"overlay": save_picture(picture, folder / "overlays" / f"{name}.png")}


class SegmentationFiles:
    """Writes a label map as ``segmentations/<name>.npy`` and ``segmentations/<name>.nii.gz``.

    - ``segmentation``: the ``.npy``, uint8 (rows, columns, channels), 1 in the channel of a pixel's class and 0 in the others, the
      background's channel first.
    - ``label_map``: the NIfTI, uint8 with axes (i = column, j = row, k = 1) on the film's own grid and with its affine (RAS). A
      comment in its header holds ``{"labels": [...]}``, the classes' names by number. Where the film has no millimetres, the unit is
      left unknown.

    It takes ``source_key``, a film (1, columns, rows) as ``SeriesReader`` reads it, and ``segmentation_key``, a label map
    (rows, columns) on its grid. Where there is none, nothing is written.

    Args:
        labels: names of the classes, the background's first.
        segmentation_key: the label map.
        source_key: the film as read.
    """

    def __init__(self, labels: Sequence[str], *, segmentation_key: str = "segmentation", source_key: str = "source") -> None:
        self.labels = tuple(labels)
        self.segmentation_key = segmentation_key
        self.source_key = source_key

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Write one film's; see ``msk_monai.runner.Writer``.

        Raises:
            ValueError: the label map is not on the film's grid, or has other labels.
        """
        if data.get(self.segmentation_key) is None:
            return {}
        source = data[self.source_key]
        segmentation = _label_map(data[self.segmentation_key], source, self.labels)
        channels = folder / "segmentations" / f"{name}.npy"
        label_map = channels.with_name(f"{name}.nii.gz")
        channels.parent.mkdir(parents=True, exist_ok=True)
        np.save(channels, np.eye(len(self.labels), dtype=np.uint8)[segmentation])
        nibabel.save(self._nifti(segmentation, source), label_map)
        return {"segmentation": channels, "label_map": label_map}

    def _nifti(self, segmentation: npt.NDArray[np.uint8], source: MetaTensor) -> nibabel.Nifti1Image:
        image = nibabel.Nifti1Image(segmentation.T[:, :, None], source.affine.numpy())
        image.header.set_xyzt_units("mm" if source.meta.get("spacing_mm") is not None else "unknown")
        image.header.extensions.append(Nifti1Extension(_COMMENT, json.dumps({"labels": self.labels}).encode()))
        return image


def _colours(labels: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.array([(0, 0, 0), *(LABELS[place % len(LABELS)] for place in range(len(labels) - 1))], dtype=np.uint8)


def _draw(panel: Panel, segmentation: npt.NDArray[np.uint8], colours: npt.NDArray[np.uint8]) -> None:
    shown = panel.resample(Image.fromarray(segmentation), Image.Resampling.NEAREST)
    if shown is None:
        return
    part, corner = np.asarray(shown[0]), shown[1]
    edges = _edges(part)
    painted = np.zeros((*part.shape, 3), dtype=np.uint8)
    painted[edges] = colours[part[edges]]
    panel.paint(painted, edges, corner)


def _label_map(segmentation: Any, source: MetaTensor, labels: Sequence[str]) -> npt.NDArray[np.uint8]:
    """The label map as uint8, checked against the film and the names."""
    array = np.asarray(segmentation)
    columns, rows = source.shape[1:3]
    if array.shape != (rows, columns):
        raise ValueError(f"expected a label map of {rows} rows and {columns} columns as the film, got shape {array.shape}")
    if array.min() < 0 or array.max() >= len(labels):
        raise ValueError(f"expected labels from 0 to {len(labels) - 1}, got {array.min()} to {array.max()}")
    return array.astype(np.uint8)


def _edges(labels: npt.NDArray[np.uint8], width: int = 3) -> npt.NDArray[np.bool_]:
    """Where a class other than the background lies next to something else; inside it, so that neighbours' lines lie side by side."""
    edges = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        ahead, behind = (tuple(part if n == axis else slice(None) for n in (0, 1)) for part in (slice(width, None), slice(None, -width)))
        differs = labels[ahead] != labels[behind]
        edges[ahead] |= differs
        edges[behind] |= differs
    return edges & (labels != 0)


def _middles(labels: npt.NDArray[np.uint8]) -> dict[int, Point]:
    """Mean column and row of each class but the background."""
    rows, columns = np.nonzero(labels)
    classes = labels[rows, columns]
    count = np.bincount(classes)
    across, down = np.bincount(classes, weights=columns), np.bincount(classes, weights=rows)
    return {int(label): (across[label] / count[label], down[label] / count[label]) for label in np.flatnonzero(count)}
