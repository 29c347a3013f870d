"""Settings of RobMedNAS, and the config of one trial [robmednas]."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from searchspace.errors import UserError
from searchspace.unet import NamedNetwork, parse_network
from trainables.study.about import About
from trainables.study.settings import SEARCH, setting
from trainables.synthesis.about import about_synthesis
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.training.recipe import NetworkConfig


class RobMedNASSettings(SynthesisSettings):
    """What is fixed for a run of the study; ``PAPER`` holds the paper's values."""

    about: ClassVar[About] = about_synthesis(
        "robmednas", "U-Nets for MR-to-CT synthesis that withstand attack", ("robmednas", "se")
    )
    PAPER: ClassVar[Mapping[str, Any]] = {
        "space": "architecture",
        "size": 256,
        "subset": "paper",
        "max_filters": 256,
        "epochs": 10,
        "lr": 1e-4,
        "batch_size": 6,
        "flip": False,
        "augment": False,
        "artefacts": 0.0,
        "mirrored": False,
        "loss": "mse",
        "background": 1.0,
        "optimiser": "amsgrad",
        "weight_decay": 0.0,
        "schedule": "constant",
        "ema": 0.0,
        "attack_eps": 0.2,
        "epoch_by": "loss",
        "attack": "fgsm",
        "eps": "0,0.2",
    }
    PAPER_PLAN: ClassVar[Mapping[str, Any]] = {"trials": 200, "scheduler": "fifo", "repeats": 15}

    space: Literal["architecture", "recipe", "both"] = setting(
        "both", "What is searched: architecture, recipe (how it trains) or both.", SEARCH
    )
    architecture: str | None = setting(
        None,
        "Network of --space recipe, such as 'plain 16 32 64 128'.",
        SEARCH,
        default_text="a plain U-Net",
    )

    networks: tuple[str, ...] = setting(
        (),
        "A further control, trained without and with attacks, such as 'monai unet' or "
        "'plain 8 16 32'; may be repeated.",
        SEARCH,
        option="control",
        default_text="none",
    )

    @field_validator("networks")
    @classmethod
    def _check_networks(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for network in map(parse_network, texts):
            if isinstance(network, NamedNetwork) and network.own:
                raise UserError(
                    f"network {network} is code, which is run by robmednas-final --network only"
                )
        return tuple(str(parse_network(text)) for text in texts)

    @field_validator("architecture")
    @classmethod
    def _check_architecture(cls, text: str | None) -> str | None:
        return text if text is None else str(parse_network(text))


class RobMedNASConfig(NetworkConfig):
    """What makes one trial of the study; the defaults are the paper's recipe."""
