"""Settings that all synthesis studies share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, field_validator, model_validator

from searchspace.errors import UserError
from searchspace.names import lookup
from searchspace.unet import KERNELS
from trainables.attacks.settings import AttackSettings
from trainables.runtime.config import limit_or_none
from trainables.study.ladder import default_ladder, parse_ladder
from trainables.study.report import Rung
from trainables.study.settings import (
    DATA,
    MACHINE,
    ROBUSTNESS,
    SEARCH,
    TRAINING,
    setting,
)
from trainables.synthesis.about import ranking_metric
from trainables.synthesis.training.recipe import (
    LossName,
    OptimiserName,
    Recipe,
    RegimeName,
    ScheduleName,
    SliceNormName,
)

DEFAULT_EPS = "0,0.05,0.1,0.2"
NormalisationName = Literal["whole", "tissue", "percentiles"]


def _parse_share(value: object) -> float | None:
    refusal = f"max-disturbed is '{value}': give a share such as 0.1, or none"
    return limit_or_none(value, refusal, most=1.0)


MaxDisturbed = Annotated[float | str | None, BeforeValidator(_parse_share)]
"""A share from above 0 to 1; None, written ``none``, for no limit."""


class SynthesisSettings(AttackSettings):
    """What is fixed for a run of a synthesis study; the defaults suit a laptop."""

    DEFAULT_EPS: ClassVar[str] = DEFAULT_EPS
    SMALL: ClassVar[Mapping[str, Any]] = {
        "subjects": 10,
        "slices": 2,
        "size": 32,
        "eps": "0,0.1",
        "epochs": 3,
    }

    data: Path | None = setting(
        None,
        "Folder with a folder a subject: mr, ct and maybe mask, .nii, .nii.gz, .mha or .mhd.",
        DATA,
        default_text="a phantom, made here",
    )
    subjects: int = setting(40, "Of the phantom.", DATA, ge=4)
    slices: int = setting(3, "Of a phantom subject.", DATA, ge=1)
    size: int = setting(64, "Pixels that the network sees, to a side.", DATA, ge=8, le=1024)
    # 256 mm at 256 pixels of 1 mm is the paper's crop or pad, without resampling.
    field_mm: float = setting(
        256.0,
        "Millimetres that they cover: the image is cropped or padded to that.",
        DATA,
        option="field",
        default_text="256",
        gt=0,
    )
    neighbours: int = setting(
        0,
        "Slices above and below that a network sees as well; an attack moves each by itself.",
        DATA,
        ge=0,
        le=4,
    )
    pool: Path | None = setting(
        None,
        "Folder by which runs on one disk share slices of the same content.",
        DATA,
        default_text="none",
    )
    subset: Literal["all", "paper"] = setting(
        "all", "all subjects, or paper: 6 of the training subjects, 4:1:1.", DATA
    )
    test_site: str | None = setting(
        None,
        "Beginning of names, or several with commas: these subjects are test, and no others, so "
        "that a site is tested which no training and no choice saw.",
        DATA,
        default_text="none",
    )
    ranking_site: str | None = setting(
        None,
        "The same of subjects that rank; of a site that is test as well one half ranks.",
        DATA,
        default_text="none",
    )
    keep_near: bool = setting(
        False,  # noqa: FBT003 - a field
        "Keep subjects that are near copies of one another, in whatever splits they fall; "
        "otherwise they are refused.",
        DATA,
    )
    rank_slices: int | None = setting(
        None,
        "Most slices of a subject of val and ranking, evenly spaced over its head.",
        DATA,
        default_text="all",
        ge=1,
    )
    epoch_slices: int | None = setting(
        None,
        "Training slices an epoch, drawn anew each time; of too few, some are drawn again.",
        TRAINING,
        default_text="all",
        ge=2,
    )
    equal: Literal["slices", "time"] = setting(
        "slices",
        "What an epoch has alike for all trials: slices, or computing time, as predicted: then a "
        "cheaper network sees more slices than the plain U-Net, and one that is attacked fewer.",
        TRAINING,
    )
    max_filters: Literal[16, 32, 64, 128, 256] = setting(
        32, "Most filters of a block: 16, 32, 64, 128 or 256.", SEARCH
    )
    max_depth: int = setting(5, "Most encoder blocks, 2 to 5.", SEARCH, ge=2, le=5)
    kernels: str = setting(
        "square", "Of the four branches: square (1, 3, 5, 7) or inception.", SEARCH
    )
    epochs: int = setting(30, "Budget of a trial.", TRAINING, ge=1)
    batch_size: int = setting(6, "Slices a step.", TRAINING, ge=2)
    lr: float = setting(8e-3, "Learning rate; of one cycle its peak.", TRAINING, gt=0)
    flip: bool = setting(True, "Mirror training slices at random.", TRAINING)  # noqa: FBT003 - a field
    left_right: Literal["auto", "first", "second"] = setting(
        "auto",
        "Axis of the slices along which they are mirrored: first (as the headers say), second, or "
        "auto, by the symmetry of the heads.",
        TRAINING,
    )
    augment: bool = setting(
        True,  # noqa: FBT003 - a field
        "Turn, scale and shift half of the training slices; change gain and offset of half of the "
        "MR, at random.",
        TRAINING,
    )
    augment_by: float = setting(
        1.0, "Of these changes, as a multiple of the usual ranges.", TRAINING, gt=0, le=4
    )
    artefacts: float = setting(
        1.0,
        "Change contrast, field, noise and resolution of training MR at random, as other scanners "
        "might; a multiple of the usual ranges, 0 for none.",
        TRAINING,
        ge=0,
        le=2,
    )
    mirrored: bool = setting(
        True,  # noqa: FBT003 - a field
        "Predict the mean over a slice and its mirror image, left and right.",
        TRAINING,
    )
    slice_norm: SliceNormName = setting(
        "none",
        "Bring each slice to a scale of its own, inside the network: by all pixels (whole), by "
        "tissue, or by percentiles of tissue. Epsilon keeps its unit.",
        TRAINING,
    )
    loss: LossName = setting("l1", "Of a pixel: l1, huber or mse.", TRAINING)
    background: float = setting(
        0.1, "Weight of pixels outside the head; inside it is 1.", TRAINING, ge=0, le=1
    )
    optimiser: OptimiserName = setting("adamw", "adamw or amsgrad.", TRAINING)
    weight_decay: float = setting(1e-4, "Of the weights.", TRAINING, ge=0)
    schedule: ScheduleName = setting(
        "one-cycle", "Of the learning rate: one-cycle or constant.", TRAINING
    )
    ema: float = setting(
        0.99,
        "Share of the mean of the weights that stays at a step; 0 for none.",
        TRAINING,
        ge=0,
        lt=1,
    )
    regime: RegimeName = setting(
        "standard",
        "What is trained on: standard, adversarial (half of the slices attacked at one radius) or "
        "uniform (all, at radii from 0 up).",
        TRAINING,
    )
    attack_eps: float = setting(
        0.12, "Greatest radius of adversarial training, in MR standard deviations.", TRAINING, gt=0
    )
    attack_steps: int = setting(1, "Of its attack; 1 for FGSM.", TRAINING, ge=1)
    epoch_by: Literal["error", "loss"] = setting(
        "error",
        "What chooses the epoch on val: error (head MAE, half of it attacked) or loss.",
        TRAINING,
    )
    normalisation: NormalisationName = setting(
        "whole",
        "Of the MR, by all voxels (whole), by tissue, or by percentiles of tissue; epsilon counts "
        "its unit.",
        DATA,
    )
    attack: str = setting(
        "pgd", "The attack that ranks: pgd, pgd-clean, fgsm, apgd or square.", ROBUSTNESS
    )
    eps: tuple[float, ...] = setting(
        DEFAULT_EPS,
        "Radii in standard deviations of the MR, with commas; or auto: from where the baseline "
        "loses half of its skill to where adversarial training keeps a quarter.",
        ROBUSTNESS,
        validate_default=True,
    )
    ladder: str | None = setting(
        None,
        "Rungs, cheap first: EPOCHS:ATTACK, then maybe -STEPS, xRESTARTS, @IMAGES, !.",
        ROBUSTNESS,
        default_text="10:pgd-5,30:pgd-10,30:pgd-20!",
    )
    floor: float = setting(
        0.1,
        "Share of what the clean head MAE of the plain U-Net (of the baseline, with the paper's "
        "preset) lies below that of the best single grey, which a trial may lose.",
        ROBUSTNESS,
        ge=0,
    )
    max_disturbed: MaxDisturbed = setting(
        None,
        "Share of its clean skill that a winner may lose to what scanners and patients do, on the "
        "mean of all disturbances, such as 0.1.",
        ROBUSTNESS,
        default_text="none",
    )
    max_params: int | None = setting(
        None, "Most parameters of a network that is trained.", SEARCH, default_text="none", ge=1
    )
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto",
        "Of the training's forward pass: fp32, bf16, or bf16 where it pays (auto).",
        MACHINE,
    )
    data_seed: int = setting(
        0, "Of splits and phantom: the same for searches that are compared.", DATA, ge=0
    )

    @property
    def recipe(self) -> dict[str, Any]:
        """The values of a config that say how a network is trained, as this run fixes them."""
        return {name: getattr(self, name) for name in Recipe.model_fields}

    @property
    def channels(self) -> int:
        """Slices of the MR that a network sees to predict one of the CT."""
        return 2 * self.neighbours + 1

    @property
    def grid(self) -> str:
        """The grid that networks see, in words."""
        return f"{self.size} x {self.size} pixels of {self.pixel_mm:.3g} mm"

    @property
    def pixel_mm(self) -> float:
        """The side of a pixel in mm."""
        return self.field_mm / self.size

    @property
    def data_name(self) -> str:
        """The name of the folder of subjects, or ``phantom``."""
        return "phantom" if self.data is None else self.data.name

    @field_validator("eps", mode="before")
    @classmethod
    def _parse_eps(cls, value: object) -> object:
        from trainables.attacks.threat import mr_deviations, parse_eps  # noqa: PLC0415 - loads torch

        entries = value if isinstance(value, list | tuple) else [value]
        return parse_eps(",".join(str(entry) for entry in entries), mr_deviations)

    @field_validator("kernels")
    @classmethod
    def _check_kernels(cls, name: str) -> str:
        lookup(KERNELS, name, "kernels")
        return name

    @field_validator("attack")
    @classmethod
    def _check_attack(cls, name: str) -> str:
        from trainables.attacks.registry import SYNTHESIS_ATTACKS  # noqa: PLC0415 - loads torch

        lookup(SYNTHESIS_ATTACKS, name, "attack")
        return name

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder, or the default one; every rung measures all subjects, as there are few."""
        from trainables.attacks.registry import SYNTHESIS_ATTACKS  # noqa: PLC0415 - loads torch

        return parse_ladder(
            # One start: each error that is attacked has its own.
            self.ladder or default_ladder(self.attack, self.epochs, subset=None, restarts=1),
            attacks=SYNTHESIS_ATTACKS,
            epochs=self.epochs,
            eps=self.eps,
            metric_of=ranking_metric,
        )

    @model_validator(mode="after")
    def _check_ladder(self) -> "SynthesisSettings":
        from trainables.attacks.registry import build_synthesis_attack  # noqa: PLC0415 - loads torch

        for rung in self.rungs:  # an attack that cannot run is an error before anything is trained
            if level := rung.level:
                build_synthesis_attack(level.attack, steps=level.steps, restarts=level.restarts)
        return self

    @model_validator(mode="after")
    def _check_size(self) -> "SynthesisSettings":
        step = 2**self.max_depth
        if self.size % step:
            near = max(step, round(self.size / step) * step)
            raise UserError(
                f"size {self.size} cannot be halved {self.max_depth} times: "
                f"give a multiple of {step} such as {near}, or a smaller --max-depth"
            )
        return self
