"""How many near copies datasets hold, and what finding them costs.

    python benchmarks/near_copies.py --data-root DIR breastmnist adrenalmnist3d phantom
    python benchmarks/near_copies.py --made 107180x28 --made 30000x224

The first prints a row for each dataset. The second makes colour images whose pixels are drawn from
coarse knots, a hundredth of them near copies of others, and prints seconds of one core and the GiB
that the search took beside the images; give each size a process of its own, as memory is a peak.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from trainables.data.copies.near import find_near_copies
from trainables.data.dataset import Dataset, Images
from trainables.data.datasets import open_dataset

KNOTS = 14


def main() -> None:
    """Print what there is, or what it costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="*")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--made", action="append", default=[], help="IMAGESxSIDE")
    arguments = parser.parse_args()
    for name in arguments.datasets:
        dataset = open_dataset(name, 28, arguments.data_root, print, volumes=True)
        near = find_near_copies(dataset)
        counts = {
            f"{first} near {second}": near.near[first, second].sum() for first, second in PAIRS
        }
        print(name, near.counts, counts)
    for size in arguments.made:
        count, side = map(int, size.split("x"))
        dataset = made(count, side)
        before, start = peak_gib(), time.process_time()
        near = find_near_copies(dataset)
        seconds = time.process_time() - start
        print(f"{size}: {seconds:.0f} s, {peak_gib() - before:.2f} GiB, {near.counts}")


PAIRS = (("val", "train"), ("test", "train"), ("test", "val"))


def made(count: int, side: int) -> Dataset:
    """Make colour images; every hundredth becomes a slightly lighter copy of any other."""
    rng = np.random.default_rng(0)
    pixels = np.empty((count, side, side, 3), np.uint8)
    for start in range(0, count, 500):
        rows = slice(start, min(start + 500, count))
        grey = rng.uniform(64, 192, (rows.stop - start, 1, 1, 1))
        knots = rng.normal(grey, 30, (rows.stop - start, KNOTS, KNOTS, 3)).clip(0, 250)
        scale = side // KNOTS
        pixels[rows] = knots.astype(np.uint8).repeat(scale, axis=1).repeat(scale, axis=2)
    for number in rng.permutation(count)[: count // 100]:
        pixels[number] = pixels[rng.integers(count)]
        pixels[number, ::2] += 4
    labels, ends = np.arange(count) % 2, [count * 84 // 100, count * 93 // 100]
    parts = map(Images, np.split(pixels, ends), np.split(labels, ends))
    return Dataset("made", "binary", ("a", "b"), *parts, "none", "made here")


def peak_gib() -> float:
    """Return the greatest resident memory of the process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
