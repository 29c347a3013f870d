"""Settings, which are fixed for a run: each is declared once, with help, panel and bounds.

The command line, the YAML file of a run and its manifest are all made from these declarations.
Importing this, and a study's settings, loads neither NumPy nor torch: ``--help`` reads them.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from trainables.runtime.config import Frozen
from trainables.runtime.memory import AUTO as DEVICE_MEMORY
from trainables.runtime.memory import MaxMemory
from trainables.study.about import About
from trainables.study.report import Rung

DATA, TRAINING, ROBUSTNESS = "Data", "Training", "Robustness"
SEARCH, MACHINE, OUTPUT = "Search", "Machine", "Output"
PANELS = (DATA, TRAINING, ROBUSTNESS, SEARCH, MACHINE, OUTPUT)
PAPER_PRESET = "paper"


def setting(
    default: Any,  # noqa: ANN401 - of any field
    text: str,
    panel: str,
    *,
    default_text: str | None = None,
    option: str | None = None,
    aliases: tuple[str, ...] = (),
    **bounds: Any,  # noqa: ANN401 - those of pydantic's Field
) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Declare a setting: a pydantic field that says how the command line offers it.

    Args:
        default: The value where the user gives none.
        text: Help, one or two short sentences.
        panel: The heading under which the help lists it, one of `PANELS`; empty for no option.
        default_text: The default as the help shows it; None for the default itself.
        option: The name of the option where it differs from the field's. For a yes-or-no setting
            ``NAME/OPPOSITE``, where ``--OPPOSITE`` turns it off; by default ``--no-NAME`` does.
        aliases: Further names of the option.
        bounds: ``ge``, ``le``, ``gt``, ``lt`` and what else `pydantic.Field` takes; ``examples``
            are offered by shell completion.
    """
    extra: dict[str, Any] = {
        "panel": panel,
        "default_text": default_text,
        "option": option,
        "aliases": list(aliases),
    }
    return Field(default=default, description=text, json_schema_extra=extra, **bounds)


class StudySettings(Frozen):
    """The settings that every study has, and that the engine reads.

    A subclass adds fields with `setting`, and describes the study in ``about``.
    """

    about: ClassVar[About]
    PAPER: ClassVar[Mapping[str, Any]] = {}
    """Settings of the paper, taken by ``--preset paper`` where the user names none."""
    PAPER_PLAN: ClassVar[Mapping[str, Any]] = {}
    """Options of the engine that the same preset changes, such as ``trials``."""
    SMALL: ClassVar[Mapping[str, Any]] = {}
    """Settings of the smallest run that still means something, for the contract tests."""

    epochs: int = setting(60, "Budget of a trial.", TRAINING, ge=1)
    max_memory: MaxMemory = setting(
        DEVICE_MEMORY,
        "Most GiB of a training step, as predicted: larger networks are refused. Also auto (what "
        "a trial's device has) or none.",
        MACHINE,
    )
    device: str = setting("auto", "auto, cpu, cuda or cuda:1.", MACHINE)
    # Without a panel: the engine's own --seed sets it too.
    seed: int = setting(0, "Of initialisation, order, noise and attacks.", "", ge=0)

    @classmethod
    def plan_of(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the engine's options that the preset among some settings changes."""
        return cls.PAPER_PLAN if values.get("protocol") == PAPER_PRESET else {}

    @property
    def data_name(self) -> str:
        """A short name of the data, for the run folder; empty where there is none."""
        return ""

    @property
    @abstractmethod
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder, see `trainables.study.ladder`."""
