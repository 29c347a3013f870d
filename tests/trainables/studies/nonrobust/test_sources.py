"""What a run says of its source and its sets."""

import pytest
import torch

from trainables.classification.assets import LabelledImages
from trainables.studies.nonrobust.making import MadeSet
from trainables.studies.nonrobust.sources import (
    accuracy_interval,
    check_source,
    describe_sets,
    leak_of,
)


def test_a_source_that_learned_nothing_is_named(make_maker):
    (line,) = check_source(make_maker())
    assert "learned nothing" in line
    assert "chance (0.500)" in line


def test_a_source_that_knows_the_task_is_no_reason_to_worry(make_maker):
    maker = make_maker()

    class Bright(torch.nn.Module):
        def forward(self, images):
            level = images[:, 0, 4:8, 4:8].mean(dim=(1, 2)) - 0.5
            return torch.stack([-level, level], dim=1)

    maker.__dict__["standard"] = Bright()
    (line,) = check_source(maker)
    assert "1.000 on val" in line
    assert "learned nothing" not in line


def test_sets_are_described_with_their_linear_control(make_maker):
    maker = make_maker(sets="random,deterministic", construct_radius=3.0)
    lines, digests, details = describe_sets(maker)
    assert set(digests) == {"random set", "deterministic set"}
    assert set(details) == {"nonrobust random", "nonrobust deterministic"}
    for label, detail in details.items():
        assert detail["linear_low"] <= detail["linear"] <= detail["linear_high"]
        assert any(line.startswith(label) and "linear model" in line for line in lines)
    assert any("wrong one" in line for line in lines)  # of two classes
    assert all("\n" not in line for line in lines)


def test_a_set_that_fools_nobody_is_said(make_maker):
    lines, _, details = describe_sets(make_maker(sets="random", construct_radius=1e-6))
    assert details["nonrobust random"]["fooled"] < 0.9
    assert any("give nonrobust more --construct-steps" in line for line in lines)


def test_the_linear_control_finds_a_leak(make_maker):
    """Labels of true images leak all: the linear model must then know the task."""
    maker = make_maker()
    train = maker.data.train
    leaky = MadeSet(train.images.float().repeat(400, 1, 1, 1) / 255, train.labels.repeat(400), "")
    assert leak_of(maker, leaky, maker.data.ranking).low > 0.8
    blind = LabelledImages(torch.full_like(maker.data.ranking.images, 9), maker.data.ranking.labels)
    assert leak_of(maker, leaky, blind).value == 0.5


def test_the_interval_of_a_share_holds_it():
    right = torch.arange(60).numpy() % 4 > 0
    interval = accuracy_interval(right, torch.arange(60).numpy() % 2)
    assert interval.low < interval.value < interval.high
    assert interval.value == pytest.approx(0.75)
