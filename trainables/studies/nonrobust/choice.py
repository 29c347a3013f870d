"""What chooses the epoch of a trial: what the trial trains for, on val.

By the score on clean val, TRADES would stop where it has begun to forget the attack [overfitting],
and among networks that know nothing of the task luck would choose.
"""

import math

from torch import Tensor

from trainables.attacks.evaluation import predict_logits
from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.classification.assets import Data, at_most
from trainables.classification.learner import Choice
from trainables.losses.likelihood import cross_entropy
from trainables.metrics.classification import mean_recall
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.studies.nonrobust.making import MadeSet

IMAGES, STEPS = 128, 5  # of the attack on val after each epoch


def choose_by_attack(data: Data, radius: float, seed: int) -> Choice:
    """Return a choice by the balanced accuracy on val under PGD, then without attack.

    Args:
        data: The splits; val alone is used, at most `IMAGES` of it.
        radius: Of the attack, in pixels of [0, 1].
        seed: Of its random starts, the same after every epoch.
    """
    val = at_most(data.val, IMAGES)
    images, attack = val.images.float() / 255, PGD(steps=STEPS)
    start = derive(seed, "choice")

    def key(classifier: Classifier) -> tuple[float, ...]:
        try:
            attacked = attack(classifier, images, val.labels, pixels(radius), start)
        except FloatingPointError:  # of a diverged network
            return (-math.inf, -math.inf)
        return tuple(accuracy(classifier, batch, val.labels) for batch in (attacked, images))

    return key


def choose_by_made(twins: MadeSet) -> Choice:
    """Return a choice by the balanced accuracy on a set that was made from val, then its loss.

    Args:
        twins: From val images, as the training set was from its own.
    """

    def key(classifier: Classifier) -> tuple[float, ...]:
        loss = cross_entropy(predict_logits(classifier, twins.images), twins.labels).mean()
        return accuracy(classifier, twins.images, twins.labels), -float(loss)

    return key


def accuracy(classifier: Classifier, images: Tensor, labels: Tensor) -> float:
    """Compute the balanced accuracy.

    Args:
        classifier: Maps images to logits (N, K).
        images: (N, C, ...).
        labels: int64 (N,).
    """
    right = predict_logits(classifier, images).argmax(dim=1) == labels
    return float(mean_recall(right.cpu().numpy(), labels.cpu().numpy()))
