"""Phantoms small enough for tests of whole bundles."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bundles():
    return REPOSITORY / "bundles"


@pytest.fixture(scope="session")
def ct_l3_slice(bundles):
    return bundles / "ct_l3_slice"


@pytest.fixture(params=["blank", "ramp", "noise"])
def empty_picture(request, tmp_path):
    """What a picture without anatomy is filled with, and the folder that holds it as ``film.png``."""
    values = {
        "blank": np.zeros((600, 300)),
        "ramp": np.tile(np.linspace(0, 255, 300), (600, 1)),
        "noise": np.random.default_rng(0).integers(0, 255, (600, 300)),
    }[request.param]
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(values.astype(np.uint8)).save(folder / "film.png")
    return request.param, folder


@pytest.fixture(scope="session")
def trunk_studies(tmp_path_factory):
    """Two phantom studies of the trunk, 5 mm slices of 128 × 128, with their datalist."""
    from msk_monai.phantoms.ct_l3 import write_studies
    from msk_monai.phantoms.recipe import load_recipe

    folder = tmp_path_factory.mktemp("trunk")
    healthy = replace(load_recipe(), matrix=128, missing_l3_share=0.0, fracture_share=0.0, screws_share=0.0, cement_share=0.0)
    list(write_studies(folder, count=2, seed=99, recipe=healthy, thickness=5.0))
    return folder


@pytest.fixture
def run_python():
    """Run Python in a process of its own; gives the finished process, having succeeded."""

    def run(*arguments, **environment):
        command = [sys.executable, *map(str, arguments)]
        settings = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        done = subprocess.run(command, capture_output=True, text=True, env=settings, timeout=240, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    return run
