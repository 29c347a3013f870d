"""The open door: names that stand for code from outside, and one line where that fails."""

import hashlib
import sys
from pathlib import Path

import pytest

from searchspace.errors import UserError
from trainables.runtime import plugins
from trainables.runtime.plugins import Registry, absolute, accept_files, is_path, loaded_files

TOOLS = Registry(
    what="tool",
    group="tools",
    builtin={"hammer": str.upper, "saw": str.lower},
    fits=callable,
    form="a function of a text",
)
CODE = "def drill(text):\n    return text[::-1]\n\nsize = 3\n"

LATE = """
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

@dataclass
class A:
    b: ClassVar[int] = 1
    c: int = 2
"""


@pytest.fixture(autouse=True)
def _process(monkeypatch):
    """Forget what a test loads, as the end of a process would."""
    before = dict(sys.modules)
    monkeypatch.setattr(plugins, "_FILES", {})
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a package of one module with entry points on the path, as pip would."""
    monkeypatch.syspath_prepend(tmp_path / "site")

    def put(package, entries, code=CODE):
        info = tmp_path / "site" / f"{package}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        group = "[robust_medical_search.tools]"
        (info / "entry_points.txt").write_text("\n".join([group, *lines]))
        (info.parent / f"{package}.py").write_text(code)

    return put


def test_a_built_in_name_wins_and_needs_no_record(install):
    install("toolbox", {"hammer": "toolbox:drill"})
    plugin = TOOLS.find("hammer")
    assert plugin.value is str.upper
    assert plugin.provenance() == {}


def test_an_installed_package_offers_its_own_by_name(install, tmp_path):
    install("toolbox", {"drill": "toolbox:drill"})
    plugin = TOOLS.find("drill")
    assert plugin.value("ab") == "ba"
    assert plugin.provenance() == {
        "file": str(tmp_path / "site" / "toolbox.py"),
        "sha256": hashlib.sha256(CODE.encode()).hexdigest(),
        "package": "toolbox 1.2",
    }
    assert TOOLS.names() == ["hammer", "saw", "drill"]


def test_a_miss_names_the_close_matches_among_installed_ones_too(install):
    install("toolbox", {"drill": "toolbox:drill"})
    with pytest.raises(UserError, match=r"^unknown tool 'dril': did you mean drill\?$"):
        TOOLS.find("dril")
    with pytest.raises(UserError, match=r"^unknown tool 'xyz': choose from hammer, saw, drill$"):
        TOOLS.find("xyz")


def test_a_name_that_two_packages_offer_is_refused(install):
    install("toolbox", {"drill": "toolbox:drill"})
    install("shed", {"drill": "shed:drill"})
    with pytest.raises(UserError, match=r"name it by its path, shed:drill or toolbox:drill$"):
        TOOLS.find("drill")


def test_a_dotted_path_names_what_a_module_holds(install):
    install("toolbox", {})
    plugin = TOOLS.find("toolbox:drill")
    assert plugin.value("ab") == "ba"
    assert plugin.sha256 == hashlib.sha256(CODE.encode()).hexdigest()
    assert TOOLS.resolve("operator:neg")(3) == -3  # a module without a file of Python


def test_a_file_is_loaded_once_under_any_of_its_names(file):
    plugin = TOOLS.find("./mine.py:drill")
    assert plugin.value("ab") == "ba"
    assert (plugin.file, plugin.package) == (file, None)
    file.write_text("edited = 1")
    assert TOOLS.resolve(f"{file}:drill") is plugin.value
    assert TOOLS.find("mine.py:drill").sha256 == plugin.sha256


def test_annotations_of_a_file_find_their_names(file):
    """As text, as of `from __future__`: dataclasses look them up in the module by its name."""
    file.write_text(LATE)
    assert vars(TOOLS.resolve("./mine.py:A")()) == {"c": 2}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("./none.py:drill", "cannot read ./none.py: No such file or directory"),
        ("./mine.py:dril", "unknown attribute of ./mine.py 'dril': did you mean drill?"),
        ("./mine.py:drill.teeth", "unknown attribute of ./mine.py 'teeth': choose from "),
        ("./mine.py:size", "./mine.py:size is of type int: give a function of a text"),
        ("./mine.py", "'./mine.py' names no tool: write module:Name or ./file.py:Name"),
        ("./mine:drill", "'./mine:drill' names no tool: write module:Name or ./file.py:Name"),
        (":drill", "':drill' names no tool: write module:Name or ./file.py:Name"),
        ("mine:", "'mine:' names no tool: write module:Name or ./file.py:Name"),
        (
            "no_such.module:drill",
            "there is no module no_such: install it, put its folder on PYTHONPATH, or name its f",
        ),
        ("math:drill", "unknown attribute of math 'drill': choose from acos, "),
    ],
)
def test_a_wrong_path_is_one_line(file, name, reason):
    with pytest.raises(UserError) as error:
        TOOLS.find(name)
    assert str(error.value).startswith(reason)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import math\n1 / 0", "ZeroDivisionError: division by zero (mine.py, line 2)"),
        ("import absent_package", "ModuleNotFoundError: No module named 'absent_package' (mine."),
        ("raise ValueError('first\\nsecond')", "ValueError: first (mine.py, line 1)"),
        ("raise ValueError", "ValueError (mine.py, line 1)"),
        ("raise SystemExit(3)", "SystemExit: 3 (mine.py, line 1)"),
        ("def drill(:", "SyntaxError: invalid syntax (mine.py, line 1)"),
    ],
)
def test_code_that_fails_says_why_and_where(file, code, reason):
    file.write_text(code)
    with pytest.raises(UserError) as error:
        TOOLS.find("./mine.py:drill")
    assert str(error.value).startswith(f"cannot import ./mine.py: {reason}")
    file.write_text(CODE)
    assert TOOLS.resolve("./mine.py:drill")("ab") == "ba"  # nothing is left of the attempt


def test_a_module_that_lacks_another_is_not_called_absent(install):
    install("toolbox", {}, "import absent_package")
    with pytest.raises(UserError, match=r"^cannot import toolbox: ModuleNotFoundError: No module"):
        TOOLS.find("toolbox:drill")


def test_another_process_runs_the_text_that_the_first_loaded(file, monkeypatch):
    name = absolute("./mine.py:drill")
    drill = TOOLS.resolve(name)
    files = loaded_files()
    file.unlink()
    monkeypatch.delitem(sys.modules, drill.__module__)
    monkeypatch.setattr(plugins, "_FILES", {})
    accept_files(files)
    plugin = TOOLS.find(name)
    assert plugin.value("ab") == "ba"
    assert plugin.sha256 == hashlib.sha256(CODE.encode()).hexdigest()


def test_only_paths_of_files_are_made_absolute(file):
    assert absolute("./mine.py:drill") == f"{file}:drill"
    assert absolute("~/mine.py:drill") == f"{Path.home()}/mine.py:drill"
    assert [absolute(name) for name in ("hammer", "toolbox:drill")] == ["hammer", "toolbox:drill"]
    assert [is_path(name) for name in ("hammer", "a.b:C", "./c.py")] == [False, True, True]
