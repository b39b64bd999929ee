from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import render_ct
from msk_monai.phantoms.patient import sample_patient
from msk_monai.phantoms.recipe import load_recipe


@pytest.fixture(scope="session")
def recipe():
    return load_recipe()


@pytest.fixture(scope="session")
def patient(recipe):
    healthy = replace(recipe, fracture_share=0.0, screws_share=0.0, cement_share=0.0, lumbar_count_shares=(0, 1, 0), cobb_range=(5, 15))
    return sample_patient(np.random.default_rng(11), healthy)


@pytest.fixture(scope="session")
def spine_grid():
    return Grid((-90.0, -90.0, -60.0), (2.0, 2.0, 2.0), (180, 105, 90))


@pytest.fixture(scope="session")
def volume(patient, spine_grid):
    return render_ct(patient, spine_grid)
