import json

import h5py
import numpy as np
import pydicom
import pytest
from scipy.io import loadmat

from msk_monai.phantoms import bone_scan_set
from msk_monai.phantoms.bone_scan_set import write_bone_scans

SEED = 6


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    return {form: json.loads(write_bone_scans(folder / form, count=2, seed=SEED, form=form).read_text()) for form in ("mat", "mat73")} | {
        "folder": folder
    }


def test_items_name_scan_truth_grades_and_case(sets):
    assert "phantom" in sets["mat"]["description"]
    for item in sets["mat"]["validation"]:
        assert set(item) == {"image", "truth", "grades", "case", "knees", "half_width", "spacing_mm"}
        truth = json.loads((sets["folder"] / "mat" / item["truth"]).read_text())
        assert truth["grades"] == item["grades"]
        info = loadmat(sets["folder"] / "mat" / item["image"])["diaginfo"][0, 0]
        ids = [-1 if grade is None else grade + 2 for grade in (item["grades"]["right"], item["grades"]["left"])]
        assert info["kneejointid"][0, 0].tolist() == [ids]
        for side in ("right", "left"):
            assert set(truth["knees"][side]) == {"anterior", "posterior"}
            assert truth["half_width"][side] > 10


def test_both_versions_hold_the_same_scans(sets):
    for old, new in zip(sets["mat"]["validation"], sets["mat73"]["validation"], strict=True):
        with h5py.File(sets["folder"] / "mat73" / new["image"]) as file:
            counts = loadmat(sets["folder"] / "mat" / old["image"])["V"]
            np.testing.assert_array_equal(file["V"][()].T, counts)
        assert counts.shape == (1024, 256, 2)
        assert old["grades"] == new["grades"]


def test_dicom_scans_have_the_size_and_counts_of_their_truth(tmp_path):
    items = json.loads(write_bone_scans(tmp_path, count=2, seed=SEED, form="dicom", split="training").read_text())["training"]
    for item in items:
        image, truth = tmp_path / item["image"], json.loads((tmp_path / item["truth"]).read_text())
        views = [pydicom.dcmread(path) for path in (sorted(image.glob("*.dcm")) if image.is_dir() else [image])]
        assert sum(int(view.CountsAccumulated) for view in views) == truth["counts"]
        assert {(view.Columns, view.Rows) for view in views} == {tuple(truth["size"])}
        lay = {"feet-first": "FFS", "headfirst": "HFS"}
        assert {lay[view.PatientGantryRelationshipCodeSequence[0].CodeMeaning] for view in views} == {truth["patient_position"]}
        assert [float(v) for v in views[0].PixelSpacing] == pytest.approx(truth["spacing_mm"], abs=1e-3)


def test_what_was_broken_off_is_continued(sets, monkeypatch):
    folder, made = sets["folder"] / "mat", []
    first = folder / sets["mat"]["validation"][0]["image"]
    written = first.read_bytes()
    (folder / sets["mat"]["validation"][1]["truth"]).unlink()
    sample = bone_scan_set.sample_bone_scan
    monkeypatch.setattr(bone_scan_set, "sample_bone_scan", lambda index, **more: made.append(index) or sample(index, **more))
    again = json.loads(write_bone_scans(folder, count=2, seed=SEED).read_text())
    assert made == [1]
    assert again == sets["mat"]
    write_bone_scans(folder, count=1, seed=SEED + 1)
    assert made == [1, 0]
    assert first.read_bytes() != written


def test_a_form_is_drawn_where_any_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(bone_scan_set, "sample_bone_scan", lambda *_, **more: pytest.fail("none is needed"))
    drawn = {bone_scan_set.FORMS[int(np.random.default_rng((SEED, k, 13)).choice(3, p=(0.25, 0.25, 0.5)))] for k in range(30)}
    assert drawn == {"mat", "mat73", "dicom"}


def test_other_forms_are_refused(tmp_path):
    with pytest.raises(ValueError, match="form must be one of mat, mat73, dicom, mixed, got 'nifti'"):
        write_bone_scans(tmp_path, count=1, seed=0, form="nifti")
