"""Whole-body scans for tests: drawn ones, whose knees are known in millimetres, and one phantom patient in every form of storage."""

from functools import cache

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImage

from msk_monai.dicom.whole_body_reader import WholeBodyReader
from msk_monai.phantoms import bone_scan
from msk_monai.phantoms.bone_scan_body import sample_body, with_knee
from msk_monai.phantoms.bone_scan_mat import write_mat
from msk_monai.phantoms.dicom_nm import NMOptions, write_nm
from msk_monai.phantoms.gamma_camera import expected_counts

BOTH = ("anterior", "posterior")
KNEES_MM = np.array([[-90.0, 1400.0], [80.0, 1380.0]])
"""Right and left, from the middle column and the first row's upper edge; the right one has twice the uptake."""


def scan(counts, *, views=BOTH, **meta):
    """(views, X, Y) counts as ``WholeBodyReader`` gives them."""
    return MetaTensor(torch.as_tensor(np.asarray(counts, dtype=np.float32)), meta={"views": views, "turned": False, **meta})


def drawn(columns=256, rows=1024, spacing=(2.25, 2.25)):
    """(2, X, Y) smooth counts of a trunk with legs and knees, as the cameras see them."""
    x = (np.arange(columns) - (columns - 1) / 2)[:, None] * spacing[0]
    y = (np.arange(rows) + 0.5)[None] * spacing[1]
    counts = 1 / (1 + np.exp((np.hypot(x / 180, (y - 1100) / 950) - 1) * 20))
    for (across, down), uptake in zip(KNEES_MM, (12, 6), strict=True):
        counts = counts + uptake * np.exp(-((x - across) ** 2 + (y - down) ** 2) / (2 * 20**2))
    anterior = 4 * counts * spacing[0] * spacing[1]
    return np.stack([anterior, anterior[::-1]])


@cache
def patient():
    """A phantom whose right knee is hot, the camera's setup, and what it is expected to count (2, rows, columns)."""
    rng = np.random.default_rng(8)
    body = with_knee(sample_body(rng), "right", excess=(7.0, 7.0, 7.0), prosthesis=False)
    body = with_knee(body, "left", excess=(1.0, 1.0, 1.0), prosthesis=False)
    setup = bone_scan.sample_setup(rng, body)
    return body, setup, expected_counts(body, setup, texture=np.ones((1, 1), np.float32))


@cache
def stored_scan(matrix="1024x256", feet_first=False):
    """That patient's scan as it is stored, with its truth."""
    body, setup, expected = patient()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bone_scan, "expected_counts", lambda *_, **__: expected)
        return bone_scan.scan(body, setup, np.random.default_rng(1), matrix=matrix, feet_first=feet_first)


FORMS = ("mat", "dicom", "feet_first", "anterior", "posterior", "512x128", "1024x512", "feet_first_posterior")


def written_scan(form, folder):
    """Write that patient's scan in one of ``FORMS`` and read it: what was read, and what is true of it."""
    matrix = form if "x" in form else "1024x256"
    shown = stored_scan(matrix, form.startswith("feet_first"))
    if form == "mat":
        files = [write_mat(folder / "scan.mat", shown.counts, shown.body.grades)]
    else:
        single = next((view for view in BOTH if form.endswith(view)), None)
        options = {"sex": "F", "age": 60.0, "pixel": shown.pixel, "feet_first": shown.feet_first, "one_object": single is None}
        files = write_nm(folder, shown.counts, NMOptions(seed=1, study=1, **options))
        files = files if single is None else [files[BOTH.index(single)]]
    return LoadImage(reader=WholeBodyReader(), ensure_channel_first=True, image_only=True)(files), shown.truth()
