import numpy as np
import pytest
import torch
from scipy import special, stats
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

from trainables.attacks.gradient import FGSM
from trainables.attacks.threat import pixels
from trainables.classification.assets import LabelledImages, read_data
from trainables.classification.measurement import (
    Measurement,
    constant_metrics,
    corrupted_metric,
    measure_clean,
    measure_corrupted,
    measure_robust,
    metrics_of,
)
from trainables.metrics.influence import influences
from trainables.metrics.orders.rank_scores import placements
from trainables.metrics.skill import Area, Skill

CPU = torch.device("cpu")
EPS = (0.0, 1 / 255, 4 / 255)


class Answer(nn.Module):
    """Gives the same logits for every image, with a gradient of 0."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images: Tensor) -> Tensor:
        return self.logits + 0 * images.flatten(1).sum(dim=1, keepdim=True)


def noise_images(labels: Tensor) -> LabelledImages:
    random = torch.Generator().manual_seed(0)
    shape = (len(labels), 1, 8, 8)
    return LabelledImages(torch.randint(0, 256, shape, generator=random).to(torch.uint8), labels)


@pytest.fixture
def data(prepared) -> LabelledImages:
    return read_data(prepared.assets, CPU).ranking


def test_a_constant_classifier_gains_nothing_by_the_majority():
    """Eight of ten images are of class 1: accuracy 0.8 under every attack, the headline 0.5."""
    data = noise_images(torch.tensor([0, 0, *[1] * 8]))
    measurement = Measurement("binary", "pgd", EPS, seed=0)
    metrics = measure_robust(Answer(0.0, 1.0), data, measurement).metrics
    for name, value in metrics.items():
        level = 0.0 if name.endswith("_skill") else 0.8 if "_acc" in name else 0.5
        assert value == pytest.approx(level), name
    assert measurement.ranking_metric == "ranking_pgd_bacc_skill"


@pytest.mark.parametrize("task", ["binary", "multi-label"])
def test_what_a_constant_answer_scores_is_what_one_is_measured_at(task):
    """The levels of the manifest are those of a classifier that always says the same."""
    labels = torch.tensor([0, 0, 0, *[1] * 7])
    if task == "multi-label":
        labels = torch.stack([labels, 1 - labels], dim=1)
    data = noise_images(labels)
    answer = Answer(0.0, 1.0) if task == "binary" else Answer(1.0, -1.0)
    metrics = measure_robust(answer, data, Measurement(task, "pgd", EPS, seed=0)).metrics
    levels = constant_metrics("pgd", EPS, task, labels.numpy())
    assert metrics == pytest.approx(levels)


def test_noise_is_measured_at_levels_that_inform(trained, data):
    """At 0.2, the level of the paper, a network may be at chance; its skill is over all levels."""
    metrics = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, 0)).metrics
    levels = [metrics[f"ranking_noise_bacc_sigma{sigma:g}"] for sigma in (0.02, 0.05, 0.1, 0.2)]
    assert metrics["ranking_noise_bacc"] == levels[-1]
    assert levels[0] > levels[-1]
    skills = [max(0.0, (level - 1 / 3) / (2 / 3)) for level in levels]
    assert metrics["ranking_noise_bacc_skill"] == pytest.approx(np.mean(skills))


def test_the_score_under_corruptions_is_the_mean_over_kinds_and_severities(monkeypatch):
    """A classifier by the mean grey, and corruptions that move it by a known amount."""

    class Bright(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            level = images.flatten(1).mean(dim=1) - 0.5
            return torch.stack([-level, level], dim=1)

    labels = torch.tensor([0, 1])
    pixels = torch.tensor([100, 200], dtype=torch.uint8)[:, None, None, None].expand(2, 1, 4, 4)
    data = LabelledImages(pixels, labels)
    measurement = Measurement("binary", "pgd", EPS, seed=0)
    module = "trainables.classification.measurement"
    monkeypatch.setattr(f"{module}.CORRUPTIONS", {"none": None, "bright": None})
    monkeypatch.setattr(
        f"{module}.corrupt",
        lambda images, name, severity, _: images + 0.05 * severity * (name == "bright"),
    )
    scores = measure_corrupted(Bright(), data, measurement)
    # the dark image, at .392, turns bright at severities 3, 4 and 5 of one of the two kinds
    assert scores[corrupted_metric("bacc")] == pytest.approx(1 - 0.5 * 3 / 10)
    assert set(scores) == {f"ranking_corrupted_{name}" for name in ("acc", "bacc", "auc")}


def test_the_skill_is_the_mean_of_what_lies_above_chance(trained, data):
    report = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, 0))
    curve = [report.metrics[f"ranking_pgd_bacc_eps{255 * eps:g}"] for eps in EPS[1:]]
    by_hand = np.mean([max(0.0, (value - 1 / 3) / (2 / 3)) for value in curve])
    assert report.metrics["ranking_pgd_bacc_skill"] == pytest.approx(by_hand)


def test_clean_scores_against_scikit_learn(trained, data):
    metrics = measure_clean(trained, data, Measurement("multi-class", "pgd", EPS, 0), "val")
    with torch.no_grad():
        probabilities = trained.eval()(data.images.float() / 255).softmax(dim=1).numpy()
    labels = data.labels.numpy()
    answers = probabilities.argmax(axis=1)
    double = probabilities.astype(np.float64)
    double /= double.sum(axis=1, keepdims=True)
    assert metrics == pytest.approx(
        {
            "val_clean_acc": float((answers == labels).mean()),
            "val_clean_bacc": balanced_accuracy_score(labels, answers),
            "val_clean_auc": roc_auc_score(labels, double, multi_class="ovr"),
            "val_loss": log_loss(labels, double),
        },
        rel=1e-5,
    )


def test_the_loss_of_many_labels_is_that_of_each():
    labels = torch.tensor([[0, 1, 1], [1, 0, 1], [0, 0, 1], [1, 1, 0]])
    data = noise_images(labels)
    metrics = measure_clean(
        Answer(-1.0, 0.5, 2.0), data, Measurement("multi-label", "pgd", EPS, 0), "val"
    )
    logits = torch.tensor([-1.0, 0.5, 2.0]).expand(4, 3)
    expected = functional.binary_cross_entropy_with_logits(logits, labels.float())
    assert metrics["val_loss"] == pytest.approx(float(expected))


def test_a_certain_mistake_has_a_finite_loss():
    data = noise_images(torch.tensor([0, 1]))
    metrics = measure_clean(Answer(0.0, 1e4), data, Measurement("binary", "pgd", EPS, 0), "val")
    assert 10 < metrics["val_loss"] < 20


def test_scores_at_a_radius_are_those_of_the_attack_at_that_radius(trained, data):
    robustness = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, seed=0))
    images = data.images.float() / 255
    attacked = FGSM()(trained, images, data.labels, pixels(4 / 255), seed=0)
    with torch.no_grad():
        answers = trained(attacked).argmax(dim=1)
    expected = balanced_accuracy_score(data.labels, answers)
    assert robustness.metrics["ranking_fgsm_bacc_eps4"] == pytest.approx(expected)


def test_a_curve_is_the_trapezoid_over_its_radii(trained, data):
    metrics = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, seed=0)).metrics
    for attack in ("fgsm", "pgd"):
        at_0 = metrics["ranking_clean_bacc"]
        at_1, at_4 = (metrics[f"ranking_{attack}_bacc_eps{radius}"] for radius in (1, 4))
        by_hand = ((at_0 + at_1) / 2 * 1 + (at_1 + at_4) / 2 * 3) / 4
        assert metrics[f"ranking_{attack}_bacc_curve"] == pytest.approx(by_hand)
    assert metrics["ranking_pgd_acc_eps4"] < metrics["ranking_noise_acc"]


def test_what_ranks_is_kept_image_by_image(trained, data):
    robustness = measure_robust(
        trained, data, Measurement("multi-class", "apgd-ce", (0, 4 / 255), seed=0, steps=20)
    )
    assert robustness.ranking_report.curve("acc")[1] == pytest.approx(
        robustness.metrics["ranking_apgd-ce_acc_eps4"]
    )
    assert (
        robustness.metrics["ranking_apgd-ce_acc_eps4"] <= robustness.metrics["ranking_pgd_acc_eps4"]
    )


def test_images_without_near_copies_are_scored_by_themselves_beside_a_constant_answer(
    trained, data
):
    robust = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, seed=0))
    near = torch.arange(len(data)) % 3 == 0
    beside = robust.beside(near, "test", ("acc", "bacc"))
    labels, report = data.labels.numpy(), robust.reports["pgd"]
    right = report.logits.argmax(axis=2)[:, ~near] == labels[~near]
    assert beside["test_apart_clean_acc"] == pytest.approx(right[0].mean())
    assert beside["test_apart_pgd_acc_eps4"] == pytest.approx(right[2].mean())
    assert "test_apart_pgd_bacc_skill" in beside
    constants = {
        "test_constant_acc": np.bincount(labels).max() / len(labels),
        "test_constant_bacc": 1 / len(set(labels)),
    }
    for nothing_to_part in (None, torch.ones(len(data), dtype=bool)):
        assert robust.beside(nothing_to_part, "test", ("acc", "bacc")) == pytest.approx(constants)


def test_what_an_image_moves_is_known_clean_and_attacked(trained, data):
    robust = measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, seed=0), "test")
    samples, report = robust.samples("test", "bacc"), robust.ranking_report
    assert list(samples) == ["test_clean_bacc", "test_pgd_bacc_skill"]
    assert samples["test_clean_bacc"].labels.tolist() == data.labels.tolist()
    assert samples["test_clean_bacc"].extremes.shape == (2, 3)
    clean, skill = (
        influences(right, report.labels, summary)
        for right, summary in (
            (report.correct[:1], Area((0.0,))),
            (report.correct, Skill(EPS, 1 / 3)),
        )
    )
    assert samples["test_clean_bacc"].moved == pytest.approx(clean)
    assert samples["test_pgd_bacc_skill"].moved == pytest.approx(skill)
    assert np.abs(skill).max() > 0
    assert robust.samples("test", "auc")["test_clean_auc"].moved.shape == (len(data.labels),)
    assert robust.samples("test", "acc") == {}  # no mean over classes of images' numbers


def test_the_clean_auc_has_delongs_interval_over_images():
    data = noise_images(torch.arange(60) % 2)
    torch.manual_seed(0)
    classifier = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    robust = measure_robust(classifier, data, Measurement("binary", "pgd", EPS, seed=0))
    bounds = robust.clean_auc_bounds("test")
    logits = robust.reports["pgd"].logits[0]
    positive = data.labels.numpy() == 1
    values = placements(logits[:, 1] - logits[:, 0], positive)
    sides = values[positive], values[~positive]
    deviation = sum(side.var(ddof=1) / len(side) for side in sides) ** 0.5
    area = robust.metrics["ranking_clean_auc"]
    half = stats.t.isf(0.025, 58) * deviation  # two classes of 30, nearly as wide
    centre, reach = special.logit(area), half / (area * (1 - area))
    low, high = special.expit([centre - reach, centre + reach])
    assert bounds["low.test_clean_auc"] == pytest.approx(low, abs=2e-3)
    assert bounds["high.test_clean_auc"] == pytest.approx(high, abs=2e-3)


def test_an_auc_that_is_not_defined_has_no_bounds():
    measurement = Measurement("binary", "pgd", EPS, seed=0)
    robust = measure_robust(Answer(0.0, 1.0), noise_images(torch.ones(5, dtype=int)), measurement)
    assert robust.clean_auc_bounds("test") == {}


def test_all_trials_meet_the_same_noise_and_attacks(trained, data):
    def measure(seed):
        return measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, seed))

    first, again, another = measure(0), measure(0), measure(1)
    assert first.metrics == again.metrics
    assert np.array_equal(first.ranking_report.probabilities, again.ranking_report.probabilities)
    assert not np.array_equal(
        first.ranking_report.probabilities, another.ranking_report.probabilities
    )


def test_measuring_leaves_the_classifier_and_global_randomness_alone(trained, data):
    weights = {name: value.clone() for name, value in trained.state_dict().items()}
    trained.train()
    state = torch.random.get_rng_state()
    measure_robust(trained, data, Measurement("multi-class", "pgd", EPS, 0))
    measure_clean(trained, data, Measurement("multi-class", "pgd", EPS, 0), "val")
    assert trained.training
    trained.eval()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, weights[name]) for name, value in trained.state_dict().items())


@pytest.mark.parametrize("attack", ["fgsm", "apgd-ce"])
@pytest.mark.parametrize("eps", [(0.0,), EPS])
def test_the_list_of_metrics_is_what_is_measured(trained, data, attack, eps):
    subset = LabelledImages(data.images[:6], data.labels[:6])
    steps = None if attack == "fgsm" else 3
    measurement = Measurement("multi-class", attack, eps, seed=0, steps=steps)
    metrics = measure_clean(trained, subset, measurement, "val")
    metrics |= measure_robust(trained, subset, measurement).metrics
    directions = metrics_of(attack, eps)
    assert set(metrics) == set(directions)
    assert measurement.ranking_metric in directions
    assert {name for name, better in directions.items() if better == "min"} == {"val_loss"}


def test_many_labels_rank_by_auc():
    measurement = Measurement("multi-label", "pgd", EPS, 0)
    assert (measurement.headline, measurement.ranking_metric) == ("auc", "ranking_pgd_auc_skill")
