import subprocess
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import field_validator

from trainables.attacks.settings import AttackSettings
from trainables.runtime.config import parse


class Toy(AttackSettings):
    """Settings of a study that has a paper and needs less on a CPU."""

    DEFAULT_EPS: ClassVar[str] = "0,0.5"
    PAPER: ClassVar[Mapping[str, Any]] = {"epochs": 500, "floor": 0.0}

    @field_validator("eps", mode="before")
    @classmethod
    def _parse_eps(cls, value: object) -> object:
        return tuple(map(float, value.split(","))) if isinstance(value, str) else value

    @classmethod
    def defaults_on(cls, device: str) -> dict[str, Any]:
        return {"epochs": 7} if device == "cpu" else {}

    @property
    def rungs(self):
        return ()


def test_automatic_radii_begin_as_the_default_and_are_noted():
    settings = parse(Toy, {"eps": "auto", "device": "cpu"})
    assert (settings.eps, settings.eps_auto) == ((0.0, 0.5), True)
    settings = parse(Toy, {"eps": "0,2", "device": "cpu"})
    assert (settings.eps, settings.eps_auto) == ((0.0, 2.0), False)


def test_a_study_may_leave_the_radii_to_the_run_unless_they_are_named():
    class Automatic(Toy):
        EPS: ClassVar[str | None] = "auto"
        PAPER: ClassVar[Mapping[str, Any]] = {"eps": "0,3"}

    cases = {"": ((0.0, 0.5), True), "eps": ((0.0, 2.0), False), "protocol": ((0.0, 3.0), False)}
    values = {"": {}, "eps": {"eps": "0,2"}, "protocol": {"protocol": "paper"}}
    for name, expected in cases.items():
        settings = parse(Automatic, {"device": "cpu"} | values[name])
        assert (settings.eps, settings.eps_auto) == expected
        # What a manifest holds is read back as it is.
        assert parse(Automatic, settings.model_dump()) == settings


@pytest.mark.parametrize(
    ("values", "epochs", "floor"),
    [
        ({}, 7, 0.15),
        ({"epochs": 9}, 9, 0.15),
        ({"protocol": "paper"}, 500, 0.0),
        ({"protocol": "paper", "epochs": 9}, 9, 0.0),
    ],
)
def test_a_value_of_the_user_comes_before_the_preset_and_that_before_the_device(
    values, epochs, floor
):
    settings = parse(Toy, {"device": "cpu"} | values)
    assert (settings.epochs, settings.floor) == (epochs, floor)


def test_the_device_is_written_down():
    assert parse(Toy, {}).device in {"cpu", "cuda"}


def test_the_module_is_read_without_torch_and_numpy():
    code = "import sys, trainables.attacks.settings; print({'torch', 'numpy'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert answer.stdout == b"set()\n"
