"""What kept trials from winning: constraints and alarms, with what they mean."""

from collections.abc import Mapping

import pandas as pd

from analysis.load import Run
from search.engine.trial import Trial
from search.results.ranking import missed
from trainables.metrics.alarms import ALARMS, OF_ASSETS

LIMIT = "a limit on the model, known before training"
MEANINGS: Mapping[str, str] = {
    "clean_floor": "clean quality too far below the baseline's after as much training",
    **ALARMS,
    **OF_ASSETS,
}


def alarms(run: Run) -> pd.DataFrame:
    """Count for each constraint how many trials were asked it, and which do not meet it.

    Each trial answers by its last report; further seeds of raced trials count on their own.

    Returns:
        ``constraint``, ``meaning``, ``measured``, ``missed``, ``trials`` (names with commas), the
        most missed first.
    """
    counts: dict[str, int] = {}
    failing: dict[str, list[Trial]] = {}
    for trial in run.record:
        for name in trial.reports[-1].constraints if trial.reports else ():
            counts[name] = counts.get(name, 0) + 1
        for name in missed(trial):
            failing.setdefault(name, []).append(trial)
    rows = [
        (
            name,
            MEANINGS.get(name, LIMIT),
            count,
            len(trials),
            ", ".join(trial.name for trial in trials),
        )
        for name, count in counts.items()
        for trials in [failing.get(name, [])]
    ]
    frame = pd.DataFrame(rows, columns=["constraint", "meaning", "measured", "missed", "trials"])
    return frame.sort_values("missed", ascending=False, kind="stable", ignore_index=True)
