import numpy as np
import pytest
import torch

from msk_monai.anatomy.knee import POINTS
from msk_monai.records import Findings, Measurement, Status
from msk_monai.transforms import FilmGridd, KneeFilmd, LandmarksFoundd
from tests.knees import ENDS, KNEE, MIRROR, opened
from tests.transforms.films import film

PIXELS = KNEE * 2 + (150, 120)
"""A right knee 160 pixels wide, on the left of a film of 600 x 300."""
OTHER = KNEE * MIRROR * 2 + (450, 130)
APART = np.repeat([(0, 0), (0, 90)], (7, 9), axis=0)
GIVEN = "pixel spacing as given by the user"
ASSUMED = "side assumes that the patient's left is on the image's right"
LENGTHS = ("femoral_condylar_width", "tibial_plateau_width", "lateral_joint_space", "medial_joint_space")
HUNG = {"patient_orientation": ("L", "F")}


def answer(*knees: np.ndarray, scale: float = 1.0, score: float = 0.9) -> torch.Tensor:
    """(N, 16, 4) as the inferer gives."""
    parts = [np.column_stack([points, np.full(16, scale), np.full(16, score)]) for points in knees]
    return torch.tensor(np.array(parts).reshape(-1, 16, 4), dtype=torch.float32)


def run(pred: torch.Tensor, source=None, **options: object) -> dict:
    source = film(600, 300, **HUNG) if source is None else source
    image = FilmGridd("source", output_keys="image", longest=1400, enlarge=False)({"source": source})["image"]
    return KneeFilmd(ends=ENDS, **options)({"pred": pred, "image": image, "source": source})


def find(*args: object, **options: object) -> Findings:
    return run(*args, **options)["findings"]


def of(findings: Findings, name: str) -> Measurement:
    return next(m for m in findings.measurements if m.name == name)


def lengths(findings: Findings, prefix: str = "") -> list[float]:
    return [of(findings, prefix + name).value for name in LENGTHS]


def test_a_knee_is_measured_and_its_points_named():
    out = run(answer(opened(5.0) * 2 + (150, 120)), film(600, 300, spacing=(0.5, 0.5), **HUNG))
    findings = out["findings"]
    assert findings.status is Status.OK
    assert [m.name for m in findings.measurements] == [*LENGTHS, "joint_line_convergence_angle", "medial_lateral_joint_space_ratio"]
    assert lengths(findings)[:2] == pytest.approx([80, 78], abs=1e-4)
    assert lengths(findings)[3] == pytest.approx(6, abs=1e-4)
    assert [m.unit for m in findings.measurements] == [*["mm"] * 4, "deg", "1"]
    angle, ratio = of(findings, "joint_line_convergence_angle"), of(findings, "medial_lateral_joint_space_ratio")
    assert angle.value == pytest.approx(5, abs=1e-4)
    assert "positive: opens to the lateral side" in angle.method
    assert ratio.value == pytest.approx(6 / lengths(findings)[2])
    assert of(findings, "medial_joint_space").method == "distance from femur_6 to tibia_8"
    assert [p.name for p in findings.landmarks] == list(POINTS)
    assert all(p.confidence == pytest.approx(0.9 * (1 - np.exp(-0.02 * 159)), rel=0.02) for p in findings.landmarks)


def test_landmarks_and_lines_are_in_the_pixels_of_the_film():
    source = film(600, 300, spacing=(0.4, 0.4), **HUNG)
    image = FilmGridd("source", output_keys="image", longest=300)({"source": source})["image"]
    out = KneeFilmd(ends=ENDS)({"pred": answer((PIXELS + 0.5) / 2 - 0.5), "image": image, "source": source})
    found = out["findings"].landmarks
    assert [(p.x, p.y) for p in found] == [pytest.approx(point, abs=1e-3) for point in PIXELS.tolist()]
    assert out["objects"][0].points == pytest.approx(PIXELS, abs=1e-3)
    first = out["lines"][0]
    assert (*first.start, *first.end) == pytest.approx((*PIXELS[0], *PIXELS[6]), abs=1e-3)
    assert [line.label for line in out["lines"]] == ["64.0 mm", "62.4 mm", "4.8 mm", "4.8 mm"]
    assert lengths(out["findings"]) == pytest.approx([64, 62.4, 4.8, 4.8], abs=1e-3)


def test_millimetres_follow_the_spacing_of_each_axis():
    points = KNEE / (0.2, 0.5) + (300, 150)
    seen = answer((points + 0.5) * (1, 2.5) - 0.5)  # in the network's square pixels
    findings = find(seen, film(600, 300, spacing=(0.2, 0.5), **HUNG))
    assert [(p.x, p.y) for p in findings.landmarks] == [pytest.approx(point, abs=1e-3) for point in points.tolist()]
    assert lengths(findings) == pytest.approx([80, 78, 6, 6], abs=1e-3)
    without = find(seen, film(600, 300, pixel_aspect_ratio=2.5, **HUNG))
    assert lengths(without) == pytest.approx([400, 390, 30, 30], abs=1e-2)


def test_lengths_are_pixels_where_nothing_says_more_and_bear_the_readers_words():
    findings = find(answer(PIXELS), film(600, 300, warnings=("no pixel spacing: lengths are in pixels",), **HUNG))
    assert lengths(findings) == pytest.approx([160, 156, 12, 12], abs=1e-3)
    for name in LENGTHS:
        assert of(findings, name).unit == "{pixels}"
        assert of(findings, name).flags == ("right knee", "no pixel spacing: lengths are in pixels")
    assert not any("pixels" in flag for flag in of(findings, "joint_line_convergence_angle").flags)
    assert run(answer(PIXELS))["lines"][0].label == "160 px"


@pytest.mark.parametrize(("given", "expected"), [(0.5, [80, 78, 6, 6]), ([0.5, 0.25], [80, 78, 3, 3])])
def test_a_spacing_of_the_users_counts_where_the_film_says_none(given, expected):
    source = film(600, 300, warnings=("one file was ignored", "no pixel spacing: lengths are in pixels"), **HUNG)
    findings = find(answer(PIXELS), source, spacing_mm=given)
    assert lengths(findings) == pytest.approx(expected, abs=1e-3)
    for name in LENGTHS:
        assert of(findings, name).unit == "mm"
        assert of(findings, name).flags == ("right knee", "one file was ignored", GIVEN)


def test_one_number_from_the_user_is_between_columns_and_rows_follow_the_pixels_shape():
    source = film(600, 300, pixel_aspect_ratio=0.5, **HUNG)
    assert lengths(find(answer(PIXELS), source, spacing_mm=0.5)) == pytest.approx([80, 78, 6, 6], abs=1e-3)
    assert lengths(find(answer(PIXELS), source, spacing_mm=[0.5, 0.5])) == pytest.approx([80, 78, 12, 12], abs=1e-3)


def test_a_spacing_of_the_users_does_not_count_where_the_film_says_its_own():
    source = film(600, 300, spacing=(0.5, 0.5), warnings=("millimetres are at the detector plane",), **HUNG)
    findings = find(answer(PIXELS), source, spacing_mm=0.1)
    assert lengths(findings) == pytest.approx([80, 78, 6, 6], abs=1e-3)
    assert of(findings, "medial_joint_space").flags == ("right knee", "millimetres are at the detector plane")


@pytest.mark.parametrize("spacing", [0.0, -1.0, [0.2, 0.0], float("nan")])
def test_a_spacing_that_is_not_positive_is_refused(spacing):
    with pytest.raises(ValueError, match="positive numbers as spacing_mm"):
        KneeFilmd(ends=ENDS, spacing_mm=spacing)


@pytest.mark.parametrize(("orientation", "left", "right"), [(("L", "F"), "right_", "left_"), (("R", "F"), "left_", "right_")])
def test_both_knees_are_named_by_their_places(orientation, left, right):
    pred = answer(KNEE * 1.8 + (150, 120), OTHER)
    out = run(pred, film(600, 300, spacing=(0.5, 0.5), patient_orientation=orientation))
    findings = out["findings"]
    assert [p.name for p in findings.landmarks] == [f"{side}{name}" for side in (left, right) for name in POINTS]
    assert lengths(findings, left) == pytest.approx([72, 70.2, 5.4, 5.4], abs=1e-3)
    assert lengths(findings, right) == pytest.approx([80, 78, 6, 6], abs=1e-3)
    assert of(findings, "right_medial_joint_space").flags[0] == "right knee"
    assert of(findings, "left_joint_line_convergence_angle").flags[0] == "left knee"
    assert len(out["objects"]) == 2
    assert len(out["lines"]) == 8


DOUBT = "the sides are in doubt: they were taken from the knees' places in the image"


@pytest.mark.parametrize(
    ("knees", "orientation", "doubts"),
    [
        ((PIXELS, OTHER), ("L", "F"), set()),
        ((PIXELS, OTHER), ("R", "F"), set()),
        ((PIXELS, KNEE * 2 + (450, 130)), ("L", "F"), {DOUBT}),
        ((KNEE * MIRROR * 2 + (150, 120), KNEE * 2 + (450, 130)), ("L", "F"), {DOUBT}),
        ((PIXELS, OTHER), (), {ASSUMED}),
        ((PIXELS, OTHER), ("A", "F"), {ASSUMED}),
    ],
)
def test_what_makes_the_sides_of_both_knees_doubtful_is_told_with_every_number(knees, orientation, doubts):
    findings = find(answer(*knees), film(600, 300, patient_orientation=orientation))
    assert len(findings.measurements) == 12
    for measurement in findings.measurements:
        assert {DOUBT, ASSUMED} & set(measurement.flags) == doubts


@pytest.mark.parametrize(
    ("meta", "options", "flipped", "side", "doubtful"),
    [
        ({**HUNG}, {}, False, "right", False),
        ({**HUNG}, {}, True, "left", False),
        ({"patient_orientation": ("R", "F")}, {}, False, "left", False),
        ({"patient_orientation": ("R", "F")}, {}, True, "right", False),
        ({**HUNG, "laterality": "L"}, {}, True, "left", False),
        ({**HUNG, "laterality": "L"}, {}, False, "left", True),
        ({**HUNG, "laterality": "R"}, {}, True, "right", True),
        ({"laterality": "R", "patient_orientation": ("R", "F")}, {}, True, "right", False),
        ({**HUNG, "laterality": "U"}, {}, False, "right", False),
        ({**HUNG, "laterality": ""}, {}, False, "right", False),
        ({**HUNG, "laterality": "R"}, {"side": "L"}, True, "left", False),
        ({**HUNG, "laterality": "L"}, {"side": "R"}, True, "right", True),
    ],
)
def test_the_side_of_one_knee(meta, options, flipped, side, doubtful):
    findings = find(answer(OTHER if flipped else PIXELS), film(600, 300, **meta), **options)
    assert [p.name for p in findings.landmarks] == list(POINTS)
    lateral = "right" if flipped else "left"
    told = f"the lateral side is on the image's {lateral}, which is unusual for a {side} knee"
    for measurement in findings.measurements:
        assert measurement.flags[0] == f"{side} knee"
        assert (told in measurement.flags) == doubtful
        assert ASSUMED not in measurement.flags


def test_what_is_left_of_a_film_of_both_knees_bears_its_side():
    findings = find(answer(OTHER), film(600, 300, **HUNG, laterality="B"))
    assert [p.name for p in findings.landmarks] == [f"left_{point}" for point in POINTS]


def test_a_knee_that_the_film_cuts_is_left_out_and_the_other_ones_numbers_say_so():
    cut = OTHER + np.array((600 - OTHER[:, 0].max() + 20, 0))
    findings = find(answer(PIXELS, cut), film(600, 300, **HUNG, laterality="R"))
    assert [p.name for p in findings.landmarks] == list(POINTS)
    assert all("another knee was left out: the film cuts it" in m.flags for m in findings.measurements)


@pytest.mark.parametrize(("side", "other"), [("R", "L"), ("L", "R")])
def test_of_two_knees_the_one_that_the_header_names_is_measured(side, other):
    for orientation, wanted in ((("L", "F"), side), (("R", "F"), other)):
        findings = find(answer(PIXELS, OTHER), film(600, 300, patient_orientation=orientation, laterality=side))
        assert [p.name for p in findings.landmarks] == list(POINTS)
        assert findings.landmarks[0].x == pytest.approx((PIXELS if wanted == "R" else OTHER)[0, 0], abs=0.01)
        assert all(any(flag.startswith("another knee was left out") for flag in m.flags) for m in findings.measurements)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("laterality", ["R", "B", None])
def test_of_two_finds_along_one_leg_the_surer_one_is_measured(laterality, turned):
    step = KNEE * 0.4 + (160, 40)
    finds = answer(step, PIXELS, scale=1.0)
    source = film(600, 300, **HUNG, **({} if laterality is None else {"laterality": laterality}))
    if turned:
        finds, source = finds[..., [1, 0, 2, 3]], film(300, 600, **HUNG, **({} if laterality is None else {"laterality": laterality}))
    findings = find(finds, source)
    assert {p.name.removeprefix("right_").removeprefix("left_") for p in findings.landmarks} == set(POINTS)
    assert lengths(findings, "" if laterality != "B" else findings.landmarks[0].name.split("_")[0] + "_")[0] == pytest.approx(160, abs=1e-3)
    assert "another knee was left out: it does not lie beside this one" in findings.measurements[0].flags


def test_a_point_that_is_hardly_visible_is_named_with_what_is_measured_from_it():
    seen = answer(PIXELS)
    seen[0, POINTS.index("femur_2"), 2] = 100.0
    findings = find(seen, film(600, 300, **HUNG))
    assert [m.name for m in findings.measurements if "femur_2 is hardly visible" in m.flags] == ["lateral_joint_space"]


def test_what_may_be_no_knee_is_flagged_and_keeps_its_numbers():
    findings = find(answer(PIXELS, scale=6.0), film(600, 300, **HUNG))
    assert findings.status is Status.FLAGGED
    assert "may be no knee" in findings.reason
    assert all(findings.reason in m.flags for m in findings.measurements)  # a table of numbers must say so, too
    assert len(findings.landmarks) == 16


@pytest.mark.parametrize(("gap", "overlap"), [(6, False), (1, False), (-2, True)])
def test_bones_that_overlap_are_said_to(gap, overlap):
    points = np.concatenate([KNEE[:7], KNEE[7:] + np.array([0, gap - 6])]) * 2 + (150, 120)
    findings = find(answer(points), film(600, 300, **HUNG))
    assert lengths(findings)[3] == pytest.approx(2 * abs(gap), abs=1e-3)
    assert any("overlap" in flag for flag in of(findings, "medial_joint_space").flags) is overlap


def test_a_side_that_only_the_picture_tells_is_said_to_be_assumed():
    findings = find(answer(PIXELS), film(600, 300))
    assert all(m.flags[0] == "right knee" and ASSUMED in m.flags for m in findings.measurements)


def test_another_side_is_refused():
    with pytest.raises(ValueError, match="expected side to be R or L, got B"):
        KneeFilmd(ends=ENDS, side="B")


@pytest.mark.parametrize(
    ("pred", "reason"),
    [
        (answer(), "no knee was found in this picture"),
        (answer(PIXELS, score=0.2), "no knee was found in this picture"),
        (answer(PIXELS, scale=30.0), "no knee was found in this picture"),
        (answer(PIXELS + APART), "no knee was found in this picture: femur and tibia lie too far apart"),
    ],
)
def test_no_knee_is_flagged_and_has_no_numbers(pred, reason):
    out = run(pred)
    assert out["findings"] == Findings(status=Status.FLAGGED, reason=reason)
    assert out["objects"] == out["lines"] == ()


def test_points_that_coincide_are_no_knee():
    findings = find(answer(np.where(np.isin(np.arange(16), (1, 5))[:, None], PIXELS[1], PIXELS)))
    assert (findings.status, findings.measurements) == (Status.FLAGGED, ())


def test_a_knee_that_is_not_credible_leaves_the_other_one_alone_on_the_film():
    findings = find(answer(PIXELS, OTHER + APART), film(600, 300, spacing=(0.5, 0.5), **HUNG))
    assert findings.status is Status.OK
    assert [p.name for p in findings.landmarks] == list(POINTS)
    assert lengths(findings) == pytest.approx([80, 78, 6, 6], abs=1e-3)


def test_only_confident_knees_count():
    assert find(answer(PIXELS, score=0.2), least_confidence=0.1).measurements
    assert find(answer(PIXELS), least_confidence=0.95).measurements == ()


def landmarks(pred: torch.Tensor, **options: object) -> dict:
    source = film(600, 300)
    image = FilmGridd("source", output_keys="image", longest=300)({"source": source})["image"]
    return LandmarksFoundd(landmarks=POINTS, ends=ENDS, **options)({"pred": pred, "image": image})


def test_landmarks_of_one_object_are_in_the_pixels_of_the_film():
    out = landmarks(answer((PIXELS + 0.5) / 2 - 0.5, score=1.0))
    found = out["findings"].landmarks
    assert [p.name for p in found] == list(POINTS)
    assert [(p.x, p.y) for p in found] == [pytest.approx(point, abs=1e-3) for point in PIXELS.tolist()]
    (one,) = out["objects"]
    assert (one.width, one.flipped, one.score) == (pytest.approx(79), False, 1.0)
    assert found[0].confidence == pytest.approx(1 - np.exp(-0.02 * 79), rel=1e-3)


def test_a_point_is_the_less_confident_the_larger_its_scale():
    pred = answer(PIXELS / 2)
    pred[0, :, 2] = torch.linspace(0.2, 8, 16)
    sure = [p.confidence for p in landmarks(pred)["findings"].landmarks]
    assert sure == sorted(sure, reverse=True)
    assert 0 < sure[-1] < 0.2 < 0.8 < sure[0] < 0.9


def test_an_object_of_the_other_hand_is_known_as_such():
    assert landmarks(answer(OTHER / 2))["objects"][0].flipped


@pytest.mark.parametrize("pred", [answer(), answer(PIXELS / 2, score=0.1)])
def test_no_object_is_flagged(pred):
    out = landmarks(pred)
    assert out["objects"] == ()
    assert out["findings"] == Findings(status=Status.FLAGGED, reason="the landmarks were not found in this picture")
