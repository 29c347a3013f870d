"""The manifest of a run: what is needed to judge it and to do it again.

Version 1 of the format has the fields of `Manifest`. Version 0, which does not say its version,
lacks ``about`` and is else the same.
"""

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from search.engine.objective import Objective
from search.plan import Plan, startup_trials
from search.record.places import sign
from search.record.provenance import CodeState, code_state, git_state, machine
from search.record.run_folder import RUN_FILE, RunFolder
from search.record.versioned import (
    VERSION,
    Measured,
    Versioned,
    parse_versioned,
    read_versioned,
)
from search.record.writer import now
from searchspace.errors import UserError
from trainables.runtime.files import to_json
from trainables.study.about import About
from trainables.study.report import Rung
from trainables.study.settings import StudySettings

WORDS, WORD = 20_000, 1000  # of the description of a study; letters, of all texts and of one


class ConstantAnswer(NamedTuple):
    """What an answer scores that never looks at the input: a name, and a value."""

    name: str
    value: float


class Beside(NamedTuple):
    """What a ranking shows beside the value that ranks.

    Attributes:
        columns: Heading to metric.
        constant: Values of an answer that never looks at the input, by metric.
        note: What the columns are; may be empty.
        items: What the values are means over, in words.
    """

    columns: Mapping[str, str]
    constant: Mapping[str, float]
    note: str
    items: str = "images"


class Stored(BaseModel):
    """The store that keeps a run.

    Attributes:
        uri: Its address.
        term: Which of the drivers that had the run wrote last, from 1.
        token: Of that driver's lease.
    """

    model_config = ConfigDict(frozen=True)

    uri: str
    term: int
    token: str


class Resumption(BaseModel):
    """One more start of a run.

    Attributes:
        time: When.
        command: The command line.
        trials: How many sampled trials the run was to have then.
        versions: As of the manifest.
        code: As of the manifest.
    """

    model_config = ConfigDict(frozen=True)

    time: str
    command: tuple[str, ...]
    trials: int
    versions: dict[str, str | None]
    code: str


def _check_time(text: str) -> str:
    try:
        datetime.fromisoformat(text).timestamp()
    except OverflowError as error:
        raise ValueError(str(error)) from None
    return text


class Manifest(Versioned):
    """A run, from what was asked for to how it ended.

    Attributes:
        status: ``running``, ``finished``, ``interrupted`` or ``failed``.
        started: Time of the first start.
        command: The command line.
        plan: As the run was started or resumed last.
        settings: The study's, as parsed; what preparing settled is in them.
        seed: Of sampler and study.
        startup: How many proposals are random before a sampler learns.
        versions: Of Python and packages.
        code: A digest of this project's code.
        guest: Where the code of a study of the user's own is; None for a study that is built in.
        about: How the study describes itself; None in runs that did not write it down.
        machine: Platform, processor and cores of the driver.
        git: The commit, and what differed from it; None outside a repository.
        objective: What ranks; None before the run was prepared, and in a confirmation's trainings.
        rungs: The ladder.
        digests: Of data, splits and frozen models, by name.
        assets: Digests of the files that all trials share, by name; empty in runs of earlier code.
        facts: Sentences for the reader, on data and splits.
        details: What else the study has to say.
        constant: By metric, the value of an answer that never looks at the input.
        resumed: Every further start.
        stored: The store that keeps it; None for the run folder alone.
        signature: Of the places that the user named, see `search.record.places`; None for none.
        confirms: The run whose finalists are trained here; None for a search.
        cell: Whether it is a cell of a table, whose methods were scored on test.
        ended: Time of the end.
        winner: Id of the best trial; None where none can win.
        gain: Of the winner over the best control that is matched to it, and which controls do as
            well, see `search.results.controls.Claim`; None without a matched control.
        clean_share: What the winner keeps of the floor's reference without attack, see
            `search.results.floor.Share`.
        arms: The parameter that chooses the arm, and of each arm its best trial, see
            `search.results.arms.Arm`; None in a space without arms.
        front: Of two objectives, the trials that no other dominates.
        seeds: How much values vary with the seed, see `search.results.seeds.Spread`.
        agreements: How well each rung ranks as the next one does.
    """

    status: str
    started: Annotated[str, AfterValidator(_check_time)]
    command: tuple[str, ...]
    plan: Plan
    settings: dict[str, Any]
    seed: int
    startup: int
    versions: dict[str, str | None]
    code: str
    guest: dict[str, str] | None = None
    about: About | None = None
    machine: dict[str, Any] = Field(default_factory=dict)
    git: dict[str, Any] | None = None
    objective: Objective | None = None
    rungs: tuple[Rung, ...] = ()
    digests: dict[str, str] = Field(default_factory=dict)
    assets: dict[str, str] = Field(default_factory=dict)
    facts: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)
    constant: dict[str, Measured] = Field(default_factory=dict)
    resumed: tuple[Resumption, ...] = ()
    stored: Stored | None = None
    signature: str | None = None
    confirms: str | None = None
    cell: bool = False
    ended: str | None = None
    winner: str | None = None
    gain: dict[str, Any] | None = None
    clean_share: dict[str, Any] | None = None
    arms: dict[str, Any] | None = None
    front: dict[str, Any] | None = None
    seeds: dict[str, Any] | None = None
    agreements: tuple[dict[str, Any], ...] = ()

    def constant_answer(self, metric: str) -> ConstantAnswer | None:
        """Return what the level that a model has to beat is called, and its value by a metric.

        None where the run did not measure it.
        """
        value = self.constant.get(metric)
        name = self.about.level if self.about else "a constant answer"
        return None if value is None else ConstantAnswer(name, value)

    @property
    def beside(self) -> Beside:
        """What a ranking shows beside the value; nothing in runs that did not write it down."""
        note = str(self.details.get("beside", ""))
        if self.about is None:
            return Beside({}, self.constant, note)
        return Beside(self.about.beside, self.constant, note, self.about.items)

    @model_validator(mode="after")
    def _check_rungs(self) -> Self:
        if self.objective is not None and not self.rungs:
            raise ValueError("a run with an objective has rungs")
        return self

    @model_validator(mode="after")
    def _check_words(self) -> Self:
        texts = list(
            _texts([self.about and self.about.as_json(), self.objective and vars(self.objective)])
        )
        if sum(map(len, texts)) > WORDS or max(map(len, texts), default=0) > WORD:
            raise ValueError("the study describes itself in more words than can be drawn")
        return self

    @property
    def code_state(self) -> CodeState:
        """The code that wrote the run last."""
        latest = self.resumed[-1] if self.resumed else self
        return CodeState(latest.versions, latest.code)


class ManifestFile:
    """A manifest on disk, written anew whenever something is added.

    Attributes:
        content: What the file holds.
        named: Whether this user named the places in it, so that it is signed when it is written.
    """

    def __init__(self, folder: RunFolder, content: Manifest, *, named: bool = False) -> None:
        self._file = folder.manifest
        self.content = content
        self.named = named

    def add(self, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Add fields, and write."""
        if self.named:
            values = json.loads(to_json(self.content.as_json() | fields))
            fields["signature"] = sign(values)
        self.content = self.content.adding(self._file, **fields)

    def go_on(self, plan: Plan) -> None:
        """Say that the run goes on, with how many trials and by which code."""
        before = self.content.as_json().get("resumed", [])
        again = {"time": now(), "command": sys.argv, "trials": plan.trials, **asdict(code_state())}
        self.add(status="running", plan=plan.model_dump(mode="json"), resumed=[*before, again])

    def end(self, status: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Say how the run ended: finished, interrupted or failed."""
        self.add(status=status, ended=now(), **fields)

    def changes(self) -> list[str]:
        """Name what differs between the code that wrote the run last and the code that reads it."""
        return self.content.code_state.changes_to(code_state())


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from itertools.chain.from_iterable(map(_texts, (*value, *value.values())))
    elif isinstance(value, list | tuple):
        yield from itertools.chain.from_iterable(map(_texts, value))


def new_manifest(folder: RunFolder, plan: Plan, settings: StudySettings) -> ManifestFile:
    """Begin the manifest of a new run.

    Args:
        folder: Of the run.
        plan: Of the run.
        settings: The study's, which say how it describes itself.
    """
    values = {
        "version": VERSION,
        "status": "running",
        "started": now(),
        "command": sys.argv,
        "plan": plan.model_dump(mode="json"),
        "settings": settings.model_dump(mode="json"),
        "seed": plan.seed,
        "startup": startup_trials(plan.trials, plan.workers),
        "about": settings.about.as_json(),
        "machine": machine(),
        "git": git_state(),
        **asdict(code_state()),
    }
    content = parse_versioned(Manifest, values, folder.manifest)
    manifest = ManifestFile(folder, content, named=True)
    manifest.add()
    return manifest


def read_manifest(folder: RunFolder) -> Manifest:
    """Read the manifest of a run.

    Raises:
        UserError: If there is none, it cannot be read, or a field is not of this version.
    """
    if not folder.path.is_dir():
        raise UserError(f"there is no folder {folder.path}: name the folder of a run")
    try:
        return read_versioned(Manifest, folder.manifest)
    except FileNotFoundError:
        raise UserError(f"{folder.path} is not a run: it has no {folder.manifest.name}") from None
    except UserError as error:
        if "is of version" in str(error):
            raise
        again = f", or search again: python -m search STUDY --config {folder.path / RUN_FILE}"
        begun = "" if not folder.run_file.exists() else again
        raise UserError(f"{error}; put it back from a copy{begun}") from None
