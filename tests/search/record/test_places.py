"""A place that only a record names is not used until the user names it."""

import json
import stat

import pytest
from toy_study import Settings

from search.record.places import (
    check_named,
    folder_fields,
    is_signed,
    refuse_unnamed,
    settings_for_user,
    settings_here,
    sign,
    unnamed,
)
from searchspace.errors import UserError
from trainables.runtime.folders import cache_folder

PLAN = {"address": "10.6.6.6:6379", "storage": None, "in_process": False, "settings": {}}
MANIFEST = {"plan": PLAN, "settings": {"marker": "marker", "epochs": 9}, "stored": None}


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def change(path, value):
    values = json.loads(json.dumps(MANIFEST))
    *folders, name = path
    part = values
    for folder in folders:
        part = part[folder]
    part[name] = value
    return values


def test_what_this_user_signed_is_known_again():
    signature = sign(MANIFEST)
    assert is_signed(MANIFEST | {"signature": signature})
    assert is_signed({**MANIFEST, "signature": signature, "status": "failed", "facts": ["other"]})
    file = cache_folder() / "places.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("plan", "address"), "evil:6379"),
        (("plan", "storage"), "s3://evil"),
        (("plan", "settings"), {"cache": "/home"}),
        (("settings", "marker"), "/home/thesis"),
        (("settings", "cache"), "here"),
        (("stored",), {"uri": "s3://b/r?endpoint_override=evil"}),
    ],
)
def test_a_changed_place_is_not_signed(path, value):
    assert not is_signed(change(path, value) | {"signature": sign(MANIFEST)})


@pytest.mark.parametrize("signature", [None, "", "0" * 64, 7])
def test_nor_is_a_made_up_signature(signature):
    sign(MANIFEST)
    assert not is_signed(MANIFEST | {"signature": signature})


def test_another_user_has_another_key(monkeypatch, tmp_path):
    signature = sign(MANIFEST)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    assert not is_signed(MANIFEST | {"signature": signature})
    sign(MANIFEST)
    assert not is_signed(MANIFEST | {"signature": signature})


def test_where_no_key_can_be_kept_nothing_is_signed(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert sign(MANIFEST) is None


@pytest.mark.parametrize(
    ("path", "value", "option"),
    [
        (("plan", "address"), "evil:6379", "--address evil:6379"),
        (("stored",), {"uri": "s3://b/r"}, "--storage s3://b/r"),
        (("plan", "storage"), "s3://b", "--storage s3://b"),
        (("plan", "settings"), {"marker": "/home/thesis"}, "--folder marker=/home/thesis"),
        (("plan", "settings"), {"marker": "/a\x1b[2J"}, r"--folder marker=/a\x1b[2J"),
    ],
)
def test_the_options_that_name_them_are_listed(path, value, option):
    assert option in unnamed(change(path, value), Settings, {})
    with pytest.raises(UserError, match="was not made here by you, and names places: to use them"):
        refuse_unnamed([option], cache_folder())


def test_what_the_user_named_or_this_machine_says_is_no_question():
    assert unnamed(MANIFEST, Settings, {"address": "mine:1"}) == []
    assert unnamed(MANIFEST, Settings, {"in_process": True}) == []
    for address in (None, "auto", "local"):
        assert unnamed(change(("plan", "address"), address), Settings, {}) == []
    assert unnamed(change(("plan", "storage"), "/mnt/shared"), Settings, {"address": "a"}) == []
    refuse_unnamed([], cache_folder())


def test_a_folder_that_the_study_does_not_have_is_refused():
    check_named(
        {"marker": "/here", "data": "/data", "storage": "s3://b", "in_process": True}, Settings
    )
    with pytest.raises(
        UserError, match=r"^--folder maker: the study has no such folder \(marker\)$"
    ):
        check_named({"maker": "/here"}, Settings)


def test_folders_that_were_a_default_are_the_default_here():
    assert folder_fields(Settings) == ["marker"]
    values = change(("settings", "marker"), "/home/alice/marker")
    assert "marker" not in settings_here(values, Settings, {})
    named = {"marker": "/home/bob"}
    assert settings_here(values, Settings, named)["marker"] == "/home/bob"
    values["plan"]["settings"] = {"marker": "/home/alice/marker"}
    assert settings_here(values, Settings, {})["marker"] == "/home/alice/marker"


def test_a_command_that_reads_folders_alone_asks_for_those_alone(tmp_path):
    """The address of a cluster is not its business."""
    values = change(("plan", "settings"), {"marker": "/home/thesis"})
    values["settings"]["marker"] = "/home/thesis"
    with pytest.raises(UserError, match=r"names places: to use them add --folder marker=/home/th"):
        settings_for_user(values, Settings, {}, tmp_path)
    named = settings_for_user(values, Settings, {"marker": tmp_path, "data": tmp_path}, tmp_path)
    assert named == {"marker": str(tmp_path), "epochs": 9}
    signed = values | {"signature": sign(values)}
    assert settings_for_user(signed, Settings, {}, tmp_path) == values["settings"]
    assert settings_for_user(signed, Settings, {"marker": tmp_path}, tmp_path) == named
