"""Columns of a task, and the surrogate that a config names."""

import pytest
import torch

from trainables.losses.likelihood import binary_cross_entropy, cross_entropy
from trainables.losses.rank_losses import (
    AveragePrecision,
    Pairwise,
    PartialAUC,
    SmoothPartialAUC,
)
from trainables.studies.deepauc.objective import (
    Columns,
    balanced_loss,
    build_rank_loss,
    class_weights,
)
from trainables.studies.deepauc.settings import DeepAUCConfig

LOGITS = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
TARGETS = torch.tensor([[True], [False], [True]])


def test_two_classes_are_ranked_by_the_last_against_the_first():
    scores = Columns("binary", TARGETS).scores(LOGITS)
    torch.testing.assert_close(scores, LOGITS.softmax(dim=1)[:, 1:])


def test_several_classes_are_ranked_each_against_the_rest_and_labels_each_alone():
    logits = torch.randn(4, 3)
    softmax = Columns("multi-class", torch.zeros(1, 3).bool()).scores(logits)
    torch.testing.assert_close(softmax, logits.softmax(dim=1))
    labels = Columns("multi-label", torch.zeros(1, 3).bool()).scores(logits)
    torch.testing.assert_close(labels, logits.sigmoid())


@pytest.mark.parametrize(
    ("loss", "kind"),
    [
        ("pairwise", Pairwise),
        ("ap", AveragePrecision),
        ("pauc", PartialAUC),
        ("pauc_kl", SmoothPartialAUC),
    ],
)
def test_a_config_names_its_surrogate(loss, kind):
    built = build_rank_loss(DeepAUCConfig(loss=loss, margin=0.7), TARGETS)
    assert isinstance(built, kind)
    assert built.margin == 0.7


def test_pairs_take_the_surrogate_that_the_config_names():
    scores, rows = torch.tensor([[0.9], [0.1], [0.6]]), torch.arange(3)
    values = [
        build_rank_loss(DeepAUCConfig(loss="pairwise", margin=0.3, surrogate=name), TARGETS)(
            scores, TARGETS, rows
        ).item()
        for name in ("squared_hinge", "squared", "hinge")
    ]
    assert values == pytest.approx([0.0, (0.5**2 + 0.2**2) / 2, 0.0])


@pytest.mark.parametrize("loss", ["cross_entropy", "balanced", "aucm"])
def test_losses_of_another_kind_are_none(loss):
    with pytest.raises(ValueError, match=loss):
        build_rank_loss(DeepAUCConfig(loss=loss), TARGETS)


def test_balanced_classes_weigh_the_same_and_the_mean_weight_is_one():
    labels = torch.tensor([0] * 6 + [1] * 3 + [3])  # one class of four is absent
    weights = class_weights(labels)
    sums = [float(weights[labels == label].sum()) for label in (0, 1, 3)]
    assert sums == pytest.approx([10 / 3] * 3)
    assert float(weights.mean()) == pytest.approx(1)


def test_balanced_loss_is_the_mean_over_classes_of_cross_entropy():
    torch.manual_seed(0)
    logits, labels = torch.randn(12, 3), torch.tensor([0] * 7 + [1] * 4 + [2])
    losses = cross_entropy(logits, labels)
    expected = torch.stack([losses[labels == label].mean() for label in range(3)]).mean()
    value = balanced_loss(logits, labels, class_weights(labels)).mean()
    torch.testing.assert_close(value, expected)


def test_both_values_of_a_label_weigh_the_same():
    torch.manual_seed(0)
    logits, labels = torch.randn(10, 2), torch.tensor([[1, 0]] * 2 + [[0, 0]] * 8)
    weights = class_weights(labels)
    assert torch.isfinite(weights).all()
    assert float(weights[:2, 0].sum()) == pytest.approx(float(weights[2:, 0].sum()))
    even = torch.ones(10, 2)
    torch.testing.assert_close(
        balanced_loss(logits, labels, even), binary_cross_entropy(logits, labels)
    )
