"""What Ray reads from the environment."""

import os
import stat
from pathlib import Path

import pytest

from search.execution.ray import environment
from searchspace.errors import UserError


@pytest.fixture(autouse=True)
def untouched(monkeypatch):
    monkeypatch.setattr(os, "environ", {"RAY_USAGE_STATS_ENABLED": "1"})


def test_what_the_user_set_stays():
    environment.prepare(local=False)
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"
    assert os.environ["TUNE_DISABLE_SIGINT_HANDLER"] == "1"


@pytest.mark.parametrize("local", [True, False])
def test_only_a_cluster_of_this_machine_keeps_to_the_loopback_address(local):
    environment.prepare(local=local)
    assert ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" in os.environ) == local


def test_libraries_compute_with_as_many_threads_as_a_trial_has_cores():
    assert environment.threads(3) == {
        "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["TMPDIR", "RAY_TMPDIR"])
def test_a_folder_too_long_for_sockets_is_refused_before_anything_is_prepared(name):
    own = f"/ray-{os.geteuid()}/{environment.SHARED}/{environment.SOCKET}"
    longest = environment.SOCKET_BYTES - len(own)
    os.environ[name] = "/" + (longest - 1) * "x"
    environment.check_temporary_folder()
    os.environ[name] += "x"
    with pytest.raises(UserError, match=f"{name} has {longest + 1} bytes.*at most {longest} with"):
        environment.check_temporary_folder()


def test_rays_own_folder_comes_before_that_of_all_programs():
    os.environ |= {"TMPDIR": 200 * "x", "RAY_TMPDIR": "/tmp"}  # noqa: S108
    environment.check_temporary_folder()


def test_where_ray_does_not_look_at_tmpdir_its_length_does_not_matter(monkeypatch):
    """On macOS it is always long."""
    monkeypatch.setattr(environment.sys, "platform", "darwin")
    os.environ["TMPDIR"] = "/var/folders/" + 80 * "x"
    environment.check_temporary_folder()


def test_sockets_are_where_nobody_else_can_replace_them(tmp_path):
    """Ray opens its own folders to all users, and whoever has its socket has the searcher."""
    os.environ["RAY_TMPDIR"] = str(tmp_path)
    folder = Path(environment.own_folder())
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert folder == tmp_path / f"ray-{os.geteuid()}" / environment.SHARED
    assert environment.own_folder() == str(folder)
    folder.parent.chmod(0o755)
    with pytest.raises(UserError, match="is not a folder of you alone"):
        environment.own_folder()
    folder.parent.rmdir()
    folder.parent.symlink_to(tmp_path)
    with pytest.raises(UserError, match="is not a folder of you alone"):
        environment.own_folder()
