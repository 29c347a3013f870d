"""Ray's token: made for its owner alone, and refused where others can read it."""

import os
import stat

import pytest

from search.execution.ray.executor import RayExecutor
from search.execution.ray.token import ensure_token, token_file
from search.plan import Plan
from searchspace.errors import UserError


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_for_its_owner_alone(home):
    before = os.umask(0)
    try:
        ensure_token(make=True)
    finally:
        os.umask(before)
    file = home / ".ray" / "auth_token"
    assert file == token_file()
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert len(file.read_text()) == 64
    assert [path.name for path in file.parent.iterdir()] == ["auth_token"]


def test_one_that_is_there_stays(home):
    ensure_token(make=True)
    text = token_file().read_text()
    ensure_token(make=True)
    assert token_file().read_text() == text


def test_the_folder_that_ray_left_open_is_closed(home):
    (home / ".ray").mkdir(mode=0o755)
    ensure_token(make=True)
    assert mode(home / ".ray") == 0o700


@pytest.mark.parametrize("readable", [0o644, 0o640, 0o604, 0o666])
def test_a_run_is_refused_while_others_can_read_it(home, readable):
    ensure_token(make=True)
    token_file().chmod(readable)
    with pytest.raises(UserError, match=rf"can be read by others \(mode {readable:04o}\).*: rm /"):
        RayExecutor(Plan(study="toy"), "cpu").check()


def test_a_link_is_refused(home):
    (home / "elsewhere").write_text("0" * 64)
    (home / ".ray").mkdir()
    (home / ".ray" / "auth_token").symlink_to(home / "elsewhere")
    with pytest.raises(UserError, match="is no file of yours"):
        ensure_token(make=True)


def test_a_folder_that_others_may_write_to_is_refused(home):
    ensure_token(make=True)
    (home / ".ray").chmod(0o777)
    with pytest.raises(UserError, match=r"others can replace Ray's token.*chmod 700"):
        ensure_token(make=False)


def test_none_is_made_for_a_running_cluster(home):
    ensure_token(make=False)
    assert not (home / ".ray").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("RAY_AUTH_MODE", "disabled"), ("RAY_AUTH_TOKEN", "0" * 64)]
)
def test_what_the_user_set_is_the_users(home, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    ensure_token(make=True)
    assert not (home / ".ray").exists()


def test_ray_finds_the_file_that_the_environment_names(home, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(home / "private" / "token"))
    ensure_token(make=True)
    assert mode(home / "private" / "token") == 0o600
