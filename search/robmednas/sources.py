"""Finished searches, and the architectures that they stand for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.engine.objective import Objective
from search.record.events import follow, read_events
from search.record.manifest import read_manifest
from search.record.places import settings_for_user
from search.record.run_folder import RunFolder
from search.results.ranking import can_win, rank
from searchspace.errors import UserError
from searchspace.random import sample
from trainables.runtime.config import parse
from trainables.studies.robmednas.settings import RobMedNASConfig, RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS, attacked
from trainables.synthesis.preparation.record import Record, read_record

robmednas = RobMedNAS()

# Names of rows by the sampler that proposed: the paper's of random search and TPE, and their like.
SEARCHED = "RobMedNAS-"
ROWS = {
    "random": f"{SEARCHED}R",
    "tpe": f"{SEARCHED}T",
    "hyperopt": f"{SEARCHED}T",
    "bayes": f"{SEARCHED}B",
    "gp": f"{SEARCHED}G",
    "evolution": f"{SEARCHED}E",
}
BASELINE, TRAINED, RANDOM = "Baseline", "Baseline w/AT", "Random"
PLAIN, PLAIN_TRAINED = "Plain U-Net", "Plain U-Net w/AT"
CONTROLS = (BASELINE, TRAINED, PLAIN, PLAIN_TRAINED)
GREY, INTENSITY = "One grey", "By intensity"
NO_NETWORK = (GREY, INTENSITY)  # rows of one grey for every head, of the mean CT by MR intensity
REFERENCES = {
    "baseline": BASELINE,
    "baseline w/AT": TRAINED,
    "plain U-Net": PLAIN,
    "plain U-Net w/AT": PLAIN_TRAINED,
}
# What may differ between runs that are compared: the place of the data, whose records are compared,
# the seed of the search, and what only concerns the machine.
MAY_DIFFER = frozenset({"data", "pool", "seed", "device", "max_memory", "precision"})


@dataclass(frozen=True)
class Candidate:
    """A network that may stand for a row of the paper's tables.

    Attributes:
        name: Of its folder, such as ``robmednas-t-1``.
        row: One of `CONTROLS`, `RANDOM`, what `row_of` returns, or the text of a network of the
            user's own.
        config: A whole config of the study.
    """

    name: str
    row: str
    config: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A finished run.

    Attributes:
        folder: The run's.
        row: Which row it stands for.
        config: That of its best sampled trial, even where a reference is the run's winner.
        settings: The run's.
        record: Its subjects, and what each served.
    """

    folder: Path
    row: str
    config: dict[str, Any]
    settings: RobMedNASSettings
    record: Record


def read_source(path: Path, named: Mapping[str, Path] | None = None) -> Source:
    """Read a finished RobMedNAS run.

    Args:
        path: Its folder.
        named: Folders that the user named, by field of the settings.

    Raises:
        UserError: If it is none, has not finished, names a folder that the user did not, or no
            sampled trial of it can win.
    """
    folder = RunFolder(path.expanduser().resolve())
    manifest = read_manifest(folder)
    study = manifest.plan.study
    if study != "robmednas":
        raise UserError(f"{path} is a run of {study}, not of robmednas: name another")
    if manifest.status != "finished" or manifest.objective is None:
        raise UserError(f"{path} is {manifest.status}: name a run that has finished")
    values = settings_for_user(manifest.as_json(), RobMedNASSettings, named or {}, folder.path)
    settings = robmednas.parse_settings(values)
    best = _best_sampled(folder, manifest.objective)
    if best is None:
        raise UserError(f"no sampled trial of {path} can win: name a run with a longer search")
    row = row_of(manifest.plan.sampler)
    return Source(folder.path, row, best, settings, read_record(folder.assets))


def read_sources(
    paths: Sequence[Path], named: Mapping[str, Path] | None = None
) -> tuple[Source, ...]:
    """Read runs that are to be compared.

    Args:
        paths: Their folders.
        named: Folders that the user named, by field of the settings.

    Raises:
        UserError: If one cannot be used, or they were not run on the same data in the same way.
    """
    sources = tuple(read_source(path, named) for path in paths)
    first = sources[0]
    for source in sources[1:]:
        change = differences(first.settings, source.settings)
        if change := change or first.record.difference(source.record):
            raise UserError(
                f"{first.folder.name} and {source.folder.name} cannot be compared: {change}"
            )
    return sources


def differences(first: RobMedNASSettings, second: RobMedNASSettings) -> str:
    """Name the settings in which two runs differ and may not, with both values; empty for none.

    Args:
        first: Of one run.
        second: Of another.
    """
    pairs = {
        name: (getattr(first, name), getattr(second, name)) for name in type(first).model_fields
    }
    return ", ".join(
        f"{name} is {before} and {after}"
        for name, (before, after) in pairs.items()
        if name not in MAY_DIFFER and before != after
    )


def row_of(sampler: str) -> str:
    """Name the row of what a sampler found, of the user's own by the last part of its path."""
    word = re.sub(r"[^A-Za-z0-9]+", "", sampler.rpartition(":")[2])
    return ROWS.get(sampler, f"{SEARCHED}{word}")


def searched(rows: Iterable[str]) -> list[str]:
    """List the rows that a sampler found, the one by TPE first and that by chance last."""
    names = [name for name in dict.fromkeys(rows) if name.startswith(SEARCHED)]
    return sorted(names, key=lambda name: (name == ROWS["random"], name != ROWS["tpe"]))


def in_order(rows: Iterable[str]) -> list[str]:
    """Put rows into the order of the tables: the user's own networks before what was searched."""
    names = list(dict.fromkeys(rows))
    sought = searched(names)[::-1]  # the one by chance first
    order = (*NO_NETWORK, *CONTROLS, *own(names), RANDOM, *sought)
    return [name for name in order if name in names]


def own(rows: Iterable[str]) -> list[str]:
    """List the rows of the user's own networks: what is neither ours nor searched."""
    named = {*NO_NETWORK, *CONTROLS, RANDOM}
    names = dict.fromkeys(rows)
    return [name for name in names if name not in named and not name.startswith(SEARCHED)]


def candidates(
    sources: Sequence[Source], draws: int, seed: int, networks: Sequence[str] = ()
) -> tuple[Candidate, ...]:
    """List what stands for each row: controls, architectures drawn at random, the winners.

    Args:
        sources: Finished runs on the same data.
        draws: How many architectures are drawn at random, from 0.
        seed: Of the draws.
        networks: Further networks, trained by the runs' recipe, without and with attacks.

    Returns:
        In the paper's order of rows; several of one row are numbered in their names.
    """
    settings = sources[0].settings
    pairs = [
        (REFERENCES[reference.label], dict(reference.config))
        for reference in robmednas.references(settings)
        if reference.label in REFERENCES
    ]
    pairs += [(RANDOM, config) for config in draw(settings, draws, seed)]
    pairs += [(source.row, source.config) for source in sources]
    for text in dict.fromkeys((*settings.networks, *networks)):
        config = robmednas.config_of(text, settings)
        pairs += [(_label(text), config), (f"{_label(text)} w/AT", attacked(config, settings))]
    listed: list[Candidate] = []
    for row in in_order(row for row, _ in pairs):
        each = [config for name, config in pairs if name == row]
        listed += [Candidate(f"{_slug(row)}-{k}", row, config) for k, config in enumerate(each, 1)]
    return tuple(listed)


def _label(text: str) -> str:
    """Name the row of a network: of code the last part, else its text."""
    return text.rpartition(":")[2] if ":" in text else text


def _slug(row: str) -> str:
    """Turn a row into the name of a folder."""
    return re.sub(r"[^a-z0-9.]+", "-", row.lower().replace(" w/", "-")).strip("-.")


def draw(settings: RobMedNASSettings, count: int, seed: int) -> list[dict[str, Any]]:
    """Draw architectures at random within the limits, the depth first.

    Args:
        settings: Of the run; they bound depth, filters and parameters.
        count: How many, from 0.
        seed: Of the draws.

    Returns:
        Whole configs.
    """
    rng, space = np.random.default_rng([seed, 77]), robmednas.space(settings)
    configs: list[dict[str, Any]] = []
    while len(configs) < count:
        config = robmednas.complete(sample(space, rng), settings)
        if all(value <= 0 for value in robmednas.limits(config, settings).values()):
            configs.append(config)
    return configs


def _best_sampled(folder: RunFolder, objective: Objective) -> dict[str, Any] | None:
    """Return the config of the sampled trial that ranks first, of those that may win.

    Of a config that was trained on several seeds, what counts is their mean, as in the run's own
    ranking.
    """
    trials, _ = follow(read_events(folder))
    for row in rank(trials.values(), objective):
        if can_win(row) and not row.trial.is_reference:
            return parse(RobMedNASConfig, row.trial.config).model_dump()
    return None
