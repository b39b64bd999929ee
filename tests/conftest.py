"""What several tests need."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None, derandomize=True)  # machines are busy, and a failure must come again
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real images; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("MSK_MONAI_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; set MSK_MONAI_DATA")
    return folder
