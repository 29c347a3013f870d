import pytest
import torch

from searchspace.errors import UserError
from trainables.runtime.device import (
    InPrecision,
    autocast,
    channels_last,
    resolve_device,
    resolve_precision,
    threads,
)

CPU = torch.device("cpu")


def cards(monkeypatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


def test_auto_takes_the_card_where_there_is_one(monkeypatch):
    cards(monkeypatch, 0)
    assert resolve_device("auto") == CPU
    cards(monkeypatch, 1)
    assert resolve_device("auto") == torch.device("cuda")


def test_a_named_device_is_taken(monkeypatch):
    cards(monkeypatch, 2)
    for name in ("cpu", "cuda", "cuda:0", "cuda:1"):
        assert resolve_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "unknown device 'gpu': did you mean cpu"),
        ("tpu", "unknown device 'tpu'"),
        ("", "unknown device ''"),
        ("cuda:2", "device 'cuda:2' is not there: torch sees 2 CUDA devices; try cpu"),
        ("cuda:one", "device 'cuda:one' does not exist: write auto, cpu, cuda or cuda:1"),
        ("cuda:-1", "device 'cuda:-1' does not exist"),
        ("cuda:", "device 'cuda:' does not exist"),
        ("cpu:0", "device 'cpu:0' does not exist"),
        ("auto:1", "device 'auto:1' does not exist"),
    ],
)
def test_a_device_that_is_not_there_is_named(monkeypatch, name, message):
    cards(monkeypatch, 2)
    with pytest.raises(UserError, match=message):
        resolve_device(name)


def test_no_card_is_not_silently_the_cpu(monkeypatch):
    cards(monkeypatch, 0)
    with pytest.raises(UserError, match="torch sees 0 CUDA devices"):
        resolve_device("cuda")


def test_a_named_precision_is_taken():
    assert resolve_precision("fp32", CPU) == torch.float32
    assert resolve_precision("bf16", CPU) == torch.bfloat16
    with pytest.raises(UserError, match="unknown precision 'fp16': did you mean bf16"):
        resolve_precision("fp16", CPU)


@pytest.mark.parametrize(("has", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_is_bf16_only_where_the_hardware_computes_in_it(monkeypatch, has, dtype):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: has)
    assert resolve_precision("auto", CPU) == dtype
    calls = []

    def supported(*, including_emulation):
        calls.append(including_emulation)
        return has

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert resolve_precision("auto", torch.device("cuda")) == dtype
    assert calls == [False]


def test_autocast_changes_products_in_bf16_and_nothing_in_fp32():
    matrix = torch.ones(2, 2)
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        context = autocast(CPU, name)
        for _ in range(2):  # made anew for every step
            with context():
                assert (matrix @ matrix).dtype == dtype
    assert (matrix @ matrix).dtype == torch.float32


@threads(3)
def fail_on_three_threads() -> None:
    raise KeyError(torch.get_num_threads())


def test_threads_are_restored_whatever_happens():
    count = torch.get_num_threads()
    with pytest.raises(KeyError, match="3"):
        fail_on_three_threads()
    assert torch.get_num_threads() == count


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_in_a_precision_answers_in_fp32_and_trains_its_own_weights(precision):
    network = torch.nn.Linear(64, 3)
    inside = InPrecision(network, autocast(CPU, precision))
    images = torch.rand(5, 64)
    answers = inside(images)
    assert answers.dtype == torch.float32
    assert torch.equal(answers, network(images)) == (precision == "fp32")
    assert torch.allclose(answers, network(images), atol=0.05)
    answers.sum().backward()
    assert network.weight.grad is not None
    assert network.weight.grad.dtype == torch.float32
    assert not inside.train(mode=False).network.training


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_weights_of_convolutions_are_laid_out_with_channels_innermost(dimensions):
    """Those of lines have no such layout; answers differ by rounding alone."""
    kind = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)[dimensions - 1]
    network = torch.nn.Sequential(kind(3, 4, 3), torch.nn.Flatten(), torch.nn.LazyLinear(2))
    images = torch.rand(2, 3, *[5] * dimensions)
    answers, weight = network(images), network[0].weight
    assert channels_last(network) is network
    assert network[0].weight is weight  # an optimiser's
    assert (weight.stride(1) == 1) == (dimensions > 1)
    assert torch.allclose(network(images), answers, atol=1e-6)
