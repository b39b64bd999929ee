"""The AASCE challenge's own folders."""

import csv
import json

import numpy as np
import pytest
from scipy.io import savemat

from msk_monai.datasets.aasce import LANDMARKS, aasce_datalist
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.errors import UnreadableFileError

ROWS, COLUMNS = 700, 300
NAME = "sunhl-1th-01-Mar-2017-{} {} AP.jpg"


def corners(tilt=0):
    """Seventeen vertebrae of 60 x 20 pixels, T8 tilted by so many pixels over its width."""
    points = [[x, 20 + 38 * level + y] for level in range(17) for y in (0, 20) for x in (100, 160)]
    points = np.array(points, dtype=np.float64)
    points[4 * 7 + 1 : 4 * 8 : 2, 1] += tilt
    return points


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


class Challenge:
    """The challenge's folders, filled by the tests."""

    def __init__(self, root):
        self.root = root / "boostnet_labeldata"
        self.films, self.faults = [], {}
        for name in ("training", "test"):
            (self.root / "labels" / name).mkdir(parents=True)

    def film(self, name, section="training"):
        path = self.root / "data" / section / name
        self.films.append(Film(path=path, rows=ROWS, columns=COLUMNS, patient=name))

    def mat(self, name, section="training", **variables):
        savemat(self.root / "labels" / section / f"{name}.mat", variables)

    def tables(self, names, points, angles=None, section="training"):
        labels = self.root / "labels" / section
        write_csv(labels / "filenames.csv", [[name] for name in names])
        write_csv(labels / "landmarks.csv", [(np.asarray(p) / (COLUMNS, ROWS)).T.ravel() for p in points])
        if angles is not None:
            write_csv(labels / "angles.csv", angles)

    def convert(self, out):
        files = tuple(sorted(path for path in self.root.rglob("*") if path.is_file()))
        folder = FilmFolder(root=self.root.parent, films=tuple(self.films), faults=self.faults, files=files)
        return aasce_datalist(folder, out)


@pytest.fixture
def challenge(tmp_path):
    return Challenge(tmp_path)


def test_mat_and_csv_give_the_same_points(challenge, tmp_path):
    a, b, c = NAME.format(162, "A"), NAME.format(163, "A"), NAME.format(170, "C")
    for name, section in ((a, "training"), (b, "training"), (c, "test")):
        challenge.film(name, section)
    challenge.mat(a, p2=corners().astype(np.uint16))
    challenge.tables([b], [corners()], [[41.1, 14.6, 40.1]])
    challenge.tables([c], [corners(tilt=6)], [[5.5, 4.4, 3.3]], section="test")
    converted = challenge.convert(tmp_path)
    assert (converted.skipped, converted.notes) == ((), ())
    first, second = converted.content["training"]
    (test,) = converted.content["validation"]
    assert first["points"] == second["points"] == corners().tolist()
    assert test["points"] == corners(tilt=6).tolist()
    assert first["image"] == f"boostnet_labeldata/data/training/{a}"
    assert [item["case"] for item in (first, second, test)] == ["162", "163", "170"]
    assert (second["cobb_degrees"], test["cobb_degrees"]) == ([41.1, 14.6, 40.1], [5.5, 4.4, 3.3])
    assert converted.content["landmark_names"] == list(LANDMARKS)
    assert (LANDMARKS[0], LANDMARKS[62], len(LANDMARKS)) == ("T1_top_left", "L4_bottom_left", 68)


def test_without_angles_they_are_computed_and_unsigned_numbers_do_not_wrap(challenge, tmp_path):
    challenge.film("a.jpg")
    challenge.mat("a.jpg", p2=corners(tilt=-6).astype(np.uint16))
    (item,) = challenge.convert(tmp_path).content["training"]
    assert item["case"] == "a"
    assert item["cobb_degrees"][0] == pytest.approx(np.degrees(np.arctan(6 / 60)), abs=1e-3)


def test_what_cannot_be_used_is_named_and_left_out(challenge, tmp_path):
    for name in ("good", "short", "noname", "broken", "none", "far", "text", "coincident"):
        challenge.film(f"{name}.jpg")
    challenge.faults = {challenge.root / "data" / "training" / "cut.jpg": "is damaged"}
    challenge.mat("short.jpg", p2=corners()[:60])
    challenge.mat("noname.jpg", p1=corners())
    challenge.mat("alone.jpg", p2=corners())
    challenge.mat("cut.jpg", p2=corners())
    challenge.mat("far.jpg", p2=corners() * 2)
    challenge.mat("coincident.jpg", p2=np.where(np.arange(68)[:, None] < 4, 100, corners()))
    (challenge.root / "labels" / "training" / "broken.jpg.mat").write_bytes(b"nothing" * 40)
    challenge.tables(["good.jpg", "good.jpg", "absent.jpg", "text.jpg"], [corners()] * 3 + [corners()[:5]], [[1, 2, 3]] * 4)
    converted = challenge.convert(tmp_path)
    assert [item["case"] for item in converted.content["training"]] == ["good"]
    said = {(file.rpartition("/")[2], reason) for file, reason in converted.skipped}
    expected = [
        ("filenames.csv", "expected every film once, got good twice"),
        ("filenames.csv", "expected a film absent, got none"),
        ("short.jpg", "expected 68 finite points in p2, got shape (60, 2)"),
        ("noname.jpg", "expected a MATLAB file with p2, got none (KeyError)"),
        ("broken.jpg", "expected a MATLAB file with p2"),
        ("none.jpg", "expected a .mat file or a row in filenames.csv, got neither"),
        ("far.jpg", "expected corners within 300 columns x 700 rows, got some outside"),
        ("text.jpg", "expected 136 numbers in its row of landmarks.csv"),
        ("coincident.jpg", "one whose sides coincide"),
        ("cut.jpg", "is damaged"),
        ("alone.jpg.mat", "expected a film of that name, got none"),
    ]
    for file, reason in expected:
        assert any(file == name and reason in text for name, text in said), (file, reason)
    assert len(converted.skipped) == len(expected)


def test_tables_that_do_not_fit_together_are_left_out(challenge, tmp_path):
    challenge.film("a.jpg")
    challenge.film("b.jpg")
    challenge.mat("b.jpg", p2=corners())
    challenge.tables(["a.jpg"], [corners()], [[1, 2, 3], [4, 5, 6]])
    converted = challenge.convert(tmp_path)
    assert [item["case"] for item in converted.content["training"]] == ["b"]
    assert converted.skipped[0] == (
        "boostnet_labeldata/labels/training/angles.csv",
        "expected 1 rows, as in filenames.csv, got 2; the csv files were left out",
    )


def test_patients_in_both_of_the_challenges_lists_are_noted(challenge, tmp_path):
    for letter, section in (("A", "training"), ("B", "test")):
        name = NAME.format(7, letter)
        challenge.film(name, section)
        challenge.mat(name, section, p2=corners())
    assert challenge.convert(tmp_path).notes == (("data/test", "1 patients have films in training too, by the challenge's own split"),)


def test_other_folders_are_refused(tmp_path):
    film = Film(path=tmp_path / "data" / "training" / "a.jpg", rows=9, columns=9, patient="a")
    folder = FilmFolder(root=tmp_path, films=(film,), faults={}, files=())
    with pytest.raises(UnreadableFileError, match="expected folders data and labels"):
        aasce_datalist(folder, tmp_path)


def test_the_names_of_the_points_are_those_of_the_real_set(real_data):
    assert json.loads((real_data / "aasce" / "datalist.json").read_text())["landmark_names"] == list(LANDMARKS)
