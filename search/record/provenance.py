"""Which code wrote a run, and on which machine: versions, a digest, the commit."""

import hashlib
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import search
from search.plan import available_cores

OURS = ("search", "searchspace", "trainables")
PACKAGES = ("robust-medical-search", "torch", "numpy", "ray", "optuna", "hyperopt", "pydantic")


@dataclass(frozen=True)
class CodeState:
    """What computes.

    Attributes:
        versions: Of Python and packages, by name; None for a package that is not installed.
        code: A digest of all code of this project.
    """

    versions: dict[str, str | None]
    code: str

    def changes_to(self, after: "CodeState") -> list[str]:
        """Name what differs in another state."""
        changes = [
            f"{package} {self.versions.get(package)} -> {new}"
            for package, new in after.versions.items()
            if self.versions.get(package) != new
        ]
        return changes + ["this platform's code"] * (self.code != after.code)


def code_state() -> CodeState:
    """Return the state of the code that runs."""
    root, state = Path(search.__file__).parent.parent, hashlib.sha256()
    for package in OURS:
        for file in sorted((root / package).rglob("*.py")):
            state.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return CodeState(_versions(), state.hexdigest()[:16])


def machine() -> dict[str, Any]:
    """Describe this machine, as JSON values."""
    return {
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": available_cores(),
    }


def git_state() -> dict[str, Any] | None:
    """Return the commit and what differs from it; None where the code is in no repository."""
    root = Path(search.__file__).parent.parent
    if not (root / ".git").exists():
        return None
    commit, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain")
    if commit is None or changes is None:
        return None
    return {"commit": commit, "changed": changes.splitlines()}


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return versions


def _git(root: Path, *arguments: str) -> str | None:
    # A status that is cut off by the timeout must leave no lock in the repository.
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        process = subprocess.run(  # noqa: S603 - fixed arguments
            command, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return process.stdout.strip()
