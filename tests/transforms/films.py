"""A small film with what is known of it."""

import numpy as np
import torch
from monai.data import MetaTensor

QUAD = np.array([[-20.0, -10.0], [20.0, -10.0], [-20.0, 10.0], [20.0, 10.0]])


def film(columns: int = 120, rows: int = 500, *, spacing: tuple[float, float] | None = None, **meta: object) -> MetaTensor:
    """(1, columns, rows) that grows along both axes, with the meta data that the reader gives."""
    scale = spacing or (1.0, 1.0)
    affine = torch.diag(torch.tensor([*scale, 1.0, 1.0], dtype=torch.float64))
    values = torch.arange(columns, dtype=torch.float32)[:, None] + 0.25 * torch.arange(rows, dtype=torch.float32)[None]
    known = {"original_affine": affine.clone(), "spacing_mm": spacing, "pixel_aspect_ratio": scale[1] / scale[0], "warnings": ()}
    return MetaTensor(values[None], affine=affine, meta={**known, **meta})


def column(count: int, *, x: float = 60.0, top: float = 20.0, pitch: float = 27.0) -> np.ndarray:
    """(count, 4, 2) corners of vertebrae one below the other."""
    return QUAD + np.array([[(x, top + pitch * k)] for k in range(count)])
