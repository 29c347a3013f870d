import math
from typing import ClassVar

import pytest
import torch

from searchspace.errors import UserError
from trainables.classification.settings import ClassificationSettings
from trainables.runtime.config import parse


class Study(ClassificationSettings):
    PAPER: ClassVar = {"classifier": "resnet18", "epochs": 100}


def settings(**values) -> Study:
    return parse(Study, {"device": "cpu", **values})


@pytest.fixture
def card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_defaults_suit_a_laptop():
    defaults = settings()
    assert (defaults.dataset, defaults.classifier, defaults.epochs, defaults.device) == (
        "phantom",
        "cnn",
        60,
        "cpu",
    )
    assert defaults.eps == (0, 1 / 255, 2 / 255, 4 / 255, 8 / 255)
    assert defaults.attack == "pgd"


def test_the_device_is_written_down(card):
    assert parse(Study, {}).device == "cuda"


def test_a_card_takes_a_larger_classifier_unless_one_is_named(card):
    assert parse(Study, {}).classifier == "resnet18-16"
    assert parse(Study, {"classifier": "cnn"}).classifier == "cnn"
    assert parse(Study, {"device": "cpu"}).classifier == "cnn"
    assert parse(Study, {"protocol": "paper"}).classifier == "resnet18"


def test_the_papers_protocol_fills_what_is_left_open():
    paper = settings(protocol="paper")
    assert (paper.classifier, paper.epochs) == ("resnet18", 100)
    named = settings(protocol="paper", epochs=3)
    assert (named.classifier, named.epochs) == ("resnet18", 3)


def test_settings_survive_a_round_through_json():
    original = settings(eps="0.1,1/255", protocol="paper", data_root="/some/where")
    assert Study.model_validate_json(original.model_dump_json()) == original


@pytest.mark.parametrize(
    ("radii", "eps"),
    [
        ("2/255,1/255", (0, 1 / 255, 2 / 255)),
        ([0.1, 0.05], (0, 0.05, 0.1)),
        ((0.0, 0.3, 0.3), (0, 0.3)),
        ("0,1", (0, 1)),
        (0.25, (0, 0.25)),
    ],
)
def test_radii_rise_from_0_however_they_are_given(radii, eps):
    assert settings(eps=radii).eps == eps


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"classifer": "cnn"}, "unknown setting 'classifer': did you mean classifier or ladder?"),
        ({"classifier": "resnet19"}, "unknown classifier 'resnet19': did you mean resnet18"),
        ({"attack": "pdg"}, "unknown attack 'pdg': did you mean pgd"),
        ({"device": "cua"}, "unknown device 'cua': did you mean cuda"),
        ({"device": None}, "unknown device 'None'"),
        ({"epochs": 0}, "epochs is 0: Input should be greater than or equal to 1"),
        ({"eps": "-1/255"}, "epsilon -1/255 is not from 0 to 1"),
        ({"eps": [-0.1]}, "epsilon -0.1 is not from 0 to 1"),
        ({"eps": [0, 8]}, "epsilon 8 is not from 0 to 1: pixels lie in [0, 1], write 8/255"),
        ({"eps": [math.nan]}, "epsilon 'nan' is not a number"),
        ({"eps": []}, "epsilon '' is not a number"),
        ({"eps": None}, "epsilon 'None' is not a number"),
        ({"floor": 1.5}, "floor is 1.5: Input should be less than or equal to 1"),
        ({"ranking_from": "test"}, "ranking-from is 'test': Input should be 'auto', 'left-out'"),
        ({"precision": "fp16"}, "precision is 'fp16': Input should be"),
        ({"protocol": "papers"}, "preset is 'papers': Input should be 'default' or 'paper'"),
        ({"seed": -1}, "seed is -1: Input should be greater than or equal to 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as caught:
        parse(Study, values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("floor", [-0.1, 1.2])
def test_a_floor_is_a_share(floor):
    with pytest.raises(UserError, match="floor"):
        settings(floor=floor)


@pytest.mark.parametrize("attack", ["apgd-t", "fab"])
def test_the_strong_attacks_may_rank(attack):
    assert settings(attack=attack).rungs[-1].level.attack == attack


def test_of_several_labels_each_is_attacked_as_two_classes_to_the_end():
    assert settings(dataset="chestmnist", attack="apgd-t").rungs[-1].level.attack == "apgd-t"
    with pytest.raises(UserError, match="fab stops where an answer turns wrong"):
        settings(dataset="chestmnist", attack="fab")


def test_an_attack_that_cannot_be_run_is_refused_before_anything_is_trained():
    with pytest.raises(UserError, match="square has no such strength"):
        settings(ladder="60:square-100x2")


@pytest.mark.parametrize("name", ["adrenalmnist3d", "phantom3d"])
def test_volumes_are_refused_before_a_network_for_images_is_built(name):
    with pytest.raises(UserError, match=f"{name}.*holds volumes, and this study") as error:
        parse(ClassificationSettings, {"dataset": name})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "size", "sizes"),
    [("breastmnist", 30, "28, 64, 128, 224"), ("phantom", 128, "28, 64")],
)
def test_a_size_that_the_dataset_does_not_come_in_is_refused(name, size, sizes):
    with pytest.raises(UserError, match=f"size is {size}: {name} comes in {sizes}$"):
        settings(dataset=name, size=size)
    assert settings(dataset=name, size=64).size == 64
