"""The picture of a bone scan and its knees."""

import numpy as np
import pytest
from PIL import Image

from msk_monai.networks.bone_scan_inferer import SeenKnees
from msk_monai.report import BoneScanOverlay
from msk_monai.report.picture import ANSWER, MARK
from msk_monai.transforms import BoneScanFindingsd, KneeCropsd, WholeBodyGridd
from tests.transforms.scans import BOTH, KNEES_MM, drawn, scan

SPACING = (4.5, 4.5)
PLACES = [127 / 2, -0.5] + KNEES_MM / 4.5
ZOOM = 640 / (512 * 4.5)
"""Pixels of the picture a mm."""
WIDTH, GAP = 160, 6
"""Of a view."""


def picture(folder, *, views=BOTH, places=PLACES, mirror=True):
    """The overlay as (Y, X, 3) and the findings."""
    counts = drawn(128, 512, SPACING)[[BOTH.index(view) for view in views]]
    data = WholeBodyGridd()({"source": scan(counts, views=views, spacing_mm=SPACING)})
    crops = KneeCropsd(mirror=mirror)({"uptake": data["uptake"], "places": places})["crops"]
    logits = np.array([[3.0, 1.5, -0.5, -3.0], [-1.0, -2.5, -4.5, -6.0]])
    data["pred"] = SeenKnees(np.asarray(places), np.array([2.0, 3.0]), crops.numpy(), logits, data["uptake"], mirror)
    data = BoneScanFindingsd(grades=[*"01234"], crop_mm=204.8)(data)
    written = BoneScanOverlay()(data, folder=folder, name="scan")
    assert written == {"overlay": folder / "overlays" / "scan.png"}
    return np.array(Image.open(written["overlay"]).convert("RGB")), data["findings"]


def box(page, colour):
    """Left, top, right, bottom of what has a colour."""
    rows, columns = np.nonzero((page == colour).all(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("views", [BOTH, ("anterior",), ("posterior",)])
def test_frames_lie_on_the_knees_as_each_camera_sees_them(views, tmp_path):
    page, _ = picture(tmp_path, views=views)
    assert page.shape[1] == len(views) * (WIDTH + GAP) + 2 * 312 + 6
    for number, view in enumerate(views):
        shown = page[:640, number * (WIDTH + GAP) :][:, :WIDTH]
        for (across, down), colour in zip(KNEES_MM, (MARK, ANSWER), strict=True):
            middle = np.array([WIDTH / 2 + (across if view == "anterior" else -across) * ZOOM, down * ZOOM])
            low, high = middle - 102.4 * ZOOM, middle + 102.4 * ZOOM
            assert box(shown, colour) == pytest.approx((*low, *high), abs=2)
            x, y = middle.astype(int)
            assert shown[y - 2 : y + 3, x - 2 : x + 3].mean() < shown[y - 20 : y + 21, x - 20 : x + 21].mean()  # dark in the frame's middle


def test_crops_are_shown_from_the_front_whether_mirrored_or_not(tmp_path):
    pages = [picture(tmp_path / str(mirror), mirror=mirror)[0].astype(int) for mirror in (True, False)]
    assert np.abs(pages[0] - pages[1]).max() <= 8
    crops = pages[0][:640, 2 * (WIDTH + GAP) :]
    right, left = crops[10:300, 10:300], crops[10:300, 328:618]
    assert right.mean() < left.mean()  # the right knee is the hotter one
    assert left[:, :100].mean() < left[:, -100:].mean()  # beside the left knee the body lies at its left


def test_a_scan_without_knees_has_its_views_and_the_reason(tmp_path):
    page, findings = picture(tmp_path, places=PLACES[::-1])
    assert "wrong way round" in findings.reason
    assert page.shape[1] == 2 * WIDTH + GAP
    assert not (page[:640] == MARK).all(axis=2).any()
    assert (page[640:] == ANSWER).all(axis=2).any()
