"""The study: its references, its controls, and starts that were trained before."""

import numpy as np
import pytest
import torch

from searchspace.random import sample
from searchspace.studies.deepauc import LOSSES
from trainables.classification.memory import need_of, parameters_of
from trainables.models.classifiers import build_classifier
from trainables.runtime.config import parse
from trainables.studies.deepauc.settings import DeepAUCConfig, DeepAUCSettings
from trainables.studies.deepauc.study import DeepAUC
from trainables.study.study import BASELINE

STUDY = DeepAUC()
BINARY = DeepAUCSettings(dataset="breastmnist", eps="0,1/255")
MANY = DeepAUCSettings(dataset="phantom", eps="0,1/255")


def references(settings):
    return {item.label: item for item in STUDY.references(settings)}


def test_the_documents_pairs_and_their_controls_are_in_every_run():
    items = references(BINARY)
    assert {"aucm document", "ap document", "pauc document", "balanced"} <= set(items)
    assert {label for label, item in items.items() if item.essential} == {
        BASELINE,
        "decay",
        "adversarial",
    }
    document, decay = items["aucm document"].config, items["decay"].config
    for name in ("epoch_decay", "weight_decay", "batch_size", "stage_factor"):
        assert document[name] == decay[name]


def test_the_two_losses_in_turn_start_from_random_weights():
    config = references(BINARY)["compositional"].config
    assert (config["loss"], config["inner_steps"], config["start"]) == ("aucm", 1, "scratch")
    assert {name for name, value in references(BINARY)["aucm libauc"].config.items()
            if config[name] != value} == {"inner_steps", "start"}  # fmt: skip


def test_only_two_classes_have_a_share_of_positives():
    for settings, some in ((BINARY, True), (MANY, False)):
        shares = [item.config["positive_share"] for item in references(settings).values()]
        assert any(share is not None for share in shares) == some
        names = {param.name for param in STUDY.space(settings).params}
        assert ("positive_share" in names) == some


def test_every_loss_is_searched_and_wins_by_its_trials_alone():
    assert all(item.control for item in STUDY.references_of_run(BINARY))
    alone = STUDY.references_of_run(BINARY.model_copy(update={"loss": "ap"}))
    controls = {item.label for item in alone if item.control}
    assert controls == {BASELINE, "decay", "balanced", "adversarial"}
    space = STUDY.space(BINARY)
    assert space.arms == "loss"
    assert {"cross_entropy", "balanced"} & set(space.arm_options) == {"cross_entropy"}


@pytest.mark.parametrize("loss", LOSSES)
def test_one_loss_may_be_searched_alone(loss):
    settings = BINARY.model_copy(update={"loss": loss})
    space = STUDY.space(settings)
    assert "loss" not in {param.name for param in space.params}
    config = STUDY.complete(sample(space, np.random.default_rng(0)), settings)
    assert config["loss"] == loss


def test_memory_counts_the_copies_of_the_weights_that_pesg_and_pdsca_keep():
    plain = need_of("cnn", 1, (28, 28))
    with_pull = need_of("cnn", 1, (28, 28), STUDY.count_extra)
    size = parameters_of(build_classifier("cnn", 1, (28, 28), 2))
    assert with_pull.fixed == plain.fixed + 3 * size


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "aucm", "aucm_lr": 0.07},
        {"loss": "aucm", "aucm_lr": 0.07, "inner_steps": 1},
        {"loss": "ap", "pesg_lr": 0.07},
    ],
)
@pytest.mark.parametrize("radius", [0.0, 2.0])
def test_a_control_differs_from_the_winner_by_the_loss_alone(values, radius):
    winner = parse(DeepAUCConfig, {**values, "epoch_decay": 0.2, "train_eps": radius}).model_dump()
    controls = {item.label: item.config for item in STUDY.controls(winner, BINARY)}
    assert set(controls) == {f"matched {BASELINE}"} | ({"matched adversarial"} if radius else set())
    closest = controls["matched adversarial" if radius else f"matched {BASELINE}"]
    differing = {name for name in winner if winner[name] != closest[name]}
    assert differing <= {"loss", "pesg_lr", "inner_steps"}
    assert parse(DeepAUCConfig, closest).lr == 0.07
    assert controls[f"matched {BASELINE}"]["train_eps"] == 0


@pytest.mark.parametrize(("radius", "labels"), [(0.0, []), (2.0, [f"matched {BASELINE}"])])
def test_a_trial_of_cross_entropy_is_its_own_control(radius, labels):
    winner = parse(DeepAUCConfig, {"loss": "cross_entropy", "train_eps": radius}).model_dump()
    controls = STUDY.controls(winner, BINARY)
    assert [item.label for item in controls] == labels
    assert all(item.config == winner | {"train_eps": 0.0} for item in controls)


@pytest.mark.slow
def test_a_pretrained_trial_starts_from_the_weights_of_its_seed(tmp_path):
    values = dict(DeepAUCSettings.SMALL) | {"dataset": "phantom", "cache": tmp_path / "cache"}
    settings = DeepAUCSettings(**values)
    (tmp_path / "assets").mkdir()
    facts = STUDY.prepare(settings, tmp_path / "assets", lambda _: None)
    assert "pretrained" in facts.digests
    weights = []
    for start, seed in (("pretrained", 0), ("pretrained", 0), ("scratch", 0), ("pretrained", 1)):
        config = STUDY.complete({"start": start}, settings)
        seeded = settings.model_copy(update={"seed": seed})
        trial = STUDY.build(config, seeded, tmp_path / "assets")
        weights.append(trial.classifier.head.weight.detach().clone())
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])
