"""Models that mask their gradients raise the alarm that fits; honest ones raise none."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainables.classification import audit as module
from trainables.classification.assets import LabelledImages, read_data
from trainables.classification.audit import IMAGES, audit, guards, worst_of
from trainables.classification.measurement import Measurement, measure_robust
from trainables.metrics import alarms
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()

EPS = (0.0, 0.02, 0.04, 0.08)
PROTOCOL = Measurement("binary", "pgd", EPS, seed=0, steps=10)


def images_of(count: int, shift: float, seed: int = 0) -> LabelledImages:
    """Make noise, brighter on average for class 1, so that the best direction is known."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    pixels = 0.5 + 0.2 * torch.randn((count, 1, 6, 6), generator=random)
    pixels += (pixels.new_tensor([-shift, shift])[labels] - pixels.mean((1, 2, 3)) + 0.5)[
        :, None, None, None
    ]
    return LabelledImages((255 * pixels.clamp(0, 1)).round().to(torch.uint8), labels)


class Brightness(nn.Module):
    """Class 1 above a mean of 0.5; ``through`` is what the pixels go through first."""

    def __init__(self, through=lambda pixels: pixels, squash=lambda score: 20 * score) -> None:
        super().__init__()
        self.through, self.squash = through, squash

    def forward(self, images: Tensor) -> Tensor:
        score = self.squash(self.through(images).flatten(1).mean(dim=1) - 0.5)
        return torch.stack([-score, score], dim=1)


def rippled(pixels: Tensor) -> Tensor:
    """Add ripples of no height at multiples of 1/255, where the gradient points the right way."""
    waves = 2 * math.pi * 255
    return pixels + 30 / waves * (waves * pixels).sin()


def patched(pixels: Tensor) -> Tensor:
    """Round away what is far from the middle: there the gradient is 0."""
    ramp = (pixels - 0.5).abs() < 0.13
    return torch.where(ramp, pixels, (2 * pixels).round() / 2)


def saturated(score: Tensor) -> Tensor:
    """Put out 5 or -5, with a gradient that underflows."""
    return 5 * (1e6 * score).tanh()


def quantised(pixels: Tensor) -> Tensor:
    return (20 * pixels).round() / 20


def raised(model: nn.Module, data: LabelledImages, measurement: Measurement = PROTOCOL) -> set[str]:
    values = guards(model, data, measure_robust(model, data, measurement), measurement)
    values = worst_of(values, audit(model, data, measurement))
    assert set(values) == set(alarms.ALARMS)
    assert all(math.isfinite(value) for value in values.values())
    return {name for name, value in values.items() if value > 0}


def test_one_step_that_does_more_harm_is_seen_at_any_radius():
    """At the greatest radius a network that misleads PGD may be broken as honest ones are."""

    def report(*broken):
        return SimpleNamespace(correct=np.arange(48) >= np.array(broken)[:, None])

    robustness = SimpleNamespace(reports={"fgsm": report(2, 20, 48), "pgd": report(2, 2, 48)})
    assert module._one_step(robustness) > 0.2
    robustness.reports["pgd"] = report(2, 20, 48)
    assert module._one_step(robustness) <= 0


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_model_raises_none(seed):
    data = images_of(64, 0.05, seed)
    assert raised(Brightness(), data) == set()
    assert raised(Brightness(squash=lambda score: 200 * score), data) == set()


def test_a_saturated_model_is_fooled_by_guessing():
    assert alarms.BLACK_BOX in raised(Brightness(squash=saturated), images_of(64, 0.015))


@pytest.mark.parametrize("scale", [1e-5, 16, 100, 1e3, 1e5])
def test_the_scale_of_logits_changes_no_score_and_raises_no_alarm(scale):
    data = images_of(64, 0.05)
    curves = [
        measure_robust(model, data, PROTOCOL).reports["pgd"].curve("bacc")
        for model in (Brightness(), Brightness(squash=lambda score: scale * score))
    ]
    np.testing.assert_array_equal(*curves)
    assert raised(Brightness(squash=lambda score: scale * score), data) == set()


def test_quantised_pixels_are_fooled_by_guessing():
    assert alarms.BLACK_BOX in raised(Brightness(through=quantised), images_of(64, 0.015))


def test_a_gradient_that_is_right_at_the_image_alone_is_fooled_by_one_step():
    measurement = Measurement("binary", "pgd", (0.0, 10 / 255, 20 / 255), seed=0)
    data = images_of(64, 0.05)
    assert alarms.ONE_STEP in raised(Brightness(through=rippled), data, measurement)
    assert raised(Brightness(), data, measurement) == set()


def test_a_gradient_that_lasts_for_short_steps_only_rises_with_epsilon():
    labels = torch.arange(64) % 2
    greys = torch.tensor([115, 140], dtype=torch.uint8)[labels]
    data = LabelledImages(greys[:, None, None, None].expand(64, 1, 6, 6).contiguous(), labels)
    measurement = Measurement("binary", "pgd", (0.0, 0.06, 0.5), seed=0)
    assert alarms.RISING in raised(Brightness(through=patched), data, measurement)
    assert alarms.RISING not in raised(Brightness(), data, measurement)


def test_a_model_that_any_image_leaves_right_is_not_believed():
    """Noise on all pixels leaves the mean on its side; without a gradient PGD is noise."""
    names = raised(Brightness(squash=saturated), images_of(64, 0.2))
    assert alarms.UNBOUNDED in names
    assert raised(Brightness(), images_of(64, 0.2)) == set()


def test_a_constant_model_has_collapsed_and_has_nothing_to_follow():
    model = Brightness(squash=lambda score: 1 + 0 * score)
    names = {alarms.COLLAPSE, alarms.GRADIENT, alarms.COARSE}
    assert raised(model, images_of(64, 0.05)) == names


@pytest.mark.parametrize("regime", ["baseline", "adversarial"])
@pytest.mark.parametrize("seed", range(2))
def test_trained_networks_raise_none(prepared, regime, seed):
    settings = prepared.settings.model_copy(update={"seed": seed, "epochs": 8})
    trial = tsynd.build({"regime": regime, "lr": 3e-3}, settings, prepared.assets)
    trial.train(8)
    data = read_data(prepared.assets, torch.device("cpu")).ranking
    measurement = Measurement("multi-class", "pgd", (0.0, 1 / 255, 4 / 255), seed=seed)
    with trial.at_best():
        robustness = measure_robust(trial.classifier, data, measurement)
        values = guards(trial.classifier, data, robustness, measurement)
        values = worst_of(values, audit(trial.classifier, data, measurement))
    assert all(value <= 0 for name, value in values.items() if name != alarms.COLLAPSE), values


def test_a_few_images_are_audited_and_always_the_same():
    data, sizes = images_of(200, 0.05), []

    class Watched(Brightness):
        def forward(self, images):
            sizes.append(len(images))
            return super().forward(images)

    first = audit(Watched(), data, PROTOCOL)
    assert max(sizes) == IMAGES
    assert first == audit(Brightness(), data, PROTOCOL)


def test_many_labels_are_audited_as_well():
    data = images_of(40, 0.2)
    labels = torch.stack([1 - data.labels, data.labels], dim=1)
    measurement = Measurement("multi-label", "pgd", EPS, seed=0)
    assert raised(Brightness(), LabelledImages(data.images, labels), measurement) == set()
    masked = raised(Brightness(squash=saturated), LabelledImages(data.images, labels), measurement)
    assert alarms.UNBOUNDED in masked


class RareDecoy(Brightness):
    """Offers no gradient but of one pixel where it answers class 1, or for one label of many."""

    def __init__(self, labels: int = 0) -> None:
        super().__init__()
        self.labels = labels

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        offered = 20 * images[:, 0, 0, :1]
        decoy = logits.detach() + offered - offered.detach()
        if self.labels:
            return torch.cat([decoy[:, 1:], *[logits[:, 1:]] * (self.labels - 1)], dim=1)
        return torch.where(logits.argmax(dim=1, keepdim=True) == 1, decoy, logits)


def slope_of(model: nn.Module, data: LabelledImages, task: str) -> float:
    measurement = Measurement(task, "pgd", EPS, seed=0, steps=3)
    robustness = measure_robust(model, data, measurement)
    return guards(model, data, robustness, measurement)[alarms.SLOPE]


def test_a_wrong_gradient_of_a_rare_class_is_seen():
    many = images_of(260, 0.05)
    rows = torch.cat([torch.arange(0, 260, 2), torch.arange(1, 25, 2)])  # 130 against 12
    data = LabelledImages(many.images[rows], many.labels[rows])
    assert slope_of(RareDecoy(), data, "binary") > 0
    assert slope_of(Brightness(), data, "binary") <= 0


def test_a_wrong_gradient_of_a_label_is_seen():
    data = images_of(40, 0.05)
    several = LabelledImages(data.images, data.labels[:, None].repeat(1, 14))
    assert slope_of(RareDecoy(labels=14), several, "multi-label") > 0


def test_without_an_attack_there_is_nothing_to_audit():
    assert audit(Brightness(), images_of(8, 0.05), Measurement("binary", "pgd", (0.0,), 0)) == {}


def test_what_is_audited_lies_within_the_radii(monkeypatch):
    calls = []

    def watch(model, images, labels, task, attack, eps, *, seed):
        calls.append((type(attack).__name__, tuple(eps), len(images)))
        return real(model, images, labels, task, attack, eps, seed=seed)

    real = module.evaluate
    monkeypatch.setattr(module, "evaluate", watch)
    audit(Brightness(), images_of(12, 0.05), PROTOCOL)
    assert calls == [("PGD", (0.04, 0.08, 0.25, 1.0), 12)]
    calls.clear()
    audit(Brightness(), images_of(12, 0.05), Measurement("binary", "pgd", (0.0, 0.5), 0))
    assert np.allclose(calls[0][1], (0.25, 0.5, 1.0))
