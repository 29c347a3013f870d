"""What metrics are called, by the description of a study."""

import math
from dataclasses import replace

import pytest

from analysis.vocabulary import Name, Vocabulary, format_tau, placeholder
from search.studies import about
from trainables.study.about import Score

STUDIES = {name: Vocabulary(about(name)) for name in ("tsynd", "robmednas")}


@pytest.mark.parametrize(
    ("study", "metric", "words"),
    [
        ("tsynd", "ranking_pgd_bacc_curve", "balanced accuracy under PGD, mean over ε"),
        ("tsynd", "ranking_pgd_bacc_skill", "balanced accuracy under PGD, skill over ε"),
        (
            "tsynd",
            "ranking_noise_bacc_skill",
            "balanced accuracy on noisy images, skill over its levels",
        ),
        (
            "tsynd",
            "val_noise_bacc_sigma0.05",
            "balanced accuracy on noisy images, standard deviation 0.05 (val)",
        ),
        ("tsynd", "ranking_apgd-ce_auc_eps0.5", "AUC under APGD-CE, ε = 0.5/255"),
        ("tsynd", "ranking_clean_acc", "accuracy on clean images"),
        ("tsynd", "ranking_noise_bacc", "balanced accuracy on noisy images"),
        ("tsynd", "val_clean_bacc", "balanced accuracy on clean images (val)"),
        ("tsynd", "val_loss", "val loss"),
        ("tsynd", "ranking_clean_mae_soft", "ranking clean mae soft"),  # of another study
        ("robmednas", "ranking_pgd_mae_head_curve", "head MAE in HU under PGD, mean over ε"),
        ("robmednas", "ranking_fgsm_dice_bone_eps0.05", "Dice of bone under FGSM, ε = 0.05 SD"),
        ("robmednas", "ranking_clean_mae_soft", "soft tissue MAE in HU on clean MR"),
    ],
)
def test_metrics_are_described_in_words(study, metric, words):
    assert STUDIES[study].describe(metric) == words


def test_a_name_is_taken_apart():
    vocabulary = STUDIES["tsynd"]
    assert vocabulary.parse("ranking_pgd_bacc_eps4") == Name("ranking", "pgd", "bacc", "eps4")
    assert vocabulary.parse("val_clean_auc") == Name("val", "clean", "auc", "")
    assert vocabulary.parse("parameters") is None
    assert vocabulary.score_of("ranking_pgd_bacc_eps4") == "bacc"
    assert vocabulary.score_of("parameters") is None


def test_the_name_of_a_score_is_no_pattern():
    scores = {"f.": Score(words="F", direction="max")}
    vocabulary = Vocabulary(replace(about("tsynd"), scores=scores))
    assert vocabulary.score_of("ranking_clean_f.") == "f."
    assert vocabulary.score_of("ranking_clean_f1") is None


@pytest.mark.parametrize(
    ("study", "metric", "value", "text"),
    [
        ("robmednas", "ranking_pgd_mae_head_curve", 169.26, "169.3"),
        ("robmednas", "ranking_pgd_mae_head_skill", 0.6378, "0.638"),
        ("robmednas", "ranking_pgd_dice_head_curve", 0.91234, "0.912"),
        ("tsynd", "ranking_pgd_bacc_curve", 0.5, "0.500"),
        ("tsynd", "loss", 2.0, "2.000"),
    ],
)
def test_values_have_the_digits_that_can_be_told_apart(study, metric, value, text):
    assert STUDIES[study].format_value(metric, value) == text


@pytest.mark.parametrize(("value", "text"), [(0.25, "+0.250"), (-0.25, "-0.250"), (0.0, "+0.000")])
def test_a_gain_has_a_sign(value, text):
    assert STUDIES["tsynd"].format_gain("ranking_pgd_bacc_curve", value) == text


def test_without_a_description_names_stay_as_they_are():
    vocabulary = Vocabulary(placeholder("strange"))
    assert vocabulary.describe("ranking_pgd_bacc_curve") == "ranking pgd bacc curve"
    assert vocabulary.score_of("ranking__bacc") is None
    assert vocabulary.format_value("ranking_pgd_bacc_curve", 0.5) == "0.500"
    assert vocabulary.score("top_one").words == "top one"


@pytest.mark.parametrize(
    ("tau", "interval", "words"),
    [
        (0.5, (0.2, 0.7), "0.50 [0.20, 0.70]"),
        (0.5, (math.nan, math.nan), "0.50"),  # of so few trials that nothing bounds it
        (1.0, (0.54, 1.0), "1.00 [0.54, 1.00]"),
        (math.nan, (math.nan, math.nan), "not known"),
    ],
)
def test_tau_is_written_with_what_is_known_of_it(tau, interval, words):
    assert format_tau(tau, *interval) == words
