"""Several runs side by side, as frames: what each found, how it went on, what they differ in."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import PurePath
from typing import Any

import pandas as pd

from analysis.load import Run
from analysis.numbers.claim import condition, gains_over, verdict_of, winner_row
from analysis.numbers.frames import best_so_far, level_of
from analysis.vocabulary import Vocabulary
from search.record.run_folder import RunFolder
from search.results.differences import Side, duel
from search.results.ranking import Row, cut
from trainables.study.ladder import format_rung
from trainables.study.report import Level, Rung

# Where a run lies, and what was chosen by the machine, is no setting.
NO_SETTINGS = {
    "plan.run", "plan.settings", "plan.earlier_items", "plan.earlier_openings", "settings.cache",
    "plan.address",
}  # fmt: skip


def names_of(runs: Sequence[Run]) -> list[str]:
    """Name runs by their folders; where two have one name, by as much of the path as it takes."""
    paths = [PurePath(run.folder.resolve()) for run in runs]
    for depth in range(1, max((len(path.parts) for path in paths), default=0) + 1):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{path.name} {number}" for number, path in enumerate(paths, 1)]


def winners(runs: Sequence[Run]) -> pd.DataFrame:
    """List the winner of each run.

    Returns:
        ``run``, ``state`` of the run, ``winner`` (empty where there is none), ``metric``, ``value``
        with its 95 % interval ``low`` to ``high``, ``constant`` (that of a constant
        answer, NaN where not known), ``over`` (the best other reference) and the winner's ``gain``
        over it with ``gain_low`` to ``gain_high``, ``trials`` sampled, ``compute_s`` and
        ``elapsed_s``.
    """
    rows = [_winner(run, name) for run, name in zip(runs, names_of(runs), strict=True)]
    return pd.DataFrame(rows)


def duels(runs: Sequence[Run]) -> pd.DataFrame:
    """Compare the winners of runs that rank by the same metric on the same images, two by two.

    Returns:
        ``run`` and ``other``; the ``gain`` of the first's winner over the other's, towards better,
        with its interval ``low`` to ``high`` over seeds and images, paired by image or subject,
        NaN where either run trained no config twice or kept no single answers; the ``level`` of the
        interval, by which all of them hold together in 95 % of cases; and ``verdict``, as of
        `gains_over`.
    """
    columns = ["run", "other", "metric", "gain", "low", "high", "level", "verdict"]
    sides = [
        (name, run, row)
        for name, run in zip(names_of(runs), runs, strict=True)
        if (row := winner_row(run)) is not None
    ]
    pairs = [pair for pair in combinations(sides, 2) if not comparable([pair[0][1], pair[1][1]])]
    rows = []
    for (name, run, first), (rival_name, rival, second) in pairs:
        gain = duel(_side(run, first), _side(rival, second), run.objective, len(pairs))
        interval = cut((gain.low, gain.high), run.objective, least=-1.0)
        verdict = verdict_of(*interval)
        metric = run.objective.metric
        rows.append((name, rival_name, metric, gain.value, *interval, gain.level, verdict))
    return pd.DataFrame(rows, columns=columns)


def progress(runs: Sequence[Run]) -> pd.DataFrame:
    """Follow the best value so far of each run: ``run`` and ``metric``, then as `best_so_far`."""
    frames = [
        best_so_far(run).assign(run=name, metric=run.objective.metric)
        for run, name in zip(runs, names_of(runs), strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def differences(runs: Sequence[Run]) -> pd.DataFrame:
    """List what differs between runs: plan, settings, digests, versions, code.

    Returns:
        ``setting``, and a column a run, named by it; a setting that a run lacks is empty.
    """
    names, flat = names_of(runs), [_settings(run) for run in runs]
    rows = []
    for key in dict.fromkeys(key for settings in flat for key in settings):
        values = [settings.get(key, "") for settings in flat]
        if len(set(values)) > 1:
            rows.append({"setting": key, **dict(zip(names, values, strict=True))})
    return pd.DataFrame(rows, columns=["setting", *names])


def comparable(runs: Sequence[Run]) -> str:
    """Say why values must not be compared between runs; empty where they may."""
    if len({run.objective.metric for run in runs}) > 1:
        return "The runs are ranked by different metrics: their values do not compare."
    radii = {str(run.manifest.get("settings", {}).get("eps")) for run in runs}
    if len(radii) > 1:
        return "The runs are ranked at other radii: their values do not compare."
    levels = list(dict.fromkeys(map(_last_level, runs)))
    if len(levels) > 1:
        return (
            f"The runs are ranked by unequal attacks ({', '.join(levels)}): their values do not "
            "compare."
        )
    digests = [run.manifest.get("digests", {}) for run in runs]
    images = [
        digest.get("ranking") or (digest.get("data"), digest.get("splits")) for digest in digests
    ]
    if len(set(map(str, images))) > 1:
        return "The runs rank on other images: a difference may be that of the images."
    return ""


def _last_level(run: Run) -> str:
    """Say by what attack the last rung measures, as ``--ladder`` has it."""
    level = (run.manifest.get("rungs") or [{}])[-1].get("level")
    if level is None:
        return "none"
    level = Level(**level | {"eps": tuple(level["eps"]), "audit": False})
    return format_rung(Rung(0, "", level)).partition(":")[2]


def vocabulary_of(runs: Sequence[Run], metric: str) -> Vocabulary:
    """Return the vocabulary of the runs that are ranked by a metric."""
    return next(run.vocabulary for run in runs if run.objective.metric == metric)


def _side(run: Run, row: Row) -> Side:
    return Side.of(row, run.rows, run.objective, RunFolder(run.folder))


def _winner(run: Run, name: str) -> dict[str, Any]:
    first, gains = winner_row(run), gains_over(run)
    low, high = (first and first.interval) or (math.nan, math.nan)
    rows: Sequence[Mapping[Any, Any]] = gains.to_dict("records")
    closest: Mapping[Any, Any] = min(rows, key=lambda row: row["gain"], default={})
    return {
        "run": name,
        "state": condition(run),
        "winner": (first.trial.label or first.trial.id) if first else "",
        "metric": run.objective.metric,
        "value": first.value if first else math.nan,
        "low": low,
        "high": high,
        "constant": level_of(run, run.objective.metric),
        "over": closest.get("over", ""),
        "gain": closest.get("gain", math.nan),
        "gain_low": closest.get("low", math.nan),
        "gain_high": closest.get("high", math.nan),
        "trials": sum(not (trial.is_reference or trial.repeats) for trial in run.record),
        "compute_s": sum(trial.spent_s for trial in run.record),
        "elapsed_s": run.elapsed_s,
    }


def _settings(run: Run) -> dict[str, str]:
    manifest = run.manifest
    parts = {key: manifest.get(key) for key in ("plan", "settings", "digests", "versions", "code")}
    flat = _flat("", parts)
    return {key: value for key, value in flat.items() if not _left_out(key)}


def _left_out(key: str) -> bool:
    return any(key == setting or key.startswith(f"{setting}.") for setting in NO_SETTINGS)


def _flat(prefix: str, value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        flat: dict[str, str] = {}
        for key, item in value.items():
            flat |= _flat(f"{prefix}.{key}" if prefix else str(key), item)
        return flat
    return {prefix: "" if value is None else str(value)}
