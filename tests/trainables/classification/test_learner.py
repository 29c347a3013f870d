"""What a learner works with."""

from dataclasses import replace

import pytest
import torch

from trainables.classification.assets import LabelledImages
from trainables.classification.learner import ClassifierConfig, Lesson
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import build_classifier
from trainables.runtime.config import Frozen


class Config(Frozen):
    lr: float = 0.1
    dropout: float = 0.2
    batch_size: int = 4


def lesson_of(task):
    labels = torch.tensor([[0, 1], [1, 1]]) if task == "multi-label" else torch.tensor([0, 1])
    with torch.device("meta"):
        classifier = build_classifier("cnn", 1, (28, 28), 2)
    return Lesson(
        classifier=classifier,
        train=LabelledImages(torch.zeros((2, 1, 28, 28), dtype=torch.uint8), labels),
        task=task,
        loss=likelihood_loss(task),
        epochs=3,
        seed=0,
        device=torch.device("cpu"),
        precision="fp32",
        spend=lambda activity, since: None,
    )


@pytest.mark.parametrize("task", ["binary", "multi-class", "ordinal", "multi-label"])
def test_each_logit_is_a_label_of_its_own_for_multi_label_data_alone(task):
    """As the loss has it: one value an image, of labels of either shape."""
    lesson = lesson_of(task)
    assert lesson.multi_label == (lesson.train.labels.ndim == 2) == (task == "multi-label")
    assert lesson.loss(torch.zeros(2, 2), lesson.train.labels).shape == (2,)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_lesson_s_network_is_the_classifier_in_the_precision_of_training(precision):
    lesson = replace(lesson_of("binary"), precision=precision)
    assert lesson.network is lesson.network
    assert lesson.network.network is lesson.classifier
    with lesson.network.precision():
        assert torch.is_autocast_enabled("cpu") == (precision == "bf16")


def test_a_config_keeps_the_order_of_its_fields():
    """The protocol asks for two fields, wherever a study puts them."""
    config: ClassifierConfig = Config(batch_size=8)
    assert list(config.model_dump()) == ["lr", "dropout", "batch_size"]
    assert (config.batch_size, config.dropout) == (8, 0.2)
