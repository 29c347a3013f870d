import hashlib

import pytest
import torch

from trainables.runtime.seeding import derive, generator, seeded

CPU = torch.device("cpu")


def test_a_seed_is_the_digest_of_its_names():
    """Records of old runs stay reproducible only while this stays as it is."""
    head = hashlib.sha256(b"7/3/order").hexdigest()[:16]
    assert derive(7, 3, "order") == int(head, 16) // 2 == 1_790_684_810_161_131_996


def test_seeds_fit_torch_and_differ_by_every_name():
    names = [(s, e, use) for s in range(5) for e in range(50) for use in ("order", "noise")]
    seeds = [derive(*name) for name in names]
    assert len(set(seeds)) == len(names)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derive(1, 23) != derive(12, 3)


def test_generators_repeat_and_differ():
    def draw(*names):
        return torch.rand(4, generator=generator(CPU, *names))

    assert torch.equal(draw(0, "a"), draw(0, "a"))
    assert not torch.equal(draw(0, "a"), draw(0, "b"))
    assert not torch.equal(draw(0, "a"), draw(1, "a"))


def test_inside_the_global_generator_is_seeded_and_then_restored():
    state = torch.random.get_rng_state()
    with seeded(CPU, 0, "a"):
        first = torch.rand(4)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(3)
    with seeded(CPU, 0, "a"):
        assert torch.equal(torch.rand(4), first)
    with seeded(CPU, 0, "b"):
        assert not torch.equal(torch.rand(4), first)
    torch.random.set_rng_state(state)


def test_the_global_generator_is_restored_after_an_exception():
    state = torch.random.get_rng_state()
    with pytest.raises(RuntimeError, match="invalid for input"), seeded(CPU, 0):
        torch.rand(4).reshape(3)
    assert torch.equal(torch.random.get_rng_state(), state)
