"""What tests of several packages share."""

import atexit
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

# Before NumPy loads: two workers on two cores, each with threads of its own that wait by spinning,
# took eight times as long. Results of tests must not depend on it; processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Ray's token of the tests is not the user's, which may be one that a run refuses.
if "RAY_AUTH_TOKEN_PATH" not in os.environ:
    _FOLDER = tempfile.mkdtemp(prefix="ray-token-")
    atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
    os.environ["RAY_AUTH_TOKEN_PATH"] = f"{_FOLDER}/auth_token"

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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Draw the same in every run of a test, so that a failure can be repeated."""
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


EXPENSIVE = ("end_to_end", "contracts", "tsynd", "robmednas", "storage", "ray", "confirmation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with expensive folders, so that all workers end together; mark what is slow."""
    items.sort(key=lambda item: not set(EXPENSIVE).intersection(item.path.parts))
    for item in items:
        starts_others = item.get_closest_marker("ray") or item.get_closest_marker("hosts")
        if starts_others or "end_to_end" in item.path.parts:
            item.add_marker(pytest.mark.slow)
