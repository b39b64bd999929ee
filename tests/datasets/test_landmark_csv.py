"""Radiographs of knees with points in CSV files."""

import csv
from pathlib import Path

import numpy as np
import pytest

from msk_monai.anatomy.knee import POINTS
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.datasets.knees import FilmHeader
from msk_monai.datasets.landmark_csv import landmark_csv_datalist

COLUMNS, ROWS = 466, 466
XY = [[20 + 10 * k, 200 + k] for k in range(16)]
FLAT = [value for point in XY for value in point]
NAMED = [f"{name}_{axis}" for name in POINTS for axis in "xy"]
SHORT = [f"{name[0].upper()}{name[-1]}{axis}" for name in POINTS for axis in "xy"]


def folder_of(root, *tables, films=("film",), faults=(), delimiter=","):
    """Films of one size and CSV files of these rows."""
    root.mkdir(parents=True, exist_ok=True)
    files = []
    for number, rows in enumerate(tables):
        files.append(root / f"t{number}.csv")
        with files[-1].open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
    held = tuple(Film(path=root / f"{name}.png", rows=ROWS, columns=COLUMNS, patient=str(name)) for name in sorted(films))
    return FilmFolder(root=root, films=held, faults={root / f"{name}.png": "is broken" for name in faults}, files=tuple(files))


def convert(tmp_path, *tables, headers=None, **options):
    converted = landmark_csv_datalist(folder_of(tmp_path / "in", *tables, **options), tmp_path / "out", headers=headers)
    return converted, converted.content["training"]


def text(points):
    return " ".join(f"{x},{y}" for x, y in points)


@pytest.mark.parametrize(
    "table",
    [
        [["File", *NAMED], ["film.png", *FLAT]],
        [["IMAGE", *SHORT], ["C:\\films\\film.dcm", *FLAT]],
        [["path", *(f"{axis}{k}" for k in range(16) for axis in "xy")], ["films/FILM", *FLAT]],
        [["filename", *(f"X_{k}" for k in range(1, 17)), *(f"Y_{k}" for k in range(1, 17))], ["film", *FLAT[::2], *FLAT[1::2]]],
        [["file", "Points"], ["film", text(XY)]],
        [["file", "landmarks"], ["film", str(XY)]],
        [["file", "tibia", "femur"], ["film", text(XY[7:]), text(XY[:7])]],
        [["id", "landmark", "x", "y"], *(["film", name, *point] for name, point in zip(POINTS, XY, strict=True)), [""]],
    ],
)
def test_all_forms_give_the_same_item(tmp_path, table):
    converted, items = convert(tmp_path, table)
    assert (converted.skipped, converted.notes) == ((), ())
    assert converted.content["landmark_names"] == list(POINTS)
    assert items == [{"image": str(tmp_path / "in" / "film.png"), "points": XY}]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_separators(tmp_path, delimiter):
    _, (item,) = convert(tmp_path, [["file", "points"], ["film", text(XY)]], delimiter=delimiter)
    assert item["points"] == XY


@pytest.mark.parametrize(
    ("film", "row", "side"),
    [
        ("9002316R", {"ID": "9002316", "SIDE": "1"}, "R"),
        ("9002316_L", {"id": "9002316.0", "side": "2.0"}, "L"),
        ("9002316_r", {"Subject_ID": "9002316", "Knee": "right"}, "R"),
        ("9002316_V00_L", {"id": "9002316", "side": "L", "visit": "V00"}, "L"),
        ("9002316_3_L", {"subject_id": "9002316", "side": "L", "kl": "3"}, "L"),
        ("9002316", {"id": "9002316"}, None),
    ],
)
def test_films_are_found_by_id_and_side(tmp_path, film, row, side):
    _, (item,) = convert(tmp_path, [[*row, "points"], [*row.values(), text(XY)]], films=(film,))
    assert (Path(item["image"]).stem, item.get("side")) == (film, side)


def test_two_knees_of_one_film_are_one_item(tmp_path):
    other = [[x + 200, y] for x, y in XY]
    converted, (item,) = convert(tmp_path, [["id", "side", *NAMED], ["film", "L", *np.ravel(other)], ["film", "R", *FLAT]])
    assert (item["points"], item["side"], converted.skipped) == ([*XY, *other], "B", ())
    assert item["landmark_names"] == [f"{side}_{name}" for side in ("right", "left") for name in POINTS]


def test_points_that_are_blank_are_not_known(tmp_path):
    _, (item,) = convert(tmp_path, [["file", *NAMED], ["film", *["" for _ in range(4)], *FLAT[4:]]])
    assert item["points"] == [None, None, *XY[2:]]


def test_millimetres_need_a_spacing(tmp_path):
    rows = [["file", "landmark", "x", "y", "unit", "pixel_spacing"], ["film", "F1", 4, 8, "mm", "0.2 0.1"], ["film", "F2", 4, 8, "px", ""]]
    _, (item,) = convert(tmp_path / "a", rows)
    assert (item["points"][:3], item["spacing_mm"]) == ([[40, 40], [4, 8], None], [0.1, 0.2])
    without = [row[:5] for row in rows]
    converted, (item,) = convert(tmp_path / "b", without)
    assert item["points"][:2] == [None, [4, 8]]
    assert converted.skipped == (("t0.csv", "row 2: expected a pixel spacing, as its unit is mm, got none"),)
    headers = {tmp_path / "c" / "in" / "film.png": FilmHeader(spacing_mm=(0.4, 0.8))}
    _, (item,) = convert(tmp_path / "c", without, headers=headers)
    assert (item["points"][0], item["spacing_mm"]) == ([10, 10], [0.4, 0.8])


@pytest.mark.parametrize(("column", "value", "spacing"), [("spacing_mm", "0.1,0.2", [0.1, 0.2]), ("Pixel_Spacing", "0.15", [0.15, 0.15])])
def test_spacing_columns(tmp_path, column, value, spacing):
    _, (item,) = convert(tmp_path, [["file", "points", column], ["film", text(XY), value]])
    assert item["spacing_mm"] == spacing


@pytest.mark.parametrize(
    ("columns", "row", "reason"),
    [
        (["file", "points"], ["other", text(XY)], "expected one image of its name, got none"),
        (["file", "points"], ["", text(XY)], "expected a file or an ID, got neither"),
        (["file", "points"], ["broken", text(XY)], "its image cannot be used: is broken"),
        (["file", "points"], ["film", text(XY[:15])], "expected 16 points x,y, got 30 numbers"),
        (["file", "points"], ["film", "secret"], "expected finite numbers, got something else"),
        (["file", "points"], ["film", text([[900, 1], *XY[1:]])], "got femur_1 outside"),
        (["file", "side", "points"], ["film", "3", text(XY)], "expected R, L, 1 or 2 as side"),
        (["file", "points", "spacing_mm"], ["film", text(XY), "0"], "expected one or two positive numbers in spacing_mm"),
        (["file", "points", "unit"], ["film", text(XY), "inch"], "expected px or mm as unit"),
        (["file", *NAMED], ["film", "", *FLAT[1:]], "expected x and y of each point, got one"),
        (["file", *NAMED], ["film"], "expected x and y of its points, got none"),
        (["file", *NAMED], ["film", "1 2", *FLAT[1:]], "expected a number in femur_1_x"),
        (["file", "name", "x", "y"], ["film", "patella", 1, 2], "expected a landmark among femur_1 to tibia_9, got another"),
        (
            ["file", "tibia", "femur", "bbox"],
            ["film", text(XY[7:]), text(XY[:7]), "0,0,224,224"],
            "expected a crop of 224 columns x 224 rows, as its bbox says, got 466 columns x 466 rows",
        ),
    ],
)
def test_rows_that_cannot_be_used_are_named_and_left_out(tmp_path, columns, row, reason):
    good = [["file", "points"], ["good", text(XY)]]
    converted, items = convert(tmp_path, [columns, row], good, films=("film", "good"), faults=("broken",))
    said = dict(converted.skipped)
    assert said["t0.csv"].startswith("row 2: ")
    assert reason in said["t0.csv"]
    assert said["broken.png"] == "is broken"
    assert ("film.png" in said) == (row[0] != "film")
    assert "secret" not in "".join(said.values())
    assert [Path(item["image"]).stem for item in items] == ["good"]


def test_a_knee_with_several_rows_is_left_out(tmp_path):
    long = [["file", "landmark", "x", "y"], ["other", "F1", 1, 2], ["other", "F1", 3, 4]]
    converted, items = convert(tmp_path, [["file", "points"], ["film", text(XY)], ["film", text(XY)]], long, films=("film", "other"))
    reason = "expected each knee of a film once, got it several times; none was taken"
    assert converted.skipped == tuple((file, f"row {row}: {reason}") for file in ("t0.csv", "t1.csv") for row in (2, 3))
    assert items == []


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (["side", "points"], "expected a column file, image or ID, got none"),
        (["file", "femur_1"], "expected columns such as femur_1_x"),
        (["file", "x0", "y0"], "expected columns such as femur_1_x"),
    ],
)
def test_files_that_are_something_else_are_named(tmp_path, columns, reason):
    converted, _ = convert(tmp_path, [columns, ["film", "1", "2"]])
    (file, said), film = converted.skipped
    assert (file, film) == ("t0.csv", ("film.png", "expected a row of its name, got none"))
    assert reason in said


def test_knees_of_one_id_stay_together(tmp_path):
    films = [f"{number}-{side}" for number in range(10) for side in "ab"]
    rows = [["id", "file", "points"], *([f"secret{name[0]}", name, text(XY)] for name in films)]
    converted = landmark_csv_datalist(folder_of(tmp_path / "in", rows, films=films), tmp_path / "out", validation=0.4)
    names = {section: {Path(i["image"]).stem[0] for i in converted.content[section]} for section in ("training", "validation")}
    assert (len(names["training"]), len(names["validation"])) == (6, 4)
    assert "secret" not in str(converted)
