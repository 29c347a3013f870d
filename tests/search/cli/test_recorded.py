"""Code that only a record names is not run: the user has to have named it."""

import pytest

from search.cli import recorded
from search.cli.recorded import finder, remember
from search.plan import Plan
from search.studies import STUDIES
from searchspace.errors import UserError

STUDY = """
from toy_study import ToyStudy

class Mine(ToyStudy):
    pass
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(STUDY)
    return f"{file}:Mine"


def find(plan, study=None, *, trust=False):
    return finder(study, trust=trust)(plan)


def test_a_study_of_the_table_needs_no_trust():
    assert find(Plan(study="tsynd")) is STUDIES["tsynd"]


@pytest.mark.parametrize("name", ["elsewhere:Mine", "/nowhere/evil.py:Mine"])
@pytest.mark.parametrize("field", ["study", "sampler"])
def test_a_path_that_only_the_record_names_is_refused(field, name):
    with pytest.raises(UserError, match=f"never started here, {name}: if you trust") as error:
        find(Plan(**{"study": "tsynd", field: name}))
    assert "\n" not in str(error.value)


def test_no_line_of_a_file_that_only_the_record_names_is_run(tmp_path):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(UserError):
        find(Plan(study=f"{tmp_path}/evil.py:Mine"))
    assert not (tmp_path / "ran").exists()


def test_what_the_user_has_named_before_needs_no_trust(path, cache):
    remember([path, "tpe", "tsynd"])
    remember([path])
    assert find(Plan(study=path)).path == path
    assert (cache / recorded.NAMES).read_text() == f"{path}\n"


def test_a_name_relative_to_the_folder_is_remembered_as_absolute(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    remember(["./mine.py:Mine"])
    assert find(Plan(study=path)).name == "toy"


def test_what_is_trusted_once_is_remembered(path):
    assert find(Plan(study=path, sampler="mine:Sampler"), trust=True).path == path
    assert find(Plan(study=path, sampler="mine:Sampler")).path == path


def test_the_user_may_say_where_the_study_is_now(path):
    assert find(Plan(study="/gone/mine.py:Mine"), path).path == path
    with pytest.raises(UserError, match="never started here, mine:Sampler"):
        find(Plan(study=path, sampler="mine:Sampler"), path)


def test_where_nothing_can_be_remembered_it_is_asked_again(path, cache):
    cache.write_text("a file in the folder's place")
    remember([path])
    with pytest.raises(UserError, match="add --trust"):
        find(Plan(study=path))
