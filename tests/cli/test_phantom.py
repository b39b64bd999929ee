from pathlib import Path

import pytest

from msk_monai.phantoms import bone_scan_set, lumbar_mri


@pytest.mark.parametrize(("task", "whole"), [("lumbar_mri", True), ("lumbar_mri_t2", False)])
def test_mr_studies_are_made_as_asked(tmp_path, msk_monai, monkeypatch, task, whole):
    asked = []

    def write(folder, **options):
        asked.append((folder, options))
        return folder / "datalist.json"

    monkeypatch.setattr(lumbar_mri, "write_lumbar_studies", write)
    code, told, said = msk_monai("phantom", task, "-o", tmp_path, "--count", 3, "--seed", 5, "--split", "training", "--workers", 2)
    assert code == 0, said
    assert told.strip() == str(tmp_path / "datalist.json")
    assert asked == [(tmp_path, {"count": 3, "seed": 5, "whole": whole, "workers": 2, "split": "training"})]


def test_without_options_there_are_ten_for_validation(tmp_path, msk_monai, monkeypatch):
    asked = {}
    monkeypatch.setattr(lumbar_mri, "write_lumbar_studies", lambda folder, **options: asked.update(options) or folder)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert msk_monai("phantom", "lumbar_mri", "-o", Path(tmp_path))[0] == 0
    assert asked == {"count": 10, "seed": 0, "whole": True, "workers": 7, "split": "validation"}


@pytest.mark.parametrize("form", ["mat", "mat73", "dicom", "mixed"])
def test_bone_scans_are_written_as_asked(tmp_path, msk_monai, monkeypatch, form):
    asked = {}
    monkeypatch.setattr(bone_scan_set, "write_bone_scans", lambda folder, **options: asked.update(options) or folder)
    options = ("--form", form) if form != "mat" else ()
    assert msk_monai("phantom", "bone_scan", "-o", Path(tmp_path), "--workers", 1, *options)[0] == 0
    assert asked == {"count": 10, "seed": 0, "form": form, "workers": 1, "split": "validation"}
    assert form in bone_scan_set.FORMS


def test_help_says_what_each_task_makes(msk_monai):
    code, told, _ = msk_monai("phantom", "--help")
    assert code == 0
    assert all(word in told for word in ("lumbar_mri:", "lumbar_mri_t2:", "axial.json", "bone_scan:"))
