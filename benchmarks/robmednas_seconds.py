"""What channels-last layout and bf16 save in training and in attacks, and what they change.

    python benchmarks/robmednas_seconds.py

Ratios are to contiguous tensors in fp32; medians of runs that take turns in one process.
"""

import argparse
from functools import partial
from statistics import median
from time import perf_counter

import torch

from searchspace.unet import handcrafted
from trainables.attacks.registry import build_synthesis_attack
from trainables.attacks.threat import mr_deviations
from trainables.losses.likelihood import squared_error
from trainables.models.unet import UNet
from trainables.runtime.device import channels_last


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--filters", type=int, default=32)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shape = (arguments.batch, 1, arguments.size, arguments.size)
    mr, ct = torch.randn(shape), torch.randn(shape) / 4
    plain = UNet(handcrafted(arguments.filters, 4))
    channels_innermost = UNet(plain.architecture)
    channels_innermost.load_state_dict(plain.state_dict())
    channels_last(channels_innermost)
    attack = partial(
        build_synthesis_attack("pgd"), images=mr, labels=ct, threat=mr_deviations(0.1), seed=0
    )
    works = {
        "training": partial(step, plain, mr, ct, bf16=False),
        "training, channels last": partial(step, channels_innermost, mr, ct, bf16=False),
        "training, bf16": partial(step, plain, mr, ct, bf16=True),
        "training, channels last, bf16": partial(step, channels_innermost, mr, ct, bf16=True),
        "PGD": partial(attack, plain),
        "PGD, channels last": partial(attack, channels_innermost),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(arguments.turns + 1):
        for name, work in works.items():
            start = perf_counter()
            work()
            if turn:  # the first warms up
                seconds[name].append(perf_counter() - start)
    for name, durations in seconds.items():
        base = seconds["PGD" if name.startswith("PGD") else "training"]
        print(f"{name}: {median(base) / median(durations):.2f} times as fast")
    with torch.no_grad():
        difference = (plain.eval()(mr) - channels_innermost.eval()(mr)).abs().max()
    print(f"predictions differ by at most {float(difference):.1e} (1 is 2500 HU)")


def step(network: UNet, mr: torch.Tensor, ct: torch.Tensor, *, bf16: bool) -> None:
    """Run forward and backward once."""
    network.train()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        prediction = network(mr)
    squared_error(prediction.float(), ct).mean().backward()


if __name__ == "__main__":
    main()
