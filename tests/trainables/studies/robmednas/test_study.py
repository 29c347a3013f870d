"""One trial of RobMedNAS, and what a run fixes."""

import json

import numpy as np
import pytest
import torch

from searchspace import robmednas as spaces
from searchspace.errors import UserError
from searchspace.unet import PAPER_BEST, cost, handcrafted
from searchspace.unet import parse as parse_architecture
from trainables.metrics.curve import area
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas import trial as robmednas_trial
from trainables.studies.robmednas.study import RobMedNAS
from trainables.studies.robmednas.trial import RobMedNASTrial
from trainables.study.ladder import format_ladder
from trainables.study.report import Rung
from trainables.synthesis.measurement import predict
from trainables.synthesis.settings import SynthesisSettings

robmednas = RobMedNAS()

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


def settings_of(**values) -> SynthesisSettings:
    return robmednas.parse_settings({"device": "cpu"} | values)


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


def test_a_diverged_epoch_is_never_the_best(heads, monkeypatch):
    values = iter([0.3, float("nan"), 0.2])
    monkeypatch.setattr(robmednas_trial, "validation_loss", lambda *_: next(values))
    trial = heads.trial()
    for _ in range(3):
        trial.step()
        trial.epoch += 1
    assert trial.best.epoch == 3


def test_the_saved_network_gives_the_scores_that_it_was_ranked_by(heads, trained, tmp_path):
    trial, report = trained
    trial.save(tmp_path)
    network, card = load_unet(tmp_path)
    assert card.architecture == TINY
    assert card.provenance["epoch"] == report.best_epoch
    with trial.at_best(), torch.no_grad():
        mr, _ = heads.data.ranking.batch([0], torch.device("cpu"))
        ours, loaded = predict(trial.network, mr), predict(network, mr)
        np.testing.assert_allclose(loaded, ours, atol=0.05)  # HU; the layout in memory differs
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as saved:
        curves = [area(saved["eps"].tolist(), one) for one in saved["scores"].T]
    assert np.mean(curves) == pytest.approx(report.metrics[heads.facts.default_metric])
    json.loads((tmp_path / "model.json").read_text())


def test_adversarial_training_makes_the_network_harder_to_attack(heads):
    settings = heads.settings.model_copy(update={"epochs": 40})
    harm = {}
    for regime in ("standard", "adversarial"):
        config = {"architecture": TINY, "lr": 1e-2, "regime": regime}
        metrics = robmednas.build(config, settings, heads.assets).advance(Rung(40, "m")).metrics
        harm[regime] = metrics["ranking_pgd_mae_head_eps0.1"] - metrics["ranking_clean_mae_head"]
    assert harm["adversarial"] < 0.8 * harm["standard"]


def test_references_are_the_handcrafted_network_with_and_without_adversarial_training():
    settings = settings_of(max_filters=32)
    baseline, trained = robmednas.references(settings)
    assert [baseline.label, trained.label] == ["baseline", "baseline w/AT"]
    assert baseline.config["architecture"] == str(handcrafted(32, 4))
    assert trained.config == baseline.config | {"regime": "adversarial"}
    assert (baseline.control, trained.control) == (False, True)
    assert trained.point is None
    assert robmednas.complete(baseline.point, settings) == baseline.config
    assert baseline.scaled


def test_the_papers_own_best_is_a_reference_where_the_space_holds_it():
    paper = settings_of(protocol="paper")
    *_, best = robmednas.references(paper)
    assert best.config["architecture"] == PAPER_BEST
    assert not best.scaled
    assert robmednas.complete(best.point, paper) == best.config
    assert len(robmednas.references(settings_of(max_filters=256, max_depth=4))) == 2


def test_the_papers_measurement():
    paper = settings_of(protocol="paper")
    assert (paper.size, paper.epochs, paper.lr, paper.batch_size) == (256, 10, 1e-4, 6)
    assert (paper.attack, paper.eps, paper.subset) == ("fgsm", (0.0, 0.2), "paper")
    assert settings_of(protocol="paper", epochs=3).epochs == 3
    assert robmednas.space(paper) == spaces.SPACE


def test_limits_are_shares_beyond_the_prediction():
    config = {"architecture": TINY, "kernels": "square", "batch_size": 6}
    found = cost(parse_architecture(TINY), "square", 64, 64)
    assert robmednas.limits(config, settings_of()) == {}
    at = robmednas.limits(config, settings_of(max_params=found.parameters))
    assert at == {"max_params": 0.0}
    half = robmednas.limits(config, settings_of(max_params=found.parameters // 2))
    assert half["max_params"] == pytest.approx(1.0, rel=0.01)
    gib = (2**27 + 1.2 * 4 * (7 * found.parameters + 6 * found.activations)) / 2**30
    memory = robmednas.limits(config, settings_of(max_memory=gib / 3))
    assert memory["max_memory"] == pytest.approx(2.0)


def test_without_a_known_limit_of_memory_nothing_is_refused():
    config = {"architecture": TINY, "kernels": "square", "batch_size": 6}
    for limit in ("auto", "none", None):
        assert robmednas.limits(config, settings_of(max_memory=limit)) == {}
    assert settings_of().max_memory == "auto"
    assert settings_of(max_memory="none").max_memory is None
    assert settings_of(max_memory="1.5").max_memory == 1.5


@pytest.mark.parametrize("wrong", ["much", "0", -1, "nan", "inf"])
def test_a_limit_of_memory_that_is_none_is_refused(wrong):
    with pytest.raises(UserError, match=f"max_memory is '{wrong}': give GiB"):
        settings_of(max_memory=wrong)


def test_an_attacks_batch_is_cut_to_the_limit_and_no_further(heads):
    """Of as many slices as just fit, that is; and the measured scores stay what they are."""
    plain = heads.trial()
    assert plain.measurement.batch_size == 64
    gib = robmednas_trial.need_of(plain.cost).gib(10) + 1e-6
    small = heads.settings.model_copy(update={"max_memory": gib})
    trial = RobMedNASTrial(plain.config, small, heads.data)
    assert trial.measurement.batch_size == 10
    least = RobMedNASTrial(plain.config, small.model_copy(update={"max_memory": 0.01}), heads.data)
    assert least.measurement.batch_size == 1


def test_the_floor_is_the_baselines_clean_error_at_the_same_epoch():
    floor = robmednas.floor(settings_of(floor=0.1))
    assert (floor.reference, floor.slack) == ("baseline", 0.1)
    assert robmednas.metrics(settings_of())[floor.metric] == "min"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 100}, "size 100 cannot be halved 5 times: give a multiple of 32 such as 96"),
        ({"size": 8, "max_depth": 4}, "multiple of 16 such as 16"),
        ({"kernels": "round"}, "kernels"),
        ({"attack": "fgsn"}, "fgsm"),
        ({"eps": "0,zero"}, "zero"),
        ({"max_filters": 33}, "max_filters"),
        ({"subjects": 3}, "subjects"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as error:
        settings_of(**values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_config_needs_an_architecture_that_reads():
    with pytest.raises(UserError, match="0110y8"):
        robmednas.build({"architecture": "0110y8 | 0100x8"}, settings_of(), None)


def test_preparing_says_what_a_reader_needs(heads):
    text = " ".join(heads.facts.lines)
    assert "not real data" in text
    assert "standard deviations" in text
    assert "mean CT by MR intensity" in text
    assert set(heads.facts.digests) == {"train", "val", "ranking", "splits"}
    trivial = heads.facts.details["trivial_mae_head"]
    assert 10 < trivial < 1000


def test_the_paper_ranks_by_fgsm_at_every_rung():
    assert format_ladder(settings_of(protocol="paper").rungs) == "4:fgsm,10:fgsm"
    assert format_ladder(settings_of().rungs) == "10:pgd-5,30:pgd-10,30:pgd-20x2!"
