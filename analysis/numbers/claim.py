"""The claim that a run ends with: who won, by how much, and who cannot be told apart."""

import math

import pandas as pd

from analysis.load import Run
from analysis.vocabulary import Vocabulary
from search.record.events import number
from search.record.lock import is_running
from search.record.manifest import ConstantAnswer
from search.record.run_folder import RunFolder
from search.results.chance import chance_line, chance_of, idle_lines
from search.results.controls import claim_of, claim_sentence, plain
from search.results.differences import gains, tied
from search.results.floor import read_share, share_line
from search.results.ranking import ANY_GAIN, Row, lucky
from searchspace.words import capitalised, listed, plural
from trainables.metrics.skill import SKILL

CONDITIONS = {
    "finished": "finished",
    "running": "running: what follows may change",
    "died": "died: no process of this machine works on it; it can be resumed",
    "interrupted": "interrupted: what follows may change when it is resumed",
    "failed": "failed: what was done up to then",
}

LISTED = 12  # trials in a sentence
BETTER, WORSE, TIED, UNKNOWN = "better", "worse", "not told apart", "not known"


def condition(run: Run) -> str:
    """Name the state of a run, a key of `CONDITIONS`; what has no state is said to have died."""
    status = str(run.manifest.get("status", "died"))
    if is_running(RunFolder(run.folder)):
        return "running"
    return "died" if status == "running" or status not in CONDITIONS else status


def winner_row(run: Run) -> Row | None:
    """Return the winner's row of the ranking; None without a winner."""
    return next((row for row in run.rows if row.trial.id == run.winner), None)


def gains_over(run: Run) -> pd.DataFrame:
    """Compare the winner with each other reference that reached its budget, as the engine does.

    Returns:
        ``over`` (the reference's label), ``control``, ``gain`` (towards better) with its interval
        ``low`` to ``high`` over images and seeds, at 95 % for all comparisons of the run together,
        NaN where there is none, and ``verdict``: better, worse, not told apart, or not known
        without an interval.
    """
    columns = ["over", "control", "gain", "low", "high", "verdict"]
    first = winner_row(run)
    if first is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for gain in gains(first, list(run.rows), run.objective, RunFolder(run.folder)):
        if math.isnan(gain.value):  # a reference without a value
            continue
        low, high = gain.interval or (math.nan, math.nan)
        verdict = verdict_of(low, high)
        rows.append((gain.over.label, gain.over.control, gain.value, low, high, verdict))
    return pd.DataFrame(rows, columns=columns)


def ties(run: Run) -> list[str]:
    """Name the trials that cannot be told apart from the winner, as the engine tells them."""
    rows = tied(list(run.rows), run.objective, RunFolder(run.folder))
    return [row.trial.label or row.trial.id for row in rows if row.trial.id != run.winner]


def sentences(run: Run) -> list[str]:
    """Say who won, what cannot be told apart, and how far to trust it; gains are in a table."""
    first, metric, words = winner_row(run), run.objective.metric, run.vocabulary
    sampled = sum(not (trial.is_reference or trial.repeats) for trial in run.record)
    if first is None:
        candidates = f"{plural(sampled, 'sampled trial')} and the references"
        return [f"No winner: none of {candidates} reached the last rung and met its constraints."]
    value = words.format_value(metric, first.value)
    bounds = _format_bounds(words, metric, first.interval)
    better = {"max": "higher", "min": "lower"}[run.objective.direction]
    who = f"{first.trial.id} is the best of {plural(sampled, 'sampled trial')}"
    if first.trial.is_reference:
        who = f"{first.trial.label}, a reference, is the best"
    lines = [f"{who}: {value}{bounds} of {words.describe(metric)}, {better} is better."]
    if (name := words.parse(metric)) and name.point == SKILL:
        lines.append("A skill of 0 is that of a constant answer, and 1 is perfect.")
    lines += _beside_chance(run, first)
    if first.trial.is_reference:
        lines.append("No sampled trial that reached its budget beat it.")
    if first.seeds > 1:
        lines.append(f"The value is the mean over {_seeds(first)}.")
    lines += [
        *_lucky(run),
        *matched_sentences(run),
        *arm_sentences(run),
        *_clean(run),
    ]
    if names := ties(run):
        equal = listed(names, LISTED)
        lines.append(f"Of all trials, these cannot be told apart from it: {equal}.")
    return [*lines, "It was chosen by this value on the ranking split, so the value is optimistic."]


def _lucky(run: Run) -> list[str]:
    """Say why trials that look better than the winner stand behind it."""
    rows = lucky(list(run.rows), run.objective)
    if not rows:
        return []
    names = ", ".join(row.trial.label or row.trial.id for row in rows)
    return [f"Above it by one seed alone, and so behind it, as one seed of many is lucky: {names}."]


def _beside_chance(run: Run, first: Row) -> list[str]:
    """Say what chance alone gives, or that the winner is no better than a constant answer."""
    if chance := chance_of(first, run.rows, run.objective, RunFolder(run.folder)):
        return [f"{capitalised(chance_line(chance))}."]
    level = run.manifest.get("constant", {}).get(run.objective.metric)
    constant = None if level is None else ConstantAnswer(run.about.level, level)
    return [f"{capitalised(line)}." for line in idle_lines(first.value, constant, run.objective)]


def _clean(run: Run) -> list[str]:
    """Say what the winner keeps without attack, as the run's end wrote it down."""
    values = run.manifest.get("clean_share")
    if not values:
        return []
    line = share_line(read_share(values))
    return [f"Without attack it {line}." if line.startswith("keeps") else f"{capitalised(line)}."]


def matched_sentences(run: Run) -> list[str]:
    """Say what the winner gained over the controls with its values of training."""
    first, metric, words = winner_row(run), run.objective.metric, run.vocabulary
    if first is None:
        return []
    margins = gains(first, run.rows, run.objective, RunFolder(run.folder))
    claim, lines = claim_of(first.trial, run.rows, margins), []
    if claim is not None:
        label, gain = claim.best
        lines.append(
            f"Over the best control with its values of training, {plain(label)}, the gain is "
            f"{_format_gain(words, metric, gain.value)}"
            f"{_format_bounds(words, metric, gain.interval)}."
        )
    sentence = claim_sentence(first.trial, claim)
    return [*lines, f"{capitalised(sentence)}."] if sentence else lines


def arm_sentences(run: Run) -> list[str]:
    """Say what the best of each arm is worth, as the run's end wrote it down."""
    arms, metric, words = run.manifest.get("arms"), run.objective.metric, run.vocabulary
    if not arms:
        return []
    lines = []
    for arm in arms["of"]:
        name = f"Of {arms['param']} {arm['option']}, with {plural(arm['trials'], 'sampled trial')},"
        if arm["best"] is None:
            lines.append(f"{name} no trial can win.")
            continue
        line = (
            f"{name} {arm['best']} is the best: {words.format_value(metric, number(arm['value']))}"
        )
        if arm["gain"] is not None:
            bounds = number(arm["low"]), number(arm["high"])
            gain = _format_gain(words, metric, number(arm["gain"]))
            line += f"; the winner's gain over it is {gain}{_format_bounds(words, metric, bounds)}"
        lines.append(f"{line}.")
    return lines


def _seeds(row: Row) -> str:
    """Say of which trainings a value is the mean."""
    number = len(row.counted)
    if not row.chosen:
        return plural(number, "seed")
    further = "one further seed" if number == 1 else f"{number} further seeds"
    return f"{further}: the first, for which it was chosen, does not count"


def _format_gain(words: Vocabulary, metric: str, value: float) -> str:
    return f"{'-' if value < 0 else ''}{words.format_value(metric, abs(value))}"


def _format_bounds(words: Vocabulary, metric: str, bounds: tuple[float, float] | None) -> str:
    if bounds is None or any(math.isnan(bound) for bound in bounds):
        return ""
    if bounds == ANY_GAIN:
        return " (too few trainings for an interval)"
    low, high = (_format_gain(words, metric, bound) for bound in bounds)
    return f" [{low}, {high}]"


def verdict_of(low: float, high: float) -> str:
    """Judge a gain by its interval: better, worse, not told apart, or not known without one."""
    if math.isnan(low):
        return UNKNOWN
    if low > 0:
        return BETTER
    return WORSE if high < 0 else TIED
