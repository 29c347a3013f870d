"""What tests of several packages share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repository", deadline=None)  # a busy machine is no failure
settings.load_profile("repository")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; only CI may insist on it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"CI must have the real data, but there is no {folder}")
    pytest.skip(f"needs the real data: there is no {folder}")
