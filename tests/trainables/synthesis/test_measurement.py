"""Scores of a network over subjects, clean and attacked."""

import numpy as np
import pytest
import torch
from torch import nn

from trainables.metrics.curve import area
from trainables.metrics.synthesis import SCORES, measure, truth_of
from trainables.study.report import Level
from trainables.synthesis import measurement
from trainables.synthesis.constant import best_grey, constant_error
from trainables.synthesis.measurement import (
    Measurement,
    areas,
    constant_metrics,
    mean_without_nan,
    measure_clean,
    measure_robust,
    metrics_of,
    score_subjects,
)
from trainables.synthesis.prediction import predict
from trainables.synthesis.robustness.errors import head_error, slice_error
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import CENTRE_HU, SCALE_HU

CPU = torch.device("cpu")
PROTOCOL = Measurement(attack="pgd", eps=(0.0, 0.1, 0.3), seed=0, batch_size=5)


class Affine(nn.Module):
    """Predicts w MR + b: each pixel's own, so that attacks have a closed form."""

    def __init__(self, weight=0.2, bias=-0.1):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, images):
        return self.weight * images + self.bias


@pytest.fixture
def split(heads):
    return heads.data.train


@pytest.mark.parametrize("group", [1, 3, 256])
def test_scores_are_of_whole_subjects_however_they_are_grouped(split, group, monkeypatch):
    monkeypatch.setattr(measurement, "GROUP", group)
    network = Affine()
    (scores,) = score_subjects(network, split, [None], CPU)
    for row, subject in enumerate(split.subjects):
        mr = torch.from_numpy(subject.mr.astype(np.float32)).unsqueeze(1)
        truth = truth_of(subject.ct.astype(np.float32), np.asarray(subject.mask))
        expected = measure(predict(network, mr), truth)
        assert {score: scores[score][row] for score in SCORES} == pytest.approx(
            expected, nan_ok=True
        )


def test_perturbations_see_mr_truth_and_the_numbers_of_the_slices(split, monkeypatch):
    monkeypatch.setattr(measurement, "GROUP", 2)
    calls = []

    def perturb(mr, ct, numbers):
        slices = split.batch(numbers.tolist(), CPU)
        assert torch.equal(mr, slices[0])
        assert torch.equal(ct, slices[1])
        calls.extend(numbers.tolist())
        return mr

    score_subjects(Affine(), split, [perturb], CPU)
    assert calls == list(range(len(split)))


def test_an_attack_on_an_affine_network_adds_its_weight_times_eps_to_every_error(split):
    """The closed form: each pixel moves by eps, away from the truth, so that each error grows."""
    network, eps = Affine(), 0.3
    for kind in ("fgsm", "pgd"):
        perturb = WorstOf(network, split, PROTOCOL.build(kind), eps, seed=0)
        scores = score_subjects(network, split, [None, perturb], CPU)
        growth = scores[1]["mae_head"] - scores[0]["mae_head"]
        assert growth == pytest.approx(np.full(len(growth), 0.2 * eps * 2500), rel=2e-2)


@pytest.mark.parametrize("kind", ["fgsm", "pgd", "apgd", "square"])
def test_every_attack_of_a_ladder_raises_what_is_reported(kind):
    """Gradient attacks raise the squared error over the slice as well, and the worse counts."""
    attacks = PROTOCOL.at(Level(kind, None, 1, PROTOCOL.eps)).build(kind)
    squared = {} if kind == "square" else {f"{kind}-squared": slice_error}
    assert {name: attack.loss for name, attack in attacks.items()} == {kind: head_error, **squared}


def test_random_starts_belong_to_slices_and_not_to_their_place_in_a_group(split, monkeypatch):
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 1))
    errors = []
    for group in (2, 256):
        monkeypatch.setattr(measurement, "GROUP", group)
        perturb = WorstOf(network, split, PROTOCOL.build("pgd"), 0.2, seed=0)
        errors.append(score_subjects(network, split, [perturb], CPU)[0]["mae_head"])
    np.testing.assert_allclose(*errors, rtol=1e-5)


def test_metrics_are_what_was_announced(split):
    metrics = measure_robust(Affine(), split, PROTOCOL, CPU, "ranking").metrics
    metrics |= measure_clean(Affine(), split, PROTOCOL, CPU, "val") | {"val_loss": 0.0}
    assert set(metrics) == set(metrics_of("pgd", PROTOCOL.eps))
    assert set(metrics_of("apgd", (0.0, 1.0))) > {"ranking_apgd_dice_bone_eps1"}
    assert metrics_of("pgd", (0.0, 1.0))["ranking_pgd_mae_head_curve"] == "min"
    assert metrics_of("pgd", (0.0, 1.0))["ranking_pgd_dice_bone_curve"] == "max"


def test_the_ranking_value_is_the_share_of_a_constants_error_that_is_taken_away(split):
    robustness = measure_robust(Affine(), split, PROTOCOL, CPU, "ranking")
    constant = constant_error(split)
    means = robustness.curves["pgd"]["mae_head"].mean(axis=1)[1:]
    by_hand = np.mean([max(0.0, 1 - mean / constant) for mean in means])
    value = robustness.metrics[PROTOCOL.ranking_metric]
    assert value == pytest.approx(by_hand)
    assert robustness.constant == constant
    low, high = robustness.intervals[PROTOCOL.ranking_metric]
    assert low <= value <= high


def test_a_network_that_answers_with_the_best_grey_has_no_skill_and_no_attack_changes_it(split):
    grey = best_grey(split)
    network = Affine(weight=0.0, bias=(grey - CENTRE_HU) / SCALE_HU)
    metrics = measure_robust(network, split, PROTOCOL, CPU, "ranking").metrics
    constant = constant_metrics("pgd", PROTOCOL.eps, constant_error(split))
    assert {name: metrics[name] for name in constant} == pytest.approx(constant, abs=1e-3)


def test_the_curve_is_the_mean_over_subjects_of_the_area_of_each(split):
    robustness = measure_robust(Affine(), split, PROTOCOL, CPU, "ranking")
    curve = robustness.curves["pgd"]["mae_head"]
    assert curve.shape == (3, len(split.subjects))
    by_hand = np.mean([area(PROTOCOL.eps, subject) for subject in curve.T])
    name = "ranking_pgd_mae_head_curve"
    value = robustness.metrics[name]
    assert value == pytest.approx(by_hand)
    low, high = robustness.intervals[name]
    assert low < value < high
    assert robustness.metrics["ranking_pgd_mae_head_eps0.3"] == pytest.approx(curve[2].mean())
    assert areas((0.0, 1.0), np.array([[1.0, 4.0], [3.0, 4.0]])).tolist() == [2.0, 4.0]


def test_a_measurement_does_not_depend_on_the_batch_size(split):
    small = Measurement("pgd", (0.0, 0.1), 0, batch_size=3)
    large = Measurement("pgd", (0.0, 0.1), 0, batch_size=64)
    a, b = (
        measure_robust(Affine(), split, each, CPU, "ranking").metrics for each in (small, large)
    )
    assert a == pytest.approx(b, rel=1e-4)


def test_subjects_that_lack_a_region_are_left_out():
    assert mean_without_nan(np.array([1.0, np.nan, 3.0])) == 2.0
    assert np.isnan(mean_without_nan(np.array([np.nan])))
