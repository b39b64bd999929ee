import json
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from msk_monai.anatomy.knee import POINTS
from msk_monai.dicom.reader import SeriesReader
from msk_monai.measure.knee import implausible, measure_knee
from msk_monai.phantoms import knee_xray
from msk_monai.phantoms.dicom_radiograph import RadiographOptions, write_radiograph
from msk_monai.phantoms.knee import femur, tibia
from msk_monai.phantoms.knee_points import knee_points
from msk_monai.phantoms.knee_xray import CALIBRATIONS, LANDMARK_NAMES, film_truth, sample_knee_film, write_knee_films
from msk_monai.phantoms.legs import sample_legs
from msk_monai.phantoms.projection import Detector, aim

SEED = 5
LATERAL = {"right": -1.0, "left": 1.0}
"""Where lateral lies on a film that is not mirrored."""


def coarse(rng, view, legs, side):
    """A small detector of large pixels, about the central ray."""
    spots = view.onto_detector(np.array([knee.centre for knee in legs.knees]))
    width = float(np.abs(spots[0, 0] - spots[1, 0])) + 150 if side is None else 160.0
    spacing = (1.8, 1.6)
    shape = (int(190 / spacing[1]), int(width / spacing[0]))
    return Detector(shape, spacing, (-(shape[1] - 1) / 2 * spacing[0], -(shape[0] - 1) / 2 * spacing[1]), float(rng.normal(0, 2)))


@pytest.fixture(scope="module", autouse=True)
def few_pixels():
    """Films of few pixels are rendered from coarse grids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(knee_xray, "_detector", coarse)
        yield


@pytest.fixture(scope="module")
def films():
    return [sample_knee_film(index, seed=SEED) for index in range(4)]


def test_a_film_depends_only_on_seed_and_index(films):
    again, other = sample_knee_film(1, seed=SEED), sample_knee_film(1, seed=SEED + 1)
    np.testing.assert_array_equal(again.radiograph.pixels, films[1].radiograph.pixels)
    assert {side: points.tolist() for side, points in again.points.items()} == {s: p.tolist() for s, p in films[1].points.items()}
    assert film_truth(again) == film_truth(films[1])
    assert other.radiograph.spacing != films[1].radiograph.spacing


def test_pixels_are_twelve_bits_and_show_something(films):
    for film in films:
        assert film.radiograph.pixels.dtype == np.uint16
        assert film.radiograph.pixels.max() <= 4095
        assert film.radiograph.pixels.std() > 150


def test_films_of_one_knee_and_of_both_are_made(films):
    assert {len(film.points) for film in films} == {1, 2}


def test_points_lie_in_the_film_and_those_of_a_knee_measure_one(films):
    for film in films:
        rows, columns = film.radiograph.pixels.shape
        for points in film.points.values():
            assert points.shape == (16, 2)
            assert (points > 0).all()
            assert (points < (columns - 1, rows - 1)).all()
            knee = measure_knee(points * film.radiograph.spacing)
            assert implausible(knee) is None
            assert 60 < knee.lines["femoral_condylar_width"] < 100
            assert 60 < knee.lines["tibial_plateau_width"] < 100
            assert knee.lines["medial_joint_space"] < 14


def test_spacing_is_that_of_the_patient(films):
    for film in films:
        assert 1.03 < film.radiograph.magnification < 1.3
        np.testing.assert_allclose(np.array(film.radiograph.spacing) * film.radiograph.magnification, (1.8, 1.6))


def test_bone_is_brighter_than_what_lies_beside_the_knee(films):
    for film in films:
        shades = film.radiograph.pixels.astype(float) * (-1 if film.radiograph.inverted else 1)
        for points in film.points.values():
            lateral, medial = points[POINTS.index("femur_1")], points[POINTS.index("femur_7")]
            bone, beside = (lateral + share * (medial - lateral) for share in (0.25, -0.2))
            inner, outer = (shades[round(y) - 4 : round(y) - 1, round(x) - 1 : round(x) + 2].mean() for x, y in (bone, beside))
            assert inner > outer + 300


VIEW = aim(at=np.zeros(3), source_distance=1150.0, detector_gap=80.0, from_front=True)


def knee_of(side, **changes):
    knee = sample_legs(np.random.default_rng(8)).knees[0 if side == "right" else 1]
    plain = {"centre": (LATERAL[side] * 100, 0.0, 0.0), "turn": 0.0, "lean": 0.0, "flexion": 5.0, "slope": 4.0, "spaces": (5.0, 5.0)}
    return replace(knee, **{**plain, **changes})


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_points_run_from_the_lateral_to_the_medial_side(side, mirrored):
    view = aim(at=np.zeros(3), source_distance=1150.0, detector_gap=80.0, from_front=True, mirrored=mirrored)
    points = knee_points(knee_of(side), view)
    outwards = LATERAL[side] * (-1 if mirrored else 1)
    assert (np.diff(outwards * points[:7, 0]) < 0).all()
    assert (np.diff(outwards * points[7:, 0]) < 0).all()
    assert outwards * points[:, 0].mean() > 0
    at = dict(zip(POINTS, points[:, 1], strict=True))
    assert at["femur_4"] < min(at["femur_2"], at["femur_6"]) - 5
    assert max(at["tibia_4"], at["tibia_6"]) < min(at["tibia_3"], at["tibia_7"])
    assert at["tibia_5"] > max(at["tibia_4"], at["tibia_6"])
    assert at["femur_2"] < at["tibia_2"]
    assert at["femur_6"] < at["tibia_8"]


def first_met(solid, place):
    """The smallest signed distance that a ray to a place (mm) on the detector comes to a bone."""
    target = VIEW.from_detector(np.asarray(place)[None])[0]
    steps = np.linspace(0.75, 1.0, 1500)[:, None]
    ray = (VIEW.source + steps * (target - VIEW.source)).astype(np.float32)
    return float(solid[0](*ray.T).min())


@pytest.mark.parametrize("side", ["right", "left"])
def test_points_lie_on_the_outlines_of_the_shadows(side):
    knee = knee_of(side)
    points = dict(zip(POINTS, knee_points(knee, VIEW), strict=True))
    for name, solid, down in (
        ("femur_2", femur(knee, plain=True), 1),
        ("femur_4", femur(knee, plain=True), 1),
        ("femur_6", femur(knee, plain=True), 1),
        ("tibia_2", tibia(knee, plain=True), -1),
        ("tibia_4", tibia(knee, plain=True), -1),
        ("tibia_5", tibia(knee, plain=True), -1),
        ("tibia_8", tibia(knee, plain=True), -1),
    ):
        assert first_met(solid, points[name] - (0, 1.0 * down)) < 0, name
        assert first_met(solid, points[name] + (0, 1.0 * down)) > 0, name


def lines_of(knee):
    return measure_knee(knee_points(knee, VIEW) / VIEW.magnification(np.asarray(knee.centre))).lines


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_larger_joint_space_gives_a_longer_line_on_its_side_only(side):
    plain, lateral, medial = (lines_of(knee_of(side, spaces=spaces)) for spaces in ((4.0, 4.0), (6.0, 4.0), (4.0, 6.0)))
    for wider, own, other in ((lateral, "lateral", "medial"), (medial, "medial", "lateral")):
        assert wider[f"{own}_joint_space"] - plain[f"{own}_joint_space"] == pytest.approx(2, abs=0.5)
        assert wider[f"{other}_joint_space"] == pytest.approx(plain[f"{other}_joint_space"], abs=0.7)
    assert lateral["femoral_condylar_width"] == pytest.approx(plain["femoral_condylar_width"], abs=2)


def test_a_worn_medial_side_opens_the_joint_laterally():
    for side in LATERAL:
        narrow, even, wide = (
            measure_knee(knee_points(knee_of(side, spaces=spaces), VIEW)).convergence for spaces in ((5.0, 1.0), (5.0, 5.0), (1.0, 5.0))
        )
        assert wide < even < narrow
        assert narrow - wide == pytest.approx(2 * np.degrees(np.arctan2(4, 48 * knee_of(side).size * knee_of(side).breadth)), abs=1.5)


def test_osteophytes_do_not_move_the_points():
    with_them, without = (knee_points(knee_of("right", osteophytes=(o,) * 4), VIEW) for o in (4.0, 0.0))
    np.testing.assert_array_equal(with_them, without)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_knee_films(folder, count=2, seed=SEED, split="training")
    return folder


def test_folders_hold_films_truth_and_datalist(collection, films):
    listing = json.loads((collection / "datalist.json").read_text())
    assert (listing["validation"], listing["seed"], listing["landmark_names"]) == ([], SEED, list(POINTS))
    assert "phantom" in listing["description"]
    for item, film in zip(listing["training"], films, strict=False):
        assert item["landmark_names"] == list(LANDMARK_NAMES if len(film.points) == 2 else POINTS)
        assert len(item["points"]) == len(item["landmark_names"])
        np.testing.assert_allclose(item["points"], np.concatenate(list(film.points.values())), atol=1e-3)
        np.testing.assert_allclose(item["spacing_mm"], film.radiograph.spacing, atol=1e-6)
        assert item["side"] == ("B" if len(film.points) == 2 else next(iter(film.points))[0].upper())
        np.testing.assert_array_equal(pydicom.dcmread(collection / item["image"]).pixel_array, film.radiograph.pixels)
        truth = json.loads((collection / item["truth"]).read_text())
        assert truth["grades"] == film.grades
        assert truth["points"] == item["points"]


def test_a_film_of_both_knees_names_32_points(films):
    both = next(film for film in films if len(film.points) == 2)
    truth = film_truth(both)
    assert (len(truth["points"]), truth["side"]) == (32, "B")
    assert truth["landmark_names"][:1] + truth["landmark_names"][31:] == ["right_femur_1", "left_tibia_9"]
    right, left = np.array(truth["points"])[:16, 0].mean(), np.array(truth["points"])[16:, 0].mean()
    assert (right < left) != both.mirrored


def test_what_was_broken_off_is_continued(collection, monkeypatch):
    image = collection / "films" / "phantom-0000.dcm"
    written = image.read_bytes()
    image.write_bytes(b"untouched")
    (collection / "truth" / "phantom-0001.json").unlink()
    made = []
    monkeypatch.setattr(
        knee_xray, "sample_knee_film", lambda index, *, seed: made.append((index, seed)) or sample_knee_film(index, seed=seed)
    )
    write_knee_films(collection, count=2, seed=SEED, split="training")
    assert image.read_bytes() == b"untouched"
    assert made == [(1, SEED)]
    assert (collection / "truth" / "phantom-0001.json").exists()
    write_knee_films(collection, count=1, seed=SEED + 1)
    assert image.read_bytes() not in (b"untouched", written)
    assert made[1:] == [(0, SEED + 1)]


def kinds(films):
    """A film of each side, with every calibration."""
    some = {film.radiograph.laterality: film.radiograph for film in films}
    for laterality, film in some.items():
        for calibration in CALIBRATIONS:
            for kind in ("DX", "CR"):
                if (calibration, kind) not in (("none", "DX"), ("magnification", "CR")):
                    yield replace(film, calibration=calibration), kind, laterality


def test_a_file_reads_back_with_its_side_and_spacing(tmp_path, films):
    for number, (film, kind, laterality) in enumerate(kinds(films)):
        path = write_radiograph(tmp_path / f"{number}.dcm", film, RadiographOptions(seed=4, study=number, kind=kind))
        reader = SeriesReader()
        image, meta = reader.get_data(reader.read(path))
        stored = film.pixels.astype(float)
        np.testing.assert_array_equal(image.numpy().T, 4095 - stored if film.inverted else stored)
        assert meta["laterality"] == (laterality if kind == "DX" or laterality != "B" else "")
        assert tuple(meta["patient_orientation"]) == film.orientation
        expected = {"geometry": film.spacing, "magnification": film.spacing, "imager": film.imager_spacing, "none": None}[film.calibration]
        assert meta["spacing_mm"] == (pytest.approx(expected, rel=1e-4) if expected else None)
        assert meta["pixel_aspect_ratio"] == pytest.approx(1.6 / 1.8, rel=1e-4)


def test_dciodvfy_finds_no_error(tmp_path, films):
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    for number, (film, kind, _) in enumerate(kinds(films)):
        path = write_radiograph(tmp_path / f"{number}.dcm", film, RadiographOptions(seed=4, study=number, kind=kind))
        done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False)
        report = done.stdout + done.stderr
        assert f"{kind}Image" in report
        assert "Error" not in report, report
