"""What the lint scripts read: the modules of the four packages and the functions in them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("searchspace", "trainables", "search", "analysis")
ROOT = Path(__file__).resolve().parents[1]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function or method of a module.

    Attributes:
        node: Its syntax tree.
        public: Whether other modules may call it: neither its name nor that of a class around it
            starts with an underscore, and it is not nested in a function.
    """

    node: FunctionNode
    public: bool


def modules(root: Path, folder: str) -> list[Path]:
    """List the modules below a folder of the repository, sorted."""
    return sorted((root / folder).rglob("*.py"))


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function of a module, nested ones included, in the order of the file."""
    return _inside(tree, public=True)


def _inside(node: ast.AST, *, public: bool) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield Function(child, public and not child.name.startswith("_"))
            yield from _inside(child, public=False)
        elif isinstance(child, ast.ClassDef):
            yield from _inside(child, public=public and not child.name.startswith("_"))
        else:
            yield from _inside(child, public=public)


def parameters(node: FunctionNode | ast.Lambda) -> list[ast.arg]:
    """List all parameters of a function, ``*args`` and ``**kwargs`` included."""
    variadic = [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *variadic]
