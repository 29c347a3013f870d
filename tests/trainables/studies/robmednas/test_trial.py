"""One trial: a U-Net that is trained, measured, attacked and saved."""

import json
import math

import numpy as np
import pytest
import torch

from trainables.metrics.skill import mean_skill
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas import trial as module
from trainables.studies.robmednas.study import RobMedNAS
from trainables.studies.robmednas.trial import RobMedNASTrial, need_of
from trainables.study.report import Rung
from trainables.synthesis.prediction import predict

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


def test_adversarial_training_makes_the_network_harder_to_attack(heads):
    settings = heads.settings.model_copy(update={"epochs": 40})
    harm = {}
    for regime in ("standard", "adversarial"):
        config = {"architecture": TINY, "lr": 1e-2, "regime": regime}
        metrics = robmednas.build(config, settings, heads.assets).advance(Rung(40, "m")).metrics
        harm[regime] = metrics["ranking_pgd_mae_head_eps0.1"] - metrics["ranking_clean_mae_head"]
    assert harm["adversarial"] < 0.8 * harm["standard"]


def test_an_attacks_batch_is_cut_to_the_limit_and_no_further(heads):
    """Of as many slices as just fit, that is; and the measured scores stay what they are."""
    plain = heads.trial()
    assert plain.measurement.batch_size == 64
    gib = need_of(plain.cost).gib(10) + 1e-6
    small = heads.settings.model_copy(update={"max_memory": gib})
    trial = RobMedNASTrial(plain.config, small, heads.data)
    assert trial.measurement.batch_size == 10
    least = RobMedNASTrial(plain.config, small.model_copy(update={"max_memory": 0.01}), heads.data)
    assert least.measurement.batch_size == 1
