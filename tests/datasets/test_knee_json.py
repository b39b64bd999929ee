"""DICOM radiographs of knees with points in JSON."""

import json
from pathlib import Path

import numpy as np
import pytest

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.datasets.knee_json import knee_json_datalist, read_annotation
from msk_monai.datasets.knees import EIGHT, FilmHeader
from msk_monai.errors import UnreadableFileError

COLUMNS, ROWS = 200, 160
NUMBERED = [[20, 80], [180, 82], [22, 100], [178, 101], [60, 88], [61, 96], [140, 89], [139, 97]]
BY_NAME = {"femur_1": [20, 80], "femur_7": [180, 82], "tibia_1": [22, 100], "tibia_9": [178, 101]} | {
    "femur_2": [60, 88], "tibia_2": [61, 96], "femur_6": [140, 89], "tibia_8": [139, 97],
}  # fmt: skip


def labelme(**more):
    shapes = [{"label": str(n), "points": [point], "shape_type": "point"} for n, point in enumerate(NUMBERED, start=1)]
    return {"shapes": shapes, "imageWidth": COLUMNS, "imageHeight": ROWS, **more}


def labelme_lines(names):
    shapes = [{"label": name, "points": NUMBERED[2 * k : 2 * k + 2], "shape_type": "line"} for k, name in enumerate(names)]
    return {"shapes": [*shapes, {"label": "patella", "points": [[1, 1], [2, 2], [3, 3]], "shape_type": "polygon"}]}


def folder_of(root, annotations, *, faults=()):
    """Films of one size and their annotations; a text is written as it is."""
    root.mkdir(parents=True, exist_ok=True)
    files = []
    for name, content in annotations.items():
        files.append(root / f"{name}.json")
        files[-1].write_text(content if isinstance(content, str) else json.dumps(content))
    films = tuple(Film(path=root / f"{n}.dcm", rows=ROWS, columns=COLUMNS, patient=n) for n in sorted(annotations) if n not in faults)
    return FilmFolder(root=root, films=films, faults={root / f"{name}.dcm": "is broken" for name in faults}, files=tuple(sorted(files)))


def convert_one(tmp_path, content, header=None):
    folder = folder_of(tmp_path / "in", {"film": content})
    headers = {folder.films[0].path: header} if header else None
    converted = knee_json_datalist(folder, tmp_path / "out", headers=headers)
    return converted, (converted.content["training"] or [None])[0]


@pytest.mark.parametrize(
    "content",
    [
        labelme(),
        labelme_lines(LINES),
        labelme_lines(["1-2", "3-4", "5-6", "7-8"]),
        labelme_lines(["Line 1", "Line 2", "Line 3", "Line 4"]),
        {"points": NUMBERED},
        {"points": {str(n): point for n, point in enumerate(NUMBERED, start=1)}, "patella": [1, 2]},
        {f"p{n}": point for n, point in enumerate(NUMBERED, start=1)},
        {f"point_{n}": point for n, point in enumerate(NUMBERED, start=1)},
        BY_NAME,
        {"points": {name.replace("_", " ").title(): point for name, point in BY_NAME.items()}},
    ],
)
def test_all_layouts_give_the_same_item(tmp_path, content):
    converted, item = convert_one(tmp_path, content)
    assert (converted.skipped, converted.notes) == ((), ())
    assert converted.content["landmark_names"] == list(POINTS)
    assert item["image"] == str(tmp_path / "in" / "film.dcm")
    points = dict(zip(POINTS, item["points"], strict=True))
    assert {name: point for name, point in points.items() if point is not None} == BY_NAME
    assert item.keys() == {"image", "points"}


def test_all_sixteen_are_welcome_by_name(tmp_path):
    _, item = convert_one(tmp_path, {name: [10 * k, 50] for k, name in enumerate(POINTS)})
    assert item["points"] == [[10 * k, 50] for k in range(16)]


def test_widths_drawn_from_the_medial_side_are_turned_around(tmp_path):
    swapped = [NUMBERED[1], NUMBERED[0], *NUMBERED[2:]]
    converted, item = convert_one(tmp_path, {"points": swapped})
    assert (item["points"][0], item["points"][6]) == (NUMBERED[0], NUMBERED[1])
    assert converted.notes == (("film.dcm", "its femoral_condylar_width runs from the medial to the lateral side; the ends were swapped"),)


def test_side_and_spacing_come_from_the_file_or_from_the_header(tmp_path):
    header = FilmHeader(spacing_mm=(0.1, 0.2), side="R")
    for name, side in (("a", None), ("b", "right"), ("c", "R")):
        converted, item = convert_one(tmp_path / name, {"points": NUMBERED, "side": side}, header)
        assert (item["side"], item["spacing_mm"], converted.notes) == ("R", [0.1, 0.2], ())
    converted, item = convert_one(tmp_path / "d", {"points": NUMBERED, "Side": "left"}, header)
    assert (item["side"], converted.notes) == ("L", (("film.dcm", "its side is L, the image's header says R"),))
    converted, item = convert_one(tmp_path / "e", {"points": NUMBERED, "side": "both"})
    assert ("side" in item, converted.notes) == (False, (("film.dcm", "its side is neither R nor L"),))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "expected JSON"),
        ("[1, 2]", "expected a JSON object, got a list"),
        ({}, "expected the eight points of the four lines, or all 16 by name, got 0"),
        ({"points": NUMBERED[:7]}, "got 7"),
        ({"points": [*NUMBERED, [1, 1]]}, "got 9"),
        ({"points": {str(n): point for n, point in enumerate(NUMBERED)}}, "got 8 others"),
        ({**BY_NAME, "femur_3": [100, 80]}, "got 9"),
        ({**BY_NAME, "F1": [20, 80]}, "got femur_1 twice"),
        ({"points": [*NUMBERED[:7], [1, 2, 3]]}, "expected [x, y] for point 8"),
        ({"points": [*NUMBERED[:7], [1, float("nan")]]}, "expected [x, y] for point 8"),
        ({"points": [*NUMBERED[:7], "ab"]}, "expected [x, y] for point 8"),
        (labelme(imageWidth=512), "drawn on 200 columns x 160 rows, got 512 columns x 160 rows"),
        ({"points": [[-50, 80], *NUMBERED[1:]]}, "expected points within 200 columns x 160 rows, got femur_1 outside"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(tmp_path, content, reason):
    folder = folder_of(tmp_path / "in", {"bad": content, "broken": {"points": NUMBERED}, "good": {"points": NUMBERED}}, faults=["broken"])
    converted = knee_json_datalist(folder, tmp_path / "out")
    (file, said), broken = converted.skipped
    assert (file, broken) == ("bad.json", ("broken.dcm", "is broken"))
    assert reason in said
    assert [Path(item["image"]).stem for item in converted.content["training"]] == ["good"]


def test_lonely_files_are_named_and_an_earlier_datalist_is_not(tmp_path):
    folder = folder_of(tmp_path, {"film": {"points": NUMBERED}})
    folder = FilmFolder(root=tmp_path, films=(), faults={}, files=(*folder.files, tmp_path / "datalist.json"))
    assert knee_json_datalist(folder, tmp_path).skipped == (("film.json", "expected one image of that name, got none"),)


def test_names_that_differ_in_the_side_are_one_patient(tmp_path):
    folder = folder_of(tmp_path / "in", {f"{n}{side}": {"points": NUMBERED} for n in range(10) for side in ("R", "_left")})
    lists = knee_json_datalist(folder, tmp_path / "out", validation=0.4).content
    names = {section: {Path(item["image"]).stem[0] for item in lists[section]} for section in ("training", "validation")}
    assert (len(names["training"]), len(names["validation"])) == (6, 4)
    assert not names["training"] & names["validation"]


def test_a_byte_order_mark_is_no_fault(tmp_path):
    (tmp_path / "film.json").write_text(json.dumps({"points": NUMBERED}), encoding="utf-8-sig")
    found = read_annotation(tmp_path / "film.json").knee.points
    np.testing.assert_array_equal([found[name] for name in EIGHT], NUMBERED)
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        read_annotation(tmp_path / "none.json")
