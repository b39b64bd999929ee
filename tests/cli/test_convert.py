"""Making data lists from the command line."""

import json

import nibabel as nib
import numpy as np


def test_vertebra_labels_become_a_datalist(tmp_path, msk_monai):
    labels = np.zeros((12, 30, 40), dtype=np.uint8)
    labels[3:9, 5:20, 5:30] = 2
    for name, array in (("ct", labels.astype(np.int16) * 300), ("labels", labels)):
        nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / f"{name}.nii.gz")
    case = {"name": "one", "image": "ct.nii.gz", "label": "labels.nii.gz", "label_ids": {"L3": 2}}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [case]}))
    code, told, _ = msk_monai("convert", "vertebra_labels", tmp_path / "cases.json", "-o", tmp_path / "out", "--share", "3")
    assert (code, "1 cases (vertebra_labels)" in told) == (0, True)
    (item,) = json.loads((tmp_path / "out" / "datalist.json").read_text())["training"]
    assert (item["share"], [b["name"] for b in item["bodies"]]) == (3.0, ["L3"])


def test_an_unknown_format_is_a_wrong_command(tmp_path, msk_monai):
    code, _, said = msk_monai("convert", "notebooks", tmp_path, "-o", tmp_path / "out")
    assert code == 2
    assert "notebooks" in said
