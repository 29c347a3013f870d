"""One thread, and a prepared run of each study on made data, for all tests of this package."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from trainables.classification.trial import ClassifierTrial
from trainables.generative.frozen_autoencoder import FrozenAutoencoder, read_autoencoder
from trainables.models.classifiers import Classifier
from trainables.studies.robmednas.study import RobMedNAS
from trainables.studies.tsynd.assets import AUTOENCODER
from trainables.studies.tsynd.settings import TSynDSettings
from trainables.studies.tsynd.study import TSynD
from trainables.study.study import Facts
from trainables.synthesis.preparation.assets import Data, read_data
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.trial import SynthesisTrial

tsynd = TSynD()
robmednas = RobMedNAS()


@dataclass(frozen=True)
class Prepared:
    """Settings, the folder that trials read, the facts of preparing, and its sentences."""

    settings: TSynDSettings
    assets: Path
    facts: Facts
    sentences: list[str] = field(default_factory=list)

    def trial(self, **config: Any) -> ClassifierTrial:
        """Build a trial."""
        trial = tsynd.build(config, self.settings, self.assets)
        assert isinstance(trial, ClassifierTrial)
        return trial


def prepare(folder: Path, **settings: Any) -> Prepared:
    sentences: list[str] = []
    parsed = tsynd.parse_settings({"device": "cpu", "precision": "fp32", **settings})
    facts = tsynd.prepare(parsed, folder / "assets", sentences.append)
    return Prepared(parsed, folder / "assets", facts, sentences)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    """60 images to train on, 240 to choose the epoch by, 48 to rank on."""
    folder = tmp_path_factory.mktemp("phantom")
    return prepare(
        folder, cache=folder / "cache", autoencoder_steps=140, fraction=0.05, ranking_images=48,
        eps="0,4/255", epochs=6,
    )  # fmt: skip


@pytest.fixture(scope="session")
def trained(prepared) -> Classifier:
    """A classifier that has learnt something: an untrained one is equally unsure of everything."""
    settings = prepared.settings.model_copy(update={"epochs": 30})
    trial = tsynd.build({"regime": "baseline", "lr": 3e-3}, settings, prepared.assets)
    for _ in range(30):
        trial.step()
    return trial.classifier.eval()


@pytest.fixture(scope="session")
def autoencoder(prepared) -> FrozenAutoencoder:
    return read_autoencoder(prepared.assets / AUTOENCODER, torch.device("cpu"))


TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


@dataclass(frozen=True)
class Heads:
    """As `Prepared`, of RobMedNAS."""

    settings: SynthesisSettings
    assets: Path
    facts: Facts
    sentences: list[str]

    @property
    def data(self) -> Data:
        return read_data(self.assets)

    def trial(self, **config: Any) -> SynthesisTrial:
        config = {"architecture": TINY, "lr": 3e-3} | config
        return robmednas.build(config, self.settings, self.assets)


def prepare_heads(folder: Path, **settings: Any) -> Heads:
    sentences: list[str] = []
    small = {"subjects": 10, "slices": 2, "size": 32, "device": "cpu", "precision": "fp32"}
    small |= {"eps": "0,0.1", "epochs": 4, "augment": False, "epoch_by": "loss"}
    parsed = robmednas.parse_settings(small | settings)
    facts = robmednas.prepare(parsed, folder / "assets", sentences.append)
    return Heads(parsed, folder / "assets", facts, sentences)


@pytest.fixture
def make_heads(tmp_path) -> Callable[..., Heads]:
    """Prepare heads with other settings."""
    return partial(prepare_heads, tmp_path)


@pytest.fixture(scope="session")
def heads(tmp_path_factory) -> Heads:
    """6 subjects to train on, 1 to choose the epoch by, 1 or 2 to rank on; two slices each."""
    return prepare_heads(tmp_path_factory.mktemp("heads"))
