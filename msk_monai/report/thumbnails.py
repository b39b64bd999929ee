"""Small pictures of the overlays, for a page that carries them all.

One is made when its case ends, so that writing the page of a long run only has to read them.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath

from PIL import Image

FOLDER = "thumbnails"
"""Beside the pictures, in their folder."""
BOX = (224, 120)
"""Width and height that a thumbnail stays within, in pixels."""
LARGEST = 6000
"""Bytes of one at most; most have two or three thousand."""
_RASTERS = (".png", ".jpg", ".jpeg")
_QUALITIES = (60, 40, 20, 5)


def picture_of(outputs: Mapping[str, str]) -> str | None:
    """Which of a case's files is the one to show: its overlay, else its first picture; as its path in the output folder."""
    pictures = {kind: path for kind, path in outputs.items() if path.lower().endswith(_RASTERS)}
    return pictures.get("overlay", next(iter(pictures.values()), None))


def thumbnail_path(picture: str) -> str:
    """Where a picture's thumbnail is, both relative to the output folder.

    >>> thumbnail_path("overlays/a.png")
    'overlays/thumbnails/a.png.webp'
    """
    path = PurePosixPath(picture)
    return (path.parent / FOLDER / f"{path.name}.webp").as_posix()


def make_thumbnail(folder: Path, picture: str) -> Path | None:
    """Make a picture's thumbnail unless there is one that is not older.

    Args:
        folder: the output folder.
        picture: relative to it.

    Returns:
        The thumbnail; ``None`` where the picture is missing or cannot be read, or no thumbnail of it is small enough.
    """
    source, target = folder / picture, folder / thumbnail_path(picture)
    try:
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            return target
        with Image.open(source) as opened:
            content = _small(opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # Pillow's ways to say that a file is damaged, or not there
        return None
    if content is None:
        return None
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(target)
    return target


def _small(picture: Image.Image) -> bytes | None:
    image = picture.convert("RGB")
    image.thumbnail(BOX, reducing_gap=3.0)
    for quality in _QUALITIES:
        file = BytesIO()
        image.save(file, format="webp", quality=quality, method=4)
        if file.tell() <= LARGEST:
            return file.getvalue()
    return None
