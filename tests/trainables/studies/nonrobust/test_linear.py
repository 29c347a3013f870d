"""The linear control against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from trainables.studies.nonrobust.linear import fit_linear


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_it_is_the_logistic_regression_of_scikit_learn(n_classes, strength):
    random = np.random.default_rng(0)
    labels = random.integers(0, n_classes, 60)
    images = random.random((60, 3, 4)) + 0.2 * labels[:, None, None]
    model = fit_linear(images, labels, n_classes, strength)
    oracle = LogisticRegression(C=strength, tol=1e-8, max_iter=1000)
    oracle.fit(images.reshape(60, -1), labels)
    expected = oracle.predict_log_proba(images.reshape(60, -1))
    np.testing.assert_allclose(model.predict(images), expected, atol=2e-4)
