"""Radiographs of knees with arrays of points on films resized to 512 pixels."""

from pathlib import Path

import numpy as np
import pytest

from msk_monai.anatomy.knee import POINTS
from msk_monai.datasets.films import Film, FilmFolder
from msk_monai.datasets.knee_arrays import knee_arrays_datalist
from msk_monai.datasets.knees import EIGHT, FilmHeader
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError

SIZES = {"a": (2000, 1600), "b": (1024, 1536), "c": (300, 400)}  # columns, rows
SHARES = np.array([[0.1, 0.5], [0.9, 0.5], [0.1, 0.6], [0.9, 0.6], [0.3, 0.53], [0.3, 0.58], [0.7, 0.53], [0.7, 0.58]])


def arrays_of(held="abc", **more):
    """Points at the same places of each film; ratios along x and y."""
    sizes = np.array([SIZES[name] for name in held], dtype=float)
    return {
        "label": np.broadcast_to(SHARES * 512 - 0.5, (len(held), 8, 2)),
        "reduce_ratio": 512 / sizes,
        "pixel_spacing": np.array([[0.2, 0.1 * (k + 1)] for k in range(len(held))]),
        **more,
    }


def folder_of(root, arrays, *, films="abc", faults=(), separate=False):
    root.mkdir(parents=True, exist_ok=True)
    arrays = {name: values for name, values in arrays.items() if values is not None}
    if separate:
        for name, values in arrays.items():
            np.save(root / f"{name}.npy", values)
    else:
        np.savez(root / "all.npz", **arrays)
    held = tuple(
        Film(path=root / f"{name}.png", columns=SIZES[name][0], rows=SIZES[name][1], patient=name) for name in films if name not in faults
    )
    broken = {root / f"{name}.png": "is broken" for name in faults}
    return FilmFolder(root=root, films=held, faults=broken, files=tuple(sorted(root.iterdir())))


def points_of(item):
    return np.array([item["points"][POINTS.index(name)] for name in EIGHT])


def assert_in_place(items):
    """The points are where they were put on the original films."""
    for item in items:
        np.testing.assert_allclose(points_of(item), SHARES * SIZES[Path(item["image"]).stem] - 0.5, atol=1e-3)
    return len(items)


@pytest.mark.parametrize("separate", [False, True], ids=["npz", "npy"])
def test_points_return_to_the_original_pixels(tmp_path, separate):
    folder = folder_of(tmp_path / "in", arrays_of("cab", names=np.array(["c.dcm", "sub/a", "B.PNG"])), separate=separate)
    converted = knee_arrays_datalist(folder, tmp_path / "out")
    assert (converted.skipped, converted.notes) == ((), ())
    items = converted.content["training"]
    assert assert_in_place(items) == 3
    assert [Path(item["image"]).stem for item in items] == ["a", "b", "c"]
    assert [item["spacing_mm"] for item in items] == [[0.2, 0.2], [0.3, 0.2], [0.1, 0.2]]
    assert items[0]["points"][2] is None
    assert converted.content["landmark_names"] == list(POINTS)


def test_one_ratio_for_both_axes_is_that_of_a_padded_film(tmp_path):
    longest = np.array([max(SIZES[name]) for name in "abc"])
    label = np.stack([(SHARES * SIZES[name]) * 512 / max(SIZES[name]) - 0.5 for name in "abc"])
    spacing = np.array([0.1, 0.2, 0.3])
    converted = knee_arrays_datalist(
        folder_of(tmp_path, arrays_of(label=label, reduce_ratio=512 / longest, pixel_spacing=spacing)), tmp_path
    )
    assert assert_in_place(converted.content["training"]) == 3
    assert converted.content["training"][2]["spacing_mm"] == [0.3, 0.3]
    assert converted.notes == (("all.npz", "it names no films: they were taken in the order of their paths"),)


@pytest.mark.parametrize("names", ["ab", "c"], ids=["large", "small"])
@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (lambda ratio: 1 / ratio, "as original / resized size"),
        (lambda ratio: ratio[:, ::-1], "along y and x"),
        (lambda ratio: 1 / ratio[:, ::-1], "along y and x and as original / resized size"),
    ],
)
def test_other_ratios_are_recognised_by_the_films(tmp_path, names, stored, said):
    arrays = arrays_of(names)
    arrays["reduce_ratio"] = stored(arrays["reduce_ratio"])
    converted = knee_arrays_datalist(folder_of(tmp_path, {**arrays, "names": list(names)}, films=names), tmp_path)
    assert assert_in_place(converted.content["training"]) == len(names)
    assert converted.notes == (("all.npz", f"its reduce_ratio was taken {said}, which fits the films"),)


def test_without_names_there_must_be_a_film_for_each_row(tmp_path):
    converted = knee_arrays_datalist(folder_of(tmp_path / "one", arrays_of(), faults="b"), tmp_path)
    assert assert_in_place(converted.content["training"]) == 2
    assert converted.skipped == (("b.png", "is broken"),)
    with pytest.raises(UnsuitableImageError, match=r"all\.npz: expected 3 films, one for each row, as it names none, got 2"):
        knee_arrays_datalist(folder_of(tmp_path / "two", arrays_of(), films="ab"), tmp_path)


def test_rows_and_films_that_cannot_be_used_are_named(tmp_path):
    arrays = arrays_of("aabccc", names=["a", "a", "b", "none", "c", "c"])
    arrays["label"] = arrays["label"].copy()
    arrays["label"][0, 0] = -300
    folder = folder_of(tmp_path, arrays, faults="b")
    extra = Film(path=tmp_path / "extra.png", rows=9, columns=9, patient="x")
    folder = FilmFolder(root=folder.root, films=(*folder.films, extra), faults=folder.faults, files=folder.files)
    converted = knee_arrays_datalist(folder, tmp_path)
    assert set(converted.skipped) == {
        ("b.png", "is broken"),
        ("all.npz", "row 0: expected points within 2000 columns x 1600 rows, got femur_1 outside"),
        ("all.npz", "row 1: expected each film once, got it again; its first row was taken"),
        ("all.npz", "row 2: its image cannot be used: is broken"),
        ("all.npz", "row 3: expected one image of its name, got none"),
        ("all.npz", "row 5: expected each film once, got it again; its first row was taken"),
        ("extra.png", "expected a row of its name, got none"),
    }
    assert [Path(item["image"]).stem for item in converted.content["training"]] == ["c"]


def test_rows_without_numbers_are_left_out_and_spacings_checked(tmp_path):
    arrays = arrays_of()
    arrays["reduce_ratio"][0] = 0
    arrays["label"] = arrays["label"].copy()
    arrays["label"][1, 3] = np.nan
    arrays["pixel_spacing"][2] = 0
    folder = folder_of(tmp_path, arrays)
    converted = knee_arrays_datalist(folder, tmp_path)
    assert [reason for _, reason in converted.skipped] == [
        f"row {row}: expected finite points and a ratio above 0, got something else" for row in (0, 1)
    ]
    assert "spacing_mm" not in converted.content["training"][0]
    assert ("c.png", "its pixel_spacing is not positive and was ignored") in converted.notes
    headers = {tmp_path / "c.png": FilmHeader(spacing_mm=(0.5, 0.5))}
    arrays["pixel_spacing"][2] = 0.4
    converted = knee_arrays_datalist(folder_of(tmp_path, arrays), tmp_path, headers=headers)
    assert converted.content["training"][0]["spacing_mm"] == [0.4, 0.4]
    assert ("c.png", "its spacing is 0.4 x 0.4 mm, the image's header says 0.5 x 0.5 mm") in converted.notes
    converted = knee_arrays_datalist(folder_of(tmp_path, {**arrays, "pixel_spacing": None}), tmp_path, headers=headers)
    assert converted.content["training"][0]["spacing_mm"] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": None}, "expected an array label, got pixel_spacing, reduce_ratio"),
        ({"label": np.zeros((3, 7, 2))}, r"expected a label of shape \(N, 8, 2\), got \(3, 7, 2\)"),
        ({"label": np.array(1.0)}, "expected a label of shape"),
        ({"label": np.full((3, 8, 2), "x")}, "expected numbers in label"),
        ({"reduce_ratio": np.ones(4)}, r"expected reduce_ratio of shape \(3,\) or \(3, 2\), got \(4,\)"),
        ({"pixel_spacing": np.ones((3, 3))}, "expected pixel_spacing of shape"),
        ({"names": ["a", "b"]}, "expected 3 names as text"),
        ({"names": np.array(["a", "b", None], dtype=object)}, "without pickled objects"),
    ],
)
def test_arrays_that_do_not_fit_are_an_error(tmp_path, change, message):
    with pytest.raises(UnreadableFileError, match=rf"all\.npz: .*{message}"):
        knee_arrays_datalist(folder_of(tmp_path, arrays_of(**change)), tmp_path)


def test_missing_several_and_broken_files_are_an_error(tmp_path):
    folder = folder_of(tmp_path / "two", arrays_of())
    with pytest.raises(UnreadableFileError, match=r"expected one \.npz, got 2"):
        knee_arrays_datalist(FilmFolder(root=folder.root, films=folder.films, faults={}, files=(*folder.files, Path("b.npz"))), tmp_path)
    with pytest.raises(UnreadableFileError, match=r"expected an \.npz or one label\.npy, got neither"):
        knee_arrays_datalist(FilmFolder(root=folder.root, films=folder.films, faults={}, files=()), tmp_path)
    (tmp_path / "two" / "all.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"all\.npz: expected NumPy arrays"):
        knee_arrays_datalist(folder, tmp_path)
