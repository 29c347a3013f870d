"""What is fixed for a run of a synthesis study."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from searchspace.errors import UserError
from searchspace.names import lookup
from searchspace.unet import KERNELS
from trainables.attacks.registry import SYNTHESIS_ATTACKS, build_synthesis_attack
from trainables.attacks.threat import AUTO, mr_deviations, parse_eps
from trainables.runtime.config import Frozen
from trainables.runtime.device import resolve_device
from trainables.runtime.memory import AUTO as DEVICE_MEMORY
from trainables.runtime.memory import MaxMemory
from trainables.study.ladder import default_ladder, parse_ladder
from trainables.study.report import Rung
from trainables.synthesis.measurement import ranking_metric

DEFAULT_EPS = "0,0.05,0.1,0.2"


class SynthesisSettings(Frozen):
    """What is fixed for a run; every field has a default that suits a laptop.

    Attributes:
        data: Folder with one folder a subject; None for the embedded phantom.
        subjects: How many phantom subjects.
        slices: Slices of a phantom subject.
        size: Height and width in pixels that the network sees.
        field_mm: Side of the square field that they cover, in mm; 256 mm at 256 pixels of 1 mm is
            the paper's crop or pad, without resampling.
        subset: ``all`` subjects, or ``paper``: 6 of the training subjects, 4:1:1.
        max_filters: Most filters of a block that a search may try, a power of two
            from 16 to 256; the least is 8.
        max_depth: Most encoder blocks that a search may try, 2 to 5.
        kernels: Kernel sizes of the four branches, a name of `searchspace.unet.KERNELS`.
        epochs: The budget of a trial.
        batch_size: Slices a step.
        lr: Learning rate of Adam with AMSGrad.
        flip: Mirror training slices left and right at random.
        attack: The attack whose curve ranks trials unless another metric is named.
        eps: Radii of the threat model in standard deviations of the subject's MR, rising from 0.
        eps_auto: Whether the run chooses the radii itself; set by ``eps="auto"``.
        ladder: The rungs, as `trainables.study.ladder` reads them; None for a default by attack.
        floor: Share by which a trial's clean head MAE may exceed the baseline's.
        max_params: Most parameters of a network that is trained; None for no limit.
        max_memory: Most memory of one training step, in GiB, as predicted; ``auto`` until the run
            knows its device; None for no limit.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: Of the training's forward pass: ``auto``, ``fp32`` or ``bf16``.
        data_seed: Of the splits and of the phantom: what searches that are compared must share.
        seed: Of initialisation, order and attacks.
        protocol: ``paper`` takes the paper's choices where none are named.
    """

    PAPER: ClassVar[dict[str, Any]] = {
        "size": 256,
        "subset": "paper",
        "max_filters": 256,
        "epochs": 10,
        "lr": 1e-4,
        "batch_size": 6,
        "flip": False,
        "attack": "fgsm",
        "eps": "0,0.2",
    }

    data: Path | None = None
    subjects: int = Field(default=40, ge=4)
    slices: int = Field(default=3, ge=1)
    size: int = Field(default=64, ge=8)
    field_mm: float = Field(default=256.0, gt=0)
    subset: Literal["all", "paper"] = "all"
    max_filters: Literal[16, 32, 64, 128, 256] = 32
    max_depth: int = Field(default=5, ge=2, le=5)
    kernels: str = "square"
    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=6, ge=2)
    lr: float = Field(default=3e-3, gt=0)
    flip: bool = True
    attack: str = "pgd"
    eps: tuple[float, ...] = parse_eps(DEFAULT_EPS, mr_deviations)
    eps_auto: bool = False
    ladder: str | None = None
    floor: float = Field(default=0.25, ge=0)
    max_params: int | None = Field(default=None, ge=1)
    max_memory: MaxMemory = DEVICE_MEMORY
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    data_seed: int = Field(default=0, ge=0)
    seed: int = Field(default=0, ge=0)
    protocol: Literal["default", "paper"] = "default"

    @property
    def dataset(self) -> str:
        """Name the data in a few letters, for the run folder."""
        return "phantom" if self.data is None else self.data.name

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Let the protocol choose what the user left open, and write the device down."""
        filled = dict(values)
        if values.get("eps") == AUTO:
            filled |= {"eps": DEFAULT_EPS, "eps_auto": True}
        filled["device"] = str(resolve_device(str(filled.get("device", "auto"))))
        return cls.PAPER | filled if filled.get("protocol") == "paper" else filled

    @field_validator("eps", mode="before")
    @classmethod
    def _parse_eps(cls, value: object) -> object:
        entries = value if isinstance(value, list | tuple) else [value]
        return parse_eps(",".join(str(entry) for entry in entries), mr_deviations)

    @field_validator("kernels")
    @classmethod
    def _known_kernels(cls, name: str) -> str:
        lookup(KERNELS, name, "kernels")
        return name

    @field_validator("attack")
    @classmethod
    def _known_attack(cls, name: str) -> str:
        lookup(SYNTHESIS_ATTACKS, name, "attack")
        return name

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder; every rung sees all subjects, who are few."""
        return parse_ladder(
            self.ladder or default_ladder(self.attack, self.epochs, subset=None),
            attacks=SYNTHESIS_ATTACKS,
            epochs=self.epochs,
            eps=self.eps,
            metric_of=ranking_metric,
        )

    @model_validator(mode="after")
    def _climbable(self) -> "SynthesisSettings":
        for rung in self.rungs:  # a ladder that cannot be climbed is the user's to mend now
            if level := rung.level:
                build_synthesis_attack(level.attack, steps=level.steps, restarts=level.restarts)
        return self

    @model_validator(mode="after")
    def _divisible(self) -> "SynthesisSettings":
        step = 2**self.max_depth
        if self.size % step:
            near = max(step, round(self.size / step) * step)
            raise UserError(
                f"size {self.size} cannot be halved {self.max_depth} times: "
                f"give a multiple of {step} such as {near}, or a smaller --max-depth"
            )
        return self
