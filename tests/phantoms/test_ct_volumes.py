"""Coarse volumes for training."""

import json

import nibabel as nib
import numpy as np
import pytest

from msk_monai.phantoms.ct_volumes import write_volumes


@pytest.mark.parametrize("first", [4])
def test_volumes_and_their_bodies(tmp_path, first):
    datalist = write_volumes(tmp_path, count=1, seed=3, first=first)
    (item,) = json.loads(datalist.read_text())["training"]
    volume = nib.load(tmp_path / item["image"])
    hu, affine = np.asarray(volume.dataobj), volume.affine
    third = next(body for body in item["bodies"] if body["name"] == "L3")
    x, y, z = third["centre"]
    index = np.linalg.inv(affine) @ (-x, -y, z, 1)  # LPS to the file's RAS
    inside = hu[tuple(np.round(index[:3]).astype(int))]
    assert -50 < inside < 1500  # bone, not air or lung
    assert third["z_range"][0] < z < third["z_range"][1]
    written = datalist.stat().st_mtime_ns, (tmp_path / item["image"]).stat().st_mtime_ns
    write_volumes(tmp_path, count=1, seed=3, first=first)
    assert (tmp_path / item["image"]).stat().st_mtime_ns == written[1]  # what is there is kept
