"""One thread, and one prepared run of phantom images, for all tests of this package."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from trainables import tsynd
from trainables.models.classifiers import Classifier
from trainables.protocol import Facts
from trainables.training.frozen_autoencoder import FrozenAutoencoder, read_autoencoder


@dataclass(frozen=True)
class Prepared:
    """Settings, the folder that trials read, what preparing found, and what it said."""

    settings: tsynd.Settings
    assets: Path
    facts: Facts
    said: list[str] = field(default_factory=list)

    def trial(self, **config: Any) -> tsynd.TSynDTrial:
        """Build a trial."""
        trial = tsynd.build(config, self.settings, self.assets)
        assert isinstance(trial, tsynd.TSynDTrial)
        return trial


def prepare(folder: Path, **settings: Any) -> Prepared:
    said: list[str] = []
    known = tsynd.parse_settings({"device": "cpu", "precision": "fp32", **settings})
    facts = tsynd.prepare(known, folder / "assets", said.append)
    return Prepared(known, folder / "assets", facts, said)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
    return read_autoencoder(prepared.assets / tsynd.AUTOENCODER, torch.device("cpu"))
