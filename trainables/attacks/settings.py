"""Settings of studies that rank by an attack; importing this loads neither NumPy nor torch."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from trainables.study.settings import (
    MACHINE,
    PAPER_PRESET,
    ROBUSTNESS,
    TRAINING,
    StudySettings,
    setting,
)


class AttackSettings(StudySettings):
    """What studies share that rank by an attack along a grid of radii.

    A subclass says in its own fields which unit the radii have.
    """

    DEFAULT_EPS: ClassVar[str]
    """Radii that a run falls back to where it cannot choose them."""
    EPS: ClassVar[str | None] = None
    """Radii where the user names none, as text; None for `DEFAULT_EPS`."""

    protocol: Literal["default", "paper"] = setting(
        "default",
        "default (scaled to a laptop) or paper (the paper's own settings).",
        TRAINING,
        option="preset",
        aliases=("protocol",),
    )
    attack: str = setting("pgd", "The attack that ranks.", ROBUSTNESS)
    eps: tuple[float, ...] = setting((0.0,), "Radii, with commas.", ROBUSTNESS)
    eps_auto: bool = Field(default=False, description='Set by eps="auto".')
    ladder: str | None = setting(
        None,
        "Rungs, cheap first: EPOCHS:ATTACK, then maybe -STEPS, xRESTARTS, @IMAGES, !.",
        ROBUSTNESS,
    )
    floor: float = setting(0.15, "Share by which the clean score may be worse.", ROBUSTNESS, ge=0)
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto",
        "In which training computes: fp32, bf16, or bf16 where there is hardware (auto).",
        MACHINE,
    )

    @property
    def ranking_attacks(self) -> tuple[str, ...]:
        """The attacks that rank at some rung, in alphabetical order."""
        return tuple(sorted({rung.level.attack for rung in self.rungs if rung.level}))

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let preset and device choose what the user left open, and write the choice down."""
        from trainables.attacks.threat import AUTO  # noqa: PLC0415 - torch, only once values come
        from trainables.runtime.device import resolve_device  # noqa: PLC0415

        device = resolve_device(str(values.get("device", "auto")))
        is_paper = values.get("protocol") == PAPER_PRESET
        defaults = dict(cls.PAPER) if is_paper else cls.defaults_on(device.type)
        filled = {"eps": cls.EPS or cls.DEFAULT_EPS} | defaults | values | {"device": str(device)}
        if filled["eps"] == AUTO:
            filled |= {"eps": cls.DEFAULT_EPS, "eps_auto": True}
        return filled

    @classmethod
    def defaults_on(cls, device: str) -> dict[str, Any]:
        """Return defaults that depend on the kind of device, ``cpu`` or ``cuda``."""
        del device
        return {}
