"""The interface itself: what a study must say, and what it gets."""

from pathlib import Path
from typing import ClassVar

import pytest

from searchspace.errors import UserError
from trainables.study.about import About, Threat
from trainables.study.report import Level, Rung
from trainables.study.settings import StudySettings
from trainables.study.study import EpsChoice, Facts, Study

ABOUT = About(
    name="guest",
    title="what a guest asks",
    cites=(),
    inputs="images",
    threat=Threat(
        words="nothing", unit="none", bounds=None, axis="epsilon", suffix="", scale=1.0
    ),
    scores={},
    kept="acc",
    level="chance",
)  # fmt: skip


class Settings(StudySettings):
    about: ClassVar[About] = ABOUT

    @property
    def rungs(self):
        return (Rung(1, "m"), Rung(self.epochs, "m", Level("pgd", None, 1, (0.0,))))


def guest() -> Study:
    """Make a study of the attributes that have a use here; all others are None."""
    members = dict.fromkeys(Study.__abstractmethods__) | {"settings": Settings}
    return type("Guest", (Study,), members)()


def test_what_a_study_must_offer():
    assert Study.__abstractmethods__ == {
        "settings", "space", "complete", "references", "metrics", "floor", "limits", "prepare",
        "build", "open_test", "examine", "illustrate",
    }  # fmt: skip
    with pytest.raises(TypeError, match="abstract"):
        Study()


def test_a_study_need_not_check_its_test_split_before():
    assert guest().check_test(Settings(), Path(), Path(), print) is None


def test_a_study_whose_test_split_is_always_the_same_need_not_compare_it():
    assert guest().used_items(Path("nowhere")) == ()
    assert guest().check_apart(Path("nowhere"), ("a digest",)) is None


def test_a_study_is_described_by_its_settings():
    assert guest().about is ABOUT


def test_settings_are_parsed_and_a_wrong_one_is_one_line():
    assert guest().parse_settings({"epochs": 3, "device": "cpu"}) == Settings(
        epochs=3, device="cpu"
    )
    with pytest.raises(UserError, match="unknown setting 'epoch': did you mean epochs"):
        guest().parse_settings({"epoch": 3})
    with pytest.raises(UserError, match=r"^epochs is 0: Input should be greater"):
        guest().parse_settings({"epochs": 0})


def test_the_ladder_is_that_of_the_settings():
    assert [rung.epochs for rung in guest().ladder(Settings(epochs=7))] == [1, 7]


def test_chosen_radii_are_added_to_the_facts():
    facts = Facts(
        digests={"data": "d"}, lines=("data: made up",), default_metric="m",
        details={"own": 1}, settled={"slack": 0.2},
    )  # fmt: skip
    choice = EpsChoice((0.0, 0.5), "eps chosen: 0.5", {"tried": [0.5]})
    assert facts.with_eps(choice) == Facts(
        digests={"data": "d"},
        lines=("data: made up", "eps chosen: 0.5"),
        default_metric="m",
        details={"own": 1, "eps_auto": {"tried": [0.5]}},
        settled={"slack": 0.2, "eps": (0.0, 0.5)},
    )
    assert facts.lines == ("data: made up",)
