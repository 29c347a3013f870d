"""One epoch of training."""

import pytest
import torch
from torch import nn

from trainables.runtime.device import autocast
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.training.augmentation import mirror
from trainables.synthesis.training.epoch import (
    Practice,
    draw_order,
    steps_of,
    train_epoch,
    validation_error,
    validation_loss,
)
from trainables.synthesis.training.loss import training_loss

CPU = torch.device("cpu")


class Recorder(nn.Module):
    """A linear network that remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.shown = []

    def forward(self, images):
        self.shown.append(images.detach().clone())
        return self.conv(images)


def clean(mr, target):
    return mr


def run(network, split, replace=clean, lr=0.0, batch_size=4, **practice):
    practice = Practice(loss=training_loss("mse", 1.0), replace=replace, **practice)
    return train_epoch(
        network,
        torch.optim.SGD(network.parameters(), lr=lr),
        split,
        practice,
        batch_size=batch_size,
        generator=torch.Generator().manual_seed(3),
        autocast=autocast(CPU, "fp32"),
    )


def test_every_slice_is_shown_once(heads):
    network, split = Recorder(), heads.data.train
    run(network, split)
    inputs = torch.cat(network.shown)
    slices, _ = split.batch(range(len(split)), CPU)
    assert sorted(inputs.sum(dim=(1, 2, 3)).tolist()) == pytest.approx(
        sorted(slices.sum(dim=(1, 2, 3)).tolist())
    )
    assert not torch.equal(inputs, slices)  # in another order


def test_the_loss_is_the_mean_squared_error_of_what_was_trained_on(heads):
    network, split = Recorder(), heads.data.train
    value = run(network, split)
    mr, ct = split.batch(range(len(split)), CPU)
    assert value == pytest.approx(float(((network.conv(mr) - ct) ** 2).mean().detach()), rel=1e-5)


def test_a_step_follows_the_gradient(heads):
    network, split = Recorder(), heads.data.train
    mr, ct = split.batch(range(len(split)), CPU)
    ((network.conv(mr) - ct) ** 2).mean().backward()
    expected = network.conv.bias.detach() - 0.1 * network.conv.bias.grad
    run(network, split, lr=0.1, batch_size=len(split))
    assert network.conv.bias.detach().tolist() == pytest.approx(expected.tolist(), rel=1e-4)


def test_mirroring_turns_mr_and_ct_alike_left_and_right(heads):
    split, batches = heads.data.train, []

    def replace(mr, target):
        batches.append((mr, target[:, :1]))
        return mr

    run(Recorder(), split, replace, augment=(mirror,))
    slices = list(zip(*split.batch(range(len(split)), CPU), strict=True))
    turned = 0
    for mr, ct in zip(*(torch.cat(part) for part in zip(*batches, strict=True)), strict=True):
        as_it_is = any(torch.equal(mr, a) and torch.equal(ct, b) for a, b in slices)
        mirrored = any(torch.equal(mr, a.flip(1)) and torch.equal(ct, b.flip(1)) for a, b in slices)
        assert as_it_is or mirrored
        turned += mirrored
    assert 0 < turned < len(slices)


def test_a_last_batch_of_one_slice_is_left_out(heads):
    network, split = Recorder(), heads.data.train
    run(network, split, batch_size=len(split) - 1)
    assert [len(batch) for batch in network.shown] == [len(split) - 1]


def test_validation_is_in_eval_mode_and_in_batches_of_any_size(heads):
    network = nn.Sequential(Recorder(), nn.BatchNorm2d(1))
    split = heads.data.train
    losses = [validation_loss(network, split, CPU, batch_size) for batch_size in (1, 5, 99)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)
    assert network[1].num_batches_tracked == 0


def test_steps_are_counted_as_they_are_made(heads):
    split = heads.data.train
    for batch_size in (2, 4, 5, len(split) - 1, len(split), 99):
        calls = []
        run(
            Recorder(), split, batch_size=batch_size,
            before_step=lambda calls=calls: calls.append("before"),
            after_step=lambda calls=calls: calls.append("after"),
        )  # fmt: skip
        assert calls == ["before", "after"] * steps_of(len(split), batch_size)


def test_the_error_on_val_is_the_head_mae_that_is_reported_and_half_of_it_attacked(heads):
    split, network = heads.data.train, nn.Sequential(nn.Conv2d(1, 1, 3, padding=1))
    (scores,) = score_subjects(network, split, [None], CPU)
    clean_error = validation_error(network, split, 0.0, CPU, batch_size=5)
    assert clean_error == pytest.approx(float(scores["mae_head"].mean()), rel=1e-4)
    small, large = (validation_error(network, split, eps, CPU) for eps in (0.05, 0.4))
    assert clean_error < large
    assert small < large


def test_an_epoch_of_so_many_slices_draws_others_each_time(heads):
    split, generator = heads.data.train, torch.Generator().manual_seed(3)
    epochs = []
    for _ in range(2):
        network = Recorder()
        practice = Practice(loss=training_loss("mse", 1.0), replace=clean)
        train_epoch(
            network,
            torch.optim.SGD(network.parameters(), lr=0.0),
            split,
            practice,
            batch_size=2,
            generator=generator,
            autocast=autocast(CPU, "fp32"),
            slices=4,
        )
        epochs.append(torch.cat(network.shown).sum(dim=(1, 2, 3)).tolist())
    assert [len(epoch) for epoch in epochs] == [4, 4]
    assert len(set(epochs[0])) == 4
    assert sorted(epochs[0]) != sorted(epochs[1])


def test_no_slice_is_drawn_again_before_all_were():
    generator = torch.Generator().manual_seed(0)
    order = draw_order(5, 12, generator).tolist()
    assert [sorted(order[:5]), sorted(order[5:10])] == [list(range(5))] * 2
    assert len(set(order[10:])) == 2
    assert sorted(draw_order(5, None, generator).tolist()) == list(range(5))
