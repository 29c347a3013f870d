"""The study: its references, and what its regimes have in common."""

import pytest
import torch

from searchspace.errors import UserError
from searchspace.studies.tsynd import SPACE
from trainables.studies.tsynd.regimes import REGIMES
from trainables.studies.tsynd.study import TSynD
from trainables.study.ladder import format_ladder

tsynd = TSynD()

QUICK = {"latent_iterations": 2, "masks": 4, "attack_steps": 2}


@pytest.mark.parametrize("regime", REGIMES)
def test_the_same_seed_gives_the_same_weights_and_scores(prepared, regime):
    """Every regime; the contract suite compares whole records, attacks included."""
    trials = []
    for seed in (1, 2):  # of the process, which must not matter
        torch.manual_seed(seed)
        trials.append(prepared.trial(regime=regime, **QUICK))
        trials[-1].train(2)
    first, again = trials
    assert first.best.metrics == again.best.metrics
    pairs = zip(first.classifier.parameters(), again.classifier.parameters(), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)


def test_preparing_says_what_was_found(prepared):
    assert prepared.facts.lines[0].startswith("phantom lesions")
    assert any("Trains on 60 of 1200" in line for line in prepared.facts.lines)
    assert any(
        "autoencoder: 1152 images, mean absolute error" in line for line in prepared.facts.lines
    )
    assert set(prepared.facts.digests) == {
        "data",
        "splits",
        "autoencoder",
        "autoencoder_weights",
    }
    assert 0 < prepared.facts.details["autoencoder_mae"] < 0.1
    assert prepared.sentences


def test_controls_are_the_other_regimes_with_the_winners_values(prepared):
    values = {"lr": 0.004, "weight_decay": 1e-3, "latent_sigma": 0.3, "latent_iterations": 7}
    config = tsynd.complete(values, prepared.settings)
    controls = {item.label: item.config for item in tsynd.controls(config, prepared.settings)}
    assert {label: item["regime"] for label, item in controls.items()} == {
        f"matched {regime}": regime
        for regime in ("baseline", "reconstruction", "noise", "adversarial")
    }
    for label, control in controls.items():
        assert (control["lr"], control["weight_decay"]) == (0.004, 1e-3)
        assert control["latent_sigma"] == (0.3 if label == "matched noise" else 1.0)
        assert control["attack_eps"] == 4 / 255


def test_an_adversarial_winner_is_no_control_of_itself(prepared):
    config = tsynd.complete({"regime": "adversarial", "attack_eps": 0.02}, prepared.settings)
    labels = [item.label for item in tsynd.controls(config, prepared.settings)]
    assert labels == ["matched baseline", "matched reconstruction", "matched noise"]


def test_every_run_contains_these_references(prepared):
    references = {reference.label: reference for reference in tsynd.references(prepared.settings)}
    assert list(references) == [
        "baseline", "reconstruction", "noise", "adversarial",
        "paper 50/0.1", "paper 50/1.0", "paper 100/0.1", "paper 100/1.0",
    ]  # fmt: skip
    essential = [label for label, reference in references.items() if reference.essential]
    assert essential == ["baseline", "adversarial", "paper 50/1.0"]
    controls = [label for label, reference in references.items() if reference.control]
    assert controls == ["baseline", "reconstruction", "noise"], "all others are points"
    assert all(item.control for item in tsynd.references_of_run(prepared.settings))
    point = references["adversarial"].point
    assert (point["regime"], point["attack_eps"], point["attack_steps"]) == (
        "adversarial", 4 / 255, 5,
    )  # fmt: skip
    for label, reference in references.items():
        assert tsynd.complete(reference.config, prepared.settings) == reference.config
        if label.startswith("paper"):
            iterations, sigma = label.removeprefix("paper ").split("/")
            config = reference.config
            assert (config["regime"], config["latent_lr"]) == ("tsynd", 0.1)
            assert (config["latent_iterations"], config["latent_sigma"]) == (
                int(iterations),
                float(sigma),
            )
            SPACE.check(SPACE.restrict(config))  # a sampler can be told
        else:
            assert reference.config["regime"] == label


@pytest.mark.parametrize(
    ("values", "scaled"),
    [
        ({}, True),
        ({"protocol": "paper"}, False),
        ({"protocol": "paper", "epochs": 5}, True),
        ({"classifier": "resnet18", "epochs": 100}, False),
        ({"classifier": "resnet18"}, True),
    ],
)
def test_references_are_scaled_where_classifier_or_epochs_are_not_the_papers(values, scaled):
    settings = tsynd.parse_settings({"device": "cpu", **values})
    assert {reference.scaled for reference in tsynd.references(settings)} == {scaled}


def test_the_ladder_is_cheap_first_and_ends_at_the_budget(prepared):
    rungs = tsynd.ladder(prepared.settings)
    assert format_ladder(rungs) == "2:pgd-5@48,6:pgd-10,6:pgd-20x2!"
    assert {rung.metric for rung in rungs} == {prepared.facts.default_metric}
    settings = tsynd.parse_settings({"ladder": "3:fgsm,60:apgd-ce-7"})
    assert [rung.metric for rung in tsynd.ladder(settings)] == [
        "ranking_fgsm_bacc_skill",
        "ranking_apgd-ce_bacc_skill",
    ]
    assert {rung.metric for rung in tsynd.ladder(settings)} < set(tsynd.metrics(settings))
    with pytest.raises(UserError, match="ends at 50 epochs"):
        tsynd.parse_settings({"ladder": "50:pgd"})
