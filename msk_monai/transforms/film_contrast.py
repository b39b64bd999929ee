"""Grey values of a film between 0 and 1, whatever rim an export laid around it."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, ScaleIntensityRange
from monai.transforms.utils_pytorch_numpy_unification import percentile


class FilmContrastd(MapTransform):
    """Stretch the grey values between two percentiles over 0 to 1, and cut what lies beyond.

    As ``ScaleIntensityRangePercentilesd``, but the percentiles are those of what lies within the rows and columns of a single value at the
    film's edges: padding must not change how the film looks.

    Args:
        keys: films (1, X, Y).
        lower: percentile that becomes 0.
        upper: percentile that becomes 1.
        allow_missing_keys: see MONAI's ``MapTransform``.
    """

    def __init__(self, keys: KeysCollection, *, lower: float = 0.5, upper: float = 99.5, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.lower, self.upper = lower, upper

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Stretch the films; one of a single value becomes 0."""
        result = dict(data)
        for key in self.key_iterator(result):
            low, high = (float(percentile(_inside(result[key]), q)) for q in (self.lower, self.upper))
            if high > low:
                result[key] = ScaleIntensityRange(low, high, 0.0, 1.0, clip=True)(result[key])
            else:
                result[key] = result[key] * 0.0
        return result


def _inside(image: torch.Tensor) -> torch.Tensor:
    """A film (1, X, Y) without the rim."""
    film = torch.as_tensor(image).as_subclass(torch.Tensor)[0]
    for _ in range(4):  # both axes, and again: a rim within a rim
        varied = torch.nonzero(film.amax(dim=0) > film.amin(dim=0))[:, 0]
        film = (film[:, int(varied[0]) : int(varied[-1]) + 1] if len(varied) else film).T
    return film
