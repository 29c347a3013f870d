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
    for trial in sorted(run.record, key=lambda trial: trial.started_s):
        end = run.elapsed_s if trial.ended_s is None else trial.ended_s
        idle = (lane for lane, since in enumerate(free) if since <= trial.started_s)
        lane = next(idle, len(free))
        free[lane : lane + 1] = [end]
        start = trial.started_s
        rows.append((trial.id, lane + 1, trial.state.value, trial.is_reference, start, end))
    columns = ["trial", "lane", "state", "reference", "start_s", "end_s"]
    return pd.DataFrame(rows, columns=columns)


def activities(run: Run) -> pd.DataFrame:
    """Sum the seconds that trials reported, by activity and by what became of the trial.

    Returns:
        ``activity``, a column a state that occurs, ``total``, ``share`` of all; the longest first.
    """
    rows = [
        {"activity": activity, "state": trial.state.value, "seconds": seconds}
        for trial in run.record
        for report in trial.reports
        for activity, seconds in report.seconds.items()
    ]
    if not rows:
        return pd.DataFrame(columns=["activity", "total", "share"])
    frame = pd.DataFrame(rows).pivot_table(
        index="activity", columns="state", values="seconds", aggfunc="sum", fill_value=0.0
    )
    frame = frame[[state.value for state in State if state.value in frame]]
    frame["total"] = frame.sum(axis=1)
    seconds = frame["total"].sum()
    frame["share"] = frame["total"] / seconds if seconds > 0 else math.nan
    frame = frame.sort_values("total", ascending=False, kind="stable").reset_index()
    return frame.rename_axis(columns=None)


def states(run: Run) -> pd.DataFrame:
    """Count references, sampled trials and further seeds by state.

    Returns:
        ``state``, ``references``, ``sampled``, ``seeds``; states that do not occur are left out.
    """
    rows = []
    for state in State:
        trials = [trial for trial in run.record if trial.state is state]
        references = sum(trial.is_reference for trial in trials)
        seeds = sum(bool(trial.repeats) for trial in trials)
        if trials:
            rows.append((state.value, references, len(trials) - references - seeds, seeds))
    return pd.DataFrame(rows, columns=["state", "references", "sampled", "seeds"])


def busy_share(run: Run) -> float:
    """Compute the share of the lanes' time in which a trial ran; NaN before any time has passed."""
    frame = timeline(run)
    seconds = frame["lane"].max() * (frame["end_s"].max() - frame["start_s"].min())
    return float((frame["end_s"] - frame["start_s"]).sum() / seconds) if seconds > 0 else math.nan
