"""What is shown at exactly 80 columns."""

import io
import threading
from dataclasses import replace

import pytest
from make_trials import HIGH, screen
from rich.console import Console

from search.engine.trial import State
from search.results import progress as module
from search.results.progress import Progress
from search.results.pulse import Pulse


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def follow(trials):
    def build(console):
        clock = Clock()
        progress = Progress(console, HIGH, total=27, budget=60, workers=2, clock=clock)
        for one in trials:
            progress.notice("proposed", one)
        clock.now = 125.0
        return progress

    return build


def test_the_live_table_fits_80_columns(follow):
    shown = screen(follow(Console(width=80)).render())
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == (
        "4/27 done | 1 running | 1 pruned | 1 failed | best 0.470 | 2:05, ~9:35 left"
    )
    assert "r05 paper 50/0.1 [x]*" in shown
    assert "* scaled" in shown
    assert "[0.400, 0.500]" in shown
    assert "interval: over images alone" in shown


def test_the_live_table_says_what_its_intervals_are_over(trials):
    first = trials[0]
    again = replace(first, id=f"{first.id}.2", repeats=first.id, seed=1)
    progress = Progress(Console(width=80), HIGH, 27, 60, 2, Clock())
    for trial in (first, again):
        progress.notice("proposed", trial)
    assert "interval: over images and seeds" in screen(progress.render())


def test_time_left_is_the_mean_time_of_the_ended(follow):
    progress = follow(Console(width=80))
    assert progress.remaining_s() == pytest.approx((60 + 90 + 30 + 20) / 4 * 23 / 2)


def test_a_line_says_how_far_the_running_trials_are(trials):
    pulses = {trial.id: Pulse(12, 20, 4.0) for trial in trials}
    progress = Progress(Console(), HIGH, 27, 60, 2, Clock())
    progress.pulse_of = pulses.get
    for trial in trials:
        progress.notice("proposed", trial)
    (name,) = (trial.name for trial in trials if trial.state is State.RUNNING)
    assert progress.running_line() == f"running: {name} 12/60 epochs, ~0:32 to 20"
    pulses.update({trial.id: Pulse(20, 20, 4.0) for trial in trials})
    assert progress.running_line() == f"running: {name} 20/60 epochs, trained, is being measured"
    pulses.clear()
    assert progress.running_line() == ""


def test_silence_is_broken_in_plain_lines(trials, monkeypatch):
    monkeypatch.setattr(module, "SILENCE_S", 0.0)
    said = threading.Event()
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    progress = Progress(console, HIGH, 27, 60, 2, Clock())
    progress.pulse_of = lambda _: Pulse(1, 20, 4.0)
    monkeypatch.setattr(progress, "say", lambda line: said.set() if "running: " in line else None)
    for trial in trials:
        progress.notice("proposed", trial)
    with progress:
        assert said.wait(120)


def test_elsewhere_it_is_one_line_per_ended_trial(follow, trials):
    console = Console(width=80, file=io.StringIO(), force_terminal=False)
    with follow(console) as progress:
        for one in trials[:4]:
            progress.notice("ended", one)
    assert console.file.getvalue().splitlines() == [
        "[4/27] r01 baseline: completed, 0.450 at 60/60 epochs, 1:00",
        "[4/27] r05 paper 50/0.1 [x]: completed, 0.470 at 60/60 epochs, 1:30",
        "[4/27] t001: pruned, 0.300 at 60/60 epochs, 0:30 (not among the best at epoch 3)",
        "[4/27] t002: failed, - at 0/60 epochs, 0:20 (OutOfMemoryError: [CUDA] out of memory)",
    ]


def test_a_terminal_shows_the_live_table(follow, trials):
    console = Console(width=80, file=io.StringIO(), force_terminal=True)
    with follow(console) as progress:
        progress.notice("ended", trials[3])
    shown = console.file.getvalue()
    assert "t002: OutOfMemoryError: [CUDA] out of memory" in shown
    assert "4/27 done" in shown
