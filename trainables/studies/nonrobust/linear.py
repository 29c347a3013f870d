"""The linear leak: what a logistic regression on pixels learns of a made set [goh].

Features that a linear model finds are robust to what hardly moves an image. So what it scores on
clean images is what robust features carry of a set that should have none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax

from trainables.runtime.arrays import Floats, Floats64

STRENGTH = 0.01  # C: the weight of the data beside half the squared length of the weights [goh]
ITERATIONS = 300


@dataclass(frozen=True)
class LinearModel:
    """A linear classifier of pixels.

    Attributes:
        weights: (D, K).
        bias: (K,).
    """

    weights: Floats64
    bias: Floats64

    def predict(self, images: Floats) -> Floats64:
        """Return log-probabilities (N, K) of images (N, ...)."""
        result: Floats64 = log_softmax(_rows(images) @ self.weights + self.bias, axis=1)
        return result


def fit_linear(
    images: Floats, labels: npt.NDArray[np.int64], n_classes: int, strength: float = STRENGTH
) -> LinearModel:
    """Minimise |W|^2 / 2 + C times the summed cross-entropy; the bias costs nothing.

    Two classes count as one column of weights, as in scikit-learn.

    Args:
        images: In [0, 1], (N, ...).
        labels: (N,).
        n_classes: K.
        strength: C.
    """
    pixels = _rows(images)
    n_values, truth = pixels.shape[1], np.eye(n_classes)[labels]
    if n_classes == 2:  # the columns are w / 2 and -w / 2: their length costs half of that of w
        strength = strength / 2

    def objective(values: Floats64) -> tuple[float, Floats64]:
        table = values.reshape(n_values + 1, n_classes)
        weights, bias = table[:-1], table[-1]
        logs = log_softmax(pixels @ weights + bias, axis=1)
        slope = strength * (np.exp(logs) - truth)
        value = 0.5 * np.square(weights).sum() - strength * (truth * logs).sum()
        gradient = np.vstack([weights + pixels.T @ slope, slope.sum(axis=0)])
        return float(value), gradient.ravel()

    start = np.zeros((n_values + 1) * n_classes)
    outcome = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "gtol": 1e-6, "ftol": 1e-12},
    )
    table = outcome.x.reshape(n_values + 1, n_classes)
    return LinearModel(table[:-1], table[-1])


def _rows(images: Floats) -> Floats64:
    return images.reshape(len(images), -1).astype(np.float64)
