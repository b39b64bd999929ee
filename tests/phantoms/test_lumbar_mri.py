import hashlib
import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from msk_monai.anatomy.discs import LEVELS
from msk_monai.dicom.select import SeriesRules, select
from msk_monai.dicom.study import index_folder
from msk_monai.phantoms import lumbar_mri
from msk_monai.phantoms.canvas import texture_tile
from msk_monai.phantoms.dicom_mr import MROptions, write_mr_series
from msk_monai.phantoms.lumbar_discs import Herniation
from msk_monai.phantoms.lumbar_mr import lumbar_recipe, sample_lumbar_patient, tissues
from msk_monai.phantoms.lumbar_mri import crossing, write_lumbar_studies
from msk_monai.phantoms.mr_slab import Plane
from msk_monai.phantoms.mr_study import KINDS, LAYOUTS, MRScanner, sample_series

SEED = 4
METADATA = Path(__file__).parents[2] / "bundles" / "lumbar_mri_herniation" / "configs" / "metadata.json"
WEIGHTINGS = (
    "localizer", "T2", "T1", "STIR", "T2", "T2", "T1", "PD", "DWI", "myelography", "T1", "T1",
)  # fmt: skip
"""What each of ``KINDS`` is to be taken for."""
AGAINST_AXIAL = ("description", "orientation", "orientation", "orientation", "orientation", None, "weighting is T1", "weighting is PD",
                 "weighting is DWI", "description", "orientation", "weighting is T1")  # fmt: skip
"""Why each of ``KINDS`` is not the axial T2 series."""
AGAINST_SAGITTAL = ("description", None, "weighting is T1", "weighting is STIR", *["orientation"] * 5, "description", "weighting is T1",
                    "orientation")  # fmt: skip
MANUFACTURERS = ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "TOSHIBA")


def coarser(one, times):
    shape = tuple(size // times for size in one.shape)
    return Plane.about(one.centre, one.along_row, one.along_column, spacing=one.spacing * times, shape=shape, thickness=2.0)


def few_pixels(times):
    """Lay out series as ever, with larger pixels and thin slices; what shares planes goes on to share them."""

    def laid_out(rng, lumbar, scanner, *, whole, layout=None):
        known = {}
        return tuple(
            replace(one, planes=tuple(known.setdefault(id(plane), coarser(plane, times)) for plane in one.planes))
            for one in sample_series(rng, lumbar, scanner, whole=whole, layout=layout)
        )

    return laid_out


@pytest.fixture(scope="module", autouse=True)
def fast():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lumbar_mri, "sample_series", few_pixels(3))
        patch.setattr(lumbar_mri, "_FINE_MM", 0.6)
        patch.setattr(lumbar_mri, "_FINE_SIZE", 160)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A whole study."""
    folder = tmp_path_factory.mktemp("whole")
    write_lumbar_studies(folder, count=1, seed=SEED, whole=True)
    return folder


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Two studies of two series."""
    folder = tmp_path_factory.mktemp("short")
    write_lumbar_studies(folder, count=2, seed=SEED, whole=False, split="training")
    return folder


def headers(folder):
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm"))]


def contents(folder):
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).digest() for path in sorted(folder.rglob("*")) if path.is_file()}


def truth_of(folder, index=0):
    return json.loads((folder / "truth" / f"phantom-{index:04d}.json").read_text())


def test_a_study_is_valid_dicom(whole):
    everything = [pydicom.dcmread(path) for path in sorted((whole / "studies").rglob("*.dcm"))]
    assert all(image.pixel_array.shape == (image.Rows, image.Columns) for image in everything)
    assert all(image.pixel_array.std() > 3 for image in everything)
    assert len({image.SOPInstanceUID for image in everything}) == len(everything)
    assert all(image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID for image in everything)
    assert len({image.SeriesInstanceUID for image in everything}) == 12
    assert len({image.FrameOfReferenceUID for image in everything}) == 1
    assert len({image.StudyInstanceUID for image in everything}) == 1
    named = [element.value for image in everything for element in image if element.VR == "PN"]
    assert {str(name) for name in named} == {f"Phantom^{SEED}-0", ""}


def test_dciodvfy_finds_no_error(whole):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    for folder in sorted((whole / "studies" / "phantom-0000").iterdir()):
        done = subprocess.run([tool, str(next(folder.iterdir()))], capture_output=True, text=True, check=False)
        report = done.stdout + done.stderr
        assert "MRImage" in report
        assert "Error" not in report, report


def test_file_names_are_in_no_order(whole):
    axial = headers(whole / "studies" / "phantom-0000" / "C005")
    assert [int(header.InstanceNumber) for header in axial] != sorted(int(header.InstanceNumber) for header in axial)


def test_the_package_reads_twelve_series_and_tells_their_weightings(whole):
    found = {one.series_uid: one for one in index_folder(whole / "studies").series}
    truth = truth_of(whole)["series"]
    assert tuple(truth) == KINDS
    assert {truth[kind]["series_instance_uid"] for kind in KINDS} == set(found)
    series = [found[truth[kind]["series_instance_uid"]] for kind in KINDS]
    assert tuple(one.weighting for one in series) == WEIGHTINGS
    assert [one.description for one in series] == [truth[kind]["description"] for kind in KINDS]


def test_headers_have_the_same_attributes_in_every_study(short):
    first, second = (
        {(header.SeriesNumber, frozenset(element.keyword for element in header)) for header in headers(short / "studies" / name)}
        for name in ("phantom-0000", "phantom-0001")
    )
    assert first == second
    assert len(first) == 2


def test_no_byte_of_an_image_tells_the_outcome(tmp_path, short, monkeypatch):
    def turned(rng, recipe):
        lumbar = sample_lumbar_patient(rng, recipe)
        return replace(lumbar, discs=tuple(replace(disc, symptomatic=not disc.symptomatic) for disc in lumbar.discs))

    monkeypatch.setattr(lumbar_mri, "sample_lumbar_patient", turned)
    write_lumbar_studies(tmp_path, count=1, seed=SEED, whole=False)
    images = Path("studies") / "phantom-0000"
    assert contents(tmp_path / images) == contents(short / images)
    before, after = (truth_of(folder)["discs"] for folder in (short, tmp_path))
    assert [one["herniation"] for one in before.values()] == [1 - one["herniation"] for one in after.values()]


def test_the_datalist_has_a_study_an_item(short, whole):
    listing = json.loads((short / "datalist.json").read_text())
    assert (listing["validation"], listing["seed"], listing["modality"]) == ([], SEED, "MR")
    assert "phantom" in listing["description"]
    assert [item["image"] for item in listing["training"]] == ["studies/phantom-0000", "studies/phantom-0001"]
    for index, item in enumerate(listing["training"]):
        truth = truth_of(short, index)
        assert item["truth"] == f"truth/phantom-{index:04d}.json"
        assert item["discs"] == truth["discs"]
        assert tuple(item["discs"]) == LEVELS
        for disc in item["discs"].values():
            assert disc["herniation"] in (0, 1)
            assert 2 < disc["canal_width_mm"] < 24
            assert 0 < disc["nucleus_share"] < 1
            assert disc["annulus_minimum_mm"] < disc["annulus_mean_mm"]
    assert len(json.loads((whole / "datalist.json").read_text())["validation"]) == 1


def test_axial_items_are_slices_that_cross_a_disc(short):
    listing = json.loads((short / "axial.json").read_text())
    assert listing["labels"] == ["background", "annulus", "nucleus", "canal"]
    records = {truth_of(short, index)["case"]: truth_of(short, index) for index in range(2)}
    crossed = Counter(item["case"] for item in listing["training"])
    assert crossed == Counter({case: sum(piece["level"] is not None for piece in record["axial"]) for case, record in records.items()})
    assert min(crossed.values()) >= 5
    for item in listing["training"]:
        record = records[item["case"]]
        disc = record["discs"][item["level"]]
        assert (item["label"], item["canal_width_mm"]) == (disc["herniation"], disc["canal_width_mm"])
        assert (item["age"], item["sex"]) == (record["age"], record["sex"])
        header, mask = pydicom.dcmread(short / item["image"]), np.array(Image.open(short / item["mask"]))
        assert header.SeriesInstanceUID == record["series"]["axial T2"]["series_instance_uid"]
        assert mask.shape == header.pixel_array.shape
        assert set(np.unique(mask)) <= {0, 1, 2, 3}
        assert (int(header.PatientAge[:3]), header.PatientSex) == (item["age"], item["sex"])


def test_masks_fit_their_images(short):
    for item in json.loads((short / "axial.json").read_text())["training"]:
        image, mask = pydicom.dcmread(short / item["image"]).pixel_array.astype(float), np.array(Image.open(short / item["mask"]))
        assert (mask == 3).sum() > 5
        assert np.median(image[mask == 3]) > 1.5 * np.median(image[mask == 1])
        assert np.nonzero(mask == 3)[0].mean() > np.nonzero((mask == 1) | (mask == 2))[0].mean()


def test_sagittal_items_are_the_three_middle_slices(whole):
    listing = json.loads((whole / "sagittal.json").read_text())
    assert listing["labels"] == ["background", "vertebra", "disc", "canal"]
    places = []
    for item in listing["validation"]:
        header, label = pydicom.dcmread(whole / item["image"]), np.array(Image.open(whole / item["label"]))
        assert header.SeriesInstanceUID == truth_of(whole)["series"]["sagittal T2"]["series_instance_uid"]
        assert label.shape == header.pixel_array.shape
        assert set(np.unique(label)) == {0, 1, 2, 3}
        assert (label == 1).sum() > (label == 2).sum() > 10
        places.append(int(header.InstanceNumber))
    assert places == [5, 6, 7]


def test_only_slices_within_a_disc_have_its_level(short):
    for index in range(2):
        for piece in truth_of(short, index)["axial"]:
            assert (piece["level"] is not None) == (abs(piece["offset"]) < 1)
            assert piece["level"] in (None, piece["nearest"])
            assert (piece["mask"] is None) == (piece["level"] is None)
            assert 0 <= piece["tilt_deg"] < 45


@pytest.fixture(scope="module")
def lumbar():
    return sample_lumbar_patient(np.random.default_rng(SEED), lumbar_recipe())


def test_where_a_plane_crosses_a_disc(lumbar):
    disc = lumbar.discs[3]
    turn = lumbar_mri.rotation_xyz(*disc.disc.turn)
    for share in (0.0, 1.0, -2.5):
        middle = np.asarray(disc.disc.centre) + turn @ (7.0, 9.0, share * disc.disc.height / 2)
        parallel = Plane.about(middle, turn[:, 0], turn[:, 1], spacing=1.0, shape=(9, 9), thickness=1.0)
        assert crossing(parallel, disc) == pytest.approx((share, 0.0), abs=1e-4)


def test_a_herniation_narrows_the_canal_by_its_depth(lumbar):
    disc = lumbar.discs[2]
    tile = texture_tile(0)
    widths = []
    for depth in (0.0, 3.0, 6.0):
        large = Herniation(kind="protrusion", side=0.0, depth=depth, half_width=11.0, rise=0.0, half_height=8.0)
        changed = replace(disc, bulge=0.0, herniation=large if depth else None, sac=(18.0, 14.0))
        patient = replace(lumbar, discs=(*lumbar.discs[:2], changed, *lumbar.discs[3:]))
        truth = lumbar_mri._disc_truth(changed, tissues(patient), tile)
        assert truth["depth_mm"] == depth
        widths.append(truth["canal_width_mm"])
    assert widths[0] == pytest.approx(14, abs=1.5)
    assert widths[0] - widths[1] == pytest.approx(2, abs=1.2)
    assert widths[1] - widths[2] == pytest.approx(3, abs=1.0)


def test_the_same_seed_gives_the_same_files(tmp_path, short):
    write_lumbar_studies(tmp_path, count=1, seed=SEED, whole=False)
    again, first = contents(tmp_path), contents(short)
    lists = {Path(name) for name in ("datalist.json", "axial.json", "sagittal.json")}
    assert set(again) - lists == {path for path in first if "phantom-0000" in path.as_posix()}
    assert all(again[path] == first[path] for path in set(again) - lists)


def test_what_was_broken_off_is_continued_without_rendering_the_rest(tmp_path, short, monkeypatch):
    folder = tmp_path / "set"
    shutil.copytree(short, folder)
    before = contents(folder)
    (folder / "truth" / "phantom-0001.json").unlink()
    (folder / "axial.json").unlink()
    stale = folder / "studies" / "phantom-0001" / "C001" / "left over.dcm"
    stale.write_bytes(b"")
    made = []
    written = lumbar_mri._write_study
    monkeypatch.setattr(lumbar_mri, "_write_study", lambda *arguments: made.append(arguments[2:]) or written(*arguments))
    write_lumbar_studies(folder, count=2, seed=SEED, whole=False, split="training")
    assert made == [(SEED, 1)]
    assert contents(folder) == before


@pytest.fixture(scope="module", params=list(zip(MANUFACTURERS, LAYOUTS, strict=True)), ids=" ".join)
def examination(request, tmp_path_factory, lumbar):
    """All series of a manufacturer, with hardly any pixels, in the order of ``KINDS``."""
    manufacturer, layout = request.param
    folder = tmp_path_factory.mktemp("examination")
    scanner = MRScanner(manufacturer=manufacturer, noise=0.0, shading=(0.0, 0.0, 0.0), full_scale=1000.0, blur=0.3)
    options = MROptions(seed=1, study=1, sex="F", age=50.0, scanner=scanner)
    for series in few_pixels(32)(np.random.default_rng(2), lumbar, scanner, whole=True, layout=layout):
        images = [np.full(plane.shape, 100, np.uint16) for plane in series.planes]
        write_mr_series(folder / series.kind, series, images, options)
    series = {one.series_number: one for one in index_folder(folder).series}
    return [series[number] for number in range(1, 13)]


def test_every_manufacturers_names_are_understood(examination):
    assert tuple(one.weighting for one in examination) == WEIGHTINGS


@pytest.mark.parametrize(
    ("rules", "kind", "against"), [("series_rules", "axial T2", AGAINST_AXIAL), ("beside_rules", "sagittal T2", AGAINST_SAGITTAL)]
)
def test_the_bundles_rules_take_one_series_and_say_why_not_the_others(examination, rules, kind, against):
    selection = select(examination, SeriesRules.from_dict(json.loads(METADATA.read_text())[rules]))
    assert [one.series_number for one in selection.chosen] == [KINDS.index(kind) + 1]
    reasons = {one.series_number: reason for one, reason in selection.rejected}
    for number, fragment in enumerate(against, 1):
        if fragment is not None:
            assert fragment in reasons[number], KINDS[number - 1]
