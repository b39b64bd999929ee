"""The index of a folder."""

import gc
import shutil
import warnings

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.fileset import FileSet

from msk_monai.dicom.study import index_folder
from msk_monai.errors import DataError
from tests.dicom.writing import ABSENT, CORONAL, SAGITTAL, ct_slice, image, noise, radiograph, save, uid, write_stack

PICTURE = noise(8, 6, low=0, high=255, dtype=np.uint8)


def test_patients_studies_and_series(tmp_path):
    write_stack(tmp_path / "a" / "deep" / "er", noise(4, 9, 7), SeriesInstanceUID=uid("axial"))
    write_stack(tmp_path / "b", noise(3, 9, 7), SeriesInstanceUID=uid("sagittal"), orientation=SAGITTAL, step=(-3, 0, 0))
    write_stack(tmp_path / "c", noise(2, 9, 7), SeriesInstanceUID=uid("later"), StudyInstanceUID=uid("second study"))
    write_stack(tmp_path / "d", noise(2, 9, 7), SeriesInstanceUID=uid("other"), StudyInstanceUID=uid("other study"), PatientID="other")

    index = index_folder(tmp_path)

    assert [len(patient.studies) for patient in index.patients] == [2, 1]
    assert [patient.key for patient in index.patients] == ["patient-1", "patient-2"]
    assert [series.key for series in index.series] == [uid("axial"), uid("sagittal"), uid("later"), uid("other")]
    axial, sagittal = index.series[:2]
    assert (axial.n_slices, axial.orientation, axial.extent_mm, axial.spacing_between_slices) == (4, "axial", 6.0, 2.0)
    assert (sagittal.n_slices, sagittal.orientation, sagittal.extent_mm) == (3, "sagittal", 6.0)
    assert axial.paths == tuple(sorted((tmp_path / "a" / "deep" / "er").iterdir()))
    assert "secret" not in repr(index).lower()


def test_header_values_of_a_series(tmp_path):
    write_stack(
        tmp_path,
        noise(2, 9, 7),
        BodyPartExamined="LSPINE",
        ConvolutionKernel="Br40",
        Manufacturer="Acme",
        ProtocolName="Lumbar",
        StudyDescription="Spine",
        EchoTime="80",
        RepetitionTime="3000.5",
    )
    series = index_folder(tmp_path).series[0]
    assert (series.modality, series.body_part, series.kernel, series.slice_thickness) == ("CT", "LSPINE", "Br40", 2.0)
    assert (series.manufacturer, series.protocol, series.study_description, series.description) == ("Acme", "Lumbar", "Spine", "Abdomen")
    assert (series.echo_time, series.repetition_time, series.bits) == (80.0, 3000.5, 16)
    assert series.image_type == ("ORIGINAL", "PRIMARY", "AXIAL")


@pytest.mark.parametrize(
    ("character_set", "stored"), [("ISO_IR 192", "Röntgen"), ("ISO_IR 100", "Röntgen"), ("ISO_IR 192", "腰椎"), ("GB18030", "腰椎")]
)
def test_descriptions_in_other_character_sets(tmp_path, character_set, stored):
    save(ct_slice(noise(9, 7), position=(0, 0, 0), SpecificCharacterSet=character_set, SeriesDescription=stored), tmp_path / "c.dcm")
    assert index_folder(tmp_path).series[0].description == stored


def test_other_formats_come_by_the_same_door(tmp_path):
    nibabel.save(nibabel.Nifti1Image(noise(6, 5, 4), np.diag([1, 1, 3, 1])), tmp_path / "v.nii.gz")
    for name in ("p.png", "p.jpg", "p.tiff"):
        Image.fromarray(PICTURE).save(tmp_path / name)
    index = index_folder(tmp_path)
    assert [(series.format, series.n_slices, series.bits) for series in index.series] == [
        ("raster", 1, 8),
        ("raster", 1, 8),
        ("raster", 1, 8),
        ("nifti", 4, 16),
    ]
    assert index.series[3].orientation == "axial"
    assert index.series[3].modality is None


def test_orientation_of_an_isotropic_nifti_is_unknown(tmp_path):
    nibabel.save(nibabel.Nifti1Image(noise(6, 5, 4), np.diag([1, 1, 1.2, 1])), tmp_path / "v.nii")
    assert index_folder(tmp_path).series[0].orientation is None


def test_orientation_of_a_nifti_follows_its_thick_slices_not_its_axes(tmp_path):
    affine = np.array([[0, 0, 1, 0], [4, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(noise(6, 5, 4), affine), tmp_path / "v.nii")
    series = index_folder(tmp_path).series[0]
    assert (series.orientation, series.n_slices, series.extent_mm) == ("coronal", 6, 20.0)


def test_what_cannot_be_read_is_recorded(tmp_path):
    write_stack(tmp_path / "good", noise(2, 9, 7))
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "text.dcm").write_text("hello")
    (tmp_path / "1.2.840.99").write_bytes(b"neither DICOM nor anything else" * 9)
    (tmp_path / "no_suffix").write_bytes(b"\0" * 128 + b"DICM" + b"rubbish follows here")
    (tmp_path / "bad.nii").write_bytes(b"nothing")
    (tmp_path / "bad.png").write_bytes(b"nothing")
    for name in ("notes.txt", "a.json", "b.csv", "readme.md", ".DS_Store"):
        (tmp_path / name).write_text("{}")

    index = index_folder(tmp_path)

    assert len(index.series) == 1
    found = {one.path.name: one.reason for one in index.unreadable}
    assert set(found) == {"empty.dcm", "text.dcm", "1.2.840.99", "no_suffix", "bad.nii", "bad.png"}
    assert found["empty.dcm"] == "expected a DICOM file, got an empty one"
    assert "no DICM prefix" in found["text.dcm"]


def test_dicom_under_a_foreign_suffix_is_found(tmp_path):
    save(ct_slice(noise(9, 7), position=(0, 0, 0)), tmp_path / "image.bak")
    assert len(index_folder(tmp_path).series) == 1


@pytest.fixture
def media(tmp_path):
    """A folder with a DICOMDIR, as pydicom writes it for three slices."""
    identity = {"PatientName": "A", "StudyDate": "20200101", "StudyTime": "101010", "StudyID": "1", "SeriesNumber": 1}
    with warnings.catch_warnings():  # pydicom leaves its temporary folder to the garbage collector
        warnings.simplefilter("ignore")
        files = FileSet()
        for path in write_stack(tmp_path / "src", noise(3, 9, 7), **identity):
            files.add(path)
        files.write(tmp_path / "media")
        del files
        gc.collect()
    return tmp_path / "media"


def test_a_dicomdir_is_no_image_but_stands_for_its_folder(media):
    for target in (media, media / "DICOMDIR"):
        index = index_folder(target)
        assert [series.n_slices for series in index.series] == [3]
        assert index.unreadable == ()
    (media / "DICOMDIR").rename(media / "renamed.dcm")
    assert [series.n_slices for series in index_folder(media).series] == [3]


def test_empty_folder_and_absent_path(tmp_path):
    index = index_folder(tmp_path)
    assert (index.patients, index.unreadable) == ((), ())
    with pytest.raises(FileNotFoundError):
        index_folder(tmp_path / "absent")


def test_copies_are_counted_once(tmp_path):
    paths = write_stack(tmp_path / "a", noise(3, 9, 7))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    series = index_folder(tmp_path).series[0]
    assert series.paths == tuple(paths)
    assert series.notes == ("3 files are exact copies of others and were left out",)


def test_files_that_only_share_a_uid_are_kept_for_the_reader_to_judge(tmp_path):
    for k in range(2):
        save(ct_slice(noise(9, 7, seed=k), position=(0, 0, 0)), tmp_path / f"{k}.dcm")
    assert len(index_folder(tmp_path).series[0].instances) == 2


@pytest.mark.parametrize(
    ("image", "series", "expected"),
    [("R", "L", "R"), ("U", "L", "L"), ("", "R", "R"), ("B", "", "B"), ("U", "", "U"), ("", "", None)],
)
def test_the_side_is_the_images_or_else_its_series(tmp_path, image, series, expected):
    save(radiograph(PICTURE, ImageLaterality=image, Laterality=series), tmp_path / "film.dcm")
    assert index_folder(tmp_path).series[0].laterality == expected


def test_radiographs_of_one_series_stand_alone(tmp_path):
    for k, view in enumerate(["AP", "LAT"]):
        save(radiograph(PICTURE, InstanceNumber=k, ViewPosition=view, ImageLaterality="RL"[k]), tmp_path / f"{k}.dcm")
    found = index_folder(tmp_path).series
    assert [(series.view_position, series.laterality, len(series.paths)) for series in found] == [("AP", "R", 1), ("LAT", "L", 1)]
    assert len({series.key for series in found}) == 2
    assert {series.series_uid for series in found} == {uid("series")}


def test_a_localizer_does_not_speak_for_its_series(tmp_path):
    scout = ct_slice(noise(20, 30), position=(0, 0, 0), orientation=CORONAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    save(scout, tmp_path / "0.dcm")
    write_stack(tmp_path / "a", noise(3, 9, 7))
    series = index_folder(tmp_path).series[0]
    assert (series.n_slices, series.orientation, series.image_type[-1]) == (3, "axial", "AXIAL")


def test_faulty_geometry_is_unknown_geometry(tmp_path):
    write_stack(tmp_path, noise(3, 9, 7), ImageOrientationPatient=ABSENT)
    series = index_folder(tmp_path).series[0]
    assert (series.orientation, series.extent_mm, series.n_slices) == (None, None, 3)


def test_an_object_without_pixels_is_a_series_without_slices(tmp_path):
    report = image(PICTURE, sop_class="1.2.840.10008.5.1.4.1.1.88.11", SOPInstanceUID=uid("sr"), Modality="SR")
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(report, keyword)
    save(report, tmp_path / "r.dcm")
    series = index_folder(tmp_path).series[0]
    assert (series.modality, series.n_slices) == ("SR", 0)


def test_a_linked_folder_is_followed_once(tmp_path):
    write_stack(tmp_path / "a", noise(3, 9, 7))
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert index_folder(tmp_path).series[0].notes == ()


@pytest.mark.parametrize("cut", range(0, 1500, 37))
def test_no_cut_header_raises(tmp_path, cut):
    path = save(ct_slice(noise(9, 7), position=(0, 0, 0)), tmp_path / "c.dcm")
    path.write_bytes(path.read_bytes()[:cut])
    index = index_folder(tmp_path)
    assert len(index.series) + len(index.unreadable) == 1


@pytest.mark.parametrize(("mode", "bits"), [("1", 1), ("L", 8), ("RGB", 8), ("I;16", 16), ("F", 32)])
def test_bits_of_pictures(tmp_path, mode, bits):
    Image.new(mode, (4, 3)).save(tmp_path / "p.tiff")
    assert index_folder(tmp_path).series[0].bits == bits


def test_a_damaged_length_lets_no_name_through(load, tmp_path):
    path = save(ct_slice(noise(9, 7), position=(0, 0, 0)), tmp_path / "c.dcm")
    for offset in (4, 40):  # Modality then runs into the elements after it, among them PatientName
        content = bytearray(path.read_bytes())
        at = content.index(b"CS\x02\x00CT") + 2
        content[at : at + 2] = (2 + offset + content.index(b"Secret^Name") - at).to_bytes(2, "little")
        (tmp_path / "damaged.dcm").write_bytes(content)
        assert "secret" not in repr(index_folder(tmp_path / "damaged.dcm")).lower()
        with pytest.raises(DataError) as caught:
            load(tmp_path / "damaged.dcm")
        assert "secret" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("stated", "years"),
    [
        ("063Y", 63.0),
        ("63y", 63.0),
        ("018M", 1.5),
        ("052W", 364 / 365.25),
        ("010D", 10 / 365.25),
        ("000Y", None),
        ("063", None),
        ("999Y", None),
        ("Y", None),
        ("", None),
        (ABSENT, None),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR AS")
def test_age_in_years(tmp_path, stated, years):
    write_stack(tmp_path, noise(1, 9, 7), PatientAge=stated, PatientBirthDate="19500101")
    series = index_folder(tmp_path).series[0]
    assert series.patient_age_years == (None if years is None else pytest.approx(years))


@pytest.mark.parametrize(("stated", "sex"), [("M", "M"), ("f", "F"), ("O", None), ("", None), (ABSENT, None)])
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_sex(tmp_path, stated, sex):
    write_stack(tmp_path, noise(1, 9, 7), PatientSex=stated)
    assert index_folder(tmp_path).series[0].patient_sex == sex


def test_age_and_sex_are_not_printed(tmp_path):
    write_stack(tmp_path, noise(1, 9, 7), PatientAge="077Y", PatientSex="F")
    assert "patient_age_years" not in repr(index_folder(tmp_path))
    assert "patient_sex" not in repr(index_folder(tmp_path))
