"""Data lists."""

import json

import nibabel as nib
import numpy as np
import pytest

from msk_monai.datasets import load_items
from msk_monai.datasets.vertebra_labels import vertebra_datalist
from msk_monai.errors import UnreadableFileError


def test_paths_are_relative_to_their_own_list(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "datalist.json").write_text(json.dumps({"training": [{"image": "x.nii.gz", "bodies": []}]}))
    items = load_items([tmp_path / "a" / "datalist.json", tmp_path / "b" / "datalist.json"], "training")
    assert [item["image"] for item in items] == [str(tmp_path / name / "x.nii.gz") for name in ("a", "b")]


@pytest.mark.parametrize(("content", "message"), [("{", "not JSON"), ('{"validation": []}', "expected a section 'training'")])
def test_lists_that_are_none(tmp_path, content, message):
    (tmp_path / "datalist.json").write_text(content)
    with pytest.raises(UnreadableFileError, match=message):
        load_items(tmp_path / "datalist.json", "training")


def test_missing_lists(tmp_path):
    with pytest.raises(UnreadableFileError, match="no such data list"):
        load_items(tmp_path / "none.json", "training")
    with pytest.raises(UnreadableFileError, match="expected items under 'training'"):
        load_items(None, "training")
    assert load_items(None, "validation", required=False) == []


def test_label_maps_become_bodies(tmp_path):
    labels = np.zeros((20, 40, 60), dtype=np.uint8)
    labels[5:15, 5:25, 2:8] = 1  # cut by the scan's lower end, 6 mm of it seen
    labels[5:15, 5:25, 12:38] = 2
    ct = np.where(labels > 0, 500, 0).astype(np.int16)
    for name, array in (("ct", ct), ("labels", labels)):
        nib.save(nib.Nifti1Image(array, np.diag([1.0, 1.0, 1.0, 1.0])), tmp_path / f"{name}.nii.gz")
    labels[5:15, 5:25, 0:2] = 1
    nib.save(nib.Nifti1Image(labels, np.eye(4)), tmp_path / "labels.nii.gz")
    case = {"name": "one", "image": "ct.nii.gz", "label": "labels.nii.gz", "label_ids": {"L4": 1, "L3": 2}, "licence": "CC0"}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [case, {"name": "no label", "image": "ct.nii.gz"}]}))
    (item,) = vertebra_datalist(tmp_path / "cases.json")["training"]
    assert [body["name"] for body in item["bodies"]] == ["L3"]
    assert item["bodies"][0]["z_range"] == [12.0, 37.0]
    assert item["bare"] is True
