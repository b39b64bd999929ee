"""Whole-body scans in DICOM NM: which images are one, their views, and two objects that are one scan."""

import numpy as np
import pytest
from monai.transforms import LoadImage
from pydicom.sequence import Sequence

from msk_monai.dicom.select import SeriesRules, select
from msk_monai.dicom.study import index_folder
from msk_monai.dicom.whole_body_reader import WholeBodyReader
from msk_monai.errors import MixedStackError, PixelDataError, UnsuitableImageError
from msk_monai.runner import find_cases
from msk_monai.transforms.whole_body import stored_place
from tests.dicom.writing import ABSENT, CORONAL, item, noise, save, scintigram, sequence, uid

RULES = {"modality": ["NM"], "formats": ["dicom", "mat"], "whole_body": True, "one_per_study": True, "prefer": ["many", "original"]}
ANTERIOR, POSTERIOR = ("399321004", "SCT", "Anterior projection"), ("399001007", "SCT", "Posterior projection")
OLD_ANTERIOR, OLD_POSTERIOR = ("G-5215", "SNM3", "Anterior"), ("G-5216", "SRT", "Posterior")
BOTH = ("anterior", "posterior")


def detector(code=None, **attributes):
    """An item of DetectorInformationSequence."""
    if code is None:
        return item(**attributes)
    value, scheme, meaning = code
    return item(ViewCodeSequence=sequence(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning), **attributes)


def frames(count=2, rows=40, columns=20):
    return noise(count, rows, columns, low=0, high=300, seed=count, dtype=np.uint16)


def scan(path, pixels, *, codes=(), vector=None, **attributes):
    """A whole-body scan; ``codes`` are the views of its detectors, ``vector`` the DetectorVector."""
    own = {"PixelSpacing": [50.0, 50.0], "NumberOfEnergyWindows": 1, "EnergyWindowVector": [1] * len(pixels)}
    if codes:
        own["DetectorInformationSequence"] = Sequence([code if hasattr(code, "keys") else detector(code) for code in codes])
    if vector:
        own["DetectorVector"] = list(vector)
    return save(scintigram(pixels, **(own | attributes)), path)


def read(source):
    return LoadImage(reader=WholeBodyReader(), ensure_channel_first=True)(source)


def reason(folder):
    """Why a bundle would not take the one series in a folder."""
    selection = select(index_folder(folder).series, SeriesRules.from_dict(RULES))
    assert not selection.chosen
    return selection.rejected[0][1]


@pytest.mark.parametrize(
    "codes", [(ANTERIOR, POSTERIOR), (OLD_ANTERIOR, OLD_POSTERIOR), (("x", "99GE", "ANT"), ("y", "99GE", "Posterior view"))]
)
@pytest.mark.parametrize("vector", [(1, 2), (2, 1)])
def test_two_frames_in_either_order(tmp_path, codes, vector):
    pixels = frames()
    path = scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=vector)
    whole = read(path)
    expected = pixels if vector == (1, 2) else pixels[::-1]
    np.testing.assert_array_equal(whole.numpy(), expected.transpose(0, 2, 1))
    assert whole.dtype.is_floating_point
    assert whole.meta["views"] == BOTH
    assert whole.meta["frame_numbers"] == ((1, 2) if vector == (1, 2) else (2, 1))
    assert whole.meta["sop_instance_uids"] == (uid("nm"),) * 2
    assert (whole.meta["spacing_mm"], whole.meta["spacing_source"]) == ((50.0, 50.0), "PixelSpacing")
    assert (whole.meta["warnings"], whole.meta["turned"], whole.meta["third_axis"]) == ((), False, "")
    assert [len(case.files) for case in find_cases(tmp_path, RULES)] == [1]


@pytest.mark.parametrize(
    ("codes", "vector", "order", "warning"),
    [
        ((), (1, 2), (0, 1), "the first detector was taken as anterior"),
        ((), (2, 1), (1, 0), "the first detector was taken as anterior"),
        ((), None, (0, 1), "the first frame was taken as anterior"),
        ((POSTERIOR, item()), (1, 2), (1, 0), "names one of the two views only; the other was taken as anterior"),
        ((POSTERIOR, ANTERIOR), None, (1, 0), None),
    ],
)
def test_views_that_no_code_names(tmp_path, codes, vector, order, warning):
    pixels = frames()
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=vector))
    np.testing.assert_array_equal(whole.numpy(), pixels[list(order)].transpose(0, 2, 1))
    if warning is None:
        assert whole.meta["warnings"] == ()
    else:
        assert warning in whole.meta["warnings"][0]


@pytest.mark.parametrize(
    ("attributes", "view", "source"),
    [
        ({"DetectorInformationSequence": Sequence([detector(POSTERIOR)]), "DetectorVector": [1]}, "posterior", None),
        ({"ImageID": "WB_POST"}, "posterior", "ImageID"),
        ({"SeriesDescription": "WholeBody ANT 1"}, "anterior", "SeriesDescription"),
        ({"SeriesDescription": "WB ANT/POST"}, "anterior", "does not name the view; the image was taken as anterior"),
        ({"SeriesDescription": "3 h post injection"}, "anterior", "does not name the view"),
        ({"DetectorVector": [2]}, "posterior", "the view was told by the detector's number"),
        ({"PatientOrientation": ["R", "F"]}, "posterior", "the image's orientation"),
        ({"PatientOrientation": ["L", "F"]}, "anterior", "the image's orientation"),
        (
            {"SeriesDescription": "ANT", "PatientOrientation": ["R", "F"]},
            "posterior",
            "SeriesDescription contradicts the image's orientation",
        ),
        ({"SeriesDescription": "POST", "PatientOrientation": ["R", "F"]}, "posterior", "by the image's orientation, as"),
        ({"SeriesDescription": "ANTERIOR", "DetectorVector": [2]}, "anterior", "the detector's number contradicts SeriesDescription"),
        ({"SeriesDescription": "POSTERIOR", "DetectorVector": [1], "NumberOfDetectors": 1}, "posterior", "by SeriesDescription"),
        (
            {"SeriesDescription": "POSTERIOR", "DetectorVector": [1], "NumberOfDetectors": 2},
            "posterior",
            "the detector's number contradicts SeriesDescription",
        ),
    ],
)
def test_one_view_alone(tmp_path, attributes, view, source):
    pixels = frames(1)
    whole = read(save(scintigram(pixels, **attributes), tmp_path / "nm.dcm"))
    assert whole.shape == (1, 20, 40)
    assert whole.meta["views"] == (view,)
    np.testing.assert_array_equal(whole[0].numpy(), pixels[0].T)
    told = " ".join(whole.meta["warnings"])
    assert (told == "") if source is None else (source in told)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("Whole body post treatment", ""),
        ("WB POST SURGERY", ""),
        ("POST TRAUMA WB", ""),
        ("POST CHEMO", ""),
        ("POST-TKR whole body", ""),
        ("POST WHOLE BODY IRRADIATION", ""),
        ("WB BONE 3HR POST", ""),
        ("WB 3 HRS POST", ""),
        ("WB POST 3 h", ""),
        ("DORSAL SPINE", ""),
        ("ANT CRUCIATE LIGAMENT", ""),
        ("WB ANT/POST", ""),
        ("POST", "posterior"),
        ("WB_POST", "posterior"),
        ("WB1 POST2", "posterior"),
        ("Post view", "posterior"),
        ("Bone scan, whole body, post.", "posterior"),
        ("3HR WB POST", "posterior"),
        ("WB POSTERIOR POST OP", "posterior"),
        ("POST OP WB ANTERIOR", "anterior"),
        ("ANT WB", "anterior"),
    ],
)
def test_post_is_a_view_only_as_a_word_for_one(tmp_path, text, view):
    """What names no view is told as assumed."""
    whole = read(save(scintigram(frames(1), SeriesDescription=text), tmp_path / "nm.dcm"))
    assert whole.meta["views"] == (view or "anterior",)
    assert ("does not name the view" in whole.meta["warnings"][0]) is (view == "")


def test_views_after_a_treatment_are_one_scan(tmp_path):
    own = at("080000", SeriesDescription="WB POST TREATMENT")
    objects = [("a", None, {**own, "PatientOrientation": ["L", "F"]}), ("p", None, {**own, "PatientOrientation": ["R", "F"]})]
    assert views_in(tmp_path, *objects) == ["a+p"]
    whole = read(tmp_path)
    assert (whole.meta["views"], whole.meta["sop_instance_uids"]) == (BOTH, (uid(("a", 0)), uid(("p", 1))))


def test_detectors_orientations_tell_two_views_apart(tmp_path):
    pixels = frames()
    codes = [item(ImageOrientationPatient=list(way)) for way in ((-1, 0, 0, 0, 0, -1), CORONAL)]
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=(1, 2)))
    np.testing.assert_array_equal(whole.numpy(), pixels[::-1].transpose(0, 2, 1))
    assert whole.meta["warnings"] == ("the view was told by the image's orientation, as there is no ViewCodeSequence",)


@pytest.mark.parametrize(
    ("early", "late", "together"),
    [("0815", "091000", True), ("0815", "091501", False), ("08", "0900", True)],
)
def test_a_time_is_read_by_position(tmp_path, early, late, together):
    """Where a time is not understood, the numbers of the series decide, which are apart here."""
    found = views_in(tmp_path, ("a", ANTERIOR, at(early)), ("p", POSTERIOR, at(late, SeriesNumber=9)))
    assert (found == ["a+p"]) is together


def test_two_objects_are_one_scan(tmp_path):
    pixels = frames()
    for number, (code, time) in enumerate([(POSTERIOR, "101500"), (ANTERIOR, "101500")]):
        own = {
            "SOPInstanceUID": uid(("view", number)),
            "InstanceNumber": number + 1,
            "AcquisitionDate": "20200102",
            "AcquisitionTime": time,
        }
        scan(tmp_path / f"{number}.dcm", pixels[number : number + 1], codes=(code,), vector=(1,), **own)
    [case] = find_cases(tmp_path, RULES)
    assert len(case.files) == 2
    whole = read(list(case.files))
    np.testing.assert_array_equal(whole.numpy(), pixels[::-1].transpose(0, 2, 1))
    assert whole.meta["views"] == BOTH
    assert whole.meta["sop_instance_uids"] == (uid(("view", 1)), uid(("view", 0)))
    assert whole.meta["frame_numbers"] == (1, 1)
    assert whole.meta["warnings"] == ()


def views_in(folder, *objects):
    """Objects of one view each: (name, code, attributes); the files of each case that is found."""
    for number, (name, code, attributes) in enumerate(objects):
        own = {"SOPInstanceUID": uid((name, number)), "SeriesInstanceUID": uid(("series", number)), "SeriesNumber": number + 1}
        codes = () if code is None else (code,)
        rows = attributes.pop("rows", 40)
        scan(folder / f"{name}.dcm", frames(1, rows), codes=codes, **(own | attributes))
    rules = {**RULES, "one_per_study": False}
    return sorted("+".join(sorted(path.rpartition("/")[2][:-4] for path in case.files)) for case in find_cases(folder, rules))


def at(time, **more):
    return {"AcquisitionDate": "20200102", "AcquisitionTime": time, **more}


def test_views_of_two_series_belong_together_by_time(tmp_path):
    early, late = at("080000.5"), at("110000")
    objects = [("a1", ANTERIOR, dict(early)), ("a2", ANTERIOR, dict(late)), ("p1", POSTERIOR, dict(early)), ("p2", POSTERIOR, dict(late))]
    assert views_in(tmp_path, *objects) == ["a1+p1", "a2+p2"]


@pytest.mark.parametrize(
    ("other", "together"),
    [
        (("p", POSTERIOR, at("083000")), True),
        (("p", POSTERIOR, at("110000")), False),
        (("p", POSTERIOR, at("080000", rows=44)), False),
        (("p", POSTERIOR, at("080000", PixelSpacing=[40.0, 40.0])), False),
        (("p", POSTERIOR, at("080000", StudyInstanceUID=uid("another study"))), False),
        (("p", ANTERIOR, at("080000")), False),
        (("p", None, at("080000")), True),
        (("p", POSTERIOR, {}), True),
        (("p", POSTERIOR, {"SeriesNumber": 9}), False),
        (("p", POSTERIOR, at("080000", ImageType=["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"])), False),
    ],
)
def test_what_belongs_together(tmp_path, other, together):
    found = views_in(tmp_path, ("a", ANTERIOR, at("080000")), other)
    assert (found == ["a+p"]) is together


def test_views_without_names_of_one_moment_belong_together(tmp_path):
    assert views_in(tmp_path, ("x", None, at("080000")), ("y", None, at("080000"))) == ["x+y"]
    whole = read(tmp_path)
    assert whole.meta["views"] == BOTH
    assert whole.meta["sop_instance_uids"] == (uid(("x", 0)), uid(("y", 1)))
    assert "does not name the views" in whole.meta["warnings"][0]


def test_scans_apart_are_not_read_as_one(tmp_path):
    views_in(tmp_path, ("a", ANTERIOR, at("080000")), ("p", POSTERIOR, at("120000")))
    with pytest.raises(MixedStackError, match="expected one series, got 2"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("count", "attributes", "expected"),
    [
        (2, {"NumberOfEnergyWindows": 2, "EnergyWindowVector": [1, 2]}, "it has 2 energy windows, wanted: one"),
        (2, {"EnergyWindowVector": [1, 2]}, "it has 2 energy windows"),
        (4, {}, "it has 4 frames, wanted: one, or an anterior and a posterior one"),
        (2, {"ImageType": ["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"]}, "not DYNAMIC"),
        (2, {"ImageType": ["ORIGINAL", "PRIMARY", "GATED", "EMISSION"]}, "not GATED"),
        (2, {"ImageType": ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]}, "not TOMO"),
        (2, {"ImageType": ["ORIGINAL", "PRIMARY", "WHOLE BODY", "TRANSMISSION"]}, "not TRANSMISSION"),
        (2, {"ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"], "PixelSpacing": [2.0, 2.0]}, "80 mm high and 40 wide"),
        (2, {"ImageType": ABSENT, "PixelSpacing": [100.0, 200.0]}, "4000 mm high and 4000 wide"),
        (2, {"DetectorVector": [1, 1]}, "two frames of one detector"),
        (2, {"DetectorInformationSequence": Sequence([detector(ANTERIOR)]), "DetectorVector": [1, 1]}, "it has two anterior views"),
        (1, {"DetectorInformationSequence": Sequence([detector(("399118008", "SCT", "Left lateral"))])}, "shows another view"),
        (1, {"Modality": "CT"}, "modality is CT, wanted: NM"),
    ],
)
def test_what_is_no_whole_body_scan(tmp_path, count, attributes, expected):
    path = scan(tmp_path / "nm.dcm", frames(count), **attributes)
    assert expected in reason(tmp_path)
    if "Modality" not in attributes:
        with pytest.raises(UnsuitableImageError, match=r"no whole-body scan"):
            read(path)


@pytest.mark.parametrize("kind", [ABSENT, ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]])
def test_a_tall_image_is_one_whatever_its_type(tmp_path, kind):
    assert read(scan(tmp_path / "nm.dcm", frames(), codes=(ANTERIOR, POSTERIOR), ImageType=kind)).meta["views"] == BOTH


@pytest.mark.parametrize(
    ("attributes", "turned", "warning"),
    [
        ({"PatientOrientation": ["L", "F"]}, False, None),
        ({"PatientOrientation": ["R", "H"]}, True, "turned by half a turn"),
        ({"PatientOrientation": ["L", "H"]}, True, "left and right may be the wrong way round"),
        ({"PatientOrientation": ["R", "F"]}, False, "left and right may be the wrong way round"),
        ({"PatientPosition": "HFS"}, False, None),
        ({"PatientPosition": "FFS"}, False, "the patient lay feet first"),
        ({"PatientPosition": "FFS", "PatientOrientation": ["L", "F"]}, False, None),
    ],
)
def test_the_head_is_up(tmp_path, attributes, turned, warning):
    pixels = frames(1)
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=(ANTERIOR,), vector=(1,), **attributes))
    stored = pixels[0].T
    np.testing.assert_array_equal(whole[0].numpy(), stored[::-1, ::-1] if turned else stored)
    assert whole.meta["turned"] is turned
    told = " ".join(whole.meta["warnings"])
    assert (told == "") if warning is None else (warning in told)
    corner = whole.affine.numpy() @ [0, 0, 0, 1]
    np.testing.assert_allclose(corner[:2], [19 * 50, 39 * 50] if turned else [0, 0])


def test_a_detectors_orientation_turns_both_views(tmp_path):
    pixels = frames()
    up = [-value for value in CORONAL]
    codes = (detector(ANTERIOR, ImageOrientationPatient=up), detector(POSTERIOR, ImageOrientationPatient=[1, 0, 0, 0, 0, 1]))
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=(1, 2)))
    np.testing.assert_array_equal(whole.numpy(), pixels.transpose(0, 2, 1)[:, ::-1, ::-1])
    contradicting = (detector(ANTERIOR, ImageOrientationPatient=up), detector(POSTERIOR, ImageOrientationPatient=list(CORONAL)))
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=contradicting, vector=(1, 2)))
    assert (whole.meta["turned"], "contradicts itself" in whole.meta["warnings"][0]) == (False, True)


@pytest.mark.parametrize("up", [1, -1])
def test_a_posterior_view_stored_mirrored_is_mirrored_back(tmp_path, up):
    pixels = frames()
    way = [up * value for value in CORONAL]
    codes = (detector(ANTERIOR, ImageOrientationPatient=way), detector(POSTERIOR, ImageOrientationPatient=way))
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=(1, 2)))
    upright = pixels.transpose(0, 2, 1)[:, ::up, ::up]
    np.testing.assert_array_equal(whole[0].numpy(), upright[0])
    np.testing.assert_array_equal(whole[1].numpy(), upright[1, ::-1])
    assert (whole.meta["mirrored"], whole.meta["turned"]) == (("posterior",), up < 0)
    assert "the posterior view was stored mirrored" in whole.meta["warnings"][-1]
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=(ANTERIOR, POSTERIOR), vector=(1, 2), PatientOrientation=["L", "F"]))
    np.testing.assert_array_equal(whole.numpy(), pixels.transpose(0, 2, 1))
    assert (whole.meta["mirrored"], whole.meta["warnings"]) == ((), ())


def test_places_of_a_mirrored_view_lead_to_the_stored_image():
    size = (20, 40)
    assert stored_place((3, 5), "posterior", {"turned": False, "mirrored": ("posterior",)}, size) == (16, 5)
    assert stored_place((3, 5), "posterior", {"turned": True, "mirrored": ("posterior",)}, size) == (3, 34)
    assert stored_place((3, 5), "anterior", {"turned": True, "mirrored": ("posterior",)}, size) == (16, 34)


def test_an_anterior_view_stored_mirrored_is_only_told(tmp_path):
    pixels = frames()
    codes = [detector(code, ImageOrientationPatient=[-1, 0, 0, 0, 0, -1]) for code in (ANTERIOR, POSTERIOR)]
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=codes, vector=(1, 2)))
    np.testing.assert_array_equal(whole.numpy(), pixels.transpose(0, 2, 1))
    assert "left and right may be the wrong way round" in whole.meta["warnings"][-1]


def test_counts_are_those_stored(tmp_path):
    pixels = frames(1)
    for photometric in ("MONOCHROME1", "PALETTE COLOR"):
        whole = read(scan(tmp_path / "nm.dcm", pixels, codes=(ANTERIOR,), PhotometricInterpretation=photometric))
        np.testing.assert_array_equal(whole[0].numpy(), pixels[0].T)
    whole = read(scan(tmp_path / "nm.dcm", pixels, codes=(ANTERIOR,), RescaleSlope="2", RescaleIntercept="0"))
    np.testing.assert_array_equal(whole[0].numpy(), 2 * pixels[0].T)
    with pytest.raises(PixelDataError, match="expected counts, got values down to -300"):
        read(scan(tmp_path / "nm.dcm", pixels.astype(np.int16) - 300, codes=(ANTERIOR,)))


def test_a_position_makes_no_slice_of_a_scan(tmp_path):
    own = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": list(CORONAL)}
    assert read(scan(tmp_path / "nm.dcm", frames(1), codes=(ANTERIOR,), **own)).shape == (1, 20, 40)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_a_tall_image_with_a_position_is_no_slice(tmp_path, count, turned):
    pixels = frames()[:count]
    way = -1 if turned else 1
    for number, code in enumerate((ANTERIOR, POSTERIOR)[:count]):
        facing = 1 if code is ANTERIOR else -1  # rows of the posterior view run the other way, and its normal to the front
        own = {
            "SOPInstanceUID": uid(number),
            "ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"],
            "ImagePositionPatient": [0, 100 * number, 0],
            "ImageOrientationPatient": [way * facing, 0, 0, 0, 0, -way],
            "PatientOrientation": ["R" if way * facing < 0 else "L", "H" if turned else "F"],
        }
        scan(tmp_path / f"{number}.dcm", pixels[number : number + 1], codes=(code,), vector=(1,), **own, **at("0800"))
    [case] = find_cases(tmp_path, RULES)
    assert len(case.files) == count
    whole = read(list(case.files))
    np.testing.assert_array_equal(whole.numpy(), pixels.transpose(0, 2, 1)[:, ::way, ::way])
    assert (whole.meta["views"], whole.meta["turned"]) == (BOTH[:count], turned)
    corner = whole.affine.numpy() @ [0, 0, 0, 1]
    np.testing.assert_allclose(corner[:2], [19 * 50, 39 * 50] if turned else [0, 0])
    np.testing.assert_allclose(whole.affine.numpy()[:2, :2], np.diag([50, 50]) * way)


def test_a_header_without_sense_is_no_fault(tmp_path):
    own = {"DetectorVector": [7, 9], "AcquisitionDate": "20200229", "AcquisitionTime": "09", "PatientOrientation": ["A", "F"]}
    whole = read(scan(tmp_path / "nm.dcm", frames(), codes=(ANTERIOR,), **own))
    assert whole.meta["views"] == BOTH


def test_no_name_is_told(tmp_path):
    path = scan(tmp_path / "nm.dcm", frames(4))
    with pytest.raises(UnsuitableImageError) as caught:
        read(path)
    assert "ecret" not in str(caught.value)
    assert str(caught.value).startswith(uid("series"))


def test_the_real_scan(real_data):
    path = real_data / "dicom_samples" / "NM1_UNC.dcm"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    whole = read(path)
    assert (whole.shape, whole.sum().item()) == ((1, 256, 1024), 3596452)
    assert (whole.meta["spacing_mm"], whole.meta["views"]) == ((2.26, 2.26), ("anterior",))
    assert whole.meta["warnings"] == ("the header does not name the view; the image of detector 1 was taken as anterior",)
    [case] = find_cases(path, RULES)
    assert case.fault is None
