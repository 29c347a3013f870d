"""Retrain the best architectures on all training subjects, and look at test once.

The paper's tables 2 and 3. Each row may have several candidates, of repeated searches or of several
draws; the one that stands for it is chosen on the ranking subjects. The paper chose it on test.

One process, trainings one after the other with all cores: an interrupted command goes on where it
stopped.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NotRequired

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from rich.console import Console
from typing_extensions import TypedDict

from search.record.event import Name
from search.record.places import settings_for_user, sign
from search.record.writer import now
from search.robmednas.field import LEGEND, field_markdown, field_table, widths_of
from search.robmednas.pictures import draw_figures, spread
from search.robmednas.retrain import Retrained, retrain, say_work
from search.robmednas.rows import read_rows, write_rows
from search.robmednas.sources import NO_NETWORK, Candidate, Source, candidates, read_sources
from search.robmednas.tables import barred_lines, markdown, paper_tables, sentences, sizes_table
from search.robmednas.testing import Condition, count_openings, networks_of, open_test, score
from searchspace.errors import UserError
from trainables.door.opening import refuse_links
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.models.ct.named import allow
from trainables.runtime.files import begin_folder, to_json, write_atomically
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.ladder import format_ladder
from trainables.study.study import Say
from trainables.synthesis.about import ranking_metric
from trainables.synthesis.constant import constant_error
from trainables.synthesis.measurement import ALWAYS, constant_metrics
from trainables.synthesis.preparation.assets import SUBJECTS, read_data
from trainables.synthesis.preparation.record import Record, read_record
from trainables.synthesis.slices import read_split

robmednas = RobMedNAS()

FINAL = "final.json"
POOL = "pool"  # by which the slices of a comparison and of its folds take the disk once
SCORES = "test_scores.csv"
STRONG = "apgd"
FIELD_KINDS = ("clean", "pgd")  # conditions of which the field's scores are printed


@dataclass(frozen=True)
class FinalPlan:
    """How the final comparison is made.

    Attributes:
        runs: Finished searches.
        folder: For all that is written.
        draws: Architectures drawn at random for the row of that name.
        epochs: Most epochs of a training.
        patience: Epochs without a new best on val after which it stops.
        eps: Radius of the attacks on test, in standard deviations of the MR.
        seed: Of initialisation, order, draws and attacks.
        data: Where the subjects are; None for where the runs say, if they are this user's.
        networks: Of the user's own: text, or code ``module:Name``.
    """

    runs: tuple[Path, ...]
    folder: Path
    draws: int = 3
    epochs: int = 150
    patience: int = 5
    eps: float = 0.06
    seed: int = 0
    data: Path | None = None
    networks: tuple[str, ...] = ()


def final(plan: FinalPlan, console: Console) -> int:
    """Retrain, choose, test, print; what was done before is not done again.

    Args:
        plan: What is compared, and how.
        console: Where the user reads.

    Raises:
        UserError: If the runs cannot be compared, or the folder belongs to another comparison.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    sources = read_sources(plan.runs, named_data(plan.data))
    settings = full_settings(sources[0].settings, plan.epochs, plan.seed)
    texts = [allow(text) if ":" in text else text for text in plan.networks]
    networks = candidates(sources, plan.draws, plan.seed, texts)
    _begin(plan, settings, networks, sources)
    assets = plan.folder / "assets"
    _prepare(sources[0].record, settings, assets, say)
    say_work([plan.folder / "models" / network.name for network in networks], plan.epochs, say)
    trained = {
        network.name: retrain(
            network.config,
            settings,
            assets,
            plan.folder / "models" / network.name,
            plan.patience,
            say,
        )
        for network in networks
    }
    chosen = choose(networks, trained, settings)
    _write(plan.folder, chosen=chosen)
    _test(plan, sources, settings, chosen, say)
    test = read_split(plan.folder / "test" / "test")
    say(f"figure 5: {spread(plan.folder, networks, test, plan.eps)}")
    rows = [
        (network, trained[network.name]) for network in networks if network.name in chosen.values()
    ]
    _show(plan.folder, rows, settings, console)
    say(f"everything: {plan.folder}")
    return 0


def full_settings(settings: RobMedNASSettings, epochs: int, seed: int) -> RobMedNASSettings:
    """Return settings for training on all training subjects.

    Of a ladder that the search was given, the last rung is where trainings end.

    Args:
        settings: Of a search, which may have trained on a subset.
        epochs: Most epochs of a training.
        seed: Of the trainings.
    """
    changes: dict[str, Any] = {"subset": "all", "epochs": epochs, "seed": seed}
    if settings.ladder is not None:
        changes["ladder"] = format_ladder([replace(settings.rungs[-1], epochs=epochs)])
    return settings.model_copy(update=changes)


def full_settings_of(
    comparison: Mapping[str, Any], folder: Path, data: Path | None
) -> RobMedNASSettings:
    """Return the settings of a comparison that `read_final` read.

    Args:
        comparison: What it read.
        folder: From where.
        data: Folder of the subjects that the user named, if any.

    Raises:
        UserError: If the comparison was not made here by this user, and names a folder.
    """
    values = settings_for_user(comparison, RobMedNASSettings, named_data(data), folder)
    return robmednas.parse_settings(values)


def named_data(data: Path | None) -> dict[str, Path]:
    """Return the folder that the user named, by its field of the settings."""
    return {} if data is None else {"data": data}


def choose(
    networks: Sequence[Candidate], trained: Mapping[str, Retrained], settings: RobMedNASSettings
) -> dict[str, str]:
    """Choose each row's candidate by the value that ranked the runs, on ranking subjects.

    One that misses a constraint, such as an alarm for masked gradients, stands for its row only
    where all of the row do: its value may be too good to be true.

    Args:
        networks: All candidates.
        trained: How the training of each went, by its name.
        settings: Of the comparison; they say which attack ranks.

    Returns:
        The name of the chosen candidate, by row, in the order of the candidates.
    """
    metric = ranking_metric(settings.attack)
    values = {name: network.metrics[metric] for name, network in trained.items()}
    best: dict[str, str] = {}
    order = {name: (bool(trained[name].missed), -np.nan_to_num(values[name])) for name in values}
    for network in sorted(networks, key=lambda network: order[network.name]):
        best.setdefault(network.row, network.name)
    return {row: best[row] for row in dict.fromkeys(network.row for network in networks)}


class _Network(TypedDict):
    name: Name
    row: str
    config: dict[str, Any]


class _Settings(TypedDict):
    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]

    size: Annotated[int, Field(ge=1)]
    field_mm: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Compared(TypedDict):
    runs: list[str]
    seeds: list[Annotated[int, Field(ge=0)]]


class _Sources(TypedDict):
    """The runs that are compared, signed as the places of a record are, and the seeds of these."""

    settings: _Compared
    signature: str | None


class _Comparison(TypedDict):
    """What the commands that follow a comparison read of it."""

    settings: _Settings
    patience: Annotated[int, Field(ge=1)]
    eps: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    candidates: list[_Network]
    chosen: dict[str, Name]
    sources: NotRequired[_Sources]  # of earlier versions there are none


COMPARISON = TypeAdapter(_Comparison)


def pixels_line(comparison: Mapping[str, Any]) -> str:
    """Say over which pixels the scores of a comparison that `read_final` read are means."""
    settings = comparison["settings"]
    return f"MAE of pixels of {settings['field_mm'] / settings['size']:.3g} mm"


def read_final(folder: Path) -> dict[str, Any]:
    """Read what `final` wrote; it may be a stranger's.

    Raises:
        UserError: If the folder holds no finished comparison, is damaged, or holds a link.
    """
    try:
        comparison = _read(folder)
    except FileNotFoundError:
        raise UserError(f"{folder} holds no final comparison: run robmednas-final first") from None
    if "chosen" not in comparison or not (folder / SCORES).is_file():
        raise UserError(f"the comparison in {folder} is not finished: run robmednas-final again")
    try:
        networks = COMPARISON.validate_python(comparison, strict=True)["candidates"]
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise UserError(f"{folder / FINAL} is damaged: {name}: {problem['msg']}") from None
    names = {network["name"] for network in networks}
    if not names.issuperset(comparison["chosen"].values()):
        raise UserError(f"{folder / FINAL} is damaged: it chose a network that was no candidate")
    refuse_links(folder)
    return comparison


def _begin(
    plan: FinalPlan,
    settings: RobMedNASSettings,
    networks: Sequence[Candidate],
    sources: Sequence[Source],
) -> None:
    """Write what is to be done; refuse a folder in which another comparison was begun."""
    contents = {
        "runs": [str(run) for run in plan.runs],
        "settings": settings.model_dump(mode="json"),
        "patience": plan.patience,
        "eps": plan.eps,
        "candidates": [vars(network) for network in networks],
    }
    file = plan.folder / FINAL
    begin_folder(plan.folder, FINAL)
    if os.path.lexists(file):
        refuse_links(plan.folder)
        before = _read(plan.folder)
        if changed := [name for name, value in contents.items() if before.get(name) != value]:
            raise UserError(
                f"{plan.folder} holds a comparison with other {' and '.join(changed)}: "
                "name a new folder with --out"
            )
    else:
        compared = {
            "settings": {
                "runs": [str(source.folder) for source in sources],
                "seeds": [source.settings.seed for source in sources],
            }
        }
        values = contents | {"started": now(), "signature": sign(contents)}
        values["sources"] = compared | {"signature": sign(compared)}
        write_atomically(file, to_json(values, indent=2) + "\n")


def _show(
    folder: Path,
    rows: Sequence[tuple[Candidate, Retrained]],
    settings: RobMedNASSettings,
    console: Console,
) -> None:
    """Print all tables and sentences, and write them as Markdown."""
    scores, metric = read_rows(folder / SCORES), ranking_metric(settings.attack)
    data, test = read_data(folder / "assets"), read_split(folder / "test" / "test")
    widths = widths_of(settings, test)
    grey = constant_metrics(settings.attack, settings.eps, constant_error(data.ranking))
    for table in (sizes_table(rows, metric, grey), *paper_tables(scores, list(ALWAYS))):
        console.print(table)
    for kind in FIELD_KINDS:
        console.print(field_table(scores, kind, widths))
    of_pixels = f"all MAE but that on voxels: {widths}"
    barred = barred_lines(rows)
    for line in (of_pixels, LEGEND, *barred, *sentences(scores, list(ALWAYS))):
        console.print(line, markup=False, highlight=False)
    text = markdown(scores, rows, list(ALWAYS), metric, grey)
    field = field_markdown(scores, FIELD_KINDS, widths)
    write_atomically(folder / "tables.md", f"{text}\n{of_pixels}\n\n{field}\n")


def _prepare(record: Record, settings: RobMedNASSettings, assets: Path, say: Say) -> None:
    """Write the slices of the searches' splits, unless that was done."""
    if not (assets / SUBJECTS).is_file():  # written last
        settings = settings.model_copy(update={"pool": settings.pool or assets.parent / POOL})
        for line in robmednas.prepare_from(record, settings, assets, say).lines:
            say(line)
    elif change := read_record(assets).difference(record):
        raise UserError(f"{assets} holds other subjects than the searches: {change}")


def _test(
    plan: FinalPlan,
    sources: Sequence[Source],
    settings: RobMedNASSettings,
    chosen: dict[str, str],
    say: Say,
) -> None:
    """Score the chosen networks on test, unless that was done.

    Args:
        plan: How.
        sources: The runs whose test subjects they are.
        settings: Of all subjects.
        chosen: The name of the network that stands for each row.
        say: Told what takes long.
    """
    file = plan.folder / SCORES
    if file.is_file():
        say("test was scored already: these are its scores")
        return
    count_openings(sources, plan.folder, chosen, say)
    split = open_test(settings, plan.folder, say)
    conditions = [Condition("clean", 0.0)]
    conditions += [Condition(kind, plan.eps) for kind in (*ALWAYS, STRONG)]
    reported = [condition for condition in conditions if condition.kind in FIELD_KINDS]
    rest = [condition for condition in conditions if condition.kind not in FIELD_KINDS]
    networks = networks_of(plan.folder, chosen)
    rows = score(networks, split, reported, plan.seed, full=True, say=say)
    trained = {row: network for row, network in networks.items() if row not in NO_NETWORK}
    say(f"figures 3 and 4: {draw_figures(plan.folder, trained, split, plan.eps, plan.seed)}")
    write_rows(file, rows + score(networks, split, rest, plan.seed, say=say))


def _read(folder: Path) -> dict[str, Any]:
    values = read_json(inside(folder, FINAL))
    if not isinstance(values, dict):
        raise UserError(f"{folder / FINAL} holds no JSON object")
    return values


def _write(folder: Path, **fields: object) -> None:
    write_atomically(folder / FINAL, to_json(_read(folder) | fields, indent=2) + "\n")
