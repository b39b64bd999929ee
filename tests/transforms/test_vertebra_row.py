import numpy as np
import pytest
import torch

from msk_monai.transforms import RandVertebraRowd
from tests.transforms.films import column, film

SIZE, PIXELS = (96, 320), 20.0


def drawn(corners: np.ndarray, seed: int = 0, **options: float) -> tuple[np.ndarray, np.ndarray]:
    """The row's view and its members, of a film that is as wide as it is said to be."""
    row = RandVertebraRowd(size=SIZE, pixels=PIXELS, **{"cut": 0.0, "lost": 0.0, **options})
    row.set_random_state(seed)
    out = row({"image": film().as_tensor(), "label": torch.tensor(corners.reshape(-1, 2))})
    members = out["row_members"].numpy()
    return out["image"].numpy(), members[members[:, 6] >= 0]


def test_every_vertebra_of_the_view_is_a_member_and_so_may_be_its_neighbours():
    names = {tuple(drawn(column(6, top=60), seed)[1][:, 6].astype(int)) for seed in range(20)}
    assert names == {(*first, 1, 2, 3, 4, 5, 6, *last) for first in ((), (0,)) for last in ((), (7,))}


def test_members_lie_in_the_view_where_the_film_shows_them():
    view, members = drawn(column(6, top=60), shift=0.2, off=0.0, beyond=0.0)
    for x, y, *_, name in members:
        places = torch.tensor([[[[(2 * y + 1) / SIZE[1] - 1, (2 * x + 1) / SIZE[0] - 1]]]], dtype=torch.float32)
        shown = torch.nn.functional.grid_sample(torch.from_numpy(view)[None], places, align_corners=False)
        assert float(shown) == pytest.approx(60 + 0.25 * (60 + 27 * (name - 1)), abs=0.05)  # what the film shows at the centre


def test_vertebrae_that_are_unknown_or_out_of_the_view_are_no_members():
    corners = column(6, top=60)
    corners[2] = np.nan
    corners[5] += [0, 500]
    assert drawn(corners, beyond=0.0)[1][:, 6].tolist() == [1, 2, 4, 5]


def test_a_row_may_end_early_and_have_gaps():
    lengths = {len(drawn(column(6, top=60), seed, cut=0.5, lost=0.1, beyond=0.0)[1]) for seed in range(40)}
    assert {2, 3, 4, 5, 6} <= lengths


def test_of_a_film_without_vertebrae_there_is_an_empty_view():
    view, members = drawn(np.full((6, 4, 2), np.nan))
    assert view.shape == (1, *SIZE)
    assert not view.any()
    assert not len(members)
