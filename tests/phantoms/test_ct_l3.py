import json
from dataclasses import replace

import nibabel
import numpy as np
import pydicom
import pytest

from msk_monai.phantoms.ct_l3 import sample_study, write_studies


@pytest.fixture(scope="module")
def small(recipe):
    return replace(recipe, matrix=96, region_shares=(1, 0, 0, 0, 0), missing_l3_share=0.0)


@pytest.fixture(scope="module")
def collection(tmp_path_factory, small):
    folder = tmp_path_factory.mktemp("phantoms")
    return folder, list(write_studies(folder, count=2, seed=6, recipe=small, thickness=5.0))


def test_a_study_depends_only_on_seed_and_index(small):
    first, again, other = (sample_study(i, seed=6, recipe=small, thickness=8.0).volume for i in (1, 1, 0))
    np.testing.assert_array_equal(first.hu, again.hu)
    assert first.grid == again.grid
    assert first.grid != other.grid


def test_the_datalist_points_at_series_masks_and_truth(collection):
    folder, truths = collection
    listing = json.loads((folder / "datalist.json").read_text())
    assert listing["training"] == []
    for item, truth in zip(listing["validation"], truths, strict=True):
        record = json.loads((folder / item["truth"]).read_text())
        slices = [pydicom.dcmread(p) for p in (folder / item["image"]).iterdir()]
        assert {s.SeriesInstanceUID for s in slices} == {record["series_instance_uid"]}
        assert item["l3_middle_slice"] == truth.l3_middle_slice == record["l3_middle_slice"]
        assert {b["name"] for b in record["bodies"]} >= {"T11", "T12", "L1", "L2", "L3", "L4", "S1"}


def test_masks_lie_where_the_series_lies(collection):
    folder, truths = collection
    image = nibabel.load(folder / "masks" / "phantom-0001-bodies.nii.gz")
    third = truths[1]["L3"]
    voxels = np.argwhere(np.asarray(image.dataobj) == third.label)
    world = nibabel.affines.apply_affine(image.affine, voxels) * (-1, -1, 1)
    spacing = float(image.header.get_zooms()[2])
    assert world[:, 2].min() == pytest.approx(third.z_range_mm[0], abs=spacing)
    assert world[:, 2].max() == pytest.approx(third.z_range_mm[1], abs=spacing)
    np.testing.assert_allclose(world.mean(0)[:2], third.centre_mm[:2], atol=6)
    assert np.ptp(voxels[:, 2]) + 1 == pytest.approx(third.slices[1] - third.slices[0] + 1, abs=1)
