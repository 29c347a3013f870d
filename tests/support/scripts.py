"""The scripts of benchmarks, as modules: they lie outside the packages."""

import importlib.util
from types import ModuleType

from places import ROOT


def benchmark(name: str) -> ModuleType:
    """Load a script by its name."""
    path = ROOT / "benchmarks" / f"{name}.py"
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
