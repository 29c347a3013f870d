"""The worst of several attacks, against what each does alone and what the others did not break."""

import copy
import doctest

import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks import ensemble
from trainables.attacks.apgd import APGD
from trainables.attacks.ensemble import CLEAN, run_ensemble
from trainables.attacks.evaluation import OneLabel, on_label, predict
from trainables.attacks.fab import FAB
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.square import Square
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import Transfer
from trainables.losses.likelihood import log_odds, margin
from trainables.runtime.seeding import derive

EPS = (0.0, 0.03, 0.05)
ATTACKS = {
    "fgsm": FGSM(),
    "square": Square(queries=30),
    "pgd": PGD(steps=8),
    "margin": APGD(loss=margin, iterations=10),
}


@pytest.fixture(scope="module")
def exact(trained):
    """In double precision, so that the company of other images in a batch rounds nothing away."""
    model = copy.deepcopy(trained.model).double()
    labels = trained.labels.clone()
    labels[:4] = (labels[:4] + 1) % 3  # misclassified from the start
    return model, trained.images.double(), labels


@pytest.fixture(scope="module")
def report(exact):
    return run_ensemble(*exact, "multi-class", ATTACKS, EPS, seed=3)


def alone(exact, name, eps):
    """Attack everything with one attack; say which answers are right."""
    model, images, labels = exact
    adversarials = ATTACKS[name](model, images, labels, pixels(eps), derive(3, name))
    return (predict(model, adversarials, "multi-class").argmax(dim=1) == labels).numpy()


def test_an_image_is_withstood_where_every_attack_alone_is_withstood(exact, report):
    """Skipping what is broken changes no result: the same set, from the same random numbers."""
    withstood = report.worst.correct[0]
    for index, eps in enumerate(EPS[1:], start=1):
        withstood = np.logical_and.reduce([withstood, *(alone(exact, n, eps) for n in ATTACKS)])
        assert np.array_equal(report.worst.correct[index], withstood)
    assert 5 < withstood.sum() < report.worst.correct[1].sum() < 80


def test_the_first_that_breaks_an_image_is_named(exact, report):
    breaks = [~alone(exact, name, EPS[1]) for name in ATTACKS]
    wrong = ~report.worst.correct[1]
    for image in np.flatnonzero(wrong):
        first = next(number for number, mask in enumerate(breaks) if mask[image])
        first = CLEAN if image < 4 else first
        assert report.attackers[1, image] == first
    assert len(set(report.attackers[1][wrong].tolist())) >= 3  # several attacks have a share
    assert np.array_equal(report.attackers[2][wrong], report.attackers[1][wrong])  # and keep it


def test_every_attack_is_asked_of_what_is_left_and_counts_what_it_breaks(report):
    assert report.names == tuple(ATTACKS)
    assert report.attempts[0].tolist() == report.successes[0].tolist() == [0] * 4
    count = 86
    for index in (1, 2):
        rows = report.attempts[index], report.successes[index]
        for attempts, successes in zip(*rows, strict=True):
            assert attempts == count
            count -= successes
        assert count == report.worst.correct[index].sum()


class Counted(nn.Module):
    """Counts the images that it is asked about."""

    def __init__(self, model):
        super().__init__()
        self.model, self.count = model, 0

    def forward(self, images):
        self.count += len(images)
        return self.model(images)


def test_broken_images_are_not_attacked_again(exact):
    """FGSM asks twice of each image and PGD of 5 steps 8 times; each answer is looked at once."""
    model, images, labels = exact
    counted = Counted(model)
    ensemble = {"fgsm": FGSM(), "pgd": PGD(steps=5)}
    report = run_ensemble(counted, images, labels, "multi-class", ensemble, EPS, seed=3)
    assert 0 < report.successes[1, 0] < report.attempts[1, 0]
    assert counted.count == 90 + (report.attempts @ [2 + 1, 8 + 1]).sum()


def test_the_company_and_order_of_an_attack_do_not_change_what_it_tries(exact, report):
    order = dict(reversed(ATTACKS.items()))
    rerun = run_ensemble(*exact, "multi-class", order, EPS, seed=3)
    assert np.array_equal(rerun.worst.correct, report.worst.correct)
    assert not np.array_equal(rerun.successes[:, ::-1], report.successes)  # others come first now


def test_of_those_that_withstand_the_answer_nearest_to_wrong_is_kept(exact, report):
    model, images, labels = exact
    survivors = np.flatnonzero(report.worst.correct[1])
    answers = [
        predict(model, attack(model, images, labels, pixels(EPS[1]), derive(3, name)), "binary")
        for name, attack in ATTACKS.items()
    ]
    truth = torch.stack([rows[torch.arange(90), labels] for rows in answers]).numpy()
    np.testing.assert_allclose(
        report.worst.probabilities[1][survivors, labels[survivors]],
        truth.min(axis=0)[survivors],
        atol=1e-6,
    )
    assert np.array_equal(report.attackers[1][survivors], truth.argmin(axis=0)[survivors])


def test_a_curve_never_rises_in_probability_either(report):
    truth = np.take_along_axis(
        report.worst.probabilities, report.worst.labels[None, :, None], axis=2
    )
    standing = report.worst.correct[:, :, None]
    assert (np.diff(np.where(standing, truth, -1), axis=0) <= 0).all()
    assert report.worst.area("acc") < report.worst.curve("acc")[0]


def test_each_label_of_an_image_is_attacked_as_two_classes_are():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 4)).double()
    images = torch.rand((40, 1, 6, 6), generator=torch.Generator().manual_seed(0)).double()
    labels = (model(images) > 0).long()
    eps, transfer = (0.0, 0.03, 0.2), Transfer(source=model, attack=PGD(steps=5))
    ensemble = {
        "fgsm": FGSM(), "fab": FAB(iterations=5), "square": Square(queries=40), "transfer": transfer
    }  # fmt: skip
    report = run_ensemble(model, images, labels, "multi-label", ensemble, eps, seed=1)
    assert report.worst.correct.shape == report.attackers.shape == (3, 40, 4)
    assert report.worst.correct[0].all()
    assert report.attempts[1, 0] == 40 * 4
    for label in range(4):
        view, attacks = OneLabel(model, label), ensemble | {"transfer": on_label(transfer, label)}
        alone = run_ensemble(view, images, labels[:, label], "binary", attacks, eps, seed=1)
        assert np.array_equal(report.worst.correct[..., label], alone.worst.correct)
        assert np.array_equal(report.attackers[..., label], alone.attackers)
        np.testing.assert_array_equal(report.worst.logits[..., label], alone.worst.logits[..., 1])
    shares = report.worst.correct.mean(axis=(1, 2))
    assert shares[0] > shares[1] > shares[2]


def test_where_nothing_is_right_nothing_is_attacked(exact):
    model, images, _ = exact
    counted = Counted(model)
    wrong = (predict(model, images, "multi-class").argmax(dim=1) + 1) % 3
    report = run_ensemble(counted, images, wrong, "multi-class", ATTACKS, EPS, seed=0)
    assert counted.count == len(images)
    assert report.attempts.sum() == 0
    assert (report.attackers == CLEAN).all()
    assert report.worst.curve("acc").tolist() == [0, 0, 0]


def test_no_attack_and_radii_that_do_not_rise_are_errors(exact):
    with pytest.raises(ValueError, match="no attacks"):
        run_ensemble(*exact, "multi-class", {}, EPS, seed=0)
    with pytest.raises(ValueError, match="expected increasing"):
        run_ensemble(*exact, "multi-class", ATTACKS, (0.1, 0.1), seed=0)


def test_the_example_holds():
    assert doctest.testmod(ensemble) == (0, 9)


def test_without_sparing_every_attack_runs_on_every_image_and_the_greatest_loss_stays(exact):
    _, images, labels = exact
    full = run_ensemble(*exact, "multi-class", ATTACKS, EPS, seed=3, spare_broken=False)
    assert (full.attempts[1:] == len(images)).all()
    spared = run_ensemble(*exact, "multi-class", ATTACKS, EPS, seed=3)
    losses = [
        torch.stack([log_odds(torch.from_numpy(row), labels) for row in report.worst.logits])
        for report in (spared, full)
    ]
    assert (losses[1] >= losses[0] - 1e-6).all()
    assert (losses[1] > losses[0]).any()
    assert (full.breakers[:, :4] == CLEAN).all()  # wrong from the start
    broken = ~full.worst.correct[-1] & full.worst.correct[0]
    assert (full.breakers[-1][broken] != CLEAN).all()
    assert np.array_equal(spared.breakers[-1][broken], spared.attackers[-1][broken])
