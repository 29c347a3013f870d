"""One trial: a U-Net that is trained, measured, attacked and saved."""

import copy
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from trainables.data.grid import stacked
from trainables.metrics.skill import mean_skill
from trainables.saved.checkpoint import load_network, load_unet
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.report import Rung
from trainables.synthesis import trial as module
from trainables.synthesis.constant import lost_skill
from trainables.synthesis.prediction import predict
from trainables.synthesis.training.epoch import steps_of
from trainables.synthesis.trial import SynthesisTrial, need_of
from trainables.synthesis.whole import synthesise

robmednas = RobMedNAS()

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


@pytest.fixture(scope="module")
def trained(heads):
    trial = heads.trial()
    return trial, trial.advance(Rung(4, "m"))


def test_training_lowers_the_error_below_that_of_an_untrained_network(heads, trained):
    _, report = trained
    fresh = heads.trial()
    first = fresh.advance(Rung(1, "m"))
    assert report.metrics["train_loss"] < 0.5 * first.metrics["train_loss"]
    assert report.metrics["ranking_clean_mae_head"] < first.metrics["ranking_clean_mae_head"]
    assert report.epoch == 4
    assert set(report.seconds) == {"training", "validation", "evaluation"}


def test_attack_hurts_and_more_hurts_more(trained):
    metrics = trained[1].metrics
    clean, attacked = metrics["ranking_clean_mae_head"], metrics["ranking_pgd_mae_head_eps0.1"]
    assert attacked > clean
    assert clean < metrics["ranking_pgd_mae_head_curve"] < attacked


def test_the_optimiser_is_the_papers(heads):
    group = heads.trial(lr=0.02).optimiser.param_groups[0]
    assert (group["amsgrad"], group["lr"]) == (True, 0.02)
    assert isinstance(heads.trial().optimiser, torch.optim.Adam)


def test_a_network_that_sees_neighbours_is_attacked_saved_and_used_with_them(make_heads, tmp_path):
    heads = make_heads(neighbours=1, epochs=1, subjects=8)
    trial = heads.trial()
    report = trial.advance(Rung(1, "m"))
    assert report.metrics["ranking_pgd_mae_head_eps0.1"] > report.metrics["ranking_clean_mae_head"]
    trial.save(tmp_path / "model")
    network, card = load_unet(tmp_path / "model")
    assert card.neighbours == 1
    assert load_network(tmp_path / "model")[1] == (3, card.size, card.size)
    subject = heads.data.ranking.subjects[0]
    mr = np.moveaxis(np.asarray(subject.mr, dtype=np.float32), 0, 2)
    card = card.model_copy(update={"field_mm": float(card.size)})
    ct = np.moveaxis(synthesise(network, card, mr, (1.0, 1.0, 1.0)).ct, 2, 0)
    whole = stacked((subject.mr - subject.mr.mean(dtype=float)) / subject.mr.std(dtype=float), 1)
    expected = predict(network, torch.from_numpy(whole.astype(np.float32)))
    np.testing.assert_allclose(ct, expected.clip(-1024, 3071), atol=1)


def test_trials_of_equal_time_see_slices_by_what_one_takes(heads):
    usual = heads.trial()
    assert usual.slices == len(usual.train_slices)
    settings = heads.settings.model_copy(update={"equal": "time", "epoch_slices": 30})
    equal = replace(heads, settings=settings)
    clean, attacked = (equal.trial(regime=regime) for regime in ("standard", "uniform"))
    assert clean.slices > 1.5 * attacked.slices
    assert clean.steps == steps_of(clean.slices, clean.config.batch_size)
    attacked.train(1)
    (state,) = {state["step"].item() for state in attacked.optimiser.state.values()}
    assert state == attacked.steps


def test_what_disturbances_take_of_the_clean_skill_is_a_constraint_of_the_trial(heads):
    settings = heads.settings.model_copy(update={"max_disturbed": 0.1})
    trial = replace(heads, settings=settings).trial()
    report = trial.advance(Rung(1, "m"))
    errors = [report.metrics[f"ranking_{kind}_mae_head"] for kind in ("clean", "disturbed")]
    lost = lost_skill(*errors, trial.evaluation[2].constant)
    assert report.constraints["max_disturbed"] == pytest.approx(lost - 0.1)
    assert "max_disturbed" not in heads.trial().advance(Rung(1, "m")).constraints


def test_the_best_epoch_is_the_one_of_the_lowest_loss_on_val(heads):
    trial = heads.trial(lr=0.05)  # restless
    losses = []
    for _ in range(4):
        trial.step()
        trial.epoch += 1
        losses.append(float(trial.best.loss))
    assert losses == sorted(losses, reverse=True)
    assert trial.best.epoch == 1 + int(np.argmin(losses))
    assert trial.epochs_since_best == 4 - trial.best.epoch


@pytest.mark.parametrize(
    ("losses", "best"),
    [((0.3, math.nan, 0.2), 3), ((math.nan, 0.3), 2), ((0.3, math.nan), 1)],
)
def test_a_diverged_epoch_is_never_the_best(heads, monkeypatch, losses, best):
    values = iter(losses)
    monkeypatch.setattr(module, "validation_loss", lambda *_: next(values))
    trial = heads.trial()
    trial.train(len(losses))
    assert trial.best.epoch == best


def test_the_saved_network_gives_the_scores_that_it_was_ranked_by(heads, trained, tmp_path):
    trial, report = trained
    trial.save(tmp_path)
    network, card = load_unet(tmp_path)
    assert card.architecture == TINY
    assert card.provenance["epoch"] == report.best_epoch
    with trial.at_best(), torch.no_grad():
        mr, _ = heads.data.ranking.batch([0], torch.device("cpu"))
        expected, loaded = predict(trial.network, mr), predict(network, mr)
        np.testing.assert_allclose(loaded, expected, atol=0.05)  # HU; the layout in memory differs
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as saved:
        means, scale = saved["scores"].mean(axis=1), saved["scale"].tolist()
        value = mean_skill(saved["eps"].tolist(), means, *scale)
    assert value == pytest.approx(report.metrics[heads.facts.default_metric])
    assert scale == [heads.facts.constant["ranking_clean_mae_head"], 0.0]
    json.loads((tmp_path / "model.json").read_text())


@pytest.mark.parametrize("regime", ["standard", "uniform"])
def test_a_mirrored_network_is_trained_as_any_and_measured_and_saved_with_its_mirror(
    heads, tmp_path, regime
):
    settings = heads.settings.model_copy(update={"left_right": "second", "epochs": 1})
    turned = replace(heads, settings=settings)
    single, mirrored = (turned.trial(regime=regime, mirrored=choice) for choice in (False, True))
    reports = [trial.advance(Rung(1, "m")) for trial in (single, mirrored)]
    for name, weights in single.network.state_dict().items():
        assert torch.equal(mirrored.network.state_dict()[f"network.{name}"], weights), name
    assert reports[0].metrics["train_loss"] == reports[1].metrics["train_loss"]
    mr, _ = heads.data.ranking.batch([0, 1], torch.device("cpu"))
    mirrored.save(tmp_path)
    network, card = load_unet(tmp_path)
    assert (card.mirrored, card.provenance["config"]["mirrored"]) == ("second", True)
    assert 100 < card.heads.extent_mm[0] < card.heads.extent_mm[1] < 250
    with torch.no_grad(), mirrored.at_best(), single.at_best():
        alone = single.network.eval()
        expected = (alone(mr) + alone(mr.flip(3)).flip(3)) / 2
        torch.testing.assert_close(network(mr), expected, rtol=0, atol=1e-4)
    clean = [report.metrics["ranking_clean_mae_head"] for report in reports]
    assert clean[0] != clean[1]


def test_adversarial_training_makes_the_network_harder_to_attack(heads):
    settings = heads.settings.model_copy(update={"epochs": 40})
    harm = {}
    for regime in ("standard", "adversarial"):
        config = {"architecture": TINY, "lr": 1e-2, "regime": regime}
        metrics = robmednas.build(config, settings, heads.assets).advance(Rung(40, "m")).metrics
        harm[regime] = metrics["ranking_pgd_mae_head_eps0.1"] - metrics["ranking_clean_mae_head"]
    assert harm["adversarial"] < 0.9 * harm["standard"]


def test_an_attacks_batch_is_cut_to_the_limit_and_no_further(heads):
    """Of as many slices as just fit, that is; and the measured scores stay what they are."""
    plain = heads.trial()
    assert plain.measurement.batch_size == 64
    gib = need_of(plain.cost).gib(10) + 1e-6
    small = heads.settings.model_copy(update={"max_memory": gib})

    def batch_size(settings):
        trial = SynthesisTrial(
            study="s", config=plain.config, settings=settings, data=heads.data, cost=plain.cost
        )
        return trial.measurement.batch_size

    assert batch_size(small) == 10
    assert batch_size(small.model_copy(update={"max_memory": 0.01})) == 1
    plain = heads.trial(mirrored=True)
    assert batch_size(small) == 5, "an attack keeps both halves for its backward pass"


def test_the_rate_follows_its_schedule_over_the_budget_and_weights_are_averaged(heads):
    trial = heads.trial(schedule="one-cycle", ema=0.9, optimiser="adamw", lr=0.01)
    rates = []
    for _ in range(heads.settings.epochs):
        trial.train(trial.epoch + 1)
        rates.append(trial.optimiser.param_groups[0]["lr"])
    assert max(rates) == pytest.approx(0.01, rel=0.2)
    assert rates[-1] < 0.2 * max(rates)
    mean, last = trial.average.weights, trial.network.state_dict()
    name = "last.weight"
    assert not torch.equal(mean[name], last[name])
    if trial.best.epoch == trial.epoch:
        assert torch.equal(trial.best.weights[name], mean[name])


def test_a_trial_with_a_mean_of_weights_goes_on_as_if_it_had_not_stopped(heads):
    options = {"schedule": "one-cycle", "ema": 0.9, "augment": True, "regime": "uniform"}
    through, first, second = (heads.trial(**options) for _ in range(3))
    through.train(3)
    first.train(1)
    second.resume(copy.deepcopy(first.checkpoint()))
    second.train(3)
    for name, value in through.average.weights.items():
        assert torch.equal(value, second.average.weights[name])


def test_val_chooses_the_epoch_by_the_error_that_ranks_unless_by_the_loss(heads, monkeypatch):
    monkeypatch.setattr(module, "validation_error", lambda *_: 5.0)
    settings = heads.settings.model_copy(update={"epoch_by": "error"})
    trial = robmednas.build({"architecture": TINY}, settings, heads.assets)
    trial.train(1)
    assert trial.best.loss == 5.0
    assert heads.settings.epoch_by == "loss"
