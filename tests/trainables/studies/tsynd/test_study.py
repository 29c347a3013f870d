from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from torch.nn import functional

from searchspace.errors import UserError
from searchspace.tsynd import SPACE
from trainables.classification import trial as classifier_trial
from trainables.classification.measurement import measure_robust
from trainables.metrics.classification import mean_recall
from trainables.metrics.curve import area
from trainables.runtime.snapshot import read_snapshot, write_snapshot
from trainables.saved.checkpoint import load_classifier
from trainables.studies.tsynd import learner as tsynd_learner
from trainables.studies.tsynd.regimes import REGIMES
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.study import TSynD
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES
from trainables.study.ladder import format_ladder
from trainables.study.report import Rung
from trainables.study.study import Floor

tsynd = TSynD()

QUICK = {"latent_iterations": 2, "masks": 4, "attack_steps": 2}


def timeless(report):
    return replace(report, seconds={})


def weights(trial):
    return {name: value.clone() for name, value in trial.classifier.state_dict().items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("regime", REGIMES)
def test_the_same_seed_gives_the_same_records(prepared, regime):
    torch.manual_seed(1)
    first = prepared.trial(regime=regime, **QUICK)
    torch.manual_seed(2)
    again = prepared.trial(regime=regime, **QUICK)
    assert timeless(first.advance(Rung(2, "m"))) == timeless(again.advance(Rung(2, "m")))
    assert equal(weights(first), weights(again))


def test_regimes_differ_in_nothing_but_what_they_add(prepared, monkeypatch):
    """The same first weights, order and dropout; another order and dropout each epoch."""
    seen = []

    def watch(classifier, optimiser, data, synthesise, loss, *, generator, **_):
        seen.append((generator.initial_seed(), torch.initial_seed()))
        optimiser.step()
        return 0.0

    monkeypatch.setattr(tsynd_learner, "train_epoch", watch)
    trials = [prepared.trial(regime=regime) for regime in REGIMES]
    for trial in trials:
        assert equal(weights(trial), weights(trials[0]))
        trial.step()
        trial.epoch += 1
        trial.step()
    pairs = list(zip(seen[::2], seen[1::2], strict=True))
    assert pairs == [pairs[0]] * 5
    assert len({seed for step in pairs[0] for seed in step}) == 4


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_images_are_made_in_the_settings_precision(prepared, monkeypatch, precision):
    seen = []

    def watch(synthesis, batch):
        seen.append(torch.is_autocast_enabled("cpu"))
        return batch.images

    monkeypatch.setitem(tsynd_learner.REGIMES, "noise", watch)
    settings = prepared.settings.model_copy(update={"precision": precision})
    tsynd.build({"regime": "noise"}, settings, prepared.assets).step()
    assert set(seen) == {precision == "bf16"}


def test_a_batch_is_half_real_and_the_config_reaches_the_regime(prepared, monkeypatch):
    seen = []

    def watch(synthesis, batch):
        seen.append((synthesis, len(batch.labels)))
        return batch.images

    monkeypatch.setitem(tsynd_learner.REGIMES, "tsynd", watch)
    config = {
        "latent_lr": 0.7, "latent_sigma": 0.3, "latent_iterations": 9, "max_shift": 0.11,
        "uncertainty": "entropy", "masks": 6, "attack_eps": 0.02, "attack_steps": 3,
    }  # fmt: skip
    trial = prepared.trial(batch_size=40, **config)
    trial.step()
    assert [count for _, count in seen] == [20, 20, 20]
    made_with = seen[0][0]
    renamed = {"latent_lr": "lr", "latent_sigma": "sigma", "latent_iterations": "iterations"}
    for name, value in config.items():
        assert getattr(made_with, renamed.get(name, name)) == value
    assert made_with.classifier is trial.classifier
    assert made_with.latent_std == trial.learner.codes.autoencoder.latent_std
    assert not made_with.multi_label


def test_codes_are_those_of_the_training_images(prepared):
    trial = prepared.trial()
    images = trial.data.train.images.float() / 255
    with torch.no_grad():
        expected = trial.learner.codes.autoencoder.model(images)[2].latents
    torch.testing.assert_close(trial.learner.codes.latents, expected)


def script(monkeypatch, *values):
    """Let val say these balanced accuracies and losses, epoch by epoch."""
    said = iter(values)

    def measure(classifier, data, measurement, split):
        bacc, loss = next(said)
        return {"val_clean_bacc": bacc, "val_loss": loss}

    monkeypatch.setattr(classifier_trial, "measure_clean", measure)


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([(0.5, 1.0), (0.6, 0.9), (0.6, 0.8), (0.6, 0.85), (0.4, 0.1)], 3),
        ([(0.7, 1.0), (0.6, 0.1), (0.5, 0.1)], 1),
        ([(0.5, 1.0), (0.5, 1.0), (0.5, 1.0)], 1),
        ([(0.5, 1.0), (0.4, 0.1), (0.6, 9.0)], 3),
    ],
)
def test_the_best_epoch_is_that_of_balanced_accuracy_then_loss(prepared, monkeypatch, values, best):
    script(monkeypatch, *values)
    trial = prepared.trial(regime="baseline")
    states = []
    for _ in values:
        trial.step()
        trial.epoch += 1
        states.append(weights(trial))
    assert trial.best.epoch == best
    assert equal(trial.best.weights, states[best - 1])
    report = trial.evaluate(Rung(0, "m"))
    assert report.best_epoch == best
    assert report.metrics["val_loss"] == values[best - 1][1]


def test_val_is_measured_after_every_epoch(prepared):
    """Against a forward pass of our own and scikit-learn."""
    trial = prepared.trial(regime="baseline", lr=3e-3)
    val, expected = trial.data.val, []
    for _ in range(4):
        trial.step()
        trial.epoch += 1
        trial.classifier.eval()
        with torch.no_grad():
            logits = trial.classifier(val.images.float() / 255)
        score = balanced_accuracy_score(val.labels, logits.argmax(dim=1))
        expected.append((score, -float(functional.cross_entropy(logits, val.labels))))
    best = max(expected)
    assert trial.best.epoch == expected.index(best) + 1
    assert trial.best.key == pytest.approx(best, rel=1e-5)


def test_the_best_epoch_is_what_is_evaluated_and_training_goes_on_from_the_last(
    prepared, monkeypatch
):
    script(monkeypatch, (0.9, 1.0), *[(0.5, 1.0)] * 3)
    trial = prepared.trial(regime="baseline", lr=3e-3)
    trial.advance(Rung(1, "m"))
    at_1 = weights(trial)
    for _ in range(3):
        trial.step()
        trial.epoch += 1
    last, moments = weights(trial), repr(trial.learner.optimiser.state_dict())
    trial.evaluation = None  # as in a fresh process
    report = trial.evaluate(Rung(0, "m"))
    assert equal(weights(trial), last)
    assert not equal(last, at_1)
    assert repr(trial.learner.optimiser.state_dict()) == moments
    trial.classifier.load_state_dict(at_1)
    expected = measure_robust(trial.classifier, trial.data.ranking, trial.measurement).metrics
    assert {name: report.metrics[name] for name in expected} == expected


def test_an_epoch_is_evaluated_once(prepared, monkeypatch):
    script(monkeypatch, (0.9, 1.0), (0.5, 1.0), (0.95, 1.0))
    asked = []

    def watch(*arguments):
        asked.append(arguments[3:])
        return measure_robust(*arguments)

    monkeypatch.setattr(classifier_trial, "measure_robust", watch)
    trial = prepared.trial(regime="baseline")
    first, second = trial.advance(Rung(1, "m")), trial.advance(Rung(2, "m"))
    assert asked == [(), ("val",)]
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.metrics == second.metrics
    assert trial.advance(Rung(3, "m")).best_epoch == 3
    assert len(asked) == 4


def test_the_learning_rate_falls_at_half_and_three_quarters_of_the_budget(prepared, monkeypatch):
    rates = []

    def watch(classifier, optimiser, *_, **__):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        return 0.0

    monkeypatch.setattr(tsynd_learner, "train_epoch", watch)
    settings = prepared.settings.model_copy(update={"epochs": 8})
    trial = tsynd.build({"lr": 0.1, "weight_decay": 0.003}, settings, prepared.assets)
    for _ in range(8):
        trial.step()
    assert rates == pytest.approx([0.1] * 4 + [0.01] * 2 + [0.001] * 2)
    assert trial.learner.optimiser.param_groups[0]["weight_decay"] == 0.003


def test_the_floor_is_a_share_of_the_baselines_clean_score(prepared):
    floor = tsynd.floor(prepared.settings)
    assert floor == Floor("clean_floor", "ranking_clean_bacc", "baseline", 0.15)
    assert tsynd.metrics(prepared.settings)[floor.metric] == "max"
    assert floor.reference in {one.label for one in tsynd.references(prepared.settings)}
    labels = tsynd.parse_settings({"dataset": "chestmnist", "floor": 0.3})
    assert tsynd.floor(labels) == Floor("clean_floor", "ranking_clean_auc", "baseline", 0.3)


@pytest.fixture(scope="module")
def learnt(prepared):
    """A trial that has learnt something: six epochs may leave it at chance."""
    settings = prepared.settings.model_copy(update={"epochs": 25})
    trial = tsynd.build({"regime": "baseline", "lr": 3e-3}, settings, prepared.assets)
    trial.train(25)
    return trial


def test_a_classifier_that_learnt_nothing_has_collapsed(prepared):
    trial = prepared.trial(regime="baseline")
    trial.train(1)
    for weights in trial.best.weights.values():
        weights.zero_()
    assert trial.evaluate(Rung(1, "m")).constraints["collapse"] > 0


def test_a_saved_trial_answers_alike(prepared, tmp_path, monkeypatch):
    """Its files hold the best epoch's model, not the last, and what its rank rests on."""
    script(monkeypatch, (0.5, 1.0), (0.9, 1.0), (0.5, 1.0))
    trial = prepared.trial(regime="noise", lr=3e-3, dropout=0.3)
    report = trial.advance(Rung(3, "m"))
    last = weights(trial)
    trial.save(tmp_path)
    assert equal(weights(trial), last)
    loaded, card = load_classifier(tmp_path)
    ranking = trial.data.ranking
    with trial.at_best():
        trial.classifier.eval()
        expected = trial.classifier(ranking.images.float() / 255)
    assert torch.equal(loaded(ranking.images.float() / 255), expected)
    found = measure_robust(loaded, ranking, trial.measurement).metrics
    assert {name: report.metrics[name] for name in found} == found
    assert card.provenance["epoch"] == 2
    assert TSynDConfig(**card.provenance["config"]) == trial.config
    assert tsynd.parse_settings(card.provenance["settings"]) == prepared.settings
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as arrays:
        value = area(arrays["eps"], mean_recall(arrays["scores"], arrays["labels"]))
    assert value == pytest.approx(report.metrics["ranking_pgd_bacc_curve"])


def test_preparing_says_what_was_found(prepared):
    assert prepared.facts.lines[0].startswith("phantom lesions")
    assert any("Trains on 60 of 1200" in line for line in prepared.facts.lines)
    assert any(
        "autoencoder: 1152 images, mean absolute error" in line for line in prepared.facts.lines
    )
    assert set(prepared.facts.digests) == {"data", "splits", "autoencoder"}
    assert 0 < prepared.facts.details["autoencoder_mae"] < 0.1
    assert prepared.said


def test_every_run_contains_these_references(prepared):
    references = {reference.label: reference for reference in tsynd.references(prepared.settings)}
    assert list(references) == [
        "baseline", "reconstruction", "noise", "adversarial",
        "paper 50/0.1", "paper 50/1.0", "paper 100/0.1", "paper 100/1.0",
    ]  # fmt: skip
    essential = [label for label, reference in references.items() if reference.essential]
    assert essential == ["baseline", "paper 50/1.0"]
    controls = [label for label, reference in references.items() if reference.control]
    assert controls == ["baseline", "reconstruction", "noise", "adversarial"]
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


def test_the_papers_measurement():
    settings = tsynd.parse_settings({"device": "cpu", "protocol": "paper"})
    assert (settings.epochs, settings.classifier) == (100, "resnet18")


def test_the_space_offers_the_measures_that_exist():
    (domain,) = (param.domain for param in SPACE.params if param.name == "uncertainty")
    assert domain.options == tuple(UNCERTAINTIES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"regime": "tsind"}, "unknown regime 'tsind': did you mean tsynd?"),
        ({"uncertainty": "entropie"}, "unknown uncertainty 'entropie': did you mean entropy?"),
        ({"latent_iteration": 4}, "unknown setting 'latent_iteration': did you mean latent_iter"),
        ({"latent_lr": -0.1}, "latent_lr is -0.1: Input should be greater than 0"),
        ({"batch_size": 1}, "batch_size is 1: Input should be greater than or equal to 2"),
        ({"dropout": 1.0}, "dropout is 1.0: Input should be less than 1"),
        ({"lr": float("nan")}, "lr is nan: Input should be a finite number"),
    ],
)  # fmt: skip
def test_a_wrong_config_is_said_in_one_line(prepared, values, message):
    with pytest.raises(UserError) as caught:
        tsynd.complete(values, prepared.settings)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"autoencoder_step": 4}, "unknown setting 'autoencoder_step': did you mean autoenc"),
        ({"autoencoder_steps": 0}, "autoencoder_steps is 0: Input should be greater than"),
        ({"classifier": "cn"}, "unknown classifier 'cn': did you mean cnn?"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as caught:
        tsynd.parse_settings(values)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("regime", ["baseline", "tsynd"])
@pytest.mark.parametrize("epoch", [1, 4])
def test_an_interrupted_trial_goes_on_as_if_nothing_had_been(prepared, tmp_path, regime, epoch):
    """Bit for bit, the learning rate's fall after three of six epochs included."""
    straight = prepared.trial(regime=regime, **QUICK)
    expected = straight.advance(Rung(6, "m"))
    stopped = prepared.trial(regime=regime, **QUICK)
    stopped.train(epoch)
    write_snapshot(tmp_path / "x", stopped.checkpoint())
    again = prepared.trial(regime=regime, **QUICK)
    again.resume(read_snapshot(tmp_path / "x"))
    assert again.epoch == epoch
    assert timeless(again.advance(Rung(6, "m"))) == timeless(expected)
    assert equal(weights(again), weights(straight))


def test_the_ladder_is_cheap_first_and_ends_at_the_budget(prepared):
    rungs = tsynd.ladder(prepared.settings)
    assert format_ladder(rungs) == "2:pgd-5@48,6:pgd-10,6:pgd-20x2!"
    assert {rung.metric for rung in rungs} == {prepared.facts.default_metric}
    settings = tsynd.parse_settings({"ladder": "3:fgsm,60:apgd-ce-7"})
    assert [rung.metric for rung in tsynd.ladder(settings)] == [
        "ranking_fgsm_bacc_curve",
        "ranking_apgd-ce_bacc_curve",
    ]
    assert {rung.metric for rung in tsynd.ladder(settings)} < set(tsynd.metrics(settings))
    with pytest.raises(UserError, match="ends at 50 epochs"):
        tsynd.parse_settings({"ladder": "50:pgd"})
