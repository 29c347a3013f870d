"""One epoch of training."""

import pytest
import torch
from torch import nn

from trainables.runtime.device import autocast
from trainables.synthesis.training.epoch import train_epoch, validation_loss

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


def clean(mr, ct):
    return mr


def run(network, split, replace=clean, **options):
    optimiser = torch.optim.SGD(network.parameters(), lr=options.pop("lr", 0.0))
    options = {"batch_size": 4, "flip": False} | options
    return train_epoch(
        network,
        optimiser,
        split,
        replace,
        generator=torch.Generator().manual_seed(3),
        autocast=autocast(CPU, torch.float32),
        **options,
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

    def replace(mr, ct):
        batches.append((mr, ct))
        return mr

    run(Recorder(), split, replace, flip=True)
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
