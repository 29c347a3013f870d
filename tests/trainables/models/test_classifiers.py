import hashlib

import pytest
import torch
from torch import nn
from torch.nn import functional

from searchspace.errors import UserError
from trainables.models.bodies.body import Body
from trainables.models.classifiers import BODIES, Architecture, build_classifier
from trainables.runtime.seeding import generator, seeded

CPU = torch.device("cpu")
BUILT_IN = {name: body for name, body in BODIES.items() if not name.startswith("monai-")}
OF_IMAGES = [name for name, body in BUILT_IN.items() if 2 in body.dimensions]
OF_VOLUMES = [name for name, body in BUILT_IN.items() if 3 in body.dimensions]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("name", "parameters"), [("resnet18", 11_168_706), ("resnet18-16", 700_146)]
)
def test_resnet_has_the_parameters_of_the_benchmarks_own_code(name, parameters):
    assert count(build_classifier(name, channels=1, shape=(28, 28), n_classes=2)) == parameters


# Name, size, digest of the names and shapes of all weights, a weighed sum of their values.
INITIAL = [
    ("cnn", 28, "4c5697a65a290336", 528.928170443538),
    ("cnn", 128, "a751f50f5c3d38cf", 1288.3091067386124),
    ("densenet", 28, "fc7c1b2b3ec08218", 7725.291200498759),
    ("densenet", 128, "c3504653f1bb51db", 13813.622670836517),
    ("resnet18-16", 28, "ed207f53f8c070c8", 3365.8516222792477),
    ("resnet18-16", 128, "173758b6c80ed97f", 3370.197177907544),
    ("resnet18", 28, "51a01c283b050629", 13505.027354231775),
]


@pytest.mark.parametrize(("name", "size", "digest", "total"), INITIAL)
def test_a_seed_means_the_same_initial_weights_as_ever(name, size, digest, total):
    """Computed before networks knew volumes: other weights would be other records of all runs."""
    with seeded(CPU, 0, "initialisation"):
        weights = build_classifier(name, 3, (size, size), 4).state_dict()
    shapes = "\n".join(f"{name} {tuple(value.shape)}" for name, value in weights.items())
    assert hashlib.sha256(shapes.encode()).hexdigest()[:16] == digest
    values = torch.cat([value.flatten().double() for value in weights.values()])
    weighed = values @ torch.linspace(1, 2, len(values), dtype=torch.float64)
    assert float(weighed) == pytest.approx(total, rel=1e-9)


def test_the_cpus_default_is_the_first_and_smallest():
    names = [name for name in OF_IMAGES if not name.startswith("wrn")]
    sizes = {name: count(build_classifier(name, 1, (28, 28), 2)) for name in names}
    assert list(sizes) == sorted(sizes, key=lambda name: sizes[name])
    assert sizes["cnn"] < 70_000


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (28, 3), (64, 1), (128, 3), (224, 3)])
@pytest.mark.parametrize("name", OF_IMAGES)
def test_every_classifier_runs_at_every_size(name, size, channels):
    with torch.device("meta"):
        classifier = build_classifier(name, channels, (size, size), n_classes=5).eval()
        images = torch.empty(1, channels, size, size)
    maps = classifier.body(images)
    assert classifier(images).shape == (1, 5)
    # Neither a single position nor a costly many are left for the mean; a wide ResNet has no stem
    # that makes large images small.
    assert 4 <= maps.shape[2] == maps.shape[3] <= (size // 4 if name.startswith("wrn") else 8)
    assert maps.shape[1] == classifier.body.n_features == classifier.head.in_features


@pytest.mark.parametrize("size", [20, 28, 64])
@pytest.mark.parametrize("name", OF_VOLUMES)
def test_every_classifier_of_volumes_runs_at_every_size(name, size):
    with torch.device("meta"):
        classifier = build_classifier(name, 1, (size,) * 3, n_classes=5).eval()
        volumes = torch.empty(1, 1, size, size, size)
    maps = classifier.body(volumes)
    assert classifier(volumes).shape == (1, 5)
    greatest = size // 4 if name.startswith("wrn") else 8
    assert 3 <= maps.shape[2] == maps.shape[3] == maps.shape[4] <= greatest


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("resnet18", 33_140_802), ("resnet18-2.5d", 11_168_706), ("resnet18-acs", 11_168_706)],
)
def test_a_resnet_of_volumes_has_the_parameters_of_the_benchmarks_own_code(name, parameters):
    with torch.device("meta"):
        classifier = build_classifier(name, 1, (28,) * 3, n_classes=2)
    assert count(classifier) == parameters


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, (14, 14)) for name in OF_IMAGES] + [(name, (8,) * 3) for name in OF_VOLUMES],
)
def test_gradients_reach_every_parameter_in_training(name, shape):
    classifier = build_classifier(name, 1, shape, n_classes=3, dropout=0.0)
    images = torch.rand(4, 1, *shape, generator=generator(CPU, 1))
    functional.cross_entropy(classifier(images), torch.tensor([0, 1, 2, 0])).backward()
    unreached = [
        name
        for name, parameter in classifier.named_parameters()
        if parameter.grad is None or not bool(parameter.grad.any())
    ]
    assert unreached == []


def test_normalisation_is_inside():
    """Pixels in [0, 1] reach the body with mean 0.5 taken off and divided by 0.5."""
    classifier = build_classifier("cnn", 1, (28, 28), 2).eval()
    inputs_of_body = []
    classifier.body.register_forward_pre_hook(lambda _, inputs: inputs_of_body.append(inputs[0]))
    images = torch.rand(2, 1, 28, 28, generator=generator(CPU, 2))
    classifier(images)
    torch.testing.assert_close(inputs_of_body[0], (images - 0.5) / 0.5)


def test_dropout_acts_in_training_and_on_the_features_only():
    classifier = build_classifier("cnn", 1, (28, 28), 2, dropout=0.5)
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
    classifier = build_classifier("resnet18-16", 1, (28, 28), 2, dropout)
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
    classifier = build_classifier("cnn", 1, (28, 28), 2)
    first, again, second = (classifier.draw_masks(5, generator(CPU, seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("n_classes", [1, 2, 5])
def test_one_product_applies_all_masks(n_classes):
    """Against a loop: mask the features, then the last layer."""
    classifier = build_classifier("cnn", 3, (28, 28), n_classes)
    classifier.head.bias.data.normal_(generator=generator(CPU, 5))
    features = torch.rand(7, 64, generator=generator(CPU, 6))
    masks = classifier.draw_masks(4, generator(CPU, 7))
    logits = classifier.masked_logits(features, classifier.fold_masks(masks))
    looped = [
        functional.linear(features * mask, classifier.head.weight, classifier.head.bias)
        for mask in masks
    ]
    assert logits.shape == (7, 4, n_classes)
    torch.testing.assert_close(logits, torch.stack(looped, dim=1))


def cubes(channels, shape):
    assert len(shape) == 3
    return Body(nn.Sequential(nn.Conv3d(channels, 5, 3)), 5)


def test_a_classifier_of_volumes_pools_over_all_three_dimensions(monkeypatch):
    monkeypatch.setitem(BODIES, "cubes", Architecture(cubes, dimensions=(3,)))
    classifier = build_classifier("cubes", 2, (6, 7, 8), n_classes=3).eval()
    volumes = torch.rand(4, 2, 6, 7, 8, generator=generator(CPU, 8))
    layer = classifier.body.layers[0]
    maps = functional.conv3d(2 * volumes - 1, layer.weight, layer.bias)
    torch.testing.assert_close(classifier.features(volumes), maps.flatten(2).mean(dim=2))
    assert classifier(volumes).shape == (4, 3)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "densenet",
            (28, 28, 28),
            "'densenet' takes images, not volumes: choose from cnn, .*, cubes, either$",
        ),
        ("cubes", (28, 28), "takes volumes, not images: choose from cnn, .*, either$"),
    ],
)
def test_a_network_of_other_dimensions_is_refused_in_one_line(monkeypatch, name, shape, message):
    monkeypatch.setitem(BODIES, "cubes", Architecture(cubes, dimensions=(3,)))
    monkeypatch.setitem(BODIES, "either", Architecture(cubes, dimensions=(2, 3)))
    with pytest.raises(UserError, match=message):
        build_classifier(name, 1, shape, 2)


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UserError, match="unknown classifier 'resnet': did you mean resnet18"):
        build_classifier("resnet", 1, (28, 28), 2)
