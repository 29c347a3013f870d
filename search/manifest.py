"""The manifest of a run: what is needed to judge it and to do it again."""

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import search
from search.files import to_json, write_atomically
from search.plan import Plan, available_cores
from search.records import now
from search.run_folder import RunFolder

PACKAGES = ("robust-medical-search", "torch", "numpy", "ray", "optuna", "hyperopt", "pydantic")


class Manifest:
    """A JSON object on disk that is written anew whenever something is added."""

    def __init__(self, folder: RunFolder, plan: Plan, settings: object) -> None:
        self._file = folder.manifest
        self._content: dict[str, Any] = {
            "status": "running",
            "started": now(),
            "command": sys.argv,
            "plan": plan.model_dump(mode="json"),
            "settings": _fields(settings),
            "seed": plan.seed,
            "versions": _versions(),
            "machine": {
                "platform": platform.platform(),
                "processor": platform.machine(),
                "cores": available_cores(),
            },
            "git": _git_state(),
        }
        self.add()

    def add(self, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Add fields, and write."""
        self._content |= fields
        write_atomically(self._file, to_json(self._content, indent=2) + "\n")

    def end(self, status: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Say how the run ended: finished, interrupted or failed."""
        self.add(status=status, ended=now(), **fields)


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
