"""The manifest of a run: what is needed to judge it and to do it again."""

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import search
from search.engine.objective import Objective, Other
from search.plan import Plan, available_cores, startup_trials
from search.record.run_folder import RunFolder
from search.record.writer import now
from searchspace.errors import UserError
from trainables.runtime.files import to_json, write_atomically
from trainables.study.settings import StudySettings

OURS = ("search", "searchspace", "trainables")
PACKAGES = ("robust-medical-search", "torch", "numpy", "ray", "optuna", "hyperopt", "pydantic")


class Manifest:
    """A JSON object on disk that is written anew whenever something is added."""

    def __init__(self, folder: RunFolder, content: dict[str, Any]) -> None:
        self._file = folder.manifest
        self.content = content

    def add(self, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Add fields, and write."""
        self.content |= fields
        write_atomically(self._file, to_json(self.content, indent=2) + "\n")

    def go_on(self, plan: Plan) -> None:
        """Say that the run goes on, with how many trials and by which code."""
        before = self.content.get("resumed", [])
        again = {"time": now(), "command": sys.argv, "trials": plan.trials, **code_state()}
        self.add(status="running", plan=plan.model_dump(mode="json"), resumed=[*before, again])

    def end(self, status: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Say how the run ended: finished, interrupted or failed."""
        self.add(status=status, ended=now(), **fields)

    def changes(self) -> list[str]:
        """Name what differs between the code that wrote the run last and the code that reads it."""
        return differences([self.content, *self.content.get("resumed", [])][-1], code_state())


def new_manifest(folder: RunFolder, plan: Plan, settings: StudySettings) -> Manifest:
    """Begin the manifest of a new run."""
    manifest = Manifest(folder, {})
    manifest.add(
        status="running",
        started=now(),
        command=sys.argv,
        plan=plan.model_dump(mode="json"),
        settings=_fields(settings),
        about=settings.about.as_json(),
        seed=plan.seed,
        startup=startup_trials(plan.trials, plan.workers),
        machine={
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cores": available_cores(),
        },
        git=_git_state(),
        **code_state(),
    )
    return manifest


def read_manifest(folder: RunFolder) -> dict[str, Any]:
    """Read the manifest of a run.

    Raises:
        UserError: If there is none, or it cannot be read.
    """
    if not folder.path.is_dir():
        raise UserError(f"there is no folder {folder.path}: name the folder of a run")
    try:
        content = json.loads(folder.manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder.path} is not a run: it has no {folder.manifest.name}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {folder.manifest}: {error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{folder.manifest} holds no JSON object: it is not a run's")
    return content


def read_objective(manifest: Mapping[str, Any]) -> Objective:
    """Return what the trials of a run are compared by.

    Raises:
        KeyError, TypeError: If the manifest is not one of this version.
    """
    objective = manifest["objective"]
    other = objective.get("other")
    return Objective(
        objective["metric"],
        objective["direction"],
        tuple(objective.get("rungs", ())),
        Other(**other) if other else None,
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name what differs between two of `code_state`."""
    versions = before.get("versions", {})
    changed = [
        f"{package} {versions.get(package)} -> {version}"
        for package, version in after["versions"].items()
        if versions.get(package) != version
    ]
    return changed + ["this platform's code"] * (before.get("code") != after["code"])


def code_state() -> dict[str, Any]:
    """Return the versions of what computes, and one digest of all our own code."""
    root, found = Path(search.__file__).parent.parent, hashlib.sha256()
    for package in OURS:
        for file in sorted((root / package).rglob("*.py")):
            found.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return {"versions": _versions(), "code": found.hexdigest()[:16]}


def _fields(settings: object) -> dict[str, Any]:
    """Return the fields of a pydantic model or any plain object."""
    dump = getattr(settings, "model_dump", None)
    return dict(dump(mode="json")) if dump else dict(vars(settings))


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return versions


def _git_state() -> dict[str, Any] | None:
    """Return the commit and what differs from it; None where the code is in no repository."""
    root = Path(search.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    commit, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    if commit is None or changes is None:
        return None
    return {"commit": commit, "changed": changes.splitlines()}


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
