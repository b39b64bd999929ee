import os

import numpy as np
import pytest
from PIL import Image

from msk_monai.report import write_html
from msk_monai.report.thumbnails import BOX, LARGEST, make_thumbnail, picture_of
from tests.results import failed, result


def write(path, shape=(300, 500), noise=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8) if noise else np.full(shape, 90, dtype=np.uint8)
    Image.fromarray(grey).save(path)


def test_the_overlay_is_the_picture_to_show():
    assert picture_of({"other": "b.png", "overlay": "a.png"}) == "a.png"
    assert picture_of({"mask": "a.nii.gz", "sketch": "b.JPG"}) == "b.JPG"
    assert picture_of({"mask": "a.nii.gz"}) is None


@pytest.mark.parametrize("shape", [(300, 500), (1200, 100), (60, 2000)])
def test_thumbnails_are_small_whatever_the_picture(tmp_path, shape):
    write(tmp_path / "overlays" / "a.png", shape, noise=True)
    path = make_thumbnail(tmp_path, "overlays/a.png")
    assert path.stat().st_size <= LARGEST
    with Image.open(path) as thumbnail:
        assert thumbnail.format == "WEBP"
        assert thumbnail.width <= BOX[0]
        assert thumbnail.height <= BOX[1]
        assert thumbnail.width in BOX or thumbnail.height in BOX
    assert [own.name for own in path.parent.iterdir()] == ["a.png.webp"]


def test_one_is_made_again_only_for_a_newer_picture(tmp_path):
    write(tmp_path / "a.png")
    path = make_thumbnail(tmp_path, "a.png")
    os.utime(tmp_path / "a.png", (1e9, 1e9))
    path.write_bytes(b"kept")
    os.utime(path, (1e9, 1e9))
    assert make_thumbnail(tmp_path, "a.png").read_bytes() == b"kept"
    os.utime(tmp_path / "a.png", (2e9, 2e9))
    assert make_thumbnail(tmp_path, "a.png").read_bytes() != b"kept"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_damaged_or_missing_picture_has_none(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    assert make_thumbnail(tmp_path, "a.png") is None
    assert make_thumbnail(tmp_path, "missing.png") is None


def test_a_page_carries_thumbnails_up_to_its_budget_the_worst_cases_first(tmp_path, monkeypatch):
    for name in "abc":
        write(tmp_path / f"{name}.png", noise=True)
    size = make_thumbnail(tmp_path, "a.png").stat().st_size
    monkeypatch.setattr("msk_monai.report.case_data.THUMBNAIL_BUDGET", 2 * size + 10)
    results = [result("a", outputs={"overlay": "a.png"}), result("b", outputs={"overlay": "b.png"})]
    worst = result("z", findings=failed("z", "half done").findings, outputs={"overlay": "c.png"})
    source = write_html([*results, worst], tmp_path).read_text()
    assert source.count('"thumbnail":') == 2
    assert source.index('"case":"z"') < source.index('"thumbnail":') < source.index('"case":"b"')
    assert '"thumbnail":' not in source[source.index('"case":"b"') :]
    assert "2 of 3 thumbnails" in source
