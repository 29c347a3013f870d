"""What a run cost: when each trial ran, and what its seconds went into."""

import math

import pandas as pd

from analysis.load import Run
from search.engine.trial import State


def timeline(run: Run) -> pd.DataFrame:
    """Lay out the trials in lanes, as few as can hold them: one lane is one trial at a time.

    A record does not say which process ran a trial; a trial takes the first lane that is free.

    Returns:
        In order of start: ``trial``, ``lane`` from 1, ``state``, ``reference``, ``start_s`` and
        ``end_s`` in seconds of work; a trial that still runs ends at the last event.
    """
    free: list[float] = []
    rows = []
    for trial in sorted(run.record, key=lambda one: one.started_s):
        end = run.elapsed_s if trial.ended_s is None else trial.ended_s
        lane = next((at for at, since in enumerate(free) if since <= trial.started_s), len(free))
        free[lane : lane + 1] = [end]
        start = trial.started_s
        rows.append((trial.id, lane + 1, trial.state.value, trial.is_reference, start, end))
    columns = ["trial", "lane", "state", "reference", "start_s", "end_s"]
    return pd.DataFrame(rows, columns=columns)


def activities(run: Run) -> pd.DataFrame:
    """Sum the seconds that trials reported, by activity and by what became of the trial.

    Returns:
        ``activity``, a column a state that occurs, ``total``, ``share`` of all; the dearest first.
    """
    rows = [
        {"activity": activity, "state": trial.state.value, "seconds": seconds}
        for trial in run.record
        for report in trial.reports
        for activity, seconds in report.seconds.items()
    ]
    if not rows:
        return pd.DataFrame(columns=["activity", "total", "share"])
    found = pd.DataFrame(rows).pivot_table(
        index="activity", columns="state", values="seconds", aggfunc="sum", fill_value=0.0
    )
    found = found[[state.value for state in State if state.value in found]]
    found["total"] = found.sum(axis=1)
    whole = found["total"].sum()
    found["share"] = found["total"] / whole if whole > 0 else math.nan
    found = found.sort_values("total", ascending=False, kind="stable").reset_index()
    return found.rename_axis(columns=None)


def states(run: Run) -> pd.DataFrame:
    """Count references, sampled trials and further seeds by state.

    Returns:
        ``state``, ``references``, ``sampled``, ``seeds``; states that do not occur are left out.
    """
    rows = []
    for state in State:
        own = [trial for trial in run.record if trial.state is state]
        references = sum(trial.is_reference for trial in own)
        seeds = sum(bool(trial.repeats) for trial in own)
        if own:
            rows.append((state.value, references, len(own) - references - seeds, seeds))
    return pd.DataFrame(rows, columns=["state", "references", "sampled", "seeds"])


def busy_share(run: Run) -> float:
    """Compute the share of the lanes' time in which a trial ran; NaN before any time has passed."""
    found = timeline(run)
    whole = found["lane"].max() * (found["end_s"].max() - found["start_s"].min())
    return float((found["end_s"] - found["start_s"]).sum() / whole) if whole > 0 else math.nan
