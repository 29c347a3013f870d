"""A synthesis over the prepared run, and a few of its images."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from trainables.runtime.seeding import generator
from trainables.studies.tsynd.regimes import Batch, Synthesis


@pytest.fixture(scope="session")
def batch(prepared) -> Batch:
    trial = prepared.trial()
    train = trial.data.train
    return Batch(train.images[:6].float() / 255, trial.learner.codes.latents[:6], train.labels[:6])


@pytest.fixture
def synthesis(trained, autoencoder) -> Callable[..., Synthesis]:
    """Make what regimes work with; the seed is that of the generator."""

    def make(seed: int = 0, **changed: Any) -> Synthesis:
        usual = {
            "classifier": trained,
            "autoencoder": autoencoder.model,
            "latent_std": autoencoder.latent_std,
            "lr": 0.2,
            "sigma": 0.5,
            "iterations": 4,
            "max_shift": 0.15,
            "uncertainty": "mi",
            "masks": 8,
            "attack_eps": 4 / 255,
            "attack_steps": 3,
            "multi_label": False,
            "generator": generator(torch.device("cpu"), seed),
        }
        return Synthesis(**(usual | changed))

    return make
