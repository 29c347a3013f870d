"""What metrics are called."""

import pytest

from analysis.vocabulary import SCORES, describe, score_of, written, written_tau
from trainables.metrics import synthesis


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ranking_pgd_bacc_curve", "balanced accuracy under PGD, mean over ε"),
        ("ranking_apgd-ce_auc_eps0.5", "AUC under APGD-CE, ε = 0.5/255"),
        ("ranking_clean_acc", "accuracy on clean images"),
        ("ranking_noise_bacc", "balanced accuracy on noisy images"),
        ("val_clean_bacc", "balanced accuracy on clean images (val)"),
        ("val_loss", "val loss"),
        ("ranking_pgd_mae_head_curve", "head MAE in HU under PGD, mean over ε"),
        ("ranking_fgsm_dice_bone_eps0.05", "Dice of bone under FGSM, ε = 0.05 SD"),
        ("ranking_clean_mae_soft", "soft tissue MAE in HU on clean MR"),
    ],
)
def test_metrics_are_described_in_words(name, words):
    assert describe(name) == words


def test_every_score_of_synthesis_has_words():
    assert set(synthesis.SCORES) <= set(SCORES)
    assert score_of("ranking_pgd_mae_head_eps0.1") == "mae_head"
    assert score_of("parameters") is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("ranking_pgd_mae_head_curve", 169.26, "169.3"),
        ("ranking_pgd_dice_head_curve", 0.91234, "0.912"),
        ("ranking_pgd_bacc_curve", 0.5, "0.500"),
        ("loss", 2.0, "2.000"),
    ],
)
def test_values_have_the_digits_that_can_be_told_apart(name, value, text):
    assert written(name, value) == text


@pytest.mark.parametrize(
    ("tau", "interval", "words"),
    [
        (0.5, (0.2, 0.7), "0.50 [0.20, 0.70]"),
        (0.5, (-1.0, 1.0), "0.50"),  # of so few trials that nothing bounds it
        (1.0, (0.99, 1.0), "1: all pairs agree"),
        (-1.0, (-1.0, -0.99), "-1: all pairs disagree"),
        (float("nan"), (-1.0, 1.0), "not known"),
    ],
)
def test_tau_is_written_with_what_is_known_of_it(tau, interval, words):
    assert written_tau(tau, *interval) == words
