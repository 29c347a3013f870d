"""Names beneath a root: no name and no link leads out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.door.paths import inside, is_name, parts_of


@pytest.mark.parametrize("name", ["t001", "trials/t001.2/model.json", ".lock", "a b+c=d@e"])
def test_names_of_a_run_are_taken(tmp_path, name):
    assert inside(tmp_path, name) == tmp_path / name


UPWARDS = ("..", "../x", "a/../../x", "a/./b")
ABSOLUTE = ("/", "/etc/passwd", "C:x", "")
ODD = ("a//b", "a/", "a\\b", "a\nb", "a\0b", "~/x\x1b", "é", "\u202ex")


@pytest.mark.parametrize("name", [*UPWARDS, *ABSOLUTE, *ODD, "x" * 256, "/".join("x" * 13)])
def test_all_other_names_are_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"is no name of a file in a run|leads out of the run"):
        inside(tmp_path, name)


@given(st.text(max_size=40))
def test_whatever_the_name_the_path_is_beneath_the_root(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp()
    try:
        path = inside(root, name)
    except UserError:
        return
    assert root in path.resolve().parents
    assert "/".join(parts_of(name)) == name


def test_a_link_on_the_way_is_refused_and_the_root_may_be_one(tmp_path):
    (tmp_path / "run" / "trials").mkdir(parents=True)
    (tmp_path / "mine").symlink_to(tmp_path / "run")
    assert inside(tmp_path / "mine", "trials") == tmp_path / "mine" / "trials"
    (tmp_path / "run" / "trials" / "t001").symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"t001 is a link, which is not followed"):
        inside(tmp_path / "run", "trials", "t001", "model.json")


def test_a_link_that_leads_nowhere_is_a_link(tmp_path):
    (tmp_path / "best").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="best is a link"):
        inside(tmp_path, "best")


@pytest.mark.parametrize(
    ("name", "valid"), [("t001", True), ("a/b", False), ("..", False), (7, False)]
)
def test_a_trial_is_called_by_a_name_of_one_part(name, valid):
    assert is_name(name) == valid
