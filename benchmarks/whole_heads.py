"""Memory, disk and time of a search on whole heads, and of a CT that is made for each of some.

    python benchmarks/whole_heads.py --out FOLDER

Heads of the phantom are written as NIfTI, 20 of 200 x 220 x 180 voxels unless others are asked for:
a few slices are drawn, and each stands for some of its neighbours. Then
``python -m search robmednas`` runs on them with sampled slices and hardly any training, and
``python -m search synthesise`` makes a CT for a few. Printed for both: the greatest resident memory
of the process, its seconds, and the disk that the run's slices take.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainables.data.phantoms.heads import PhantomSubject, write_nifti
from trainables.data.volumes import Volume
from trainables.runtime.memory import GIB

DRAWN = 12  # slices of a head


@dataclass(frozen=True)
class WholeHead:
    """A phantom head of many slices, most of which repeat the one before.

    Attributes:
        head: Of few slices.
        shape: Voxels along each axis.
    """

    head: PhantomSubject
    shape: tuple[int, int, int]

    @property
    def name(self) -> str:
        """The head's."""
        return self.head.name

    def digests(self) -> dict[str, str]:
        """Return the head's."""
        return self.head.digests()

    def load(self) -> Volume:
        """Draw the slices, crop them, and repeat each."""
        volume, (x, y, z) = self.head.load(), self.shape
        each = -(-z // volume.mr.shape[2])
        sides = [
            slice((volume.mr.shape[axis] - side) // 2, None) for axis, side in ((0, x), (1, y))
        ]
        part = (*sides, slice(None))

        def whole(array: np.ndarray) -> np.ndarray:
            return np.repeat(array[part][:x, :y], each, axis=2)[:, :, :z]

        mask = None if volume.mask is None else whole(volume.mask)
        return Volume(whole(volume.mr), whole(volume.ct), mask, (1.0, 1.0, 1.0))


def write_heads(folder: Path, count: int, shape: tuple[int, int, int]) -> None:
    """Write so many heads, unless the folder is there.

    Args:
        folder: For a folder a head.
        count: How many.
        shape: Voxels along each axis.
    """
    if folder.exists():
        return
    side = max(shape[:2])
    heads = [
        WholeHead(PhantomSubject(number, side, DRAWN, float(side), 0), shape)
        for number in range(count)
    ]
    write_nifti(heads, folder, print)


def run(name: str, arguments: list[str]) -> dict[str, float]:
    """Run a command of this program; print and return its seconds and its greatest memory, in GiB.

    Args:
        name: For the printed line.
        arguments: Behind ``python -m search``.
    """
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "search", *arguments])
    _, status, usage = os.wait4(process.pid, 0)  # of this process and not of all children
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    gib, seconds = usage.ru_maxrss * 1024 / GIB, time.perf_counter() - started
    cpu = usage.ru_utime + usage.ru_stime
    print(f"{name}: {gib:.2f} GiB, {seconds:.0f} s, {cpu:.0f} s of a core", flush=True)
    return {"gib": gib, "seconds": seconds, "cpu_seconds": cpu}


def main() -> None:
    """Write the heads, run both commands, print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--heads", type=int, default=20)
    options.add_argument("--shape", type=int, nargs=3, default=[200, 220, 180])
    options.add_argument("--size", type=int, default=64, help="pixels")
    options.add_argument("--neighbours", type=int, default=0)
    arguments = options.parse_args()
    data, folder = arguments.out / "heads", arguments.out / "run"
    write_heads(data, arguments.heads, tuple(arguments.shape))
    search = ["robmednas", "--data", str(data), "--size", str(arguments.size), "--run", str(folder)]
    search += ["--neighbours", str(arguments.neighbours), "--in-process", "--trials", "1"]
    search += ["--epochs", "1", "--epoch-slices", "24", "--rank-slices", "4", "--eps", "0,0.06"]
    search += ["--ladder", "1:pgd-2", "--seed-check", "0", "--device", "cpu"]
    facts = {"search": run("search", search)}
    slices = sum(file.stat().st_size for file in (folder / "assets").rglob("*.npy")) / 1e9
    print(f"slices: {slices:.2f} GB")
    few = arguments.out / "few"
    few.mkdir(exist_ok=True)
    for head in sorted(data.iterdir())[:2]:
        if not (few / head.name).exists():
            (few / head.name).symlink_to(head.resolve())
    sct = ["synthesise", str(folder), "--data", str(few), "--out", str(arguments.out / "sct")]
    facts["synthesise"] = run("synthesise", sct)
    values = json.dumps(facts | {"slices_gb": slices}, indent=1)
    (arguments.out / "facts.json").write_text(values + "\n")


if __name__ == "__main__":
    main()
