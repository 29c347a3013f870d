"""What a run and a trial of the study are given."""

import pytest

from searchspace.errors import UserError
from trainables.losses.rank_losses import LEAST_TEMPERATURE
from trainables.runtime.config import parse
from trainables.studies.deepauc import settings as module
from trainables.studies.deepauc.settings import DeepAUCConfig, DeepAUCSettings


def test_the_area_ranks_and_sets_the_floor():
    settings = DeepAUCSettings(dataset="breastmnist", eps="0,1/255")
    assert settings.headline == "auc"
    assert settings.rungs[-1].metric == "ranking_pgd_auc_skill"
    assert settings.absorbs_threshold


@pytest.mark.parametrize(
    ("values", "rate"),
    [
        ({"loss": "aucm", "aucm_lr": 0.02}, 0.02),
        ({"loss": "ap", "pesg_lr": 0.03}, 0.03),
        ({"loss": "ap", "optimiser": "adam", "adam_lr": 0.004}, 0.004),
    ],
)
def test_the_learning_rate_is_that_of_the_optimiser(values, rate):
    assert parse(DeepAUCConfig, values).lr == rate


def test_the_auc_margin_takes_no_adam():
    with pytest.raises(UserError, match="min-max"):
        parse(DeepAUCConfig, {"loss": "aucm", "optimiser": "adam"})


def test_steps_of_cross_entropy_belong_to_the_auc_margin():
    assert parse(DeepAUCConfig, {"loss": "aucm", "inner_steps": 1}).inner_steps == 1
    with pytest.raises(UserError, match="inner_steps belong to the loss aucm, not to ap"):
        parse(DeepAUCConfig, {"loss": "ap", "inner_steps": 1})


@pytest.mark.parametrize(("share", "size"), [(0.01, 32), (0.99, 32), (0.1, 4)])
def test_a_share_that_leaves_no_image_of_a_class_is_one_line(share, size):
    with pytest.raises(UserError, match=f"positive_share {share:g} of {size} images") as error:
        parse(DeepAUCConfig, {"positive_share": share, "batch_size": size})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("share", "size"), [(1 / 64, 32), (0.1, 32), (0.9, 32), (0.5, 2)])
def test_a_share_of_half_an_image_is_served(share, size):
    assert parse(DeepAUCConfig, {"positive_share": share, "batch_size": size})


def test_a_temperature_that_overflows_is_refused():
    assert module.LEAST_TEMPERATURE == LEAST_TEMPERATURE
    with pytest.raises(UserError, match="temperature"):
        parse(DeepAUCConfig, {"temperature": LEAST_TEMPERATURE / 2})


@pytest.mark.parametrize("score", ["ap", "pauc"])
def test_another_area_may_rank(score):
    settings = DeepAUCSettings(dataset="breastmnist", eps="0,1/255", score=score)
    assert settings.rungs[-1].metric == f"ranking_pgd_{score}_skill"


def test_volumes_take_the_phantom_of_volumes_unless_a_dataset_is_named():
    assert DeepAUCSettings(volumes=True).dataset == "phantom3d"
    assert DeepAUCSettings(volumes=True).shape == (28, 28, 28)
    assert DeepAUCSettings(volumes=True, dataset="adrenalmnist3d").dataset == "adrenalmnist3d"
    assert DeepAUCSettings().dataset == "phantom"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"volumes": True, "dataset": "breastmnist"}, "holds images"),
        ({"loss": "balanced"}, "reference alone"),
        ({"loss": "auc"}, "aucm"),
        ({"score": "acc"}, "score"),
        ({"pretrain_epochs": 0}, "pretrain-epochs"),
        ({"attack": "fab"}, "fab stops where an answer turns wrong, so it measures no auc"),
    ],
)
def test_what_does_not_fit_is_one_line(values, words):
    with pytest.raises(UserError, match=words) as error:
        parse(DeepAUCSettings, values)
    assert "\n" not in str(error.value)
