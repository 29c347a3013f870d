"""Batches with a share of positives: counts, fairness, and going on from a state."""

from collections import Counter

import pytest
import torch

from trainables.studies.deepauc.sampler import ShareSampler

# positives, negatives, batch, share; of both in a batch, steps; views of each after 7 epochs
CASES = [
    (6, 20, 8, 0.25, 2, 6, 4, {9, 10}, {8, 9}),
    (74, 200, 32, 0.1, 3, 29, 9, {2, 3}, {9, 10}),
    (74, 200, 32, 0.9, 29, 3, 9, {24, 25}, {0, 1}),
    (3, 5, 16, 0.25, 4, 12, 1, {9, 10}, {16, 17}),
    (15, 40, 128, 0.2, 26, 102, 1, {12, 13}, {17, 18}),
    (306, 872, 128, 0.75, 96, 32, 10, {21, 22}, {2, 3}),
    (5, 400, 32, 0.1, 3, 29, 13, {54, 55}, {6, 7}),
    (40, 2, 16, 0.9, 14, 2, 3, {7, 8}, {21}),
]


@pytest.mark.parametrize("case", CASES)
def test_every_batch_has_its_share_and_every_image_its_turn(case):
    n_positive, n_negative, size, share, upper, lower, steps, often, seldom = case
    positive = torch.arange(n_positive + n_negative) < n_positive
    sampler, views = ShareSampler(positive, size, share, seed=0), Counter()
    for _ in range(7):
        batches = list(sampler.epoch())
        assert len(batches) == steps
        for batch in batches:
            assert int(positive[batch].sum()) == upper
            assert len(batch) == upper + lower
            views.update(batch.tolist())
    counts = [views[row] for row in range(len(positive))]
    assert set(counts[:n_positive]) <= often
    assert set(counts[n_positive:]) <= seldom


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_there_is_at_least_one_of_each_class(share):
    positive = torch.arange(20) < 5
    for batch in ShareSampler(positive, 4, share, seed=0).epoch():
        assert 1 <= int(positive[batch].sum()) <= 3


def test_global_random_numbers_are_left_alone():
    before = torch.get_rng_state()
    list(ShareSampler(torch.arange(20) < 5, 4, 0.5, seed=0).epoch())
    assert torch.equal(torch.get_rng_state(), before)


def test_it_goes_on_in_mid_epoch():
    positive = torch.arange(30) < 9
    sampler = ShareSampler(positive, 8, 0.3, seed=1)
    batches = sampler.epoch()
    next(batches)
    copied = ShareSampler(positive, 8, 0.3, seed=1)
    copied.load_state_dict(sampler.state_dict())
    assert torch.equal(next(batches), next(copied.epoch()))


def test_other_seeds_and_rounds_give_other_orders():
    positive = torch.arange(60) < 30
    orders = [torch.cat(list(ShareSampler(positive, 60, 0.5, seed).epoch())) for seed in (0, 1)]
    assert not torch.equal(*orders)
    sampler = ShareSampler(positive, 60, 0.5, 0)
    assert not torch.equal(*(torch.cat(list(sampler.epoch())) for _ in range(2)))
