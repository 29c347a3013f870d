"""Trials of every end, and what a console shows."""

import io

from rich.console import Console

from search.engine.objective import Objective
from search.engine.trial import Trial
from trainables.study.report import Report

HIGH = Objective("ranking_pgd_bacc_curve", "max")


def screen(renderable, *, terminal=True):
    console = Console(width=80, file=io.StringIO(), force_terminal=terminal, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def trial(trial_id, state, value=None, label="", ended_s=None, reason=""):
    reports = [] if value is None else [Report(60, {HIGH.metric: value}, {HIGH.metric: (0.4, 0.5)})]
    return Trial(
        trial_id, {}, label, scaled=bool(label), state=state, reports=reports, reason=reason,
        started_s=0.0, ended_s=ended_s,
    )  # fmt: skip
