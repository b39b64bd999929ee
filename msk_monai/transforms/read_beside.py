"""A series that goes along with a case, where it can be read."""

from collections.abc import Hashable, Mapping
from typing import Any

from monai.data import ImageReader
from monai.transforms import LoadImage, Transform

from msk_monai.errors import DataError


class ReadBesided(Transform):
    """Read the files under ``key`` in place; a fault costs that series, not the case: the key is left out, ``<key>_fault`` says why.

    Args:
        reader: of the series.
        key: its files; a case may have none.
    """

    def __init__(self, *, reader: ImageReader, key: str = "beside") -> None:
        self.key = key
        self._load = LoadImage(reader=reader, image_only=True, ensure_channel_first=True)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Read one case's."""
        out = dict(data)
        files = out.pop(self.key, None)
        if files is None:
            return out
        try:
            out[self.key] = self._load(files)
        except DataError as fault:
            out[f"{self.key}_fault"] = fault.message
        return out
