from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.recipe import between, chance, draw, load_recipe


def test_the_packaged_recipe_loads():
    recipe = load_recipe()
    assert recipe.lumbar_count_shares == (0.03, 0.94, 0.03)


def test_a_share_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match=r"screws_share must lie in 0\.\.1, got 1\.5"):
        replace(load_recipe(), screws_share=1.5)


def test_a_descending_range_is_refused():
    with pytest.raises(ValueError, match=r"fat_range must ascend"):
        replace(load_recipe(), fat_range=(20, 10))


def test_shares_must_add_up():
    with pytest.raises(ValueError, match="lumbar_count_shares must add up to 1"):
        replace(load_recipe(), lumbar_count_shares=(0.5, 0.4, 0.2))


def test_unknown_settings_are_named(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("age: [50, 10]\nshoe_size: 42\n")
    with pytest.raises(ValueError, match="shoe_size"):
        load_recipe(path)


def test_draws_stay_in_their_ranges():
    rng = np.random.default_rng(0)
    assert all(-2 <= draw(rng, (0, 1)) <= 2 for _ in range(200))
    assert all(3 <= between(rng, (3, 4)) <= 4 for _ in range(50))
    assert not chance(rng, 0.0)
    assert chance(rng, 1.0)
