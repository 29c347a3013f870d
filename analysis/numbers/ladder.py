"""What the ladder did: how many trials each rung kept, and whether rungs and attacks agree."""

import math
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from analysis.load import Run
from analysis.numbers.tables import yardstick
from analysis.vocabulary import MEASUREMENTS, NOISE, Vocabulary
from search.engine.agreement import agreement, kendall, pair_of, pairs_of
from search.engine.trial import State, Trial
from trainables.metrics.skill import CURVE, SKILL
from trainables.study.ladder import format_rung
from trainables.study.report import Level, Rung


def rungs(run: Run) -> list[str]:
    """Write each rung as a ladder does, ``20:pgd-5@128``; as its epochs where no more is known."""
    texts = []
    for rung in run.manifest.get("rungs", []):
        level = rung.get("level")
        if level is not None:
            level = Level(**level | {"eps": tuple(level["eps"])})
        texts.append(format_rung(Rung(rung["epochs"], rung.get("metric", ""), level)))
    return texts


def survival(run: Run) -> pd.DataFrame:
    """Count what became of the sampled trials at each rung.

    Returns:
        ``rung`` from 1 (0: before the first report), ``level`` (as a ladder writes it),
        ``reached``, of which ``went_on`` (or completed, at the last), ``stopped``, ``failed``
        there, and ``open``: running, or interrupted.
    """
    sampled = [trial for trial in run.record if not trial.is_reference and not trial.repeats]
    names = ["before the first", *rungs(run)]
    ends = Counter((trial.rung, trial.state) for trial in sampled)
    rows = []
    for rung, name in enumerate(names, start=-1):
        reached = sum(trial.rung >= rung for trial in sampled)
        stopped, failed = ends[rung, State.PRUNED], ends[rung, State.FAILED]
        waiting = ends[rung, State.RUNNING] + ends[rung, State.INTERRUPTED]
        went_on = reached - stopped - failed - waiting
        rows.append((rung + 1, name, reached, went_on, stopped, failed, waiting))
    columns = ["rung", "level", "reached", "went_on", "stopped", "failed", "open"]
    return pd.DataFrame(rows, columns=columns)


def rung_agreement(run: Run) -> pd.DataFrame:
    """Measure whether each rung ranks trials as the next one does, as the engine measures it.

    Returns:
        ``rung`` (the lower, from 1), ``lower`` and ``upper`` (as a ladder writes them), sampled
        ``trials``, ``tau`` (Kendall's) with its 95 % interval ``low`` to ``high``, NaN for fewer
        than five trials.
    """
    names, rows = rungs(run), []
    for number in range(len(names) - 1):
        measured = agreement(pairs_of(run.record, number, run.objective), number)
        pair = names[number], names[number + 1]
        rows.append((number + 1, *pair, measured.trials, measured.tau, measured.low, measured.high))
    columns = ["rung", "lower", "upper", "trials", "tau", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def rung_ranks(run: Run) -> pd.DataFrame:
    """Rank the sampled trials that were measured at a rung and at the next, at both.

    Returns:
        ``rung`` (the lower, from 1), ``trial``, ``lower`` and ``upper``: places from 1, the best,
        the mean place where values are equal.
    """
    frames = [_rank_pairs(run, number) for number in range(len(rungs(run)) - 1)]
    columns = ["rung", "trial", "lower", "upper"]
    parts = [frame for frame in frames if not frame.empty]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def attack_agreement(run: Run) -> pd.DataFrame:
    """Measure whether other scores of the last rung rank trials as the run's metric does.

    Clean, under noise, and under each other attack; of the trials that reached their budget.

    Returns:
        ``metric``, ``words``, ``trials``, ``tau`` with its 95 % interval ``low`` to ``high``.
    """
    metric, objective, score = run.objective.metric, run.objective, yardstick(run).score
    ranked = run.vocabulary.parse(metric)
    point = ranked.point if ranked and ranked.point in {SKILL, CURVE} else CURVE
    last = [trial.reports[-1] for trial in _completed(run.record)]
    measured = {name for report in last for name in report.metrics}
    names = sorted(name for name in measured if _is_comparable(run.vocabulary, name, score, point))
    rows = []
    for name in names:
        pairs = [
            (objective.value(report), report.metrics[name])
            for report in last
            if name in report.metrics
            and math.isfinite(objective.value(report))
            and math.isfinite(report.metrics[name])
        ]
        if name != metric and pairs:
            values, scores = zip(*pairs, strict=True)
            rows.append((name, run.vocabulary.describe(name), len(pairs), *kendall(values, scores)))
    columns = ["metric", "words", "trials", "tau", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _completed(record: Iterable[Trial]) -> list[Trial]:
    return [trial for trial in record if trial.state is State.COMPLETED and not trial.repeats]


def _is_comparable(vocabulary: Vocabulary, metric: str, score: str, point: str) -> bool:
    """Tell whether a metric is of the ranking split, and of no single radius or level of noise.

    Args:
        vocabulary: Of the study.
        metric: Its name.
        score: That the metric has to be of.
        point: That stands for all radii: the one of the metric that ranks.
    """
    name = vocabulary.parse(metric)
    if name is None or name.split != "ranking" or name.score != score:
        return False
    if name.measurement == NOISE:
        return name.point in {SKILL, ""}
    return name.point == point or name.measurement in MEASUREMENTS


def _rank_pairs(run: Run, number: int) -> pd.DataFrame:
    rows = [
        (number + 1, trial.id, *pair)
        for trial in run.record
        if (pair := pair_of(trial, number, run.objective))
    ]
    frame = pd.DataFrame(rows, columns=["rung", "trial", "lower", "upper"])
    ascending = run.objective.direction == "min"
    for column in ("lower", "upper"):
        frame[column] = frame[column].rank(ascending=ascending)
    return frame
