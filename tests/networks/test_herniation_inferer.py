"""A drawn patient: five discs one above the other, L1-L2 the highest, and a network that reads what is drawn."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.anatomy.discs import LEVELS
from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import flip_lps_ras
from msk_monai.measure.patient_data import SIZE, patient_vector
from msk_monai.networks import HerniationInferer
from msk_monai.networks.herniation_inferer import SeenStudy
from tests.transforms.stacks import placed

STEP, HALF = 30.0, 5.0
HEIGHTS = {level: STEP * (4 - place) for place, level in enumerate(LEVELS)}
"""z of the discs' middles, mm."""
X, Y, Z = 20.0, -15.0, 100.0
"""Where in the patient the middle of L5-S1 lies."""


class Classes(torch.nn.Module):
    """Logits of the classes 0 to 3, drawn as 0, 1/3, 2/3 and 1."""

    def forward(self, image):
        return 20 * torch.nn.functional.one_hot((3 * image[:, 0]).round().long(), 4).permute(0, 3, 1, 2).float()


class Nothing(torch.nn.Module):
    """Background everywhere."""

    def forward(self, image):
        return torch.tensor([40.0, 0, 0, 0])[None, :, None, None].expand(len(image), 4, *image.shape[2:])


class Grade(torch.nn.Module):
    """10 times the mean of the image's middle; remembers what it was told of patients."""

    def __init__(self):
        super().__init__()
        self.told = []

    def forward(self, image, patient=None):
        self.told.append(patient)
        return 10 * image[:, :, 60:84, 60:84].mean(dim=(1, 2, 3))[:, None]


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.levels, self.parts, self.grade = Classes(), Classes(), Grade()


def axial(z, *, tilt=0.0, mark=0.0, **meta):
    """A slice of 140 mm at a height above L5-S1: disc 50 x 34 mm with its nucleus, canal 16 x 14 mm behind it."""
    affine = placed((0.8, 1.0, 4.0), (tilt, 0, 0), (0, 0, 0))
    columns, rows = 175, 140
    affine[:3, 3] = np.array([X, Y, Z + z]) - affine[:3, :2] @ [(columns - 1) / 2, (rows - 1) / 2]
    x = (np.arange(columns)[:, None] - (columns - 1) / 2) * 0.8
    y = np.arange(rows)[None, :] - (rows - 1) / 2
    values = np.where((x / 25) ** 2 + (y / 17) ** 2 <= 1, 1.0, 0.0)
    values[(x / 14) ** 2 + (y / 9) ** 2 <= 1] = 2
    values[(np.abs(x) <= 8) & (np.abs(y - 28) <= 7)] = 3
    if mark:
        values[(np.abs(x) <= 2) & (np.abs(y - 19) <= 2)] = mark
    known = {"affine": torch.as_tensor(flip_lps_ras(affine)), "spacing_mm": (0.8, 1.0), "patient_age_years": 68.0, "patient_sex": "F"}
    return MetaTensor(torch.tensor(values, dtype=torch.float32)[None], meta={**known, **meta})


def sagittal(count=2):
    """Slices of 1 mm pixels on the network's grid; the second shows more of the canal."""
    films, drawn = [], []
    for number in range(count):
        labels = np.zeros((128, 192), dtype=np.float32)
        for z in HEIGHTS.values():
            row = 160 - round(z)  # y of L5-S1
            labels[24:64, row - 5 : row + 5] = 2
            labels[24:64, row - 25 : row - 5] = 1
        labels[70 : 76 + 4 * number, 8:184] = 3
        affine = np.eye(4)
        affine[:3, :3] = np.column_stack([(0, 1.0, 0), (0, 0, -1.0), (4.0, 0, 0)])
        affine[:3, 3] = np.array([X + 4 * (number - 1), Y, Z]) - affine[:3, :2] @ [43.5, 159.5]
        meta = {"affine": torch.as_tensor(flip_lps_ras(affine)), "spacing_mm": (1.0, 1.0)}
        films.append(MetaTensor(torch.tensor(labels)[None], meta=meta))
        drawn.append(torch.tensor(labels / 3))
    return {"sagittal_image": MetaTensor(torch.stack(drawn), meta=dict(films[0].meta)), "sagittal_slices": films}


@torch.no_grad()
def look(*slices, network=None, **data_and_options):
    names = {"per_level", "patient_data", "saliency_above", "close"} & data_and_options.keys()
    options = {name: data_and_options.pop(name) for name in names}
    inferer = HerniationInferer(**{"saliency_above": 1e9, **options})
    return inferer({"slices": list(slices), **data_and_options}, network or Network(), device="cpu")


def test_slices_get_the_level_of_the_disc_they_cross():
    heights = [HEIGHTS[level] + offset for level in LEVELS for offset in (-0.6 * HALF, 0.6 * HALF)]
    seen = look(*map(axial, heights), **sagittal())
    assert isinstance(seen, SeenStudy)
    assert [one.crossing.level for one in seen.slices] == [level for level in LEVELS for _ in range(2)]
    for one, offset in zip(seen.slices, [-0.6, 0.6] * 5, strict=True):
        assert one.crossing.offset == pytest.approx(offset, abs=0.15)
    assert [disc.name for disc in seen.discs] == list(LEVELS[::-1])
    for disc in seen.discs:
        assert disc.centre == pytest.approx((X, Y, Z + HEIGHTS[disc.name]), abs=0.2)
        assert disc.half_height == pytest.approx(HALF, abs=0.3)


def test_slices_between_discs_and_steep_ones_are_not_graded():
    between, steep, good = axial(15), axial(30, tilt=60), axial(30, tilt=20)
    seen = look(between, steep, good, **sagittal()).slices
    assert [one.crossing.level for one in seen] == [None, None, "L4-L5"]
    assert [one.logit is None for one in seen] == [True, True, False]
    assert "above L5-S1" in seen[0].crossing.reason or "below L4-L5" in seen[0].crossing.reason
    assert seen[1].crossing.tilt_deg == pytest.approx(60, abs=1)
    assert seen[1].sizes is seen[1].close is seen[1].parts is None


@pytest.mark.parametrize(("most", "graded"), [(1, [2]), (3, [1, 2, 3]), (9, [0, 1, 2, 3, 4])])
def test_of_each_disc_the_slices_nearest_to_its_middle_are_graded(most, graded):
    seen = look(*(axial(30 + z) for z in (-4, -2, 0.3, 2, 4)), per_level=most, **sagittal()).slices
    assert [place for place, one in enumerate(seen) if one.logit is not None] == graded


def test_a_slice_is_measured_and_shown_about_the_canals_front():
    (one,) = look(axial(30), **sagittal()).slices
    assert one.sizes.canal_width == pytest.approx(14, abs=1)
    assert (one.sizes.width, one.sizes.depth) == (pytest.approx(50, abs=1.5), pytest.approx(34, abs=1.5))
    assert one.sizes.nucleus_share == pytest.approx(14 * 9 / 25 / 17, abs=0.03)
    assert one.close.shape == one.parts.shape == (144, 144)
    assert one.parts.dtype == np.uint8
    assert (np.abs(3 * one.close - one.parts) < 0.8).mean() > 0.97
    (x, y), (_, back) = (np.argwhere(one.parts == part).mean(axis=0) for part in (2, 3))
    assert x == pytest.approx(71.5, abs=1)
    assert (71.5 - y) * 0.6 == pytest.approx(0.65 * 28, abs=1.5)
    assert (back - 71.5) * 0.6 == pytest.approx(0.35 * 28, abs=1.5)


def test_a_level_that_is_known_counts_for_every_slice_and_no_disc_is_looked_for():
    network = Network()
    network.levels = None
    seen = look(axial(0), axial(15), network=network, known={"level": "L3-L4"}, **sagittal())
    assert [(one.crossing.level, one.crossing.offset) for one in seen.slices] == [("L3-L4", 0.0)] * 2
    assert all(one.logit is not None for one in seen.slices)
    assert seen.discs == ()


def test_without_sagittal_slices_levels_are_not_known():
    seen = look(axial(0), axial(30))
    assert all(one.crossing is None and one.logit is None for one in seen.slices)
    assert seen.discs == ()


def test_where_the_sagittal_slices_show_no_disc_levels_are_not_known():
    data = sagittal()
    data["sagittal_image"] *= 0
    assert look(axial(0), **data).slices[0].crossing is None


@pytest.mark.parametrize(
    ("known", "meta", "expected"),
    [
        ({}, {}, {"age": 68.0, "sex": "F"}),
        ({"age": 30, "sex": "M"}, {}, {"age": 30.0, "sex": "M"}),
        ({}, {"patient_age_years": float("nan"), "patient_sex": ""}, {}),
        ({"canal_width_mm": 9.0}, {}, {"age": 68.0, "sex": "F", "canal_width": 9.0}),
    ],
)
def test_the_grade_is_told_what_is_known(known, meta, expected):
    network = Network()
    seen = look(axial(30, **meta), network=network, known=known, **sagittal())
    width = expected.pop("canal_width", seen.slices[0].sizes.canal_width)
    assert network.grade.told[0].shape == (1, SIZE)
    assert network.grade.told[0][0].tolist() == pytest.approx(patient_vector(**expected, canal_width=width, level="L4-L5"))


def test_the_patients_data_may_be_left_out():
    network = Network()
    look(axial(30), network=network, patient_data=False, known={"age": 30}, **sagittal())
    assert not network.grade.told[0].any()


def test_what_lowers_the_logit_where_it_is_covered_is_salient():
    plain, marked = look(axial(30), axial(31, mark=3.0), **sagittal()).slices
    between = (plain.logit + marked.logit) / 2
    again, salient = look(axial(30), axial(31, mark=3.0), saliency_above=between, **sagittal()).slices
    assert plain.logit < again.logit + 1e-6 < between < salient.logit
    assert again.saliency is None
    assert salient.saliency.shape == (144, 144)
    assert np.hypot(*np.subtract(np.unravel_index(salient.saliency.argmax(), (144, 144)), 71.5)) < 20
    assert 0.1 * salient.logit < salient.saliency.max() <= salient.logit
    assert np.abs(salient.saliency[:20]).max() < 1e-4  # far away nothing is lost


def test_the_references_view_is_a_share_of_the_slice():
    one, other = look(axial(30), axial(31), close={"size": 100, "cropped": 0.2}, **sagittal()).slices
    assert one.close.shape == one.parts.shape == (100, 100)
    assert (one.close.min(), one.close.max()) == (0, 1)
    assert np.argwhere(one.parts == 2).mean(axis=0) == pytest.approx([49.5, 49.5], abs=1)
    assert one.logit == pytest.approx(other.logit)


def test_a_slice_without_anything_known_on_it_is_graded_about_its_middle():
    film = axial(30)
    blank = MetaTensor(torch.where(film.as_tensor() == 1, 1.0, 0.0), meta=dict(film.meta))
    network = Network()
    network.parts = Nothing()
    (one,) = look(blank, network=network, **sagittal()).slices
    assert one.sizes is None
    assert one.logit is not None
    assert not one.parts.any()


def test_explaining_a_slice_leaves_the_network_in_evaluation_mode():
    network = Network().eval()
    look(axial(30), network=network, saliency_above=-1e9, **sagittal())
    assert not any(module.training for module in network.modules())


def test_few_discs_make_the_levels_doubtful():
    data = sagittal()
    data["sagittal_image"][:, :, :100] = 0
    seen = look(axial(30), **data)
    assert 0 < len(seen.discs) < 4
    assert seen.doubt == f"the sagittal T2 series shows only {len(seen.discs)} discs"
    assert look(axial(30), **sagittal()).doubt is None


def test_why_levels_are_not_known_is_said():
    assert look(axial(30)).doubt == "the study has no sagittal T2 series, and no level was given"
    assert look(axial(30), beside_fault="a slice is missing").doubt == "the sagittal T2 series cannot be read: a slice is missing"
    assert look(axial(30), known={"level": "L4-L5"}).doubt is None


def test_one_level_cannot_be_that_of_a_whole_stack():
    with pytest.raises(UnsuitableImageError, match="at most 3 slices of the one level"):
        look(*map(axial, range(0, 20, 5)), known={"level": "L4-L5"})
