"""A run while a process works on it, opened from what its folder says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from search.execution.choose import choose_executor
from search.execution.executor import Executor
from search.execution.worker import WorkerJob
from search.plan import Plan
from search.record.event import Event
from search.record.manifest import ManifestFile, read_manifest
from search.record.places import check_named, is_signed, refuse_unnamed, settings_here, unnamed
from search.record.run_folder import RunFolder
from search.storage.depot import Depot
from search.storage.runs import UNSTORED, Claim, Keeping, keep
from search.study import StudyRow
from searchspace.errors import UserError
from trainables.door.text import printable
from trainables.runtime.config import parse
from trainables.study.about import About
from trainables.study.report import Rung
from trainables.study.study import MEMORY, Config, Reference, Study

FindStudy = Callable[[Plan], StudyRow]
"""Finds a study by its name."""


@dataclass(frozen=True)
class Session:
    """A run while a process works on it.

    Attributes:
        plan: What the user asked for.
        row: Of the study, in the table or for a guest: its name and path.
        study: Its space, references and trials.
        settings: The study's own.
        executor: What runs its trials.
        folder: Where all is written.
        manifest: Of the folder.
        console: Where the user reads.
        keeping: Where the run's files lie, and what keeps its records.
    """

    plan: Plan
    row: StudyRow
    study: Study[Any]
    settings: Any
    executor: Executor
    folder: RunFolder
    manifest: ManifestFile
    console: Console
    keeping: Keeping = UNSTORED

    def say(self, line: str) -> None:
        """Print a line, broken between words, nothing in it read as markup."""
        self.console.print(printable(line), markup=False, highlight=False)

    def say_path(self, line: str) -> None:
        """Print a line unbroken, for a person to copy."""
        self.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)

    def stored_by(self, claim: Claim | None) -> "Session":
        """Return this session with its run kept in the store that was claimed, if any."""
        keeping = keep(self.folder, claim)
        folder = replace(self.folder, bring=keeping.depot.bring_folder)
        return replace(self, folder=folder, keeping=keeping)

    def with_settings(self, settled: Mapping[str, Any]) -> "Session":
        """Return this session with settings that preparing chose; the manifest is told."""
        if not settled:
            return self
        values = self.manifest.content.settings | dict(settled)
        self.manifest.add(settings=values)
        return replace(self, settings=self.study.parse_settings(values))

    @property
    def about(self) -> About:
        """How the study describes itself: as the run wrote it down, else as it does today."""
        about: About = self.manifest.content.about or self.settings.about
        return about

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder of the study."""
        return self.study.ladder(self.settings)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references that the plan asks for."""
        return self.references_by(())

    def references_by(self, events: Sequence[Event]) -> tuple[Reference, ...]:
        """List the references that the plan asks for, by the rule under which a run began.

        Runs of earlier versions let references win beside arms. They go on so: else the winner
        would not be the one that the record has.

        Args:
            events: The record of the run; empty for a new one.
        """
        may_win = any(
            event["event"] == "proposed" and event["label"] and not event["control"]
            for event in events
        )
        listed = self.study.references if may_win else self.study.references_of_run
        references: tuple[Reference, ...] = listed(self.settings)
        if self.plan.references == "all":
            return references
        return tuple(reference for reference in references if reference.essential)

    def controls(self, config: Config) -> tuple[Reference, ...]:
        """List the controls matched to a winner, of those references that the plan asks for.

        Controls that need more memory than a trial has are left out.
        """
        controls = self.study.controls(config, self.settings)
        return tuple(
            control
            for control in controls
            if (self.plan.references == "all" or control.essential)
            and self.study.limits(control.config, self.settings).get(MEMORY, 0.0) <= 0
        )

    def too_large(self) -> list[tuple[Reference, float]]:
        """List references beyond the limit of memory, and by which share of it."""
        excess = [
            (reference, self.study.limits(reference.config, self.settings).get(MEMORY, 0.0))
            for reference in self.references
        ]
        return [(reference, share) for reference, share in excess if share > 0]

    @property
    def trial_settings(self) -> Any:  # noqa: ANN401 - the study's own
        """The study's settings as trials see them."""
        return self.executor.trial_settings(self.settings)

    def job(self) -> WorkerJob:
        """Say what workers need to know."""
        return WorkerJob(
            self.row.path,
            self.trial_settings,
            self.rungs,
            self.folder.path,
            self.folder.assets,
            self.plan.cpus_per_trial,
            self.plan.trial_limit_s,
            self.executor.ends_processes,
            self.depot,
            self.manifest.content.assets,
        )

    @property
    def depot(self) -> Depot:
        """Where the run's files lie for those who run its trials."""
        return self.executor.trial_depot(self.keeping.depot)


def open_session(
    folder: RunFolder,
    find: FindStudy,
    console: Console,
    change: Mapping[str, Any] | None = None,
    named: Mapping[str, Any] | None = None,
) -> Session:
    """Open a run as its manifest describes it, whether it is new or taken up again.

    Args:
        folder: Of the run, with its manifest.
        find: Finds the study.
        console: Where the user reads.
        change: Fields of the plan that are to be others than they were.
        named: Places that the user named, by field of plan or settings; None where no place is
            used.

    Raises:
        UserError: If the manifest cannot be read, is that of a confirmation's trainings or of a
            table's cell, names places that the user did not, the user names a folder that the study
            does not have, or the study refuses its settings.
    """
    content = read_manifest(folder)
    if content.confirms is not None:
        raise UserError(f"{folder.path} belongs to a confirmation: name the run {content.confirms}")
    if content.cell:
        raise UserError(f"{folder.path} is a cell of a table: give the table's own command again")
    plan = parse(Plan, content.plan.model_dump() | {"run": folder.path} | dict(change or {}))
    row = find(plan)
    study = row.load()
    check_named(named or {}, study.settings)
    values, signed = content.as_json(), is_signed(content.as_json())
    settings_values = content.settings
    if not signed and named is not None:
        refuse_unnamed(unnamed(values, study.settings, named), folder.path)
        settings_values = settings_here(values, study.settings, named)
    settings = study.parse_settings(settings_values)
    manifest = ManifestFile(folder, content, named=signed or named is not None)
    return Session(
        plan=plan,
        row=row,
        study=study,
        settings=settings,
        executor=choose_executor(plan, settings),
        folder=folder,
        manifest=manifest,
        console=console,
    )
