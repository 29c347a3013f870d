"""The threshold of a classifier that was trained to order images, and not to answer yes or no.

It is taken off the last layer's biases. So the usual decision, above 0.5, is the one at the
threshold, and whatever looks at answers (attacks, alarms, cards, exports) needs no threshold.
"""

import numpy as np
import torch
from torch import Tensor

from trainables.data.task import Task
from trainables.metrics.classification import mean_recall
from trainables.models.classifiers import Classifier


def absorb_threshold(classifier: Classifier, logits: Tensor, labels: Tensor, task: Task) -> None:
    """Move the last biases so that 0.5 has the greatest balanced accuracy on some images.

    The order of scores stays: AUC, average precision and partial AUC do not change. Nothing is done
    for more than two classes, where no single threshold decides.

    Args:
        classifier: Its head is changed.
        logits: Of images that choose the threshold, such as val, (N, K).
        labels: Theirs, (N,) or (N, L).
        task: What the labels mean.
    """
    bias = classifier.head.bias
    with torch.no_grad():
        if task == "multi-label":
            for column in range(logits.shape[1]):
                bias[column] -= best_threshold(logits[:, column], labels[:, column])
        elif logits.shape[1] == 2:
            half = best_threshold(logits[:, 1] - logits[:, 0], labels) / 2
            bias.add_(torch.tensor([half, -half], dtype=bias.dtype, device=bias.device))


def best_threshold(scores: Tensor, positive: Tensor) -> float:
    """Return the midpoint between scores that has the greatest balanced accuracy.

    Args:
        scores: Logits, (N,).
        positive: 0 or 1, (N,).

    Returns:
        Of several, the one nearest to 0; 0 where only one class occurs, or a score is not finite.
    """
    values = scores.detach().double().cpu().numpy()
    truth = positive.cpu().numpy().astype(np.int64)
    if len(np.unique(truth)) < 2 or not np.isfinite(values).all():
        return 0.0
    distinct = np.unique(values)
    midpoints = np.append(0.0, (distinct[1:] + distinct[:-1]) / 2)
    right = (values > midpoints[:, np.newaxis]) == truth.astype(bool)
    accuracy = mean_recall(right, truth)
    best = midpoints[accuracy >= accuracy.max() - 1e-12]
    return float(best[np.abs(best).argmin()])
