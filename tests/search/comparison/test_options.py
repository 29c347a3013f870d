"""Options that all commands of comparisons have."""

import subprocess
import sys
import typing

from search.comparison import options


def test_every_option_has_a_help_text():
    kinds = [kind for name, kind in vars(options).items() if name.endswith("Option")]
    assert kinds
    for kind in kinds:
        assert typing.get_args(kind)[1].help.endswith(".")


def test_they_load_neither_torch_nor_a_study():
    code = "import sys, search.comparison.command; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "ray", "optuna", "numpy"} & set(modules)
