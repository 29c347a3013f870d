"""How alike the heads of different people are, and how alike near copies: where ALIKE lies.

    python benchmarks/near_subjects.py --data DIR

Correlations of volumes on the common grid of `trainables.synthesis.preparation.near`: the greatest
of two different subjects, and of each kind of copy the least of all subjects.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from trainables.data.volumes import open_folder
from trainables.runtime.arrays import Floats32
from trainables.synthesis.preparation.near import ALIKE, look_of


def changes(generator: np.random.Generator) -> Mapping[str, Callable[[Floats32], Floats32]]:
    """Return what is done to a volume, by name; noise and shares are of its range of values."""
    return {
        "one voxel": _one_voxel,
        "noise of 1 %": lambda values: values + 0.01 * np.ptp(values) * _noise(values, generator),
        "noise of 5 %": lambda values: values + 0.05 * np.ptp(values) * _noise(values, generator),
        "scale and offset": lambda values: 3.7 * values + 100,
        "gamma 0.8": lambda values: _share(values) ** 0.8,
        "gamma 1.3": lambda values: _share(values) ** 1.3,
        "moved by a voxel": lambda values: np.roll(values, 1, axis=0),
        "every other voxel": lambda values: values[::2, ::2],
        "cropped by 2 %": lambda values: values[: int(0.98 * len(values))],
    }


def _one_voxel(values: Floats32) -> Floats32:
    changed = values.copy()
    changed.flat[changed.argmax()] = values.min()
    return changed


def _noise(values: Floats32, generator: np.random.Generator) -> Floats32:
    return generator.standard_normal(values.shape, dtype=np.float32)


def _share(values: Floats32) -> Floats32:
    return (values - values.min()) / np.float32(np.ptp(values))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    subjects = open_folder(parser.parse_args().data)
    volumes = [subject.load() for subject in subjects]
    generator = np.random.default_rng(0)
    print(f"{len(subjects)} subjects; near copies from {ALIKE:g}")
    for part in ("mr", "ct"):
        values = [getattr(volume, part) for volume in volumes]
        begun = time.process_time()
        looks = np.array([look_of(volume) for volume in values])
        products = looks @ looks.T
        seconds = time.process_time() - begun
        rows, columns = np.triu_indices(len(looks), 1)
        first = np.argmax(products[rows, columns])
        names = subjects[rows[first]].name, subjects[columns[first]].name
        print(f"{part}, looks and all pairs: {seconds:.2f} s of a core")
        print(f"  different subjects at most {products[rows, columns].max():.4f} {names}")
        for name, change in changes(generator).items():
            copies = np.array([look_of(change(volume)) for volume in values])
            print(f"  {name}: at least {(copies * looks).sum(axis=1).min():.4f}")


if __name__ == "__main__":
    main()
