import pytest
import torch
from torch.nn import functional

from trainables.losses import likelihood as losses


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("k", [2, 3, 11])
def test_cross_entropy_is_torchs(k, rng):
    logits = 5 * torch.randn((50, k), generator=rng, dtype=torch.float64)
    labels = torch.randint(k, (50,), generator=rng)
    expected = functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(losses.cross_entropy(logits, labels), expected)


def test_binary_cross_entropy_is_torchs(rng):
    logits = 5 * torch.randn((50, 14), generator=rng, dtype=torch.float64)
    labels = torch.randint(2, (50, 14), generator=rng)
    oracle = functional.binary_cross_entropy_with_logits(
        logits, labels.double(), reduction="none"
    ).mean(dim=1)
    torch.testing.assert_close(losses.binary_cross_entropy(logits, labels), oracle)


def gradient(loss, logits, labels):
    logits = logits.clone().requires_grad_()
    return torch.autograd.grad(loss(logits, labels).sum(), logits)[0][0]


def test_a_confident_network_keeps_the_direction_of_the_gradient():
    logits, label = torch.tensor([[40.0, 0.0, -1.0]]), torch.tensor([0])
    half = gradient(lambda z, y: functional.cross_entropy(z, y, reduction="none"), logits, label)
    assert half[0] == 0  # what this module is there to mend
    slopes = gradient(losses.cross_entropy, logits, label)
    torch.testing.assert_close(-slopes[0], slopes[1:].sum(), rtol=1e-5, atol=0)
    torch.testing.assert_close(slopes[2] / slopes[1], torch.tensor(-1.0).exp())


def test_a_confident_label_keeps_its_gradient():
    logits = torch.tensor([[40.0, -40.0]])
    slopes = gradient(losses.binary_cross_entropy, logits, torch.tensor([[1, 0]]))
    assert slopes[0] < 0 < slopes[1]


@pytest.mark.parametrize("k", [2, 3, 11])
def test_log_odds_are_those_of_the_wrong_classes(k, rng):
    logits = 5 * torch.randn((50, k), generator=rng, dtype=torch.float64)
    labels = torch.randint(k, (50,), generator=rng)
    right = logits.softmax(dim=1).gather(1, labels[:, None]).squeeze(1)
    torch.testing.assert_close(losses.log_odds(logits, labels), (1 / right - 1).log())


def test_log_odds_rank_and_point_as_the_cross_entropy_does(rng):
    logits = 3 * torch.randn((50, 4), generator=rng, dtype=torch.float64)
    labels = torch.randint(4, (50,), generator=rng)
    odds, entropy = losses.log_odds(logits, labels), losses.cross_entropy(logits, labels)
    torch.testing.assert_close(functional.softplus(odds), entropy)
    slopes = [
        functional.normalize(gradient(loss, logits[:1], labels[:1]), dim=0)
        for loss in (losses.log_odds, losses.cross_entropy)
    ]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 16.0, 100.0, 1e3, 1e6, 1e30])
def test_no_scale_of_the_logits_takes_the_gradient_away(scale):
    """The cross-entropy of the same logits has none from a margin of 104 on."""
    logits, label = scale * torch.tensor([[30.0, 0.0]]), torch.tensor([0])
    assert gradient(losses.log_odds, logits, label).tolist() == [-1, 1]
    lost = gradient(losses.cross_entropy, logits, label).tolist() == [0, 0]
    assert lost == (scale > 3)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_of_labels_they_are_the_logarithm_of_the_cross_entropy(scale, rng):
    logits = scale * torch.randn((20, 5), generator=rng, dtype=torch.float64)
    labels = torch.randint(2, (20, 5), generator=rng)
    expected = losses.binary_cross_entropy(logits, labels).log()
    finite = expected.isfinite()
    torch.testing.assert_close(losses.log_odds(logits, labels)[finite], expected[finite])


def test_a_label_that_is_right_beyond_doubt_keeps_its_gradient():
    logits, labels = torch.tensor([[4e3, -5e3]]), torch.tensor([[1, 0]])
    assert gradient(losses.binary_cross_entropy, logits, labels).tolist() == [0, 0]
    assert losses.log_odds(logits, labels).item() == pytest.approx(-4e3, rel=1e-3)
    assert gradient(losses.log_odds, logits, labels).tolist() == [-1, 0]


def test_margin_by_hand():
    logits = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    assert losses.margin(logits, torch.tensor([0, 1])).tolist() == [-1.0, 2.0]
    two = torch.tensor([[0.5, 2.0]])
    assert losses.margin(two, torch.tensor([1])).tolist() == [-1.5]


def test_a_label_s_margin_is_that_of_two_logits_0_and_z():
    z = torch.tensor([[1.5, -2.0]])
    pairs = torch.stack([torch.zeros(2), z[0]], dim=1)
    expected = losses.margin(pairs, torch.tensor([1, 1])).mean()
    assert losses.margin(z, torch.tensor([[1, 1]])).item() == pytest.approx(expected.item())


def test_squared_error_is_torchs_mean_of_each_image(rng):
    prediction, target = torch.randn((2, 4, 1, 5, 6), generator=rng, dtype=torch.float64)
    expected = [functional.mse_loss(p, t) for p, t in zip(prediction, target, strict=True)]
    values = losses.squared_error(prediction, target)
    torch.testing.assert_close(values, torch.stack(expected))
    assert losses.squared_error(target, target).tolist() == [0, 0, 0, 0]


def test_squared_error_by_hand():
    prediction, target = torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([[[[1.0, -2.0]]]])
    assert losses.squared_error(prediction, target).tolist() == [8]


def test_an_image_is_not_compared_with_another_s_target():
    """(4, 1, 6, 6) and (4, 6, 6) broadcast to (4, 4, 6, 6): silently wrong."""
    with pytest.raises(ValueError, match=r"prediction is \(4, 1, 6, 6\), its target \(4, 6, 6\)"):
        losses.squared_error(torch.zeros(4, 1, 6, 6), torch.zeros(4, 6, 6))


def test_misclassified():
    logits = torch.tensor([[3.0, 1.0], [3.0, 1.0]])
    assert losses.misclassified(logits, torch.tensor([0, 1])).tolist() == [False, True]
    assert losses.misclassified(logits, torch.tensor([[0, 1], [1, 1]])).tolist() == [False, False]


def test_a_predicted_image_is_never_misclassified():
    prediction, target = torch.zeros(3, 1, 4, 4), torch.ones(3, 1, 4, 4)
    assert losses.misclassified(prediction, target).tolist() == [False, False, False]


def test_a_task_has_its_loss():
    assert losses.likelihood_loss("multi-label") is losses.binary_cross_entropy
    for task in ("binary", "multi-class", "ordinal"):
        assert losses.likelihood_loss(task) is losses.cross_entropy


def test_the_targeted_ratio_by_hand():
    """(2 - 5) / (5 - (1 + 0.5) / 2); towards the runner-up and from a class that is not on top."""
    logits = torch.tensor([[5.0, 2.0, 1.0, 0.5], [5.0, 2.0, 1.0, 0.5], [5.0, 2.0, 1.0, 0.5]])
    values = losses.targeted_loss(torch.tensor([1, 2, 0]))(logits, torch.tensor([0, 0, 3]))
    assert values.tolist() == pytest.approx([-3 / 4.25, -4 / 4.25, 4.5 / 4.25])


def test_the_targeted_ratio_knows_no_scale(rng):
    logits = torch.randn((20, 7), generator=rng, dtype=torch.float64)
    labels, classes = torch.arange(20) % 7, (torch.arange(20) + 3) % 7
    loss = losses.targeted_loss(classes)
    torch.testing.assert_close(loss(1e4 * logits + 5, labels), loss(logits, labels))
    assert ((loss(logits, labels) > 0) == (logits.gather(1, classes[:, None]) > logits.gather(
        1, labels[:, None]
    )).squeeze(1)).all()  # fmt: skip


def test_below_four_classes_it_is_a_difference_of_logits():
    logits = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    values = losses.targeted_loss(torch.tensor([2, 0]))(logits, torch.tensor([0, 1]))
    assert values.tolist() == [-1.0, 2.0]


def test_where_all_logits_are_the_same_it_is_finite():
    values = losses.targeted_loss(torch.tensor([1]))(torch.zeros(1, 5), torch.tensor([0]))
    assert values.tolist() == [0.0]


def test_rivals_are_the_other_classes_by_likelihood():
    logits = torch.tensor([[3.0, 1.0, 2.0, 0.0], [3.0, 1.0, 2.0, 0.0]])
    labels = torch.tensor([0, 2])
    assert losses.rivals(logits, labels, 9).T.tolist() == [[2, 1, 3], [0, 1, 3]]
    assert losses.rivals(logits, labels, 1).tolist() == [[2, 0]]
