"""Measure how many functions name a local or a parameter by a pronoun or a participle.

``python tools/check_names.py`` prints the share for each package and fails when that of the four
packages together reaches 1 %. ``--list`` prints each such name as ``file:line: name``. Tests are
reported apart and fail nothing.
"""

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sources import PACKAGES, ROOT, FunctionNode, functions, modules, parameters

LIMIT = 0.01

# Nouns of the field say what a value is; these say only that there is one. `left` is a
# side where the same function has a `right`, and a participle otherwise.
WORDS = """
found one ones own known place places at told wanted kept dice given shown drawn made asked meant
heard seen held left taken tried other others both ours theirs mine his it this that these those
here there whole few many much most something anything nothing everything
"""
FORBIDDEN = frozenset(WORDS.split())


@dataclass(frozen=True)
class Offence:
    """A forbidden name, at the line where it is first bound in its function."""

    path: Path
    line: int
    name: str


@dataclass(frozen=True)
class Count:
    """What was measured in one folder."""

    functions: int
    offenders: int
    offences: list[Offence]

    @property
    def share(self) -> float:
        """The share of functions with at least one forbidden name, 0 to 1."""
        return self.offenders / self.functions if self.functions else 0.0


def bindings(function: FunctionNode) -> dict[str, int]:
    """Map each name that a function binds to the line where it first does.

    Parameters, assignments, loops, comprehensions, ``with``, ``except``, patterns, imports and
    lambdas count, and the names of nested functions; what is inside those is theirs.
    """
    lines: dict[str, int] = {}
    for name, line in (*_arguments(function), *_bound(function.body)):
        lines.setdefault(name, line)
    return lines


def _arguments(node: FunctionNode | ast.Lambda) -> Iterator[tuple[str, int]]:
    return ((argument.arg, argument.lineno) for argument in parameters(node))


def _bound(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node.name, node.lineno
            continue
        if isinstance(node, ast.Lambda):
            yield from _arguments(node)
        yield from ((name, getattr(node, "lineno", 0)) for name in _bound_by(node))
        yield from _bound(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> list[str]:
    """Return the names that this node itself binds, its children apart."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return [name]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return [alias.asname for alias in aliases if alias.asname]
        case _:
            return []


def forbidden(names: dict[str, int]) -> dict[str, int]:
    """Keep the names that are forbidden; an underscore before or after changes nothing."""
    bare = {name: name.strip("_") for name in names}
    sides = "right" in bare.values()
    return {
        name: line
        for name, line in names.items()
        if bare[name] in FORBIDDEN and not (sides and bare[name] == "left")
    }


def count(paths: list[Path]) -> Count:
    """Measure the functions of the given modules."""
    total, offenders, offences = 0, 0, []
    for path in paths:
        for function in functions(ast.parse(path.read_bytes(), path)):
            names = forbidden(bindings(function.node))
            total += 1
            offenders += bool(names)
            offences += [Offence(path, line, name) for name, line in names.items()]
    return Count(total, offenders, offences)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print the shares and return the exit status: 1 at or above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print each as file:line: name")
    options = parser.parse_args(arguments)
    by_folder = {folder: count(modules(root, folder)) for folder in (*PACKAGES, "tests")}
    total = count([path for package in PACKAGES for path in modules(root, package)])
    if options.list:
        for offence in (offence for result in by_folder.values() for offence in result.offences):
            print(f"{offence.path.relative_to(root)}:{offence.line}: {offence.name}")
    for folder, result in {**by_folder, "the four packages": total}.items():
        print(f"{folder}: {result.offenders} of {result.functions} functions, {result.share:.1%}")
    if total.share >= LIMIT:
        print(f"error: functions with a forbidden name must stay below {LIMIT:.0%}; see --list")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
