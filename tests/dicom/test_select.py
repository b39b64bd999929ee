"""Series rules, and the reason for every rejection."""

from dataclasses import replace

import pytest

from msk_monai.dicom.select import SeriesRules, reason_against, select
from msk_monai.dicom.study import index_folder
from tests.dicom.writing import ABSENT, SAGITTAL, noise, uid, write_stack


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axial")
    write_stack(folder, noise(5, 4, 3), BodyPartExamined="SPINE", ConvolutionKernel="Br40", EchoTime="80", RepetitionTime="3000")
    return index_folder(folder).series[0]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"modality": "MR"}, "modality is CT, wanted: MR"),
        ({"modality": ["MR", "PT"]}, "modality is CT, wanted: MR or PT"),
        ({"formats": "nifti"}, "format is dicom, wanted: nifti"),
        ({"description": "spine|lumbar"}, "series description is 'Abdomen', wanted: a match of 'spine|lumbar'"),
        ({"exclude_description": "^abd"}, "series description is 'Abdomen', wanted: no match of '^abd'"),
        ({"body_part": "head"}, "body part is 'SPINE', wanted: a match of 'head'"),
        ({"exclude_body_part": "spine"}, "body part is 'SPINE', wanted: no match of 'spine'"),
        ({"orientation": ["sagittal", "coronal"]}, "orientation is axial, wanted: sagittal or coronal"),
        ({"min_slices": 6}, "number of slices is 5, wanted: at least 6"),
        ({"max_slices": 4}, "number of slices is 5, wanted: at most 4"),
        ({"min_slice_thickness": 2.5}, "slice thickness is 2 mm, wanted: at least 2.5 mm"),
        ({"max_slice_thickness": 1.5}, "slice thickness is 2 mm, wanted: at most 1.5 mm"),
        ({"min_extent_mm": 9}, "extent is 8 mm, wanted: at least 9 mm"),
        ({"kernel": "^B[rf]7"}, "kernel is 'Br40', wanted: a match of '^B[rf]7'"),
        ({"exclude_kernel": "40"}, "kernel is 'Br40', wanted: no match of '40'"),
        ({"image_type": ["DERIVED"]}, "image type is ORIGINAL/PRIMARY/AXIAL, wanted: DERIVED"),
        ({"exclude_image_type": ["axial", "MIP"]}, "image type is ORIGINAL/PRIMARY/AXIAL, axial is not wanted"),
        ({"min_echo_time": 90}, "echo time is 80 ms, wanted: at least 90 ms"),
        ({"max_repetition_time": 1000}, "repetition time is 3000 ms, wanted: at most 1000 ms"),
        ({"min_bits": 32}, "number of bits is 16, wanted: at least 32"),
    ],
)
def test_every_rejection_has_its_reason(series, rules, reason):
    assert reason_against(series, SeriesRules.from_dict(rules)) == reason


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"modality": ["CT", "MR"], "orientation": "axial", "min_slices": 5, "max_slices": 5, "max_slice_thickness": 2},
        {"description": "abdo", "exclude_description": "spine", "kernel": "br", "image_type": ["primary"], "formats": ["dicom"]},
        {"view_position": ["AP"], "laterality": "L", "study_description": "never stated"},
    ],
)
def test_what_matches_or_is_not_stated_is_taken(series, rules):
    assert select([series], SeriesRules.from_dict(rules)).chosen == (series,)


@pytest.mark.parametrize("keyword", ["ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing"])
def test_faulty_geometry_is_left_for_the_reader_to_name(tmp_path, keyword):
    write_stack(tmp_path, noise(3, 4, 3), SliceThickness=ABSENT, **{keyword: ABSENT})
    rules = SeriesRules.from_dict({"modality": "CT", "orientation": "axial", "max_slice_thickness": 5, "min_extent_mm": 1})
    assert len(select(index_folder(tmp_path).series, rules).chosen) == 1


def test_file_names_stand_in_for_descriptions_only_to_exclude(series):
    nifti = replace(series, format="nifti", description=None, protocol=None)
    assert reason_against(nifti, SeriesRules(description="spine")) is None
    assert reason_against(nifti, SeriesRules(exclude_description="000")) == "file name is '000.dcm', wanted: no match of '000'"


def write(folder, name, *, slices=10, step=1.0, start=0.0, **attributes):
    origin, common = (0, 0, start), {"SeriesInstanceUID": uid(name), "SeriesDescription": name}
    write_stack(folder / name, noise(slices, 4, 3), step=(0, 0, step), origin=origin, **(common | attributes))


def test_one_of_several_reconstructions_is_taken(tmp_path):
    write(tmp_path, "thin bone", slices=19, step=0.5, SliceThickness="0.5", ConvolutionKernel="Br64")
    write(tmp_path, "thin soft", slices=19, step=0.5, SliceThickness="0.5", ConvolutionKernel="Br36")
    write(tmp_path, "thick", slices=10, step=1, SliceThickness="1", ConvolutionKernel="Br36")
    found = index_folder(tmp_path).series

    by_default = select(found, SeriesRules())
    assert [one.description for one in by_default.chosen] == ["thin soft"]
    assert {one.description: reason for one, reason in by_default.rejected} == {
        name: f"another reconstruction of 'thin soft' (series {uid('thin soft')}), which is preferred" for name in ("thin bone", "thick")
    }
    assert [one.description for one in select(found, SeriesRules(prefer=("thick",))).chosen] == ["thick"]
    assert [one.description for one in select(found, SeriesRules(prefer=("thin", "sharp"))).chosen] == ["thin bone"]


def test_series_of_different_anatomy_or_scans_all_stay(tmp_path):
    write(tmp_path, "abdomen", slices=10)
    write(tmp_path, "chest", slices=10, start=8)
    write(tmp_path, "part", slices=5)
    write(tmp_path, "sagittal", slices=10, orientation=SAGITTAL)
    write(tmp_path, "moved", slices=10, FrameOfReferenceUID=uid("another frame"))
    write(tmp_path, "another study", slices=10, StudyInstanceUID=uid("another study"))
    assert select(index_folder(tmp_path).series, SeriesRules()).rejected == ()


def test_a_rejected_series_is_not_preferred(tmp_path):
    write(tmp_path, "thin", slices=19, step=0.5, ConvolutionKernel="Br64")
    write(tmp_path, "thick", slices=10, step=1, ConvolutionKernel="Br36")
    selection = select(index_folder(tmp_path).series, SeriesRules(exclude_kernel="64"))
    assert [one.description for one in selection.chosen] == ["thick"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"modalty": "CT", "slices": 3}, "unknown series rules modalty, slices; known are body_part, "),
        ({"orientation": "axil"}, "orientation must be among axial, coronal, oblique, sagittal, got axil"),
        ({"prefer": ["best"]}, "prefer must be among"),
        ({"formats": ["dcm"]}, "formats must be among"),
        ({"description": "("}, r"description must be a regular expression, got '\('"),
    ],
)
def test_impossible_rules_are_the_callers_fault(rules, message):
    with pytest.raises(ValueError, match=message):
        SeriesRules.from_dict(rules)
