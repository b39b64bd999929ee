"""Making data lists from the command line."""

import json

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from msk_monai.datasets import load_items
from tests.dicom.writing import noise, radiograph, save, uid

ROWS, COLUMNS = 40, 30
ANNOTATION = {"L4": [[5, 5], [20, 5], [20, 14], [5, 14]], "L5": [[5, 20], [20, 20], [20, 30], [5, 30]], "angle": 5, "distance": 6}


def write_film(path, *, patient, shape=(ROWS, COLUMNS), **attributes):
    own = {"StudyInstanceUID": uid((path, "study")), "SeriesInstanceUID": uid(path), "SOPInstanceUID": uid((path, "image"))}
    return save(radiograph(noise(*shape, low=0, dtype=np.uint16), PatientID=patient, **own, **attributes), path)


def test_vertebra_labels_become_a_datalist(tmp_path, msk_monai):
    labels = np.zeros((12, 30, 40), dtype=np.uint8)
    labels[3:9, 5:20, 5:30] = 2
    for name, array in (("ct", labels.astype(np.int16) * 300), ("labels", labels)):
        nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / f"{name}.nii.gz")
    case = {"name": "one", "image": "ct.nii.gz", "label": "labels.nii.gz", "label_ids": {"L3": 2}}
    (tmp_path / "cases.json").write_text(json.dumps({"cases": [case]}))
    code, told, _ = msk_monai("convert", "vertebra_labels", tmp_path / "cases.json", "-o", tmp_path / "out", "--share", "3")
    assert (code, "1 cases (vertebra_labels)" in told) == (0, True)
    (item,) = json.loads((tmp_path / "out" / "datalist.json").read_text())["training"]
    assert (item["share"], [b["name"] for b in item["bodies"]]) == (3.0, ["L3"])


def test_an_unknown_format_is_a_wrong_command(tmp_path, msk_monai):
    code, _, said = msk_monai("convert", "notebooks", tmp_path, "-o", tmp_path / "out")
    assert code == 2
    assert "notebooks" in said


def test_films_with_polygons(tmp_path, msk_monai):
    for number in range(8):
        path = write_film(tmp_path / "in" / f"f{number}.dcm", patient=f"secret-{number // 2}")
        path.with_suffix(".json").write_text(json.dumps(ANNOTATION))
    arguments = ("convert", "spine_polygons", tmp_path / "in", "-o", tmp_path / "out", "--validation", "0.25")
    code, told, said = msk_monai(*arguments)
    assert (code, said) == (0, "")
    assert "8 cases (spine_polygons)" in told
    assert "6 training, 2 validation" in told
    text = (tmp_path / "out" / "datalist.json").read_text()
    assert "secret" not in text
    validation = load_items(tmp_path / "out" / "datalist.json", "validation")
    first, second = sorted(int(item["image"][-5]) for item in validation)
    assert (first % 2, second) == (0, first + 1)  # the two films of one patient
    labels = np.asarray(Image.open(validation[0]["label"]))
    assert (labels.shape, labels[10, 10], labels[25, 10]) == ((ROWS, COLUMNS), 5, 6)
    assert msk_monai(*arguments)[0] == 0
    assert (tmp_path / "out" / "datalist.json").read_text() == text
    other = [msk_monai(*arguments, "--seed", seed) and (tmp_path / "out" / "datalist.json").read_text() for seed in range(1, 6)]
    assert set(other) != {text}


def test_films_that_cannot_be_used_are_named_and_the_others_converted(tmp_path, msk_monai):
    source = tmp_path / "in"
    names = ("good", "cut", "noise", "many", "copy", "alone", "small")
    for name in names:
        write_film(source / f"{name}.dcm", patient="secret", shape=(ROWS - 1, COLUMNS) if name == "small" else (ROWS, COLUMNS))
        if name != "alone":
            (source / f"{name}.json").write_text(json.dumps({**ANNOTATION, "imageWidth": COLUMNS, "imageHeight": ROWS}))
    (source / "cut.dcm").write_bytes((source / "cut.dcm").read_bytes()[:-100])
    (source / "noise.dcm").write_bytes(b"no DICOM" * 100)
    write_film(source / "many.dcm", patient="secret", shape=(3, ROWS, COLUMNS))
    (source / "copy.dcm").write_bytes((source / "good.dcm").read_bytes())
    (source / "orphan.json").write_text("{}")
    code, told, said = msk_monai("convert", "spine_polygons", source, "-o", tmp_path / "out", "--validation", "0")
    assert code == 3
    assert "1 cases" in told
    expected = {
        "cut.dcm": "bytes of pixel data",
        "noise.dcm": "expected a DICOM file",
        "many.dcm": "expected one image, got 3",
        "good.dcm": "exact copy",
        "alone.dcm": "expected one label of that name, got none",
        "small.json": "drawn on 30 columns x 39 rows, got 30 columns x 40 rows",
        "orphan.json": "expected one image of that name, got none",
    }
    lines = said.splitlines()
    assert len(lines) == len(expected)
    for file, reason in expected.items():
        assert any(line.startswith(f"left out: {file}: ") and reason in line for line in lines), (file, said)
    assert "secret" not in said.lower()


def test_films_with_channels(tmp_path, msk_monai):
    masks = np.zeros((ROWS, COLUMNS, 3), dtype=np.uint8)
    masks[5:15, 5:20, 1] = masks[20:30, 5:20, 2] = 255
    masks[..., 0] = 255 - masks.max(axis=2)
    for name, values in (("one", masks), ("two", masks // 255), ("bad", masks // 2)):
        write_film(tmp_path / "in" / "dcm" / f"{name}.dcm", patient=name, PhotometricInterpretation="MONOCHROME1")
        (tmp_path / "in" / "mat").mkdir(exist_ok=True)
        savemat(tmp_path / "in" / "mat" / f"{name}.mat", {"label": values})
    options = ("-o", tmp_path / "out", "--levels", "l4, L5", "--validation", "0.5")
    code, told, said = msk_monai("convert", "spine_channels", tmp_path / "in", *options)
    assert (code, "1 training, 1 validation" in told) == (3, True)
    assert said == "left out: mat/bad.mat: expected values 0 and 1, or 0 and 255, got 127\n"
    for section in ("training", "validation"):
        (item,) = load_items(tmp_path / "out" / "datalist.json", section)
        assert np.asarray(Image.open(item["label"]))[[10, 17, 25], 10].tolist() == [1, 0, 2]


def test_the_aasce_challenges_folders(tmp_path, msk_monai):
    points = np.array([[x, 10 + 10 * level + y] for level in range(17) for y in (0, 6) for x in (20, 40)])
    for section, names in (("training", "ab"), ("test", "c")):
        for part in ("data", "labels"):
            (tmp_path / "in" / part / section).mkdir(parents=True)
        for name in names:
            Image.new("L", (60, 200)).save(tmp_path / "in" / "data" / section / f"{name}.jpg")
            savemat(tmp_path / "in" / "labels" / section / f"{name}.jpg.mat", {"p2": points.astype(np.uint16)})
    (tmp_path / "in" / "data" / "training" / "b.jpg").write_bytes(b"no JPEG")
    code, told, said = msk_monai("convert", "aasce", tmp_path / "in", "-o", tmp_path / "in")
    assert (code, "1 training, 1 validation" in told) == (3, True)
    assert said.startswith("left out: data/training/b.jpg: expected a PNG, JPEG or TIFF image")
    content = json.loads((tmp_path / "in" / "datalist.json").read_text())
    assert content["training"][0] == {
        "image": "data/training/a.jpg",
        "case": "a",
        "points": points.tolist(),
        "cobb_degrees": [0.0, 0.0, 0.0],
    }


EIGHT = [[3, 12], [26, 12], [4, 20], [25, 20], [9, 14], [9, 18], [20, 14], [20, 18]]


def test_films_of_knees_with_points(tmp_path, msk_monai):
    for number in range(8):
        spacing = {"ImagerPixelSpacing": [0.2, 0.1]} if number else {}
        path = write_film(tmp_path / "in" / f"f{number}.dcm", patient=f"secret-{number // 2}", **spacing)
        path.with_suffix(".json").write_text(json.dumps({"points": EIGHT[: 7 if number == 7 else 8]}))
    code, told, said = msk_monai("convert", "knee_json", tmp_path / "in", "-o", tmp_path / "out", "--validation", "0.3")
    assert (code, "7 cases (knee_json)" in told, "5 training, 2 validation" in told) == (3, True, True)
    assert said.startswith("left out: f7.json: expected the eight points")
    assert "secret" not in (tmp_path / "out" / "datalist.json").read_text()
    items = [item for section in ("training", "validation") for item in load_items(tmp_path / "out" / "datalist.json", section)]
    items.sort(key=lambda item: item["image"])
    assert {item["side"] for item in items} == {"R"}  # by the header
    assert ["spacing_mm" in items[0], items[1]["spacing_mm"]] == [False, [0.1, 0.2]]


def test_films_of_knees_with_arrays_and_with_csv(tmp_path, msk_monai):
    (tmp_path / "in").mkdir()
    film = write_film(tmp_path / "in" / "a.dcm", patient="secret", ImageLaterality="L")
    Image.new("L", (COLUMNS, ROWS)).save(tmp_path / "in" / "b.png")
    ratio = np.array([512 / COLUMNS, 512 / ROWS])
    label = np.stack([(np.array(EIGHT) + 0.5) * ratio - 0.5] * 2)
    np.savez(tmp_path / "in" / "all.npz", label=label, reduce_ratio=np.stack([ratio] * 2), pixel_spacing=[[0.2, 0.1]] * 2, names=["b", "a"])
    code, told, said = msk_monai("convert", "knee_arrays", tmp_path / "in", "-o", tmp_path / "arrays", "--validation", "0")
    assert (code, said, "2 training" in told) == (0, "", True)
    first, second = load_items(tmp_path / "arrays" / "datalist.json", "training")
    assert [first["points"][0], first["points"][6], first["points"][1]] == [EIGHT[0], EIGHT[1], EIGHT[4]]
    assert (first["image"], first["side"], first["spacing_mm"]) == (str(film), "L", [0.1, 0.2])
    assert "side" not in second
    (tmp_path / "in" / "points.csv").write_text("File,landmark,x,y\n" + "".join(f"{name},F1,3,12\n" for name in ("a.dcm", "b", "c")))
    code, _, said = msk_monai("convert", "landmark_csv", tmp_path / "in", "-o", tmp_path / "csv", "--validation", "0")
    assert (code, said) == (3, "left out: points.csv: row 4: expected one image of its name, got none\n")
    assert [item["points"][:2] for item in load_items(tmp_path / "csv" / "datalist.json", "training")] == [[[3, 12], None]] * 2


@pytest.mark.parametrize("data_format", ["spine_polygons", "spine_channels", "aasce", "knee_json", "knee_arrays", "landmark_csv"])
def test_a_folder_with_nothing_of_the_kind_is_an_error(tmp_path, msk_monai, data_format):
    (tmp_path / "in").mkdir()
    write_film(tmp_path / "in" / "film.dcm", patient="secret")
    code, told, said = msk_monai("convert", data_format, tmp_path / "in", "-o", tmp_path / "out")
    assert (code, told) == (1, "")
    assert said.splitlines()[-1].startswith("msk-monai: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spine_polygons", "in", "--share", "2"), "spine_polygons knows no --share"),
        (("knee_json", "in", "--levels", "L4"), "knee_json knows no --levels"),
        (("aasce", "in", "--seed", "2", "--levels", "L4"), "aasce knows no --levels, --seed"),
        (("spine_channels", "in", "--levels", "L4,pelvis"), "expected --levels such as T12,L1"),
        (("spine_channels", "in", "--levels", "L4,L4"), "expected --levels such as T12,L1"),
        (("spine_polygons", "in/file", "--seed", "2"), "expected a folder as SOURCE"),
        (("spine_polygons", "in", "--validation", "1.5"), "Invalid value for '--validation'"),
    ],
)
def test_wrong_options_are_wrong_commands(tmp_path, msk_monai, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("")
    code, _, said = msk_monai("convert", *arguments, "-o", tmp_path / "out")
    assert code == 2
    assert message in " ".join(said.split())
