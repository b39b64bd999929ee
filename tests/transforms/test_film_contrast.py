import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from monai.data import MetaTensor

from msk_monai.transforms import FilmContrastd

FILM = torch.as_tensor(np.random.default_rng(0).gamma(2.0, 300.0, (1, 60, 50)), dtype=torch.float32)


def contrast(image):
    return FilmContrastd("image")({"image": image})["image"]


def test_percentiles_become_0_and_1():
    seen = contrast(FILM)
    low, high = np.percentile(FILM, [0.5, 99.5])
    torch.testing.assert_close(seen, ((FILM - low) / (high - low)).clamp(0, 1), atol=1e-4, rtol=0)


@given(room=st.tuples(*[st.integers(0, 90)] * 4), value=st.floats(-100, 5000))
def test_a_rim_of_one_value_changes_nothing_within(room, value):
    padded = torch.nn.functional.pad(FILM, room, value=value)
    left, _, top, _ = room
    torch.testing.assert_close(contrast(padded)[:, top : top + 60, left : left + 50], contrast(FILM))


def test_rims_of_two_values():
    padded = torch.nn.functional.pad(torch.nn.functional.pad(FILM, (9, 4, 0, 0)), (0, 0, 7, 7), value=4095.0)
    torch.testing.assert_close(contrast(padded)[:, 7:67, 9:59], contrast(FILM))


@pytest.mark.parametrize("value", [0.0, 800.0])
def test_a_film_of_one_value_becomes_0(value):
    assert not contrast(torch.full((1, 8, 9), value)).any()


def test_where_the_film_lies_is_kept():
    image = MetaTensor(FILM, affine=torch.diag(torch.tensor([0.2, 0.3, 1.0, 1.0])))
    seen = contrast(image)
    assert isinstance(seen, MetaTensor)
    assert torch.equal(seen.affine, image.affine)
