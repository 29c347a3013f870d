"""Networks that mask their gradients raise the alarm that fits; honest ones raise none."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.metrics import alarms
from trainables.models.ct.mirrored import Mirrored
from trainables.models.ct.slice_norm import KINDS, SliceNorm
from trainables.synthesis.measurement import Measurement, measure_robust
from trainables.synthesis.robustness import audit as module
from trainables.synthesis.robustness.audit import SUBJECTS, audit, guards
from trainables.synthesis.slices import Split, SubjectSlices, to_normalised

CPU = torch.device("cpu")
EPS = (0.0, 0.1, 0.3)
PROTOCOL = Measurement(attack="pgd", eps=EPS, seed=0, batch_size=8)
SIZE = 12
DICE = np.random.default_rng(0)
MR = DICE.normal(size=(SIZE, SIZE)).astype(np.float16)
CT = DICE.integers(-200, 900, (SIZE, SIZE)).astype(np.int16)


def heads_of(count: int, slices: int = 1) -> Split:
    """Make subjects that differ in where their head is, and in nothing else."""
    random = np.random.default_rng(1)
    mr, ct = (np.repeat(image[None], slices, axis=0) for image in (MR, CT))
    masks = random.random((count, slices, SIZE, SIZE)) < 0.7
    return Split(tuple(SubjectSlices(str(n), mr, ct, mask) for n, mask in enumerate(masks)))


class Shifted(nn.Module):
    """Predicts the true CT, and 0.02 more, plus 0.4 times what ``through`` makes of the shift."""

    def __init__(self, through=lambda shift: shift) -> None:
        super().__init__()
        self.through = through

    def forward(self, images: Tensor) -> Tensor:
        shift = images - torch.from_numpy(MR.astype(np.float32))
        return to_normalised(torch.from_numpy(CT.astype(np.float32))) + 0.02 + self.moved(shift)

    def moved(self, shift: Tensor) -> Tensor:
        return 0.4 * self.through(shift)


def rippled(shift: Tensor) -> Tensor:
    """Add ripples of no height at multiples of 0.05, where the gradient points the right way."""
    waves = 2 * math.pi * 20
    return shift + 3 / waves * (waves * shift).sin()


def steps(shift: Tensor) -> Tensor:
    return (100 * shift).round() / 100


def near(shift: Tensor) -> Tensor:
    return torch.where(shift.abs() < 0.11, shift, 0 * shift)


def alarms_of(
    network: nn.Module, split: Split, measurement: Measurement = PROTOCOL
) -> dict[str, float]:
    robust = measure_robust(network, split, measurement, CPU, "ranking")
    values = guards(robust, network, split, measurement, CPU) | audit(
        network, split, measurement, CPU
    )
    assert set(values) == set(alarms.ALARMS) - {alarms.COARSE}  # of classifiers
    assert all(math.isfinite(value) for value in values.values())
    return values


def raised(*arguments) -> set[str]:
    return {name for name, value in alarms_of(*arguments).items() if value > 0}


@pytest.mark.parametrize("count", [1, 2, 6])
def test_an_honest_network_raises_none(count):
    assert raised(Shifted(), heads_of(count)) == set()


def test_a_bias_that_misleads_random_starts_is_no_mask():
    """Below its bias, a pixel's error grows downwards; the greater error lies above."""
    split, measurement = heads_of(6), PROTOCOL
    curves = measure_robust(Shifted(), split, measurement, CPU, "ranking").curves
    assert alarms.excess(*(curves[kind]["mae_head"][-1] for kind in ("fgsm", "pgd"))) > 0
    assert alarms_of(Shifted(), split)[alarms.ONE_STEP] <= 0


def test_a_network_that_answers_at_random_is_refused():
    class Random(Shifted):
        def forward(self, mr):
            return super().forward(mr) + 0.01 * torch.randn_like(mr)

    with pytest.raises(UnsteadyError, match="answers are random"):
        alarms_of(Random(), heads_of(2))


def test_a_network_of_steps_has_no_gradient_and_is_fooled_by_guessing():
    assert raised(Shifted(steps), heads_of(6)) == {alarms.GRADIENT, alarms.SLOPE, alarms.BLACK_BOX}


def test_a_gradient_that_is_right_at_the_image_alone_is_fooled_by_one_step():
    assert alarms.ONE_STEP in raised(Shifted(rippled), heads_of(6))


def test_a_network_that_great_shifts_leave_alone_rises_with_epsilon():
    assert alarms.RISING in raised(Shifted(near), heads_of(6))


def test_a_network_that_the_mr_cannot_mislead_is_not_believed():
    signs = {alarms.GRADIENT, alarms.UNBOUNDED}
    assert raised(Shifted(lambda shift: 0 * shift), heads_of(6)) == signs


def test_the_far_radius_is_measured_against_each_subjects_median():
    split = heads_of(5)
    grey = np.array(
        [np.abs(CT[s.mask[0]] - np.median(CT[s.mask[0]])).mean() for s in split.subjects]
    )
    errors = np.full(5, 0.02 * 2500)
    values = alarms_of(Shifted(lambda shift: 0 * shift), split)
    assert values[alarms.UNBOUNDED] == pytest.approx(alarms.excess(grey, errors), rel=1e-3)


def test_a_grey_picture_has_collapsed():
    class Grey(nn.Module):
        def forward(self, images):
            return 0 * images + 0.1

    values = alarms_of(Grey(), heads_of(6))
    assert {name for name, value in values.items() if value > 0} == {
        alarms.GRADIENT,
        alarms.COLLAPSE,
    }
    assert values[alarms.COLLAPSE] == pytest.approx(0.1)


@pytest.mark.parametrize("regime", ["standard", "adversarial"])
@pytest.mark.parametrize("seed", [0, 1])
def test_trained_networks_raise_none(heads, regime, seed):
    trial = heads.trial(regime=regime)
    trial.train(20)
    measurement = Measurement("pgd", (0.0, 0.1), seed, trial.measurement.batch_size)
    with trial.at_best():
        values = alarms_of(trial.network, heads.data.train, measurement)
    assert all(value <= 0 for value in values.values()), values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_scales_of_slices_are_no_mask_and_hide_none(kind, mirrored):
    """The network inside answers to scaled slices; a gradient that it cuts is seen through them."""
    torch.manual_seed(0)
    mr = torch.randn(16, 1, SIZE, SIZE).cumsum(2).cumsum(3) / SIZE
    targets = torch.cat([torch.randn(16, 1, SIZE, SIZE), torch.ones(16, 1, SIZE, SIZE)], dim=1)
    honest = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 1, 3, padding=1))

    def slope(inner):
        network = SliceNorm(inner, kind)
        network = Mirrored(network, "first") if mirrored else network
        return module._misled(network.eval(), mr, targets, PROTOCOL)

    assert slope(honest) <= 0
    assert slope(nn.Sequential(Cut(), honest)) > 0


class Cut(nn.Module):
    """Passes images, and the gradient of every second pixel alone."""

    def forward(self, images: Tensor) -> Tensor:
        kept = (torch.arange(images.numel()) % 2).view_as(images).bool()
        return torch.where(kept, images, images.detach())


def test_one_slice_of_a_few_subjects_is_audited(monkeypatch):
    split = heads_of(SUBJECTS + 3, slices=3)
    for subject in split.subjects:
        subject.mask[:] = False
        subject.mask[1, 2:6] = subject.mask[2, 2:4] = True
    calls = []

    def watch(network, subset, perturbations, *rest):
        calls.append((subset, len(perturbations)))
        return real(network, subset, perturbations, *rest)

    real = module.score_subjects
    monkeypatch.setattr(module, "score_subjects", watch)
    first = audit(Shifted(), split, PROTOCOL, CPU)
    ((subset, attacks),) = calls
    assert len(subset) == len(subset.subjects) == SUBJECTS
    assert all(subject.mask.sum() == 4 * SIZE for subject in subset.subjects)
    assert attacks == 4
    assert audit(Shifted(), split, PROTOCOL, CPU) == first


def test_without_an_attack_there_is_nothing_to_audit():
    assert audit(Shifted(), heads_of(2), Measurement("pgd", (0.0,), 0), CPU) == {}
