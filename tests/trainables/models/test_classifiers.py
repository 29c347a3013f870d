import pytest
import torch
from torch import nn
from torch.nn import functional

from searchspace.errors import UserError
from trainables.models.classifiers import BODIES, build_classifier
from trainables.runtime.seeding import generator

CPU = torch.device("cpu")


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "parameters"), [("resnet18", 11_168_706), ("resnet18-16", 700_146)]
)
def test_resnet_has_the_parameters_of_the_benchmarks_own_code(name, parameters):
    assert count(build_classifier(name, channels=1, size=28, n_classes=2)) == parameters


def test_the_cpus_default_is_the_first_and_smallest():
    sizes = {name: count(build_classifier(name, 1, 28, 2)) for name in BODIES}
    assert list(sizes) == sorted(sizes, key=lambda name: sizes[name])
    assert sizes["cnn"] < 70_000


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (28, 3), (64, 1), (128, 3), (224, 3)])
@pytest.mark.parametrize("name", BODIES)
def test_every_classifier_runs_at_every_size(name, size, channels):
    classifier = build_classifier(name, channels, size, n_classes=5).eval()
    images = torch.rand(1, channels, size, size, generator=generator(CPU, 0))
    with torch.no_grad():
        maps = classifier.body(images)
        assert classifier(images).shape == (1, 5)
    # Neither a single position nor a costly many are left for the mean.
    assert 4 <= maps.shape[2] == maps.shape[3] <= 8
    assert maps.shape[1] == classifier.body.n_features == classifier.head.in_features


@pytest.mark.parametrize("name", BODIES)
def test_gradients_reach_every_parameter_in_training(name):
    classifier = build_classifier(name, 1, 28, n_classes=3, dropout=0.0)
    images = torch.rand(4, 1, 28, 28, generator=generator(CPU, 1))
    functional.cross_entropy(classifier(images), torch.tensor([0, 1, 2, 0])).backward()
    unreached = [
        name
        for name, parameter in classifier.named_parameters()
        if parameter.grad is None or not bool(parameter.grad.any())
    ]
    assert unreached == []


def test_normalisation_is_inside():
    """Pixels in [0, 1] reach the body with mean 0.5 taken off and divided by 0.5."""
    classifier = build_classifier("cnn", 1, 28, 2).eval()
    seen = []
    classifier.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = torch.rand(2, 1, 28, 28, generator=generator(CPU, 2))
    classifier(images)
    torch.testing.assert_close(seen[0], (images - 0.5) / 0.5)


def test_dropout_acts_in_training_and_on_the_features_only():
    classifier = build_classifier("cnn", 1, 28, 2, dropout=0.5)
    for module in classifier.body.modules():
        module.eval()  # batch normalisation's running averages would move
    images = torch.rand(2, 1, 28, 28, generator=generator(CPU, 3))
    assert torch.equal(classifier.features(images), classifier.features(images))
    assert not torch.equal(classifier(images), classifier(images))
    classifier.eval()
    expected = classifier.head(classifier.features(images))
    assert torch.equal(classifier(images), expected)


@pytest.mark.parametrize("dropout", [0.0, 0.2, 0.5])
def test_masks_are_scaled_as_dropout_scales(dropout):
    classifier = build_classifier("resnet18-16", 1, 28, 2, dropout)
    masks = classifier.draw_masks(2000, generator(CPU, 4))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dropped = nn.Dropout(dropout).train()(torch.ones(2000, 128))
    assert masks.shape == dropped.shape
    torch.testing.assert_close(masks.unique(), dropped.unique())
    # 256 000 draws: the share that is kept has a standard error of 0.001.
    assert float((masks > 0).float().mean()) == pytest.approx(1 - dropout, abs=0.005)
    assert float(masks.mean()) == pytest.approx(1, abs=0.01)


def test_masks_follow_their_generator():
    classifier = build_classifier("cnn", 1, 28, 2)
    first, again, other = (classifier.draw_masks(5, generator(CPU, seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("n_classes", [1, 2, 5])
def test_one_product_applies_all_masks(n_classes):
    """Against a loop: mask the features, then the last layer."""
    classifier = build_classifier("cnn", 3, 28, n_classes)
    classifier.head.bias.data.normal_(generator=generator(CPU, 5))
    features = torch.rand(7, 64, generator=generator(CPU, 6))
    masks = classifier.draw_masks(4, generator(CPU, 7))
    found = classifier.masked_logits(features, classifier.fold_masks(masks))
    looped = [
        functional.linear(features * mask, classifier.head.weight, classifier.head.bias)
        for mask in masks
    ]
    assert found.shape == (7, 4, n_classes)
    torch.testing.assert_close(found, torch.stack(looped, dim=1))


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UserError, match="unknown classifier 'resnet': did you mean resnet18"):
        build_classifier("resnet", 1, 28, 2)
