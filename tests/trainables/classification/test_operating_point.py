"""The threshold of val, taken off the last biases."""

import pytest
import torch

from trainables.classification.operating_point import absorb_threshold, best_threshold
from trainables.metrics.classification import scores
from trainables.models.classifiers import build_classifier


def classifier_and_images(n_classes):
    torch.manual_seed(0)
    classifier = build_classifier("cnn", 1, (28, 28), n_classes, dropout=0.0).eval()
    return classifier, torch.rand(60, 1, 28, 28)


def logits_of(classifier, images):
    with torch.no_grad():
        return classifier(images)


def test_two_classes_are_decided_at_the_threshold_and_their_order_stays():
    classifier, images = classifier_and_images(2)
    before = logits_of(classifier, images)
    lead = before[:, 1] - before[:, 0]
    labels = (lead + 0.02 * torch.randn(60) > lead.median()).long()
    threshold = best_threshold(lead, labels)
    absorb_threshold(classifier, before, labels, "binary")
    after = logits_of(classifier, images)
    assert torch.equal(after.argmax(dim=1), (lead > threshold).long())
    values = [
        scores("binary", logits.softmax(1).numpy(), labels.numpy()) for logits in (before, after)
    ]
    assert values[1]["auc"] == values[0]["auc"]
    assert values[1]["bacc"] > values[0]["bacc"]


def test_every_label_has_a_threshold_of_its_own():
    classifier, images = classifier_and_images(3)
    before = logits_of(classifier, images)
    levels = before.quantile(torch.tensor([0.3, 0.5, 0.7]), dim=0).diagonal()
    labels = (before > levels).long()
    absorb_threshold(classifier, before, labels, "multi-label")
    assert torch.equal((logits_of(classifier, images) > 0).long(), labels)


def test_more_classes_are_left_alone():
    classifier, images = classifier_and_images(3)
    before = logits_of(classifier, images)
    absorb_threshold(classifier, before, torch.arange(60) % 3, "multi-class")
    assert torch.equal(logits_of(classifier, images), before)


@pytest.mark.parametrize(
    ("values", "labels", "threshold"),
    [
        ([-3.0, -1.0, 2.0, 5.0], [0, 0, 1, 1], 0.0),  # 0 is as good as 0.5, and nearer
        ([1.0, 2.0, 4.0, 5.0], [0, 0, 1, 1], 3.0),
        ([1.0, 2.0, 4.0, 5.0], [1, 1, 1, 1], 0.0),
        ([1.0, float("nan")], [0, 1], 0.0),
        ([2.0, 2.0], [0, 1], 0.0),
    ],
)
def test_the_threshold(values, labels, threshold):
    assert best_threshold(torch.tensor(values), torch.tensor(labels)) == threshold


def test_the_rare_class_counts_as_much_as_the_other():
    values = torch.tensor([1.0] * 9 + [2.0] + [3.0] * 90)
    labels = torch.tensor([0] * 9 + [1] + [1] * 90)
    assert best_threshold(values, labels) == 1.5
