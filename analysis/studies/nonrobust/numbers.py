"""The decomposition of a run: its networks without attack, under attack, and under corruptions."""

import io
import math
from pathlib import Path

import pandas as pd

from analysis.load import Run
from analysis.numbers.tables import answers, yardstick
from searchspace.errors import UserError
from trainables.door.opening import MIB, read_bytes
from trainables.door.text import from_cell
from trainables.metrics.intervals import summary_interval
from trainables.metrics.skill import Area
from trainables.studies.nonrobust.verdict import Measured, Scores, judge
from trainables.study.study import BASELINE, WINNER

CONTROLS = ("labels only", "noise only", "untrained")  # how their labels begin
TRADES = "trades"
CONDITIONS = ("clean", "attacked", "corrupted")
CORRUPTIONS = "corruptions.csv"  # of `nonrobust-corruptions`
COLUMNS = ("suite", "network", "fold", "corruption", "severity", "bacc")
MOST_BYTES = 16 * MIB


def decomposition(run: Run) -> pd.DataFrame:
    """Return a row for each reference and the winner; empty where none was measured.

    Its columns are ``network``, and of each condition value and interval: ``clean``, ``clean low``,
    ``clean high`` and so on. Attacked is at the middle radius of the run, where robust networks
    keep most of their skill, and others little.
    """
    scores = scores_of(run)
    return pd.DataFrame(
        [
            {"network": label}
            | {
                f"{condition}{end}": getattr(getattr(row, condition), bound)
                for condition in CONDITIONS
                for end, bound in (("", "value"), (" low", "low"), (" high", "high"))
            }
            for label, row in scores.items()
        ]
    )


def scores_of(run: Run) -> dict[str, Scores]:
    """Return the scores of the winner and of every reference that was measured, by label."""
    rows = {}
    trials = run.trials
    for _, trial in trials.sort_values("trial").iterrows():
        label = WINNER if trial["winner"] and not trial["label"] else str(trial["label"] or "")
        row = _scores(run, str(trial["trial"]), trial) if label else None
        if row is not None and not label.startswith("matched"):
            rows[label] = row
    return rows


def words(run: Run) -> tuple[str, ...]:
    """Say what the run shows of features, and what robust training costs and gains.

    Answers are kept of one training each: nothing is decided.
    """
    twins = run.manifest.get("details", {}).get("made_sets", {})
    linear = {
        label: Measured(detail["linear"], detail["linear_low"], detail["linear_high"])
        for label, detail in twins.items()
    }
    scores = scores_of(run)
    chance = yardstick(run).level
    controls = [label for label in scores if label.startswith(CONTROLS)]
    return judge(
        scores, linear, chance, controls=controls, baseline=BASELINE, robust=TRADES, verdicts=0
    )


def middle_radius(run: Run) -> float | None:
    """Return the radius of the attack that `decomposition` shows; None where nothing was saved."""
    for trial in run.trials["trial"]:
        saved = answers(run, str(trial))
        if saved is not None:
            return saved.eps[len(saved.eps) // 2]
    return None


def read_corruptions(file: Path) -> pd.DataFrame:
    """Read the balanced accuracies of networks under corruptions, a row for each severity.

    Raises:
        UserError: If the file cannot be read or lacks a column.
    """
    try:
        frame = pd.read_csv(io.BytesIO(read_bytes(file, MOST_BYTES)), keep_default_na=False)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {file}: {error}") from None
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise UserError(f"{file} has no column '{missing[0]}': make it again")
    return frame.assign(network=frame["network"].map(from_cell))


def curves(frame: pd.DataFrame) -> pd.DataFrame:
    """Average over the corruptions of each fold, along their severities.

    Args:
        frame: As of `read_corruptions`; without corruption the severity is 0, in every fold.

    Returns:
        ``fold``, ``network``, ``severity``, ``bacc``.
    """
    folds = [fold for fold in frame["fold"].unique() if fold]
    clean = frame[frame["severity"] == 0]
    parts = [clean.assign(fold=fold) for fold in folds]
    rows = pd.concat([*parts, frame[frame["severity"] > 0]], ignore_index=True)
    keys = ["fold", "network", "severity"]
    return rows.groupby(keys, sort=False)["bacc"].mean().reset_index()


def _scores(run: Run, name: str, trial: "pd.Series") -> Scores | None:
    """Return the scores of a trial; None where its answers were not saved."""
    saved = answers(run, name)
    if saved is None or saved.scores.ndim != 2:
        return None
    rows = (0, len(saved.eps) // 2)
    measured = []
    for row in rows:
        interval = summary_interval(saved.scores[row][None], saved.labels, Area((0.0,)), seed=0)
        measured.append(Measured(interval.value, interval.low, interval.high))
    corrupted = trial.get("metric.ranking_corrupted_bacc", math.nan)
    return Scores(measured[0], measured[1], Measured(float(corrupted)))
