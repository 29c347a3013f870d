"""What a person reads of a ranking: a table, and sentences; all at 80 columns."""

import itertools
import math
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from search.engine.agreement import Agreement
from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.manifest import Beside, ConstantAnswer
from search.results.arms import Arm
from search.results.controls import Claim, claim_sentence, plain
from search.results.differences import Gain
from search.results.pulse import Pulse
from search.results.ranking import (
    ANY_GAIN,
    Row,
    front,
    front_of,
    is_lost,
    lucky,
    missed,
    sign_of,
    winner,
)
from search.results.seeds import UNKNOWN, Spread
from searchspace.words import listed, plural
from trainables.metrics.alarms import ALARMS, OF_ASSETS

STYLES = {
    State.RUNNING: "cyan",
    State.COMPLETED: "green",
    State.PRUNED: "dim",
    State.FAILED: "red",
    State.INTERRUPTED: "yellow",
}


FOOTNOTES = {
    "*": "* scaled: a smaller model or budget than the paper's",
    "+": "+ a control, to compare with: it cannot win",
}


TIE = (
    "= can win, and cannot be told apart: the interval of the difference includes 0, "
    "or is not known"
)
ALONE = Beside({}, {}, "")
MEANINGS = {**ALARMS, **OF_ASSETS}
LISTED = 3  # trials in a sentence
WIDTH = 80  # of a line
BLIND = "= can win, and cannot be told apart: none that can win was trained with several seeds"
SEEDS = "of several seeds: their mean; of trials chosen for their value, without the first"


def ranked_table(
    rows: list[Row],
    objective: Objective,
    budget: int,
    tied: Collection[str] = (),
    spread: Spread = UNKNOWN,
    constant: ConstantAnswer | None = None,
    beside: Beside = ALONE,
) -> Table:
    """Lay out rows of a ranking; text is never read as markup.

    Args:
        rows: Best first.
        objective: What they are ranked by.
        budget: Epochs of a whole trial.
        tied: Ids of the trials that cannot be told apart from the winner, itself included.
        spread: How much values vary with the seed.
        constant: Of an answer that never looks at the input, a row of its own; None where it is not
            known.
        beside: Further columns.
    """
    better = {"max": "highest", "min": "lowest"}[objective.direction]
    title = f"ranked by {objective.metric}, {better} first"
    if objective.other is not None:
        title = f"ranked by {objective.metric}\nand {objective.other.metric}: front first"
    table = Table(title=Text(title), expand=False)
    notes = [note for mark, note in FOOTNOTES.items() if any(mark in r.trial.marks for r in rows)]
    notes += [TIE if spread.is_known else BLIND] if len(tied) > 1 else []
    notes += [SEEDS] if any(row.seeds > 1 for row in rows) else []
    if any(row.interval for row in rows):
        seeds = "and seeds" if spread.is_known else "alone"
        notes.append(f"interval: over {beside.items} {seeds}")
    notes += [beside.note] if beside.note and beside.columns else []
    table.caption = Text("\n".join(notes)) if notes else None
    _add_columns(table, beside)
    line = None if constant is None else _place_of(constant.value, rows, objective)
    for rank, row in enumerate(rows, start=1):
        if constant is not None and line == rank - 1:
            _add_constant(table, constant, beside)
        table.add_row(
            f"{'=' if row.trial.id in tied and len(tied) > 1 else ''}{rank}",
            Text(f"{row.trial.name}{row.trial.marks}"),
            number(row.value),
            interval(row.interval),
            *_further(row, beside),
            f"{row.trial.epoch}/{budget}",
            _state(row),
        )
    if constant is not None and line == len(rows):
        _add_constant(table, constant, beside)
    return table


def _add_columns(table: Table, beside: Beside) -> None:
    table.add_column("#", justify="right")
    table.add_column("trial", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="center", no_wrap=True)
    for heading in beside.columns:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("epochs", justify="right", no_wrap=True)
    width = max(map(len, State)) if beside.columns else None
    table.add_column("state", overflow="fold", width=width)


def _further(row: Row, beside: Beside) -> list[str]:
    """Write what a trial's last report has of further columns, averaged as its value is."""
    trainings = [trial.reports[-1].metrics for trial in row.counted if trial.reports]
    columns = [
        [metrics[metric] for metrics in trainings if metric in metrics]
        for metric in beside.columns.values()
    ]
    return [short(sum(values) / len(values)) if values else "" for values in columns]


def _state(row: Row) -> Text:
    """Say how far a trial came; of one that completed and cannot win, why."""
    trial = row.trial
    if trial.state is State.COMPLETED and row.note:
        words = row.note.replace("_", " ")  # a narrow column breaks between words
        return Text(words, style="yellow")
    state = trial.state.value
    if row.seeds > 1:
        state += f"\n{row.seeds} seeds"
    elif trial.state is State.PRUNED:
        state += f"\nrung {trial.rung + 1}"
    return Text(state, style=STYLES[trial.state])


def _place_of(level: float, rows: list[Row], objective: Objective) -> int:
    """Count the trials that are better than a level, from the first on."""
    sign = sign_of(objective)
    better = (
        row.trial.state is State.COMPLETED and not row.note and sign * (row.value - level) > 0
        for row in rows
    )
    return sum(1 for _ in itertools.takewhile(bool, better))


def _add_constant(table: Table, constant: ConstantAnswer, beside: Beside) -> None:
    values = (beside.constant.get(metric) for metric in beside.columns.values())
    further = ["" if value is None else short(value) for value in values]
    first = Text(constant.name), number(constant.value), ""
    table.add_row("", *first, *further, "", "to compare with", style="dim")


def winner_lines(
    first: Row, gains: list[Gain], objective: Objective, items: str = "images"
) -> list[str]:
    """Say who won and what it gained.

    Args:
        first: The winner's row.
        gains: Over each reference and matched control.
        objective: What the run is ranked by.
        items: What values are means over, see `About`.
    """
    trial = first.trial
    lines = [f"winner: {trial.name}, {objective.metric} {number(first.value)}"]
    if trial.is_reference:
        lines.append("        a reference: no sampled trial that reached its budget beat it")
    above = [gain.over.name for gain in gains if gain.over.control and gain.value < 0]
    if above:
        lines.append(f"        but not ahead of {', '.join(above)}: see the negative gains")
    lines += config_lines(trial.config)
    width = max((len(gain.over.name) for gain in gains), default=0)
    lines += [f"gain over {gain.over.name:{width}} {gain_text(gain)}" for gain in gains]
    if any(gain.interval for gain in gains):
        lines.append(
            f"        over {items} and seeds; all comparisons of the run hold together in 95 %"
        )
    return lines


def luck_lines(rows: list[Row], objective: Objective) -> list[str]:
    """Say why trials that look better than the winner stand behind it; nothing if none does."""
    first, members = winner(rows), lucky(rows, objective)
    if first is None or not members:
        return []
    values = listed([f"{row.trial.name} {number(row.value)}" for row in members], LISTED)
    started = number(objective.value(first.trial.reports[-1]))
    return [
        f"behind the winner, though above it by one seed: {values}",
        f"        one seed of many is lucky: the winner's was {started}, before it had others;",
        "        python -m search resume RUN --race 2 trains the best of these again, too",
    ]


def claim_lines(trial: Trial, claim: Claim | None) -> list[str]:
    """Say what the winner gained over the best matched control, and whether it is the method's."""
    lines = []
    if claim is not None:
        label, gain = claim.best
        lines.append(f"gain over the best matched control, {plain(label)}: {gain_text(gain)}")
    sentence = claim_sentence(trial, claim)
    return [*lines, sentence] if sentence else lines


def arm_lines(param: str, arms: Sequence[Arm]) -> list[str]:
    """Say what the best of each arm is worth, and by how much the winner exceeds it.

    Args:
        param: The parameter that chooses the arm.
        arms: In any order; none in a space without arms.
    """
    lines = []
    for arm in arms:
        line = f"best {param} {arm.option}, of {plural(arm.trials, 'sampled trial')}: "
        if arm.best is None:
            line += "none can win"
        else:
            line += f"{arm.best.trial.name}, {number(arm.best.value)}"
        lines.append(line)
        if arm.gain is not None:
            lines.append(f"        gain of the winner over it {gain_text(arm.gain)}")
    return lines


def gain_text(gain: Gain) -> str:
    """Write a gain with its interval, where there is one that says something."""
    bounds = ""
    if gain.interval == ANY_GAIN:
        bounds = "  (too few trainings)"
    elif gain.interval:
        bounds = f"  {percent(gain.level)} {interval(gain.interval, signed=True)}"
    return f"{number(gain.value, signed=True)}{bounds}"


def spread_line(spread: Spread) -> str:
    """Say how much values vary with the seed, and from what that is known."""
    if not spread.is_known:
        return "how much values vary with the seed is not known: see --seed-check"
    trainings = spread.df + spread.configs
    return (
        f"values vary with the seed by {number(spread.deviation)} (standard deviation over "
        f"{trainings} trainings of {plural(spread.configs, 'config')})"
    )


def lost_lines(trials: Iterable[Trial]) -> list[str]:
    """Name the further trainings that failed: what is left of their configs may be the better."""
    names = [trial.id for trial in trials if is_lost(trial)]
    if not names:
        return []
    lost = plural(len(names), "training")
    return [f"{lost} with another seed failed: {listed(names, LISTED)}"]


def alarm_lines(trials: Iterable[Trial]) -> list[str]:
    """Say which trials raised an alarm, and what each means."""
    raised = dict[str, list[str]]()
    for trial in trials:
        for name in alarms_of(trial):
            raised.setdefault(name, []).append(trial.name)
    return [f"{alarm_sentence(name, names)}; cannot win" for name, names in raised.items()]


def alarms_of(trial: Trial) -> tuple[str, ...]:
    """Name the alarms that a trial raised by its last report."""
    return tuple(name for name in missed(trial) if name in MEANINGS)


def alarm_sentence(name: str, bearers: Sequence[str]) -> str:
    """Say who raised an alarm, and what it means."""
    return f"alarm {name}, {', '.join(bearers)}: {MEANINGS[name]}"


def front_lines(rows: list[Row], objective: Objective) -> list[str]:
    """Say what the Pareto front is, and how the winner is taken from it; nothing of one metric."""
    description, second = front_of(rows, objective), objective.other
    if description is None or second is None:
        return []
    lines = [f"Pareto front of {objective.metric} and {second.metric}:"]
    for row in front(rows, objective):
        last = row.trial.reports[-1]
        values = f"{number(objective.value(last))}, {number(second.value(last))}"
        lines.append(f"        {row.trial.name}{row.trial.marks}: {values}")
    if "corner" in description:
        corner = ", ".join(number(value) for value in description["corner"])
        lines.append(f"        hypervolume {description['hypervolume']:.4g} above ({corner}),")
        lines.append("        the worst of the references in each")
    lines.append("        the winner is nearest to the front's best, each scaled to its range")
    return lines


def agreement_line(agreement: Agreement, share: str) -> str:
    """Say how far a rung can be trusted, and what follows."""
    rungs = f"whether rung {agreement.rung + 1} ranks as rung {agreement.rung + 2} does"
    trials = plural(agreement.trials, "sampled trial")
    if math.isnan(agreement.low):
        return f"{rungs}: not known, {trials} reached both; {share} go on"
    bounds = interval((agreement.low, agreement.high))
    tau = f"Kendall's tau {agreement.tau:.2f} {bounds} over {trials}"
    return f"{rungs}: {tau}; {share} go on"


def config_lines(config: Mapping[str, object]) -> list[str]:
    """Write a config as ``name=value`` pairs, broken between words, none at a hyphen."""
    pairs = [
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in config.items()
    ]
    indent = " " * 8
    return textwrap.wrap(
        " ".join(pairs),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def number(value: float, *, signed: bool = False) -> str:
    """Write a metric's value: three decimals, from 10 on one; a dash where there is none."""
    if math.isnan(value):
        return "-"
    digits = 1 if abs(value) >= 10 else 3
    rounded = round(value, digits) + 0.0  # so that nothing is -0.000
    return f"{rounded:{'+' if signed else ''}.{digits}f}"


def interval(bounds: tuple[float, float] | None, *, signed: bool = False) -> str:
    """Write an interval; nothing where there is none."""
    if bounds is None or any(math.isnan(bound) for bound in bounds):
        return ""
    low, high = (number(bound, signed=signed) for bound in bounds)
    return f"[{low}, {high}]"


def percent(level: float) -> str:
    """Write a level such as ``95 %`` or ``98.75 %``: it says how many comparisons it pays for."""
    return f"{100 * level:.4g} %"


def short(value: float) -> str:
    """Write a value with three digits, and no fraction from 100 on."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """Write a time as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def remainder(pulse: Pulse, goal: str) -> str:
    """Say how long a running trial still trains, or that it is being measured.

    Args:
        pulse: How far it is.
        goal: What it trains for, such as ``to 20``.
    """
    if pulse.epoch >= pulse.rung:
        return "trained, is being measured"
    return f"~{duration(pulse.remaining_s)} {goal}"
