"""Results as DICOM objects: what they hold, whose they are, and what a reader gets back from them."""

import csv
import dataclasses
import json
import shutil
import subprocess
import warnings
from collections import Counter

import highdicom
import nibabel
import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Extension
from PIL import Image
from pydicom import dcmread
from pydicom.uid import UID

from msk_monai.errors import DataError, DicomOutputError
from msk_monai.geometry import flip_lps_ras
from msk_monai.records import BundleIdentity, Findings, Landmark, Measurement, Result, SliceLocation, Source, Status
from msk_monai.report.dicom_objects import write_objects
from msk_monai.report.dicom_reading import read_findings
from msk_monai.report.dicom_source import read_source
from msk_monai.report.dicom_uids import derived_uid
from tests.dicom.writing import (
    ABSENT,
    SAGITTAL,
    change,
    enhanced_ct,
    noise,
    radiograph,
    save,
    scintigram,
    uid,
    write_stack,
)

BUNDLE = BundleIdentity(name="toy", version="1.2.3", weights_sha256="ab" * 32, overrides='{"temperature": 2}')
ANSWER = Findings(
    status=Status.FLAGGED,
    reason="not quite sure – really",
    measurements=(
        Measurement(name="cobb_main", value=12.345678, unit="deg"),
        Measurement(name="anterior_counts", value=1234567.0, unit="{counts}", method="sum"),
        Measurement(
            name="l4_l5_angle", value=1 / 3, unit="deg", lower=0.0, upper=0.7, confidence_level=0.95, flags=("one", "two ü"), method="lines"
        ),
        Measurement(name="l4_l5_canal_width", value=14.2, unit="mm", lower=13.9),
        Measurement(name="l3_area", value=None, unit="mm2", flags=("not seen",)),
        Measurement(name="right_kellgren_lawrence_grade", value=2.0, unit="{grade}", lower=1.0, upper=3.0, confidence_level=0.9),
    ),
    landmarks=(
        Landmark(name="L4_top_left", x=3.25, y=4.5, confidence=0.75),
        Landmark(name="right_femur_2", x=0.0, y=0.0),
    ),
    classes={"right_0": 0.25, "right_1": 0.75},
)
LABELS = {"labels": ["background", "L3", "L4", "canal"]}


def recorded(findings=ANSWER, **changes):
    """A result as the record holds it: numbers rounded."""
    result = Result(**{"case": "a", "source": Source(path="a"), "bundle": BUNDLE, "findings": findings, **changes})
    return Result.from_json(result.to_json())


def write(files, out, result=None, beside=(), **more):
    out.mkdir(exist_ok=True)
    return write_objects(result or recorded(), read_source(files, beside), out=out, folder=out, name="a", **more)


@pytest.fixture
def film(tmp_path):
    """A radiograph of a patient with a name in another alphabet and an ID, but without a birth date or a sex."""
    dataset = radiograph(
        noise(6, 8, low=0, dtype=np.uint16),
        SpecificCharacterSet="ISO_IR 100",
        PatientName="Müller^Jörg",
        PatientAge="034Y",
        StudyDate="20200102",
        InstanceNumber=7,
        BurnedInAnnotation="NO",
    )
    return save(dataset, tmp_path / "in" / "film.dcm")


@pytest.fixture
def pictured(film, tmp_path):
    """A result with a picture and a label map of the film, and where they are."""
    out = tmp_path / "out"
    out.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(out / "overlay.png")
    labels = np.zeros((6, 8), dtype=np.uint8)
    labels[1:3, 2:5], labels[4, 1:7] = 1, 3
    write_label_map(out / "map.nii.gz", labels.T, np.eye(4))
    findings = Findings(measurements=(Measurement(name="l3_area", value=6.0, unit="mm2"),))
    result = recorded(findings, outputs={"overlay": "overlay.png", "label_map": "map.nii.gz"})
    return result, out, pixels, labels


def write_label_map(path, labels, affine):
    image = nibabel.Nifti1Image(labels[:, :, None], affine)
    image.header.extensions.append(Nifti1Extension(6, json.dumps(LABELS).encode()))
    nibabel.save(image, path)


def texts(path):
    """Every text of a report."""
    return {element.value for element in dcmread(path).iterall() if element.keyword == "TextValue"}


def timeless(dataset):
    """A data set without the dates and times in it."""

    def forget(within, element):
        if "Date" in element.keyword or "Time" in element.keyword:
            del within[element.tag]

    dataset.walk(forget)
    return dataset


def by_name(measurements):
    return {one.name: one for one in measurements}


def test_a_reader_gets_the_recorded_numbers_back(film, tmp_path):
    files = write([film], tmp_path / "out")
    back, told = read_findings(files["dicom_sr"]), recorded().findings
    assert by_name(back.measurements) == by_name(told.measurements)
    assert (back.status, back.reason, back.classes) == (told.status, told.reason, told.classes)
    assert by_name(back.landmarks) == by_name(told.landmarks)  # in eighths of a pixel: exact in 32 bits, too


def test_numbers_survive_in_double_precision(film, tmp_path):
    rows = [Measurement(name=f"cobb_{n}", value=v, unit="deg") for n, v in enumerate((123456.123457, 1e-6, -0.1, 98765432.1))]
    back = read_findings(write([film], tmp_path / "out", recorded(Findings(measurements=tuple(rows))))["dicom_sr"])
    assert [one.value for one in back.measurements] == [one.value for one in rows]


def test_coordinates_count_from_the_first_pixels_corner(film, tmp_path):
    report = highdicom.sr.srread(write([film], tmp_path / "out")["dicom_sr"])
    groups = {group.tracking_identifier: group for group in report.content.get_planar_roi_measurement_groups()}
    assert groups["L4_top_left"].roi.GraphicData == [3.75, 5.0]
    assert groups["L4_top_left"].finding_type.meaning == "L4 vertebra"
    assert groups["right_femur_2"].finding_sites[0].laterality.meaning == "Right"


def test_a_landmark_outside_of_the_image_has_no_coordinates_but_a_word(film, tmp_path):
    landmarks = (Landmark(name="L4_top_left", x=-0.6, y=2), Landmark(name="L4_top_right", x=7.5, y=5.5))
    path = write([film], tmp_path / "out", recorded(Findings(landmarks=landmarks)))["dicom_sr"]
    assert [one.name for one in read_findings(path).landmarks] == ["L4_top_right"]
    assert "landmark L4_top_left lies outside of the image" in texts(path)


def test_the_patient_is_the_sources_and_nothing_is_invented(pictured, film):
    result, out, *_ = pictured
    for path in write([film], out, result).values():
        dataset = dcmread(path)
        dataset.decode()
        assert (str(dataset.PatientName), dataset.PatientID, dataset.PatientAge) == ("Müller^Jörg", "secret-id", "034Y")
        assert (dataset.StudyInstanceUID, dataset.StudyDate) == (uid("study"), "20200102")
        assert [dataset[name].value or "" for name in ("PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber")] == [""] * 4
        assert "PatientWeight" not in dataset
        assert dataset.SeriesInstanceUID != uid("series")


def test_odd_patient_data_are_passed_on_as_they_are_and_told_nobody(tmp_path, caplog):
    odd = {"PatientName": "Name, with a comma", "PatientSex": "X", "PatientBirthDate": "unknown", "ReferringPhysicianName": "A^B^C^D^E^F^G"}
    dataset = radiograph(noise(6, 8, low=0, dtype=np.uint16))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, about such values
        change(dataset, odd)
        path = save(dataset, tmp_path / "film.dcm")
    caplog.clear()
    files = write([path], tmp_path / "out")
    assert "unknown" not in caplog.text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = dcmread(files["dicom_sr"])
        assert {name: str(written[name].value) for name in odd} == odd


def test_a_name_in_several_character_sets_is_passed_on(tmp_path):
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    dataset = radiograph(noise(6, 8, low=0, dtype=np.uint16), SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name)
    for path in write([save(dataset, tmp_path / "film.dcm")], tmp_path / "out").values():
        written = dcmread(path)
        assert (str(written.PatientName), written.SpecificCharacterSet) == (name, "ISO_IR 192")


@pytest.mark.parametrize(("keyword", "what"), [("PatientID", "patient"), ("StudyInstanceUID", "study")])
def test_images_of_several_patients_or_studies_are_refused(keyword, what, tmp_path):
    files = write_stack(tmp_path / "in", noise(2, 6, 8))
    dataset = dcmread(files[1])
    setattr(dataset, keyword, "1.2.3")
    dataset.save_as(files[1])
    with pytest.raises(DicomOutputError, match=rf"^{uid('series')}: expected images of one {what}, got those of several$"):
        read_source(files)
    with pytest.raises(DicomOutputError, match=f"expected images of one {what}"):
        read_source(files[:1], files[1:])


def test_without_a_frame_of_reference_nothing_has_a_place_in_space(tmp_path):
    files = write_stack(tmp_path / "in", noise(3, 6, 8), FrameOfReferenceUID=ABSENT)
    affine = np.diag([0.5, 0.7, 2, 1.0])
    affine[:3, 3] = (-10, -20, 32)
    (tmp_path / "out").mkdir()
    write_label_map(tmp_path / "out" / "map.nii.gz", np.eye(8, 6, dtype=np.uint8), flip_lps_ras(affine))
    findings = Findings(
        slice=SliceLocation(index=1, position_mm=(1.0, 2.0, 32.0), sop_instance_uid=str(dcmread(files[1]).SOPInstanceUID)),
        landmarks=(Landmark(name="L3_middle", x=1, y=1, world_mm=(1.0, 2.0, 32.0)),),
    )
    written = write(files, tmp_path / "out", recorded(findings, outputs={"label_map": "map.nii.gz"}))
    assert set(written) == {"dicom_sr"}
    assert "landmark L3_middle has no place that can be referred to" in texts(written["dicom_sr"])
    back = read_findings(written["dicom_sr"])
    assert (back.slice.index, back.slice.sop_instance_uid, back.landmarks) == (1, findings.slice.sop_instance_uid, ())
    assert np.isnan(back.slice.position_mm).all()


def test_a_label_map_keeps_the_shape_of_the_films_pixels(pictured, film):
    result, out, *_ = pictured
    dataset = dcmread(film)
    dataset.PixelAspectRatio = ["2", "1"]
    save(dataset, film)
    assert dcmread(write([film], out, result)["dicom_seg"]).PixelAspectRatio == [2, 1]


def test_a_source_without_a_patient_leaves_the_patient_empty(tmp_path):
    dataset = radiograph(noise(6, 8, low=0, dtype=np.uint16), PatientName=ABSENT, PatientID=ABSENT)
    written = dcmread(write([save(dataset, tmp_path / "film.dcm")], tmp_path / "out")["dicom_sr"])
    assert [str(written[name].value or "") for name in ("PatientName", "PatientID", "PatientSex")] == ["", "", ""]


def test_who_made_it_is_told(pictured, film):
    result, out, *_ = pictured
    files = write([film], out, result)
    for path in files.values():
        dataset = dcmread(path)
        assert dataset.ManufacturerModelName == "toy"
        assert "toy 1.2.3" in dataset.SoftwareVersions
        assert dataset.DeviceSerialNumber == "ab" * 32
    segment = dcmread(files["dicom_seg"]).SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert (segment.AlgorithmName, segment.AlgorithmVersion) == ("toy", "1.2.3")
    assert f"weights_sha256={'ab' * 32}" in segment.AlgorithmParameters
    assert {f"weights_sha256={'ab' * 32}", 'settings={"temperature": 2}'} <= texts(files["dicom_sr"])


def test_the_same_result_is_the_same_object_and_another_is_another(pictured, film, tmp_path):
    result, out, *_ = pictured
    uids = [{kind: dcmread(path).SOPInstanceUID for kind, path in write([film], out, result).items()} for _ in range(2)]
    assert uids[0] == uids[1]
    assert all(UID(one).is_valid and one.startswith("2.25.") for one in uids[0].values())
    assert len(set(uids[0].values())) == 3
    moved = shutil.copy(film, tmp_path / "elsewhere.dcm")
    assert dcmread(write([moved], out, dataclasses.replace(result, case="b"))["dicom_sr"]).SOPInstanceUID == uids[0]["dicom_sr"]
    other = dataclasses.replace(result, findings=ANSWER)
    assert dcmread(write([film], out, other)["dicom_sr"]).SOPInstanceUID != uids[0]["dicom_sr"]
    trained = dataclasses.replace(result, bundle=dataclasses.replace(BUNDLE, weights_sha256="cd" * 32))
    again = {kind: dcmread(path).SOPInstanceUID for kind, path in write([film], out, trained).items()}
    assert not set(again.values()) & set(uids[0].values())


def test_objects_differ_in_nothing_but_the_time_they_were_made(pictured, film):
    result, out, *_ = pictured
    first, second = ({kind: timeless(dcmread(path)) for kind, path in write([film], out, result).items()} for _ in range(2))
    assert first == second


def test_uids_keep_their_parts_apart():
    assert derived_uid("a", "bc") == derived_uid("a", "bc")
    assert len({derived_uid("a", "bc"), derived_uid("ab", "c"), derived_uid("abc"), derived_uid("a", "b", "c")}) == 4


def test_the_key_picture_is_kept_pixel_for_pixel(pictured, film):
    result, out, pixels, _ = pictured
    capture = dcmread(write([film], out, result)["dicom_sc"])
    np.testing.assert_array_equal(capture.pixel_array, pixels)
    assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == dcmread(film).SOPInstanceUID
    assert capture.BurnedInAnnotation == "NO"
    assert not capture.PatientOrientation


def test_a_label_map_of_a_film_lies_on_its_pixels(pictured, film):
    result, out, _, labels = pictured
    files = write([film], out, result)
    dataset = highdicom.seg.segread(files["dicom_seg"])
    names = {one.segment_label: (one.segment_number, one.segmented_property_type.value) for one in dataset.SegmentSequence}
    assert names == {"L3": (1, "36470004"), "canal": (2, "61853006")}
    for (number, _), label in zip(names.values(), (1, 3), strict=True):
        np.testing.assert_array_equal(dataset.pixel_array[number - 1], labels == label)
    source = dataset.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == dcmread(film).SOPInstanceUID
    (group,) = highdicom.sr.srread(files["dicom_sr"]).content.get_planar_roi_measurement_groups()
    (reference,) = (one for one in group[0].ContentSequence if one.name.meaning == "Referenced Segmentation Frame")
    assert reference.referenced_sop_instance_uid == dataset.SOPInstanceUID
    assert (reference.referenced_frame_numbers, group.finding_type.meaning) == ([1], "L3 vertebra")


@pytest.mark.parametrize("turn", ["as it is", "mirrored", "turned"])
def test_a_label_map_of_a_slice_finds_its_image_and_its_pixels(turn, tmp_path):
    volume = noise(4, 6, 8)
    files = write_stack(tmp_path / "in", volume, step=(2, 0, 0), orientation=SAGITTAL)
    affine = np.eye(4)  # of the third slice's pixels (column, row), LPS: spacing is 0.7 mm between rows, 0.5 mm between columns
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = (0, 0.5, 0), (0, 0, -0.7), (-2, 0, 0), (-6, -20, 30)
    labels = np.zeros((8, 6), dtype=np.uint8)
    labels[1:4, 2], labels[6, 5] = 2, 1
    map_labels, to_map = {
        "as it is": (labels, np.eye(4)),
        "mirrored": (labels[::-1], np.array([[-1, 0, 0, 7], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])),
        "turned": (labels.T[:, ::-1], np.array([[0, -1, 0, 7], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])),
    }[turn]
    (tmp_path / "out").mkdir()
    write_label_map(tmp_path / "out" / "map.nii.gz", np.ascontiguousarray(map_labels), flip_lps_ras(affine @ to_map))
    written = write(files, tmp_path / "out", recorded(Findings(), outputs={"label_map": "map.nii.gz"}))
    dataset = highdicom.seg.segread(written["dicom_seg"])
    np.testing.assert_array_equal(dataset.pixel_array[0], labels.T == 1)
    np.testing.assert_array_equal(dataset.pixel_array[1], labels.T == 2)
    (reference,) = {
        one.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID for one in dataset.PerFrameFunctionalGroupsSequence
    }
    assert reference == dcmread(files[2]).SOPInstanceUID
    assert dataset.FrameOfReferenceUID == uid("frame")


def test_a_label_map_of_a_frame_of_an_enhanced_image(tmp_path):
    positions = [(-10, -20, 30 + 2 * k) for k in range(3)]
    path = save(enhanced_ct(noise(3, 6, 8), positions=positions), tmp_path / "in" / "enhanced.dcm")
    affine = np.diag([0.5, 0.7, 2, 1.0])
    affine[:3, 3] = positions[1]
    labels = np.zeros((8, 6), dtype=np.uint8)
    labels[2:5, 1] = 1
    (tmp_path / "out").mkdir()
    write_label_map(tmp_path / "out" / "map.nii.gz", labels, flip_lps_ras(affine))
    findings = Findings(measurements=(Measurement(name="l3_area", value=3.0, unit="mm2"),))
    written = write([path], tmp_path / "out", recorded(findings, outputs={"label_map": "map.nii.gz"}))
    dataset = dcmread(written["dicom_seg"])
    (frame,) = dataset.PerFrameFunctionalGroupsSequence
    assert list(frame.PlanePositionSequence[0].ImagePositionPatient) == list(positions[1])
    assert frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber == 2
    np.testing.assert_array_equal(dataset.pixel_array, labels.T)


def test_a_label_map_that_lies_elsewhere_is_refused(pictured, tmp_path):
    result, out, *_ = pictured
    files = write_stack(tmp_path / "stack", noise(2, 6, 8))
    with pytest.raises(DicomOutputError, match="one of the images, got one on none"):
        write(files, out, result)


def test_a_slice_and_levels_in_space(tmp_path):
    files = write_stack(tmp_path / "in", noise(5, 6, 8))
    third = str(dcmread(files[2]).SOPInstanceUID)
    landmark = Landmark(name="L3_middle", x=1.5, y=2.25, world_mm=(-9.25, -18.5, 34.125))
    findings = Findings(slice=SliceLocation(index=2, position_mm=(-8.25, -18.25, 34.0), sop_instance_uid=third), landmarks=(landmark,))
    path = write(files, tmp_path / "out", recorded(findings))["dicom_sr"]
    back = read_findings(path)
    assert back.slice == findings.slice
    assert back.landmarks[0].world_mm == landmark.world_mm
    report = dcmread(path)
    assert str(report).count("SCOORD3D") == 2
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert {one.ReferencedSOPInstanceUID for one in evidence} == {dcmread(file).SOPInstanceUID for file in files}
    points = [one for one in report.iterall() if one.keyword == "ReferencedFrameOfReferenceUID"]
    assert {one.value for one in points} == {uid("frame")}


def test_the_knees_of_a_scan_lie_in_the_frames_of_their_views(tmp_path):
    path = save(scintigram(noise(2, 12, 8, low=0, dtype=np.uint16)), tmp_path / "in" / "scan.dcm")
    findings = Findings(landmarks=(Landmark(name="right_knee_anterior", x=2, y=9), Landmark(name="right_knee_posterior", x=5, y=9)))
    views = {"anterior": (uid("nm"), 2), "posterior": (uid("nm"), 1)}
    report = highdicom.sr.srread(write([path], tmp_path / "out", recorded(findings), views=views)["dicom_sr"])
    seen = {
        group.tracking_identifier: group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedFrameNumber
        for group in report.content.get_planar_roi_measurement_groups()
    }
    assert seen == {"right_knee_anterior": 2, "right_knee_posterior": 1}


def test_a_level_refers_to_the_slice_nearest_to_its_disc(tmp_path):
    files = write_stack(tmp_path / "in", noise(4, 6, 8))
    uids = [str(dcmread(file).SOPInstanceUID) for file in files]
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / "slices.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, ["sop_instance_uid", "level", "offset", "logit"])
        rows.writeheader()
        for one, offset, logit in zip(uids, (0.9, -0.1, 0.4, 0.0), ("1", "2", "3", ""), strict=True):
            rows.writerow({"sop_instance_uid": one, "level": "L4-L5", "offset": offset, "logit": logit})
    findings = Findings(measurements=(Measurement(name="l4_l5_herniation_probability", value=0.5, unit="1"),))
    result = recorded(findings, outputs={"slices": "slices.csv"})
    report = highdicom.sr.srread(write(files, tmp_path / "out", result)["dicom_sr"])
    (group,) = (one for one in report.content.get_image_measurement_groups() if one.tracking_identifier == "L4-L5")
    assert [one.referenced_sop_instance_uid for one in group.source_images] == [uids[1]]


def test_images_read_beside_are_evidence(film, tmp_path):
    files = write_stack(tmp_path / "beside", noise(2, 6, 8), SeriesInstanceUID=uid("other"))
    evidence = dcmread(write([film], tmp_path / "out", beside=files)["dicom_sr"]).CurrentRequestedProcedureEvidenceSequence[0]
    counts = Counter({one.SeriesInstanceUID: len(one.ReferencedSOPSequence) for one in evidence.ReferencedSeriesSequence})
    assert counts == {uid("series"): 1, uid("other"): 2}


def test_an_image_that_nothing_can_refer_to_is_refused(tmp_path):
    dataset = radiograph(noise(6, 8, low=0, dtype=np.uint16), StudyInstanceUID=ABSENT)
    with pytest.raises(DicomOutputError, match=r"^film.dcm: expected an image that can be referred to, got one without StudyInstanceUID$"):
        read_source([save(dataset, tmp_path / "film.dcm")])


def test_a_file_that_went_missing_is_named(film, tmp_path):
    with pytest.raises(DicomOutputError, match=r"expected the overlay of the case at overlays/a.png, got nothing there"):
        write([film], tmp_path / "out", recorded(outputs={"overlay": "overlays/a.png"}))


def test_what_is_no_report_is_not_read(film):
    with pytest.raises(DataError, match="expected a report of msk_monai"):
        read_findings(film)


@pytest.fixture
def valid(tmp_path):
    """Objects about sources that dciodvfy has nothing against: a phantom's film."""
    from msk_monai.phantoms.dicom_radiograph import Radiograph, RadiographOptions, write_radiograph

    drawn = Radiograph(
        pixels=noise(6, 8, low=0, high=4000, dtype=np.uint16), inverted=False, imager_spacing=(0.2, 0.2), spacing=(0.18, 0.18),
        plane="spine", magnification=1.1, source_distance=1000.0, calibration="geometry", series="AP", body_part="LSPINE",
        region=("122496007", "Lumbar spine"), from_front=True, orientation=("L", "F"), laterality="U", sex="F", age=40.0,
    )  # fmt: skip
    film = write_radiograph(tmp_path / "in" / "film.dcm", drawn, RadiographOptions(seed=1))
    out = tmp_path / "out"
    out.mkdir()
    Image.fromarray(np.full((20, 30), 90, dtype=np.uint8)).save(out / "overlay.png")
    labels = np.zeros((8, 6), dtype=np.uint8)
    labels[1:4, 2] = 1
    write_label_map(out / "map.nii.gz", labels, np.eye(4))
    area = Measurement(name="l3_area", value=3.0, unit="mm2")
    findings = dataclasses.replace(ANSWER, measurements=(*(one for one in ANSWER.measurements if one.name != "l3_area"), area))
    return write([film], out, recorded(findings, outputs={"overlay": "overlay.png", "label_map": "map.nii.gz"}))


def tool(name, package):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} (Debian: {package}) is not installed")
    return found


def test_dciodvfy_finds_no_error(valid):
    checker = tool("dciodvfy", "dicom3tools")
    assert set(valid) == {"dicom_sr", "dicom_seg", "dicom_sc"}
    for path in valid.values():
        told = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in told.stderr + told.stdout, f"{path.name}: {told.stderr}"


def test_dsrdump_reads_the_report(valid):
    dump = subprocess.run([tool("dsrdump", "dcmtk"), "+Pl", str(valid["dicom_sr"])], capture_output=True, check=True).stdout.decode()
    assert 'NUM:(,,"Cobb angle")="12.345678" (deg,UCUM,"degree")' in dump
    assert '"+, range of upper measurement uncertainty")' in dump
    assert 'CODE:(,,"Finding Site")=(84020006,SCT,"L4/L5 disc")' in dump
    assert "SCOORD:" in dump
    assert "not quite sure – really" in dump


def test_dciodvfy_finds_no_error_in_what_is_about_a_stack(tmp_path):
    checker = tool("dciodvfy", "dicom3tools")
    files = write_stack(tmp_path / "in", noise(3, 6, 8), StudyDate="20200101", StudyTime="1200", StudyID="1", PatientSex="F")
    findings = Findings(
        slice=SliceLocation(index=1, position_mm=(1.0, 2.0, 32.0), sop_instance_uid=str(dcmread(files[1]).SOPInstanceUID)),
        landmarks=(Landmark(name="L3_middle", x=1, y=1, world_mm=(1.0, 2.0, 32.0)),),
    )
    affine = np.diag([0.5, 0.7, 2, 1.0])
    affine[:3, 3] = (-10, -20, 32)
    (tmp_path / "out").mkdir()
    write_label_map(tmp_path / "out" / "map.nii.gz", np.eye(8, 6, dtype=np.uint8), flip_lps_ras(affine))
    for path in write(files, tmp_path / "out", recorded(findings, outputs={"label_map": "map.nii.gz"})).values():
        told = subprocess.run([checker, str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in told.stderr + told.stdout, f"{path.name}: {told.stderr}"


def test_lossy_compression_is_passed_on(pictured, film):
    result, out, *_ = pictured
    dataset = dcmread(film)
    change(dataset, {"LossyImageCompression": "01", "LossyImageCompressionRatio": "12.5", "LossyImageCompressionMethod": "ISO_10918_1"})
    save(dataset, film)
    files = write([film], out, result)
    for kind in ("dicom_seg", "dicom_sc"):
        written = dcmread(files[kind])
        assert (written.LossyImageCompression, written.LossyImageCompressionRatio) == ("01", 12.5)


REAL = ("dicom_samples/NM1_UNC.dcm", "dicom_samples/RG2_RLE.dcm", "dicom_samples/RG3_RLE.dcm", "ct_spine/ends_above_l3")


@pytest.mark.parametrize("place", REAL)
def test_real_images_are_referred_to(place, real_data, tmp_path):
    found = real_data / place
    if not found.exists():
        pytest.skip(f"no real image at {place}")
    files = sorted(found.glob("*.dcm")) if found.is_dir() else [found]
    (tmp_path / "out").mkdir()
    Image.fromarray(np.full((20, 30), 90, dtype=np.uint8)).save(tmp_path / "out" / "overlay.png")
    written = write(files, tmp_path / "out", recorded(outputs={"overlay": "overlay.png"}))
    assert by_name(read_findings(written["dicom_sr"]).measurements) == by_name(recorded().findings.measurements)
    source = dcmread(files[0], stop_before_pixels=True)
    for path in written.values():
        dataset = dcmread(path)
        assert (dataset.StudyInstanceUID, dataset.PatientID) == (source.StudyInstanceUID, source.PatientID)
        if shutil.which("dciodvfy"):
            told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
            assert "Error" not in told.stderr + told.stdout, f"{path.name}: {told.stderr}"
