import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from searchspace.errors import UserError
from trainables.models.bodies.body import Body
from trainables.models.classifiers import BODIES, Architecture
from trainables.runtime.config import parse
from trainables.runtime.seeding import generator, seeded
from trainables.saved.checkpoint import (
    CARD,
    WEIGHTS,
    ModelCard,
    load_classifier,
    load_network,
    load_unet,
    save_model,
)

CPU = torch.device("cpu")


def card_of(name: str = "cnn", **changed) -> ModelCard:
    values = {
        "classifier": name, "channels": 3, "shape": (28, 28), "task": "multi-class",
        "classes": ("a", "b", "c"), "dropout": 0.3, "provenance": {"epoch": 4, "lr": 0.1},
    }  # fmt: skip
    return ModelCard(**(values | changed))


@pytest.fixture
def saved(tmp_path):
    with seeded(CPU, 0):
        classifier = card_of().build()
    save_model(tmp_path / "model", classifier, card_of())
    return tmp_path / "model"


@pytest.mark.parametrize("name", ["cnn", "densenet", "resnet18-16"])
def test_a_loaded_classifier_answers_alike(tmp_path, name):
    with seeded(CPU, 0):
        classifier = card_of(name).build()
        images = torch.rand(4, 3, 28, 28)
        classifier(images)  # in training mode: running averages are saved, too
    save_model(tmp_path / "not" / "there", classifier, card_of(name))
    loaded, card = load_classifier(str(tmp_path / "not" / "there"))
    assert card == card_of(name)
    assert not loaded.training
    assert torch.equal(loaded(images), classifier.eval()(images))
    assert loaded.dropout.p == 0.3


def test_the_files_are_weights_and_json(saved):
    assert sorted(path.name for path in saved.iterdir()) == [CARD, WEIGHTS]
    assert json.loads((saved / CARD).read_text())["provenance"] == {"epoch": 4, "lr": 0.1}
    assert set(load_file(saved / WEIGHTS)) == set(card_of().build().state_dict())


def test_saving_leaves_the_classifier_as_it_was(tmp_path):
    classifier = card_of().build()
    before = {name: value.clone() for name, value in classifier.state_dict().items()}
    save_model(tmp_path, classifier, card_of())
    assert classifier.training
    assert all(torch.equal(value, before[name]) for name, value in classifier.state_dict().items())


def change_card(folder, **changed):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changed}))


def cut_weights(folder):
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-10])


def lose_a_weight(folder):
    weights = load_file(folder / WEIGHTS)
    del weights["head.bias"]
    save_file(weights, folder / WEIGHTS)


DAMAGES = {
    "no such folder": (lambda f: f.rename(f.with_name("moved")), "model.json is missing"),
    "no card": (lambda f: (f / CARD).unlink(), "no model in .*: model.json is missing"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "no model in .*: model.safetensors is"),
    "weights cut": (cut_weights, "is damaged"),
    "weights empty": (lambda f: (f / WEIGHTS).write_bytes(b""), "is damaged"),
    "weight lost": (lose_a_weight, r"is damaged \(Error\(s\) in loading state_dict for"),
    "card cut": (lambda f: (f / CARD).write_text('{"classifier": "cn'), "is damaged"),
    "card not text": (lambda f: (f / CARD).write_bytes(b"\xff\xfe\x00"), "is damaged"),
    "card not a table": (lambda f: (f / CARD).write_text("[1, 2]"), "is damaged"),
    "card null": (lambda f: (f / CARD).write_text("null"), "is damaged"),
    "card empty": (lambda f: (f / CARD).write_text("{}"), r"is damaged \(classifier is missing\)"),
    "unknown field": (lambda f: change_card(f, sizes=3), "unknown setting 'sizes': did you mean"),
    "unknown classifier": (lambda f: change_card(f, classifier="resnet"), "did you mean resnet18"),
    "other classifier": (lambda f: change_card(f, classifier="densenet"), "is damaged"),
    "more classes": (lambda f: change_card(f, classes=["a"]), "is damaged"),
    "no classes": (lambda f: change_card(f, classes=[]), "is damaged .*classes"),
    "no channels": (lambda f: change_card(f, channels=0), "is damaged .*channels is 0"),
    "no pixels": (lambda f: change_card(f, shape=[28, 0]), r"is damaged .*shape\.1 is 0"),
    "one dimension": (lambda f: change_card(f, shape=[28]), r"is damaged .*shape is \[28\]"),
    "four dimensions": (lambda f: change_card(f, shape=[2] * 4), "is damaged .*shape is"),
    "volumes": (lambda f: change_card(f, shape=[28] * 3), "is damaged"),
    "shape and size": (lambda f: change_card(f, size=28), "unknown setting 'size'"),
    "dropout of all": (lambda f: change_card(f, dropout=1.0), "is damaged .*dropout is 1.0"),
    "unknown task": (lambda f: change_card(f, task="guess"), "is damaged .*task is 'guess'"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_model_is_said_in_one_line(saved, damage, message):
    damage(saved)
    with pytest.raises(UserError, match=message) as caught:
        load_classifier(saved)
    assert "\n" not in str(caught.value)
    assert str(saved) in str(caught.value)


def test_a_model_of_the_other_kind_is_named_as_that_and_not_as_damaged(saved):
    with pytest.raises(UserError, match="is a classifier: name one that predicts CT"):
        load_unet(saved)
    card = json.loads((saved / CARD).read_text())
    del card["classifier"]
    (saved / CARD).write_text(json.dumps(card | {"architecture": "plain 8 16"}))
    with pytest.raises(UserError, match="predicts CT from MR: name one that classifies"):
        load_classifier(saved)


def size_instead_of_shape(folder, size):
    card = json.loads((folder / CARD).read_text())
    del card["shape"]
    (folder / CARD).write_text(json.dumps(card | {"size": size}))


def test_a_card_from_before_there_were_volumes_is_read(saved):
    expected, card = load_classifier(saved)
    size_instead_of_shape(saved, 28)
    classifier, upgraded = load_classifier(saved)
    assert upgraded == card
    images = torch.rand(2, 3, 28, 28, generator=generator(CPU, 1))
    assert torch.equal(classifier(images), expected(images))


def test_a_damaged_card_from_before_there_were_volumes_is_said(saved):
    size_instead_of_shape(saved, 0)
    with pytest.raises(UserError, match=r"is damaged .*shape\.0 is 0"):
        load_classifier(saved)


def test_a_classifier_of_volumes_is_saved_and_loaded(tmp_path, monkeypatch):
    def cubes(channels, shape):
        assert shape == (8, 9, 10)
        return Body(nn.Sequential(nn.Conv3d(channels, 5, 3)), 5)

    monkeypatch.setitem(BODIES, "cubes", Architecture(cubes, dimensions=(3,)))
    card = card_of("cubes", shape=(8, 9, 10))
    assert card.volumes
    assert not card_of().volumes
    classifier = card.build().eval()
    save_model(tmp_path, classifier, card)
    network, shape = load_network(tmp_path)
    assert shape == (3, 8, 9, 10)
    volumes = torch.rand(2, *shape)
    assert torch.equal(network(volumes), classifier(volumes))


def test_a_model_that_is_a_file_is_none(saved):
    with pytest.raises(UserError, match="no model in"):
        load_classifier(saved / CARD)


def test_masks_of_a_loaded_classifier_are_those_of_the_saved(saved):
    """Dropout belongs to the model: its masks are a part of what TSynD maximises."""
    loaded, card = load_classifier(saved)
    built = parse(ModelCard, card.model_dump()).build()
    masks = [c.draw_masks(4, generator(CPU, 0)) for c in (loaded, built)]
    assert torch.equal(*masks)
