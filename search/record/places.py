"""Places that a record names: hosts, buckets and folders are used only where the user named them.

A run folder may be a stranger's. So what its manifest says of places is signed, with a key that is
only this user's, on this machine. A record without the signature suggests places at most: the user
repeats them as options.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from searchspace.errors import UserError
from trainables.door.opening import make_secret, read_bytes
from trainables.door.text import printable
from trainables.runtime.files import to_json
from trainables.runtime.folders import cache_folder
from trainables.study.settings import StudySettings

KEY, KEY_BYTES = "places.key", 32
# How the user repeats a place; any other folder of a study's settings with --folder NAME=PATH.
OPTIONS = {
    "address": "--address ",
    "storage": "--storage ",
    "data": "--data ",
    "data_root": "--data ",
    "cache": "--cache ",
}
LOCAL = frozenset({"auto", "local"})  # addresses that this machine says, and not the record


def sign(values: Mapping[str, Any]) -> str | None:
    """Return the signature of the places of a manifest; None where no key can be kept here.

    Args:
        values: Of the manifest, as JSON.
    """
    key = _key(make=True)
    return None if key is None else _signature(key, values)


def is_signed(values: Mapping[str, Any]) -> bool:
    """Tell whether this user named the places of a manifest, on this machine.

    Args:
        values: Of the manifest, as JSON.
    """
    key, signature = _key(make=False), values.get("signature")
    if key is None or not isinstance(signature, str):
        return False
    return hmac.compare_digest(signature.encode(), _signature(key, values).encode())


def unnamed(
    values: Mapping[str, Any], model: type[StudySettings], named: Mapping[str, Any]
) -> list[str]:
    """List the options that would name the places of a manifest, as the user has to give them.

    Args:
        values: Of the manifest, as JSON.
        model: Of the study's settings.
        named: Places that the user named, by the field of plan or settings.
    """
    plan, stored = values.get("plan", {}), values.get("stored") or {}
    places = {
        "address": None if plan.get("in_process") else plan.get("address"),
        "storage": stored.get("uri") or _remote(plan.get("storage")),
    }
    if places["address"] in LOCAL or named.get("in_process"):
        places["address"] = None
    folders = {name: path for name, path in _folders(values, model).items() if path is not None}
    return [
        f"{OPTIONS.get(field, f'--folder {field}=')}{printable(place)}"
        for field, place in {**places, **folders}.items()
        if place is not None and field not in named
    ]


def check_named(named: Mapping[str, Any], model: type[StudySettings]) -> None:
    """Refuse a folder of ``--folder`` that the study's settings do not have.

    Args:
        named: Places that the user named, by field of plan or settings.
        model: Of the study's settings.

    Raises:
        UserError: With the names that there are.
    """
    folders = folder_fields(model)
    for name in named:
        if name not in (*OPTIONS, "in_process", *folders):
            names = ", ".join(folders) or "it has none"
            raise UserError(f"--folder {name}: the study has no such folder ({names})")


def settings_here(
    values: Mapping[str, Any], model: type[StudySettings], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of a manifest that is not signed, with the folders of this user.

    Args:
        values: Of the manifest, as JSON.
        model: Of the study's settings.
        named: Folders that the user named, by field.
    """
    folders = folder_fields(model)
    settings = dict(values.get("settings", {}))
    for field in folders:
        if field in named:
            settings[field] = str(named[field])
        elif field not in values.get("plan", {}).get("settings", {}):
            settings.pop(field, None)  # the default, which is another one here
    return settings


def settings_for_user(
    values: Mapping[str, Any], model: type[StudySettings], named: Mapping[str, Any], record: Path
) -> dict[str, Any]:
    """Return recorded settings for a command that uses no place but their folders.

    Args:
        values: Of a manifest, or of another record that is signed, as JSON.
        model: Of the study's settings.
        named: Folders that the user named, by field.
        record: Where the values come from.

    Raises:
        UserError: If a folder is in the record alone, and the record is not of this user.
    """
    folders = {name: str(path) for name, path in named.items() if name in folder_fields(model)}
    if is_signed(values):
        return dict(values["settings"]) | folders
    fixed = (values.get("plan") or {}).get("settings", values.get("settings"))
    alone = {"settings": values.get("settings"), "plan": {"settings": fixed}}
    refuse_unnamed(unnamed(alone, model, named), record)
    return settings_here(alone, model, named)


def refuse_unnamed(options: list[str], run: Path) -> None:
    """Refuse places that the user has not named.

    Raises:
        UserError: If there are any; with the options that name them.
    """
    if options:
        raise UserError(
            f"{run} was not made here by you, and names places: to use them add {' '.join(options)}"
        )


def folder_fields(model: type[StudySettings]) -> list[str]:
    """List the fields of a study's settings that are paths."""
    fields = model.model_fields
    return [name for name in fields if "Path" in repr(fields[name].annotation)]


def _remote(address: object) -> object:
    return address if isinstance(address, str) and "://" in address else None


def _folders(values: Mapping[str, Any], model: type[StudySettings]) -> dict[str, str | None]:
    """Return the folders that the plan of a manifest fixes, where they are not the default here."""
    fixed = values.get("plan", {}).get("settings", {})
    return {
        field: fixed[field]
        for field in folder_fields(model)
        if fixed.get(field) is not None and str(fixed[field]) != str(_default(model, field))
    }


def _default(model: type[StudySettings], field: str) -> object:
    return model.model_fields[field].get_default(call_default_factory=True)


def _signature(key: bytes, values: Mapping[str, Any]) -> str:
    plan, stored = values.get("plan") or {}, values.get("stored") or {}
    places = {
        "address": plan.get("address"),
        "storage": plan.get("storage"),
        "fixed": plan.get("settings"),
        "stored": stored.get("uri"),
        "settings": values.get("settings"),
    }
    text = to_json({name: _sorted(value) for name, value in places.items()})
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _sorted(value: Any) -> Any:  # noqa: ANN401 - JSON values
    if isinstance(value, Mapping):
        return {str(name): _sorted(value[name]) for name in sorted(value, key=str)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _key(*, make: bool) -> bytes | None:
    """Read this user's key, or make it; None where there is none, or it cannot be kept."""
    file = cache_folder() / KEY
    with contextlib.suppress(OSError, UserError):
        if make and not os.path.lexists(file):
            make_secret(file, secrets.token_bytes(KEY_BYTES))
        key = read_bytes(file, KEY_BYTES)
        return key if len(key) == KEY_BYTES else None
    return None
