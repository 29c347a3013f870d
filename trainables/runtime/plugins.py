"""Find what a name stands for: built in, installed by another package, or code of the user's own.

A name is looked up in this order:

1. in the table of what is built in;
2. as a path, if it has a colon: ``mymodule:Name`` names something in a module that can be imported,
   ``./myfile.py:Name`` something in a file;
3. among the entry points of a group such as ``robust_medical_search.samplers``, by which an
   installed package offers its own.

What workers on other nodes can rely on:

- Objects never travel, names do: a worker resolves the same name again, in its own process. What
  is pickled for a worker must not hold instances of classes that a named file defines.
- An installed package or module must be installed on every node, in the same version.
- A file need not exist there. `loaded_files` returns the text of every file that this process has
  loaded, and `accept_files`, called on the worker before anything is resolved, makes those texts
  stand for the files, so that all processes run the same code even if a file is edited meanwhile.
  Give workers absolute names (`absolute`): their working directory may be another.
- A file must be complete by itself: modules beside it are not found. Code of several files is a
  package; install it on every node.

A file is loaded once a process, as a module is; an edit counts from the next process on.
"""

import hashlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar, final

from searchspace.errors import UserError
from searchspace.names import lookup

Value = TypeVar("Value")

GROUPS = "robust_medical_search"  # prefix of the groups of entry points

_FILES: dict[str, bytes] = {}  # text of each loaded file by its absolute path, as sys.modules is


@final
@dataclass(frozen=True, kw_only=True)
class Plugin(Generic[Value]):
    """What a name stands for, and where it comes from.

    Attributes:
        value: What the name stands for.
        file: The file that defines it; None for what is built in or has no Python file.
        sha256: Digest of that one file, in hexadecimal; what it imports is not part of it.
        package: Name and version of the installed package that offers it; None without one.
    """

    value: Value
    file: Path | None = None
    sha256: str | None = None
    package: str | None = None

    def provenance(self) -> dict[str, str]:
        """Return what a run's record says of code from outside; empty for what is built in."""
        sources = {"file": self.file, "sha256": self.sha256, "package": self.package}
        return {key: str(source) for key, source in sources.items() if source is not None}


@final
@dataclass(frozen=True, kw_only=True)
class Registry(Generic[Value]):
    """All that a name may stand for where one kind of thing is named.

    Attributes:
        what: The kind, for messages: "sampler".
        group: Entry points are looked up in ``robust_medical_search.<group>``: "samplers".
        builtin: What comes with this project.
        fits: Tells whether an object from outside can be used as such a thing.
        form: What such an object has to be, for the message: "a subclass of Study".
    """

    what: str
    group: str
    builtin: Mapping[str, Value]
    fits: Callable[[object], bool]
    form: str

    def resolve(self, name: str) -> Value:
        """Return what a name stands for; raises as `find`."""
        return self.find(name).value

    def find(self, name: str) -> Plugin[Value]:
        """Return what a name stands for, with where it comes from.

        Args:
            name: As the user wrote it: a built-in name, that of an entry point, ``module:Name`` or
                ``./file.py:Name``.

        Raises:
            UserError: In one line: if nothing has that name (with close matches), there is no such
                file, module or attribute, the user's code fails while it is imported, or what it
                holds is of the wrong kind.
        """
        if name in self.builtin:
            return Plugin(value=self.builtin[name])
        if is_path(name):
            return self._load(name, *_split(name, self.what), package=None)
        installed = self._installed()
        lookup({**self.builtin, **installed}, name, self.what)  # a miss ends here
        point = _only(installed[name], name, self.what)
        package = f"{point.dist.name} {point.dist.version}" if point.dist else None
        return self._load(name, point.module, point.attr, package=package)

    def names(self) -> list[str]:
        """List the built-in names, then those of entry points."""
        return list(dict.fromkeys([*self.builtin, *self._installed()]))

    def _load(
        self, name: str, source: str, attribute: str, *, package: str | None
    ) -> Plugin[Value]:
        module = _load_file(source) if _is_file(source) else _import_module(source)
        value: object = module
        for part in filter(None, attribute.split(".")):
            value = _attribute(value, part, source)
        if not self.fits(value):
            raise UserError(f"{name} is of type {type(value).__name__}: give {self.form}")
        file, digest = _digest(module)
        return Plugin(
            value=value,  # type: ignore[arg-type]  # `fits` said so
            file=file,
            sha256=digest,
            package=package,
        )

    def _installed(self) -> dict[str, list[EntryPoint]]:
        installed: dict[str, list[EntryPoint]] = {}
        for point in entry_points(group=f"{GROUPS}.{self.group}"):
            installed.setdefault(point.name, []).append(point)
        return installed


def is_path(name: str) -> bool:
    """Tell whether a name says where code is: ``module:Name`` or ``./file.py:Name``."""
    return ":" in name or _is_file(name)


def absolute(name: str) -> str:
    """Return a name that means the same in any working directory; only paths of files change."""
    source, _, attribute = name.rpartition(":")
    return f"{_absolute(source)}:{attribute}" if _is_file(source) else name


def loaded_files() -> dict[str, bytes]:
    """Return the text of each file that was loaded here by its absolute path, for other nodes."""
    return dict(_FILES)


def accept_files(files: Mapping[str, bytes]) -> None:
    """Let texts from another process stand for the files that it loaded; call before `resolve`."""
    for path, content in files.items():
        _FILES.setdefault(path, content)  # what is loaded already is not loaded again


def _is_file(source: str) -> bool:
    return source.endswith(".py")


def _absolute(source: str) -> str:
    return os.path.abspath(Path(source).expanduser())  # noqa: PTH100 - the same where links differ


def _split(name: str, what: str) -> tuple[str, str]:
    source, _, attribute = name.rpartition(":")
    module = _is_file(source) or all(part.isidentifier() for part in source.split("."))
    if not module or not all(part.isidentifier() for part in attribute.split(".")):
        raise UserError(f"'{name}' names no {what}: write module:Name or ./file.py:Name")
    return source, attribute


def _only(points: list[EntryPoint], name: str, what: str) -> EntryPoint:
    if len(points) > 1:
        paths = " or ".join(sorted(point.value for point in points))
        raise UserError(f"several packages offer a {what} '{name}': name it by its path, {paths}")
    return points[0]


def _import_module(source: str) -> ModuleType:
    try:
        return import_module(source)
    except ModuleNotFoundError as error:
        if error.name and f"{source}.".startswith(f"{error.name}."):
            raise UserError(
                f"there is no module {error.name}: install it, put its folder on PYTHONPATH, or "
                "name its file as in ./file.py:Name"
            ) from error
        raise _cannot_import(source, error) from error
    except (Exception, SystemExit) as error:
        raise _cannot_import(source, error) from error


def _load_file(source: str) -> ModuleType:
    path = _absolute(source)
    name = f"{Path(path).stem}_{hashlib.sha256(path.encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    try:
        content = _FILES[path] if path in _FILES else Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror or error}") from error
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module  # dataclasses and pydantic look the names of annotations up there
    try:
        exec(compile(content, path, "exec"), vars(module))  # noqa: S102 - the user names the file
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _cannot_import(source, error) from error
    _FILES[path] = content
    return module


def _cannot_import(source: str, error: BaseException) -> UserError:
    """Say in one line why the user's code failed, and in which line of which file."""
    reason = (str(error).strip().splitlines() or [""])[0]
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    place = "" if isinstance(error, SyntaxError) or not frames else _place(frames[-1])
    return UserError(f"cannot import {source}: {': '.join(filter(None, (kind, reason)))}{place}")


def _place(frame: traceback.FrameSummary) -> str:
    return f" ({Path(frame.filename).name}, line {frame.lineno})"  # as a syntax error says it


def _attribute(holder: object, name: str, source: str) -> object:
    if hasattr(holder, name):
        return getattr(holder, name)
    public = [entry for entry in dir(holder) if not entry.startswith("_")]
    return lookup(dict.fromkeys(public), name, f"attribute of {source}")  # a miss


def _digest(module: ModuleType) -> tuple[Path | None, str | None]:
    path = getattr(module, "__file__", None)
    if path is None or not _is_file(path):  # compiled, or a folder without __init__.py
        return None, None
    content = _FILES[path] if path in _FILES else Path(path).read_bytes()
    return Path(path), hashlib.sha256(content).hexdigest()
