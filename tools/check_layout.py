"""Check the house rules that ruff has no rule for; one line for each breach, and exit status 1.

In the four packages: at most a dozen modules a folder, 400 lines a file, 40 lines a function; an
``Args:`` section on public functions of three or more parameters; a test file for each module, in
the same place below ``tests``; and nothing but a docstring in ``__init__.py``. ``--summary`` prints
only how many breaches of each rule there are.
"""

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sources import PACKAGES, ROOT, Function, FunctionNode, functions, modules, parameters

MODULES_PER_FOLDER = 12
LINES_PER_FILE = 400
LINES_PER_FUNCTION = 40
PARAMETERS_WITHOUT_ARGS = 2

# Modules without a test file of their own, and why.
UNTESTED = {
    "search/__main__.py": "calls the command line, as every end-to-end test does through it",
    "analysis/__main__.py": "calls the command line, as its tests do through it",
    "search/exit_status.py": "three constants; tests of the commands pin each",
    "searchspace/errors.py": "one exception without code",
    "trainables/data/task.py": "one type, which mypy checks",
}

TEST = re.compile(r"^\s*(async )?(def test_|class Test|Test\w* = )", re.MULTILINE)
ARGS = re.compile(r"^\s*Args:$", re.MULTILINE)


@dataclass(frozen=True)
class Breach:
    """A broken rule: the path from the root, the line (0: the whole file), and what is wrong."""

    rule: str
    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        position = f"{self.path.as_posix()}:{self.line}" if self.line else self.path.as_posix()
        return f"{position}: {self.text}"


def check(root: Path = ROOT) -> list[Breach]:
    """Check the four packages below ``root``."""
    breaches: list[Breach] = []
    for package in PACKAGES:
        paths = modules(root, package)
        breaches += _folders(root, paths)
        for path in paths:
            breaches += _file(root, path)
    return [*breaches, *_stale_exceptions(root)]


def _folders(root: Path, paths: list[Path]) -> Iterator[Breach]:
    counted = (path for path in paths if path.name not in {"__init__.py", "__main__.py"})
    sizes = Counter(path.parent for path in counted)
    for folder, size in sorted(sizes.items()):
        if size > MODULES_PER_FOLDER:
            text = f"{size} modules, more than {MODULES_PER_FOLDER}"
            yield Breach("modules", folder.relative_to(root), 0, text)


def _file(root: Path, path: Path) -> Iterator[Breach]:
    name, source = path.relative_to(root), path.read_text(encoding="utf-8")
    tree = ast.parse(source, path)
    lines = len(source.splitlines())
    if lines > LINES_PER_FILE:
        yield Breach("file", name, 0, f"{lines} lines, more than {LINES_PER_FILE}")
    for function in functions(tree):
        yield from _function(name, function)
    if path.name == "__init__.py":
        if len(tree.body) > 1 or (tree.body and ast.get_docstring(tree) is None):
            yield Breach("init", name, 0, "holds more than a docstring")
    else:
        yield from _mirror(root, name)


def _function(path: Path, function: Function) -> Iterator[Breach]:
    node = function.node
    lines = code_lines(node)
    if lines > LINES_PER_FUNCTION:
        text = f"{node.name} has {lines} lines, more than {LINES_PER_FUNCTION}"
        yield Breach("function", path, node.lineno, text)
    if function.public and lacks_args(node):
        yield Breach("args", path, node.lineno, f"{node.name} has no Args section")


def code_lines(node: FunctionNode) -> int:
    """Count a function's lines from ``def`` to its end without the docstring, which may be long."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return lines
    docstring = node.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def lacks_args(node: FunctionNode) -> bool:
    """Tell whether a function needs an ``Args:`` section and has none.

    Overrides and overloads are explained where they are declared, a command by its options' help.
    """
    names = [argument.arg for argument in parameters(node)]
    explained = len(names) - (names[:1] in (["self"], ["cls"])) <= PARAMETERS_WITHOUT_ARGS
    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    if explained or decorators & {"override", "overload"} or _is_command(node):
        return False
    return not ARGS.search(ast.get_docstring(node) or "")


def _is_command(node: FunctionNode) -> bool:
    annotations = [argument.annotation for argument in parameters(node) if argument.annotation]
    return any(
        re.search(r"\btyper\.(Option|Argument)\(|\b\w+(Option|Argument)\b", ast.unparse(annotation))
        for annotation in annotations
    )


def _mirror(root: Path, name: Path) -> Iterator[Breach]:
    if name.as_posix() in UNTESTED:
        return
    mirror = Path("tests", name.parent, f"test_{name.name}")
    if not (root / mirror).is_file():
        yield Breach("mirror", name, 0, f"has no {mirror.as_posix()}")
    elif not TEST.search((root / mirror).read_text(encoding="utf-8")):
        yield Breach("mirror", mirror, 0, "holds no test")


def _stale_exceptions(root: Path) -> Iterator[Breach]:
    for name in UNTESTED:
        if not (root / name).is_file():
            yield Breach("mirror", Path(name), 0, "is named in UNTESTED and does not exist")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print the breaches, or their number by rule, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--summary", action="store_true", help="print the number of each only")
    options = parser.parse_args(arguments)
    breaches = check(root)
    if options.summary:
        for rule, number in sorted(Counter(breach.rule for breach in breaches).items()):
            print(f"{rule}: {number}")
    else:
        for breach in breaches:
            print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
