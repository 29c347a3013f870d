"""How a trial trains: regimes differ in what they add, and in nothing else."""

from copy import deepcopy

import pytest
import torch

from trainables.studies.tsynd import learner as module
from trainables.studies.tsynd.regimes import REGIMES
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()


def equal(first, second):
    weights = (trial.classifier.state_dict() for trial in (first, second))
    return all(torch.equal(*pair) for pair in zip(*(w.values() for w in weights), strict=True))


def watch_epochs(monkeypatch, note):
    """Replace the epochs of training by a step of nothing and a note."""

    def watch(classifier, optimiser, data, synthesise, loss, *, generator, **_):
        note(optimiser, generator)
        optimiser.step()
        return 0.0

    monkeypatch.setattr(module, "train_epoch", watch)


def test_regimes_differ_in_nothing_but_what_they_add(prepared, monkeypatch):
    """The same first weights, order and dropout; another order and dropout each epoch."""
    seeds = []
    watch_epochs(
        monkeypatch,
        lambda _, order: seeds.append((order.initial_seed(), torch.initial_seed())),
    )
    trials = [prepared.trial(regime=regime) for regime in REGIMES]
    for trial in trials:
        assert equal(trial, trials[0])
        trial.learner.epoch(0)
        trial.learner.epoch(1)
    pairs = list(zip(seeds[::2], seeds[1::2], strict=True))
    assert pairs == [pairs[0]] * 5
    assert len({seed for step in pairs[0] for seed in step}) == 4


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_images_are_made_in_the_settings_precision(prepared, monkeypatch, precision):
    flags = []

    def watch(synthesis, batch):
        flags.append(torch.is_autocast_enabled("cpu"))
        return batch.images

    monkeypatch.setitem(module.REGIMES, "noise", watch)
    settings = prepared.settings.model_copy(update={"precision": precision})
    tsynd.build({"regime": "noise"}, settings, prepared.assets).learner.epoch(0)
    assert set(flags) == {precision == "bf16"}


def test_a_batch_is_half_real_and_the_config_reaches_the_regime(prepared, monkeypatch):
    calls = []

    def watch(synthesis, batch):
        calls.append((synthesis, len(batch.labels)))
        return batch.images

    monkeypatch.setitem(module.REGIMES, "tsynd", watch)
    config = {
        "latent_lr": 0.7, "latent_sigma": 0.3, "latent_iterations": 9, "max_shift": 0.11,
        "uncertainty": "entropy", "masks": 6, "attack_eps": 0.02, "attack_steps": 3,
    }  # fmt: skip
    trial = prepared.trial(batch_size=40, **config)
    trial.learner.epoch(0)
    assert [count for _, count in calls] == [20, 20, 20]
    synthesis = calls[0][0]
    renamed = {"latent_lr": "lr", "latent_sigma": "sigma", "latent_iterations": "iterations"}
    for name, value in config.items():
        assert getattr(synthesis, renamed.get(name, name)) == value
    assert synthesis.classifier is trial.classifier
    assert synthesis.latent_std == trial.learner.codes.autoencoder.latent_std
    assert not synthesis.multi_label
    assert "generation" in trial.seconds


def learner_of(prepared):
    settings = prepared.settings.model_copy(update={"epochs": 8})
    return tsynd.build({"lr": 0.1, "weight_decay": 0.003}, settings, prepared.assets).learner


FALLING = [0.1] * 4 + [0.01] * 2 + [0.001] * 2


def test_the_learning_rate_falls_at_half_and_three_quarters_of_the_budget(prepared, monkeypatch):
    rates = []
    watch_epochs(monkeypatch, lambda optimiser, _: rates.append(optimiser.param_groups[0]["lr"]))
    learner = learner_of(prepared)
    for number in range(8):
        learner.epoch(number)
    assert rates == pytest.approx(FALLING)
    assert learner.optimiser.param_groups[0]["weight_decay"] == 0.003


@pytest.mark.parametrize("epoch", [1, 4, 6])
def test_a_learner_goes_on_where_the_schedule_was(prepared, monkeypatch, epoch):
    """Before a fall of the learning rate, and right at one."""
    rates = []
    watch_epochs(monkeypatch, lambda optimiser, _: rates.append(optimiser.param_groups[0]["lr"]))
    stopped, resumed = learner_of(prepared), learner_of(prepared)
    for number in range(epoch):
        stopped.epoch(number)
    resumed.load_state(stopped.state())
    for number in range(epoch, 8):
        resumed.epoch(number)
    assert rates == pytest.approx(FALLING)


def test_the_moments_of_the_optimiser_survive(prepared):
    stopped, resumed = (prepared.trial(regime="baseline") for _ in range(2))
    stopped.learner.epoch(0)
    resumed.classifier.load_state_dict(stopped.classifier.state_dict())
    resumed.learner.load_state(deepcopy(stopped.learner.state()))
    for trial in (stopped, resumed):
        trial.learner.epoch(1)
    assert equal(stopped, resumed)
