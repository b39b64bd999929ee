"""Series rules, and the reason for every rejection."""

from dataclasses import replace
from pathlib import Path

import pytest

from msk_monai.dicom.instance import SeriesHeader
from msk_monai.dicom.select import SeriesRules, companion, reason_against, reason_against_listed, select
from msk_monai.dicom.study import index_folder
from tests.dicom.writing import ABSENT, AXIAL, CORONAL, SAGITTAL, noise, uid, write_stack


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


KNEE = {"region": "knee", "near_region": ["leg", "hip"]}


@pytest.mark.parametrize(
    ("said", "plain", "told"),
    [
        ({"body_part": "KNEE"}, None, None),
        ({"body_part": "HIP", "description": "Both knees"}, None, None),
        ({"body_part": "CHEST", "description": "Both knees"}, None, "body part 'CHEST' says also chest, wanted: knee"),
        ({"body_part": "SPINE"}, "body part 'SPINE' says spine, wanted: knee", "body part 'SPINE' says spine, wanted: knee"),
        (
            {"description": "LWS ap"},
            "series description 'LWS ap' says spine, wanted: knee",
            "series description 'LWS ap' says spine, wanted: knee",
        ),
        ({"body_part": "LEG"}, None, "body part 'LEG' says leg, wanted: knee; a bundle that is named takes it"),
        ({}, None, "nothing says which part of the body it shows, wanted: knee; a bundle that is named takes it"),
    ],
)
def test_regions_are_told_by_what_a_header_says_in_all(series, said, plain, told):
    film = replace(series, **{"body_part": None, "description": None, "protocol": None, "study_description": None, **said})
    assert reason_against(film, SeriesRules.from_dict(KNEE)) == plain
    assert reason_against(film, SeriesRules.from_dict({**KNEE, "region_told": True})) == told


def test_the_file_name_of_a_picture_may_tell_its_region(series):
    def picture(name):
        nameless = {"body_part": None, "description": None, "protocol": None, "study_description": None}
        return replace(series, format="raster", instances=(replace(series.instances[0], path=Path(name)),), **nameless)

    told = SeriesRules.from_dict({**KNEE, "region_told": True})
    assert reason_against(picture("left_knee_01.png"), told) is None
    assert reason_against(picture("lumbar_01.png"), told) == "file name 'lumbar_01.png' says spine, wanted: knee"
    assert reason_against(picture("lumbar_01.png"), SeriesRules.from_dict(KNEE)) is None  # who names a bundle knows what it shows


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
        ({"weighting": "t2"}, "weighting must be among .*, got t2"),
        ({"formats": ["dcm"]}, "formats must be among"),
        ({"region": "thumb"}, "region must be among abdomen, ankle, .*, got thumb"),
        ({"description": "("}, r"description must be a regular expression, got '\('"),
    ],
)
def test_impossible_rules_are_the_callers_fault(rules, message):
    with pytest.raises(ValueError, match=message):
        SeriesRules.from_dict(rules)


MR = {"Modality": "MR", "EchoTime": "100", "RepetitionTime": "3000"}
AXIAL_T2 = SeriesRules.from_dict({"modality": "MR", "orientation": "axial", "weighting": "T2", "one_per_study": True})


def found(folder):
    """The series of a folder by their descriptions."""
    return {one.description: one for one in index_folder(folder).series}


def chosen(folder, rules):
    return [one.description for one in select(index_folder(folder).series, rules).chosen]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"EchoTime": "12", "RepetitionTime": "550"}, "weighting is T1 (TE 12 ms, TR 550 ms), wanted: T2"),
        ({"SeriesDescription": "t2_tirm", "EchoTime": ABSENT}, "weighting is STIR by its description, wanted: T2"),
        ({"ProtocolName": "MYELO", "EchoTime": ABSENT}, "weighting is myelography by its protocol, wanted: T2"),
        ({"EchoTime": ABSENT}, None),
        ({"Modality": "CT", "SeriesDescription": "t1"}, None),
        ({}, None),
    ],
)
def test_a_weighting_that_is_not_wanted_is_told_with_its_source(tmp_path, attributes, reason):
    write(tmp_path, "tra", **(MR | attributes))
    assert reason_against(index_folder(tmp_path).series[0], SeriesRules(weighting=("T2",))) == reason


@pytest.mark.parametrize("wanted", ["axial", "sagittal"])
def test_a_localizer_of_three_planes_is_none_of_them(tmp_path, wanted):
    for number, orientation in enumerate((AXIAL, CORONAL, SAGITTAL)):
        write(tmp_path, f"{number}", orientation=orientation, slices=3, SeriesInstanceUID=uid("loc"), **MR)
    [series] = index_folder(tmp_path).series
    assert (
        reason_against(series, SeriesRules(orientation=(wanted,))) == f"orientation is mixed (axial, coronal, sagittal), wanted: {wanted}"
    )
    assert reason_against(series, SeriesRules()) is None


def test_ct_with_a_scout_among_its_slices_is_still_taken(tmp_path):
    write(tmp_path, "slices", slices=12, SeriesInstanceUID=uid("ct"))
    write(tmp_path, "scout", slices=1, orientation=CORONAL, SeriesInstanceUID=uid("ct"))
    assert len(select(index_folder(tmp_path).series, SeriesRules(modality=("CT",), orientation=("axial",))).chosen) == 1


def test_one_series_of_a_study_is_taken(tmp_path):
    write(tmp_path, "t2 tra L5", slices=5, start=100, **MR)
    write(tmp_path, "t2 tra", slices=15, **MR)
    write(tmp_path, "t2 tra later", slices=3, StudyInstanceUID=uid("later"), **MR)
    write(tmp_path, "t1 tra", slices=20, **(MR | {"EchoTime": "10", "RepetitionTime": "500"}))
    selection = select(index_folder(tmp_path).series, AXIAL_T2)
    assert [one.description for one in selection.chosen] == ["t2 tra", "t2 tra later"]
    assert {one.description: reason for one, reason in selection.rejected} == {
        "t2 tra L5": f"another axial T2 series is preferred: 't2 tra' (series {uid('t2 tra')})",
        "t1 tra": "weighting is T1 (TE 10 ms, TR 500 ms), wanted: T2",
    }
    assert len(select(index_folder(tmp_path).series, replace(AXIAL_T2, one_per_study=False)).chosen) == 3


@pytest.mark.parametrize(
    ("prefer", "better", "worse"),
    [
        ("no_fat_saturation", "t2_tse_tra", "t2_tse_fs_tra"),
        ("no_fat_saturation", "AX T2", "AX T2 FatSat"),
        ("no_fat_saturation", "T2 tra", "T2W_SPAIR tra"),
        ("no_fat_saturation", "t2 tra", "t2_tse_dixon_tra_W"),
        ("no_contrast_agent", "T2 tra", "T2 tra +C"),
        ("no_contrast_agent", "T2 tra", "T2 tra post GD"),
        ("known_weighting", "T2 tra", "tra"),
        ("lumbar", "T2 tra lumbar", "T2 tra"),
        ("lumbar", "AX T2 L-SPINE", "AX T2"),
        ("lumbar", "t2_tra_LWS", "t2_tra_BWS"),
        ("lumbar", "T2 tra", "T2 tra T-Spine"),
        ("lumbar", "T2 tra", "T2 tra cervical"),
    ],
)
def test_what_a_name_is_preferred_for(tmp_path, prefer, better, worse):
    common = {"Modality": "MR"}
    write(tmp_path, better, slices=5, start=100, SeriesNumber=9, **common)
    write(tmp_path, worse, slices=15, SeriesNumber=1, **common)
    assert chosen(tmp_path, SeriesRules(one_per_study=True)) == [worse]
    assert chosen(tmp_path, SeriesRules(one_per_study=True, prefer=(prefer,))) == [better]


def test_a_series_own_words_come_before_its_studys(tmp_path):
    study = {"Modality": "MR", "StudyDescription": "MR thoracic and lumbar spine"}
    write(tmp_path, "t2 tra t-spine", slices=20, **study)
    write(tmp_path, "t2 tra", slices=5, start=100, **study)
    assert chosen(tmp_path, SeriesRules(one_per_study=True, prefer=("lumbar",))) == ["t2 tra"]


def test_a_companion_lies_in_the_same_frame_of_reference(tmp_path):
    rules = SeriesRules.from_dict({"orientation": "sagittal", "weighting": "T2"})
    write(tmp_path, "t2 tra", **MR)
    write(tmp_path, "t2 sag moved", orientation=SAGITTAL, slices=30, FrameOfReferenceUID=uid("moved"), **MR)
    write(tmp_path, "t1 sag", orientation=SAGITTAL, slices=20, **(MR | {"EchoTime": "10", "RepetitionTime": "500"}))
    series = found(tmp_path)
    assert companion(series["t2 tra"], series.values(), rules) is None
    write(tmp_path, "t2 sag", orientation=SAGITTAL, slices=9, **MR)
    write(tmp_path, "t2 sag few", orientation=SAGITTAL, slices=8, **MR)
    series = found(tmp_path)
    assert companion(series["t2 tra"], series.values(), rules).description == "t2 sag"
    placeless = replace(series["t2 tra"], frame_of_reference=None)
    assert companion(placeless, series.values(), rules).description == "t2 sag moved"
    assert companion(series["t2 sag"], [series["t2 sag"]], rules) is None


LISTED = SeriesHeader(modality="MR", description="t2 tse sag")


@pytest.mark.parametrize(
    ("listed", "rules", "reason"),
    [
        ({}, {"modality": "MR"}, None),
        ({"modality": None}, {"modality": "MR"}, None),
        ({}, {"modality": ["CT", "DX"]}, "modality is MR, wanted: CT or DX"),
        ({}, {"formats": "nifti"}, "format is dicom, wanted: nifti"),
        ({"modality": "OT", "manufacturer": "msk_monai"}, {}, "it is a picture of results that msk_monai made"),
        ({"modality": "DX", "manufacturer": "msk_monai"}, {}, None),  # a phantom
        ({}, {"exclude_description": "tse"}, "series description is 't2 tse sag', wanted: no match of 'tse'"),
        ({"description": None, "protocol": "tse"}, {"exclude_description": "tse"}, None),  # images may have a description
        ({}, {"min_slices": 5, "orientation": "axial", "min_bits": 12}, None),  # only headers tell
        ({"body_part": "KNEE"}, {"region": "spine"}, None),  # an unlisted word might say spine
        ({"body_part": "KNEE"}, {"region": "spine", "region_told": True}, "body part 'KNEE' says knee, wanted: spine"),
        ({"study_description": "Knee"}, {"region": "spine", "region_told": True}, None),
    ],
)
def test_a_list_decides_only_what_it_can(listed, rules, reason):
    assert reason_against_listed(replace(LISTED, **listed), SeriesRules.from_dict(rules)) == reason
