"""Options as they are read from the declarations of settings."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, PositiveInt

from search.engine.schedulers import SCHEDULERS
from search.options import kind_of, option_of, options_of
from search.plan import Plan, Start
from search.samplers.registry import SAMPLERS
from search.studies import STUDIES
from trainables.runtime.memory import MaxMemory
from trainables.study.settings import DATA, PANELS, setting


class Settings(BaseModel):
    field_mm: float = setting(256.0, "Millimetres.", DATA, option="field", default_text="256")
    hidden: int = Field(default=3)
    flip: bool = setting(True, "Mirror.", DATA)
    near: bool = setting(False, "Near.", DATA, option="near/far", aliases=("close",))
    subset: Literal["all", "paper"] = setting("all", "Subjects.", DATA)


def test_only_what_is_declared_as_an_option_is_offered():
    assert [option.field for option in options_of(Settings)] == [
        "field_mm",
        "flip",
        "near",
        "subset",
    ]


def test_an_option_has_the_declared_names():
    field, flip, near, subset = options_of(Settings)
    assert (field.name, field.spellings) == ("field", ("field", "field-mm"))
    assert (flip.name, flip.opposite) == ("flip", "no-flip")
    assert (near.name, near.opposite, near.aliases) == ("near", "far", ("close",))
    assert (subset.opposite, subset.words) == ("", ("all", "paper"))
    assert (field.text, field.panel, field.default_text) == ("Millimetres.", DATA, "256")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, (int, False)),
        (PositiveInt | None, (int, False)),
        (Annotated[float | None, "any note"], (float, False)),
        (bool, (bool, False)),
        (Path | None, (Path, False)),
        (Literal[16, 32], (int, False)),
        (Literal["a"] | None, (str, False)),
        (MaxMemory, (str, False)),
        (tuple[float, ...], (str, False)),
        (tuple[Path, ...], (Path, True)),
        (list[str] | None, (str, True)),
        (Path | tuple[dict, ...] | None, (Path, False)),
        (dict[str, int], (str, False)),
    ],
)
def test_the_command_line_reads_a_field_by_its_type(annotation, kind):
    assert kind_of(annotation) == kind


def test_completion_knows_all_samplers_and_schedulers():
    """They are listed beside the options, as their own tables load Optuna."""
    assert option_of(Plan, "sampler").words == tuple(SAMPLERS)
    assert option_of(Plan, "scheduler").words == tuple(SCHEDULERS)


@pytest.mark.parametrize("model", [Plan, Start, *(row.load_settings() for row in STUDIES.values())])
def test_every_option_has_a_sentence_and_a_known_panel(model):
    for option in options_of(model):
        assert option.panel in PANELS
        assert option.text.endswith(".")
