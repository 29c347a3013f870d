"""Made sets: from which images, with which network, under which targets; made once."""

import pytest
import torch

from searchspace.errors import UserError
from trainables.studies.nonrobust.construction import radius_of
from trainables.studies.nonrobust.settings import CONTROLS, SETS


@pytest.mark.parametrize("name", [*SETS, *CONTROLS])
def test_every_set_is_made_of_the_images_of_its_split(make_maker, name):
    maker = make_maker()
    for split in ("train", "val"):
        clean = getattr(maker.data, split).images.float() / 255
        twins = maker.make(name, split)
        assert twins.images.shape == clean.shape
        assert twins.images.min() >= 0
        assert twins.images.max() <= 1
        if name != "robust":
            lengths = (twins.images - clean).flatten(1).norm(dim=1)
            assert lengths.max() <= radius_of(clean, 0.5) * (1 + 1e-6)
            assert (lengths.min() > 0) == (name != "labels")


def test_controls_train_under_the_targets_of_the_random_set(make_maker):
    maker = make_maker()
    targets = maker.make("random", "train").labels
    for name in ("labels", "noise", "untrained", "robust-source"):
        assert torch.equal(maker.make(name, "train").labels, targets)
    assert not torch.equal(maker.make("random", "val").labels, targets[:12])


def test_targets_of_the_other_sets(make_maker):
    maker, labels = make_maker(), make_maker().data.train.labels
    assert torch.equal(maker.make("deterministic", "train").labels, 1 - labels)
    assert torch.equal(maker.make("robust", "train").labels, labels)


def test_a_set_is_made_once_and_another_seed_makes_another(make_maker):
    first = make_maker()
    twins = first.make("random", "train")
    assert len(first.trained) == 1
    again = make_maker()
    assert torch.equal(again.make("random", "train").images, twins.images)
    assert again.make("random", "train").making == twins.making
    assert again.trained == []
    stranger = make_maker(seed=1)
    assert not torch.equal(stranger.make("random", "train").images, twins.images)
    assert stranger.make("random", "train").digest != twins.digest


@pytest.mark.parametrize(
    "change", [{"construct_radius": 0.2}, {"construct_steps": 2}, {"epochs": 9}, {"seed": 3}]
)
def test_whatever_changes_a_set_changes_its_digest(make_maker, change):
    digests = {maker.make("random", "val").digest for maker in (make_maker(), make_maker(**change))}
    assert len(digests) == 2


def test_networks_with_random_weights_differ_and_leave_randomness_alone(make_maker):
    maker, state = make_maker(), torch.random.get_rng_state()
    first, again, second = (maker.untrained(number) for number in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, second.head.weight)
    statistics = [value for name, value in first.named_buffers() if name.endswith("running_mean")]
    assert all(value.abs().max() > 0 for value in statistics)
    assert not first.training


def test_each_set_is_made_with_its_network(make_maker):
    maker = make_maker()
    maker.make("robust-source", "train")
    assert [config.regime for config in maker.trained] == ["trades"]
    maker.make("untrained", "train")
    assert len(maker.trained) == 1
    maker.make("random", "train")
    assert [config.regime for config in maker.trained] == ["trades", "standard"]


def test_targets_that_are_the_labels_are_refused(make_maker, monkeypatch):
    maker = make_maker()
    monkeypatch.setattr(
        "trainables.studies.nonrobust.making.random_targets", lambda labels, *_: labels
    )
    with pytest.raises(UserError, match="random targets of train are the labels") as caught:
        maker.make("random", "train")
    assert "\n" not in str(caught.value)
