"""A setting is declared once: value, bounds, help and option."""

import subprocess
import sys

import pytest
from pydantic import Field

from searchspace.errors import UserError
from trainables.runtime.config import Frozen, offer_of, parse
from trainables.study.settings import PANELS, TRAINING, StudySettings, setting


class Some(Frozen):
    rate: float = setting(
        0.5,
        "How fast.",
        TRAINING,
        default_text="half",
        option="speed",
        aliases=("pace",),
        gt=0,
        le=1,
    )
    silent: int = setting(3, "Nobody sets it.", "", ge=0)
    plain: int = Field(default=1)


def test_a_setting_knows_how_it_is_offered():
    field = Some.model_fields["rate"]
    assert field.description == "How fast."
    assert offer_of(field) == {
        "panel": TRAINING, "default_text": "half", "option": "speed", "aliases": ["pace"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["silent", "plain"])
def test_without_a_panel_there_is_no_option(name):
    assert offer_of(Some.model_fields[name]) is None


@pytest.mark.parametrize("value", [0, 1.5, "fast"])
def test_bounds_hold(value):
    assert parse(Some, {"rate": 1}).rate == 1
    with pytest.raises(UserError, match=r"^speed is "):
        parse(Some, {"rate": value})


def test_every_setting_of_all_studies_is_in_a_panel_except_the_seed():
    offers = {name: offer_of(field) for name, field in StudySettings.model_fields.items()}
    assert {name for name, offer in offers.items() if offer is None} == {"seed"}
    assert all(offer["panel"] in PANELS for offer in offers.values() if offer)


def test_the_papers_plan_is_taken_by_its_preset_alone():
    class Paper(StudySettings):
        PAPER_PLAN = {"trials": 200}  # noqa: RUF012 - as a study declares it

    assert Paper.plan_of({"protocol": "paper"}) == {"trials": 200}
    assert Paper.plan_of({"protocol": "default"}) == Paper.plan_of({}) == {}


def test_importing_settings_loads_neither_numpy_nor_torch():
    code = (
        "import sys, trainables.study.settings, trainables.study.about; "
        "print(sorted({'numpy', 'torch'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
