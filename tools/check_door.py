"""Check that files of a run are opened by `trainables.door` alone; one line for each breach.

A run may be a stranger's: its links, pipes and huge files must not be followed, waited for or read.
So no module of the four packages opens, lists, makes or removes a file itself, but for those in
`OWN`, which work on files that the user named or that this program's own package holds. What a
block of ``with replacement(...) as part`` does with ``part`` is what it is for.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from sources import PACKAGES, ROOT, modules

DOOR = "trainables/door"
# Modules that open files which no record names, and which files these are.
OWN = {
    "analysis/report/citations.py": "the package's own bibliography",
    "analysis/report/page.py": "the package's own style sheet",
    "search/cli/app.py": "a traceback, in a new file of the system's temporary folder",
    "search/cli/recorded.py": "the user's list of code that was started here",
    "search/execution/ray/token.py": "Ray's token, with checks of its own",
    "search/execution/time_limit.py": "/dev/null",
    "search/files/write.py": "the package's own files, into a folder that the user names",
    "search/record/provenance.py": "the package's own code",
    "search/robmednas/synthesise.py": "a folder that the user names with --out",
    "search/run/run_file.py": "a file that the user names with --config, with checks of its own",
    "search/simulation/report.py": "a file that the user names with --out",
    "search/simulation/suite/results.py": "a file that the user names with --results",
    "search/simulation/tables/table.py": "a table that the user names",
    "search/storage/store.py": "a file that the caller has from the door",
    "trainables/data/phantoms/heads.py": "a folder that the user names",
    "trainables/data/metaimage.py": "volumes in the user's folder, with checks of its own",
    "trainables/data/medmnist.py": "archives in the user's folder, with checks of its own",
    "trainables/data/nifti.py": "volumes in the user's folder, with checks of its own",
    "trainables/data/volumes.py": "the user's folder of volumes",
    "trainables/runtime/cgroups.py": "the kernel's description of this machine",
    "trainables/runtime/plugins.py": "code that the user names",
}
RENAMES = frozenset({"replace", "rename"})
METHODS = RENAMES | {
    *("open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "rmdir", "touch"),
    *("symlink_to", "hardlink_to", "iterdir", "glob", "rglob", "chmod", "to_csv", "savefig"),
}
MODULES = {
    "np": ("load", "save", "savez", "savez_compressed", "memmap", "fromfile", "loadtxt"),
    "torch": ("load", "save"),
    "pd": ("read_csv", "read_json"),
    "zipfile": ("ZipFile",),
    "gzip": ("open",),
    "tarfile": ("open",),
    "os": (
        *("open", "remove", "unlink", "rename", "replace", "rmdir", "listdir", "scandir", "walk"),
        *("symlink", "link", "truncate", "makedirs", "mkdir"),
    ),
    "shutil": ("rmtree", "copy", "copy2", "copyfile", "copytree", "move", "unpack_archive"),
    "tempfile": ("mkdtemp", "mkstemp"),
}
FUNCTIONS = {"open", "load_file", "save_file", "ZipFile"} | {
    f"{module}.{name}" for module, names in MODULES.items() for name in names
}


def check(root: Path = ROOT) -> list[str]:
    """List the breaches in the four packages below ``root``, and exceptions without a module."""
    breaches = []
    for package in PACKAGES:
        for path in modules(root, package):
            name = path.relative_to(root).as_posix()
            if name not in OWN and not name.startswith(f"{DOOR}/"):
                tree = ast.parse(path.read_text(encoding="utf-8"), path)
                breaches += [f"{name}:{line}: {call} outside {DOOR}" for line, call in calls(tree)]
    missing = [name for name in OWN if not (root / name).is_file()]
    return breaches + [f"{name}: is named in OWN and does not exist" for name in missing]


def calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each call that opens, lists, makes or removes a file."""
    parts = {name for node in ast.walk(tree) if isinstance(node, ast.With) for name in _parts(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        receiver, _, method = name.rpartition(".")
        opens = name in FUNCTIONS or (receiver and _is_method(method, node))
        in_memory = bool(node.args) and ast.unparse(node.args[0]).startswith("io.BytesIO(")
        if opens and not in_memory and receiver not in parts:
            yield node.lineno, name


def _is_method(method: str, call: ast.Call) -> bool:
    """Tell whether a method is one of a path, and not of a text or a table of the same name."""
    if method in RENAMES:
        return len(call.args) == 1 and not call.keywords
    return method in METHODS and not {"format", "mode"}.intersection(
        keyword.arg for keyword in call.keywords
    )


def _parts(node: ast.With) -> Iterator[str]:
    """Yield the names that ``with replacement(...) as NAME`` binds."""
    for item in node.items:
        call, target = item.context_expr, item.optional_vars
        replaces = isinstance(call, ast.Call) and ast.unparse(call.func).endswith("replacement")
        if replaces and isinstance(target, ast.Name):
            yield target.id


def main(root: Path = ROOT) -> int:
    """Print the breaches, and return the exit status."""
    breaches = check(root)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
