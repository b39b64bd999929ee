"""DICOM radiographs with vertebrae as polygons in JSON."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from msk_monai.datasets.films import LUMBAR, Film, FilmFolder, label_map, split_by_patient
from msk_monai.datasets.pairs import pair_by_stem
from msk_monai.datasets.spine_polygons import ordered_corners, read_annotation, spine_polygon_datalist
from msk_monai.errors import UnreadableFileError, UnsuitableImageError

COLUMNS, ROWS = 60, 80
L4 = [[20, 20], [40, 22], [40, 34], [20, 32]]
L5 = [[20, 40], [41, 40], [42, 50], [30, 56], [20, 50]]


def plain(**more):
    return {"L4": L4, "L5": L5, "angle": 5.3, "distance": 27.1, **more}


def labelme(**more):
    shapes = [{"label": name, "points": points, "shape_type": "polygon"} for name, points in (("L5", L5), ("L4", L4))]
    return {"version": "5.0", "shapes": shapes, "imageWidth": COLUMNS, "imageHeight": ROWS, **more}


def folder_of(root, annotations, *, faults=()):
    """Films of one size and their annotations; a text is written as it is."""
    files = []
    for name, content in annotations.items():
        path = root / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        files.append(path)
    films = tuple(
        Film(path=root / f"{name}.dcm", rows=ROWS, columns=COLUMNS, patient=name) for name in sorted(annotations) if name not in faults
    )
    return FilmFolder(root=root, films=films, faults={root / f"{name}.dcm": "is broken" for name in faults}, files=tuple(sorted(files)))


def convert_one(tmp_path, content, **options):
    converted = spine_polygon_datalist(folder_of(tmp_path / "in", {"film": content}), tmp_path / "out", **options)
    return converted, (converted.content["training"] or [None])[0]


def read_label(tmp_path, item):
    return np.asarray(Image.open(tmp_path / "out" / item["label"]))


@pytest.mark.parametrize("content", [plain(), labelme(angle=5.3, flags={"L4L5_distance": "27.1"})], ids=["plain", "labelme"])
def test_both_layouts_give_the_same_item(tmp_path, content):
    converted, item = convert_one(tmp_path, content)
    assert (converted.skipped, converted.notes) == ((), ())
    assert item["image"] == str(tmp_path / "in" / "film.dcm")
    assert item["l4_l5"] == {"angle_deg": 5.3, "distance": 27.1}
    assert item["polygons"] == {"L4": L4, "L5": L5}
    assert list(item["polygons"]) == ["L4", "L5"]
    labels = read_label(tmp_path, item)
    assert (labels.dtype, labels.shape) == (np.uint8, (ROWS, COLUMNS))
    assert sorted(np.unique(labels)) == [0, 5, 6]
    assert (labels[28, 30], labels[45, 30], labels[37, 30], labels[30, 28]) == (5, 6, 0, 5)
    assert np.count_nonzero(labels == 5) == pytest.approx(240, rel=0.1)  # the area of L4
    assert converted.content["labels"] == ["background", *LUMBAR]


def test_corners_stand_where_their_names_are(tmp_path):
    converted, item = convert_one(tmp_path, plain())
    names = converted.content["landmark_names"]
    points = dict(zip(names, item["points"], strict=True))
    assert len(names) == 68
    assert [points[f"L4_{corner}"] for corner in ("top_left", "top_right", "bottom_left", "bottom_right")] == [L4[0], L4[1], L4[3], L4[2]]
    assert points["L5_top_left"] is None  # five points are an outline, not corners


def test_other_class_lists_number_otherwise(tmp_path):
    converted, item = convert_one(tmp_path, plain(), levels=("L5", "S1"))
    assert sorted(np.unique(read_label(tmp_path, item))) == [0, 1]
    assert converted.content["labels"] == ["background", "L5", "S1"]
    assert list(item["polygons"]) == ["L4", "L5"]


def test_four_points_drawn_crosswise_still_fill_the_vertebra(tmp_path):
    straight, crosswise = (
        convert_one(tmp_path / name, plain(L4=[L4[k] for k in order]))[1] for name, order in (("a", [0, 1, 2, 3]), ("b", [0, 1, 3, 2]))
    )
    np.testing.assert_array_equal(read_label(tmp_path / "a", straight), read_label(tmp_path / "b", crosswise))


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ({"L4-L5 angle (deg)": 3, "L4_L5_interval_mm": 9.5}, {"angle_deg": 3.0, "distance": 9.5, "distance_unit": "mm"}),
        ({"l4_l5": {"angle_deg": -2.5, "distance": 7}}, {"angle_deg": -2.5, "distance": 7.0}),
        ({"Angle": "14.1°", "measurements": {"Distance_px": 40}}, {"angle_deg": 14.1, "distance": 40.0, "distance_unit": "px"}),
        ({"angle": 90, "angle_L4L5": 4.5, "cobb_angle": 30, "distance": 1}, {"angle_deg": 4.5, "distance": 1.0}),
        ({"angle": None, "distance": True}, {}),
        ({"angle": float("nan"), "distance": 3}, {"distance": 3.0}),
        ({"cobb": {"angle": 12}, "distance": 3}, {"distance": 3.0}),
    ],
)
def test_the_truth_is_found_under_many_names(tmp_path, truth, expected):
    converted, item = convert_one(tmp_path, {"L4": L4, "L5": L5, **truth})
    assert item.get("l4_l5", {}) == expected
    missing = {"angle_deg", "distance"} - expected.keys()
    assert len(converted.notes) == len(missing)
    assert all(file == "film.json" for file, _ in converted.notes)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "expected JSON"),
        ("[1, 2]", "expected a JSON object, got a list"),
        ({"pelvis": L4, "angle": 5}, "expected a vertebra among T12, L1"),
        ({"S1": L4}, "expected a vertebra among"),
        (labelme(imageWidth=512), "drawn on 60 columns x 80 rows, got 512 columns x 80 rows"),
        (plain(L4=[[20, 20], [400, 22], [40, 34]]), "got L4 outside"),
        (plain(L4=[[20, 20], [40, 22]]), "at least three points"),
        (plain(L4=[[20, 20, 0], [40, 22, 0], [20, 40, 1]]), "at least three points"),
        (plain(L4=["a", "b", "c"]), "at least three points"),
        (plain(l04=L4), "got L4 twice"),
        (plain(L4=[[20.2, 20.2], [20.4, 20.2], [20.3, 20.4]]), "got none in L4"),
        (plain(L3=L4), "wholly within others"),
        (labelme(shapes=[{"label": "L4", "points": None}]), "at least three points"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(tmp_path, content, reason):
    converted = spine_polygon_datalist(folder_of(tmp_path / "in", {"bad": content, "good": plain()}), tmp_path / "out")
    ((file, said),) = converted.skipped
    assert file == "bad.json"
    assert reason in said
    assert [Path(item["image"]).stem for item in converted.content["training"]] == ["good"]
    assert not (tmp_path / "out" / "labels" / "bad.png").exists()


def test_broken_and_lonely_files_are_named_once(tmp_path):
    folder = folder_of(tmp_path / "in", {"a": plain(), "broken": plain(), "p/lonely": plain()}, faults=["broken"])
    folder = FilmFolder(
        root=folder.root, films=folder.films[:1], faults=folder.faults, files=(*folder.files, folder.root / "datalist.json")
    )
    converted = spine_polygon_datalist(folder, tmp_path / "out")
    assert converted.skipped == (
        ("broken.dcm", "is broken"),
        ("p/lonely.json", "expected one image of that name, got none"),
    )


def test_paths_are_relative_within_the_data_lists_folder(tmp_path):
    converted = spine_polygon_datalist(folder_of(tmp_path / "in", {"p1/film": plain()}), tmp_path)
    (item,) = converted.content["training"]
    assert (item["image"], item["label"]) == ("in/p1/film.dcm", "labels/p1/film.png")
    assert (tmp_path / item["label"]).is_file()


def test_a_byte_order_mark_is_no_fault(tmp_path):
    (tmp_path / "film.json").write_text(json.dumps(plain()), encoding="utf-8-sig")
    assert set(read_annotation(tmp_path / "film.json").polygons) == {"L4", "L5"}
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        read_annotation(tmp_path / "none.json")


@given(
    st.floats(-40, 40), st.permutations(range(4)), st.floats(-0.2, 0.2), st.floats(0.5, 1.0), st.floats(-1000, 1000),
)  # fmt: skip
def test_corners_are_ordered_however_drawn_and_tilted(tilt, order, wedge, height, shift):
    flat = np.array([[-1, -height], [1, -height + wedge], [-1, height], [1, height]])
    turn = np.array([[np.cos(np.radians(tilt)), -np.sin(np.radians(tilt))], [np.sin(np.radians(tilt)), np.cos(np.radians(tilt))]])
    corners = 20 * flat @ turn.T + shift
    np.testing.assert_allclose(ordered_corners(corners[list(order)], down=turn @ (0, 3)), corners)


def test_a_lying_vertebra_is_ordered_by_its_neighbours():
    lying = [[10, 0], [10, 30], [0, 0], [0, 30]]  # turned clockwise by 90 degrees: the next vertebra is to the left
    for order in itertools.permutations(range(4)):
        np.testing.assert_array_equal(ordered_corners([lying[k] for k in order], down=(-1, 0)), lying)


def test_contested_pixels_go_to_the_nearest_whatever_the_order():
    upper, lower = np.zeros((20, 10), bool), np.zeros((20, 10), bool)
    upper[2:12, 2:8], lower[8:18, 2:8] = True, True
    labels, notes = label_map({"L4": upper, "L5": lower}, ("L4", "L5"))
    swapped, _ = label_map({"L5": lower, "L4": upper}, ("L5", "L4"))
    np.testing.assert_array_equal(labels, np.choose(swapped, [0, 2, 1]))
    assert labels[2:18, 4].tolist() == [1] * 8 + [2] * 8
    assert notes == ("24 pixels belong to several vertebrae; each was given to the nearest",)
    with pytest.raises(UnsuitableImageError, match="L5 wholly within others"):
        label_map({"L4": upper, "L5": upper & lower}, ("L4", "L5"))


def test_pairs_are_found_side_by_side_in_siblings_in_mirrors_and_anywhere():
    images = [Path(p) for p in ("a/x.dcm", "b/x.dcm", "c/dcm/x.dcm", "images/d/x.dcm", "far/away/y.ima", "1.2.3.4", "1.2.3.5")]
    labels = [Path(p) for p in ("a/x.json", "b/x.dcm.JSON", "c/json/x.json", "labels/d/x.json", "y.json", "1.2.3.4.json")]
    found = pair_by_stem(images, labels)
    assert found.pairs == tuple(zip(images[:6], labels, strict=True))
    assert found.alone == ((Path("1.2.3.5"), "expected one label of that name, got none"),)


def test_names_that_occur_in_several_patients_never_pair_two_of_them():
    images = [Path("p1/film.dcm"), Path("p2/film.dcm"), Path("p3/film.dcm")]
    found = pair_by_stem(images, [Path("p2/film.json"), Path("other/film.json")])
    assert found.pairs == ((images[1], Path("p2/film.json")),)
    assert [path for path, _ in found.alone] == [images[0], images[2], Path("other/film.json")]
    assert all("nothing tells which" in reason for _, reason in found.alone)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.floats(0, 1), st.integers(0, 5))
def test_no_patient_is_in_both_lists(patients, share, seed):
    items = [(patient, {"n": n, "patient": patient}) for n, patient in enumerate(patients)]
    lists = split_by_patient(items, validation=share, seed=seed)
    assert lists == split_by_patient(items, validation=share, seed=seed)
    assert sorted(item["n"] for section in lists.values() for item in section) == list(range(len(items)))
    assert not {i["patient"] for i in lists["training"]} & {i["patient"] for i in lists["validation"]}
    assert len(lists["validation"]) <= round(share * len(items))
    if share in (0, 1):
        assert len(lists["validation"]) == share * len(items)


def test_seeds_split_otherwise():
    items = [(str(n), {"n": n}) for n in range(20)]
    chosen = [[item["n"] for item in split_by_patient(items, validation=0.25, seed=seed)["validation"]] for seed in (0, 1)]
    assert [len(part) for part in chosen] == [5, 5]
    assert chosen[0] != chosen[1]
