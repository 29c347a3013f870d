"""Every row of a final comparison, trained with several seeds: the table that decides.

    python benchmarks/robmednas_table.py FINAL --seeds 3

FINAL is the folder of a finished ``robmednas-final``. Its chosen networks, the controls among them,
are trained again with other seeds on the same subjects, for the same number of epochs, and scored
on the test subjects that the folder holds. What was done before is not done again, so that the
command can be stopped at any time. Printed: means over subjects and trainings, and the searched
networks against each control, paired by subject, each subject's error averaged over the trainings.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from search.robmednas.final import full_settings_of, read_final
from search.robmednas.retrain import retrain
from search.robmednas.rows import read_rows, write_rows
from search.robmednas.sources import BASELINE, PLAIN, PLAIN_TRAINED, SEARCHED, TRAINED
from search.robmednas.testing import Condition, open_test, score
from trainables.metrics.intervals import mean_interval
from trainables.saved.checkpoint import load_unet

CONDITIONS = (Condition("clean", 0.0), Condition("pgd", 0.06), Condition("pgd", 0.2))
CONTROLS = (BASELINE, TRAINED, PLAIN, PLAIN_TRAINED)
COLUMNS = {
    "clean HU": ("clean", 0.0, "mae_head"),
    "PGD .06 HU": ("pgd", 0.06, "mae_head"),
    "PGD .2 HU": ("pgd", 0.2, "mae_head"),
    "bone Dice": ("clean", 0.0, "dice_bone"),
}


def main() -> None:
    """Train, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("final", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    scores = pd.concat(
        [scores_of(arguments.final, seed) for seed in range(arguments.seeds)], ignore_index=True
    )
    means = scores.groupby(["row", "kind", "strength", "score"], sort=False)["value"].mean()
    for row in scores["row"].unique():
        cells = (f"{means[row, *place]:9.3g}" for place in COLUMNS.values())
        print(f"{row:18}", *cells)
    subjects = scores.groupby(["row", "kind", "strength", "score", "subject"])["value"].mean()
    for row in SEARCHED:
        for control in CONTROLS:
            for kind, strength, name in list(COLUMNS.values())[:3]:
                compare(subjects, (row, control), (kind, strength, name))


def scores_of(folder: Path, seed: int) -> pd.DataFrame:
    """Train every row with a seed and score it on test, unless that was done."""
    file = folder / "seeds" / str(seed) / "scores.csv"
    if not file.is_file():
        comparison = read_final(folder)
        settings = full_settings_of(comparison).model_copy(update={"seed": seed})
        configs = {network["name"]: network["config"] for network in comparison["candidates"]}
        networks = {}
        for row, name in comparison["chosen"].items():
            model = file.parent / name
            patience = comparison["patience"]
            retrain(configs[name], settings, folder / "assets", model, patience, print)
            networks[row] = load_unet(model)[0]
        split = open_test(settings, folder, print)
        write_rows(file, score(networks, split, list(CONDITIONS), 0))
    return read_rows(file)


def compare(subjects: pd.Series, rows: tuple[str, str], place: tuple[str, float, str]) -> None:
    """Print the mean difference of two rows and its 95 % interval over subjects."""
    if any((row, *place) not in subjects.index for row in rows):
        return
    first, second = (subjects[row, *place] for row in rows)
    interval = mean_interval((first - second).to_numpy(dtype=np.float64))
    kind, strength, name = place
    print(
        f"{rows[0]} - {rows[1]}, {kind} {strength:g} {name}: {interval.value:+.1f} "
        f"[{interval.low:+.1f}, {interval.high:+.1f}] HU"
    )


if __name__ == "__main__":
    main()
