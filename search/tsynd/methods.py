"""The rows of TSynD's tables: the paper's methods, and what a search tuned."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from search.comparison.comparison import Origin
from search.record.events import follow, read_events
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.run.first import earlier_items
from searchspace.errors import UserError
from searchspace.studies.tsynd import ADVERSARIAL
from trainables.studies.tsynd.settings import TSynDSettings
from trainables.studies.tsynd.study import TSynD
from trainables.study.study import BASELINE, Reference

tsynd = TSynD()

PAPER = "paper 50/1.0"  # the reference with the paper's settings
TSYND, ENTROPY = "TSynD", "TSynD, entropy"
TUNED = "tuned"  # how the names of rows begin that a search tuned
TABLE_1 = (BASELINE, "noise", TSYND, ADVERSARIAL)
TABLE_2 = (TSYND, ENTROPY)  # mutual information, the paper's choice, against entropy


def methods(settings: TSynDSettings, tuned: Sequence[Reference]) -> tuple[Reference, ...]:
    """List the methods of both tables, and those that a search tuned.

    Args:
        settings: Of the cell.
        tuned: See `read_tuned`.
    """
    references = {reference.label: reference for reference in tsynd.references(settings)}
    paper = references[PAPER]
    entropy = paper.config | {"uncertainty": "entropy"}
    rows = {
        BASELINE: references[BASELINE],
        "noise": references["noise"],
        TSYND: paper,
        ENTROPY: replace(paper, config=entropy),
        ADVERSARIAL: references[ADVERSARIAL],
    }
    # They take part in no search: no sampler is told of them.
    named = [replace(row, label=label, point=None) for label, row in rows.items()]
    return (*named, *tuned)


def read_tuned(run: Path) -> tuple[tuple[Reference, ...], Origin]:
    """Read the best config of each arm of a run, or its winner's in a run without arms.

    Raises:
        UserError: If the folder is none of a TSynD run with a winner, or does not say what it used.
    """
    folder = RunFolder(run.expanduser().resolve())
    manifest = read_manifest(folder)
    if manifest.plan.study != "tsynd" or manifest.winner is None:
        raise UserError(f"{run} is no tsynd run with a winner: name another with --tuned")
    try:
        trials, _ = follow(read_events(folder))
    except UserError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{run} is not a run of this version: {error!r}") from None
    bests = {TUNED: manifest.winner}
    if manifest.arms is not None:
        bests = {f"{TUNED} {arm['option']}": arm["best"] for arm in manifest.arms["of"]}
    configs = tuple(
        Reference(label, dict(trials[name].config))
        for label, name in bests.items()
        if name is not None
    )
    names = ", ".join(reference.label for reference in configs)
    items = earlier_items([folder.path], tsynd)
    return configs, Origin(folder.path, manifest.seed, names, items)
