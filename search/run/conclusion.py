"""What is done at the end of a search, however it came."""

from dataclasses import asdict

from search.engine.coordinator import Coordinator
from search.engine.rules import Rules
from search.engine.schedulers import promoted_share
from search.exit_status import FAILED, FINISHED, INTERRUPTED
from search.results.arms import arms_of
from search.results.chance import chance_line, chance_of, idle_lines
from search.results.controls import Claim, claim_of
from search.results.differences import gains, seed_spread, tied
from search.results.floor import barred_lines, clean_share, share_line
from search.results.ranking import Row, front_of, rank, winner
from search.results.tables import (
    agreement_line,
    alarm_lines,
    arm_lines,
    claim_lines,
    front_lines,
    lost_lines,
    luck_lines,
    ranked_table,
    spread_line,
    winner_lines,
)
from search.run.pictures import write_pictures
from search.run.session import Session


def conclude(session: Session, coordinator: Coordinator) -> int:
    """Say what was found, write down how the run ended, and return the exit status."""
    rules = coordinator.rules
    rows = rank(coordinator.trials.values(), rules.objective)
    first, spread = winner(rows), seed_spread(rows, rules.objective)
    if rows:
        ties = {row.trial.id for row in tied(rows, rules.objective, session.folder)}
        budget = rules.rungs[-1].epochs
        constant = session.manifest.content.constant_answer(rules.objective.metric)
        beside = session.manifest.content.beside
        table = ranked_table(rows, rules.objective, budget, ties, spread, constant, beside)
        session.console.print(table)
    claim = None if first is None else _say_winner(session, coordinator, first, rows)
    if first is None:
        session.say("no winner: no trial reached the last rung and met its constraints")
        for line in _floor_lines(first, rows, rules, session):
            session.say(line)
    space = rules.source.space
    arms = arms_of(space.arms, space.arm_options, rows, rules.objective, session.folder)
    for line in (
        *arm_lines(space.arms, arms),
        spread_line(spread),
        *front_lines(rows, rules.objective),
        *_audit_lines(coordinator),
    ):
        session.say(line)
    session.manifest.end(
        _status(coordinator),
        winner=None if first is None else first.trial.id,
        gain=claim and claim.as_json(),
        arms={"param": space.arms, "of": [arm.as_json() for arm in arms]} if arms else None,
        front=front_of(rows, rules.objective),
        seeds=asdict(spread),
        agreements=[asdict(agreement) for agreement in coordinator.agreements.values()],
    )
    if first is not None and (pictures := write_pictures(session, first, rows)):
        session.say(pictures)
    session.say_path(f"everything: {session.folder.path}")
    session.say(f"            {' '.join(session.folder.contents())}")
    return _exit_status(session, coordinator, first is not None)


def _say_winner(
    session: Session, coordinator: Coordinator, first: Row, rows: list[Row]
) -> Claim | None:
    """Copy the winner's folder, say what it gained, and return what may be claimed of it."""
    rules = coordinator.rules
    session.folder.keep_best(first.trial.id)
    margins = gains(first, rows, rules.objective, session.folder)
    claim = claim_of(first.trial, rows, margins)
    chance = chance_of(first, rows, rules.objective, session.folder)
    constant = session.manifest.content.constant_answer(rules.objective.metric)
    for line in (
        *winner_lines(first, margins, rules.objective, session.about.items),
        *([chance_line(chance)] if chance else idle_lines(first.value, constant, rules.objective)),
        *luck_lines(rows, rules.objective),
        *claim_lines(first.trial, claim),
        *_floor_lines(first, rows, rules, session),
    ):
        session.say(line)
    return claim


def _floor_lines(first: Row | None, rows: list[Row], rules: Rules, session: Session) -> list[str]:
    """Say, and write down, what a winner keeps of clean quality; say what the floor barred."""
    judge = rules.judge
    if judge.floor is None:
        return []
    barred = barred_lines(first, rows, judge.floor, rules.objective)
    share = clean_share(first, rows, judge.floor, judge.direction, session.folder)
    session.manifest.add(clean_share=share and asdict(share))
    return barred if share is None else [share_line(share), *barred]


def _audit_lines(coordinator: Coordinator) -> list[str]:
    """Say what the run found out about itself."""
    lines = lost_lines(coordinator.trials.values())
    lines += alarm_lines(coordinator.trials.values())
    lines += [
        agreement_line(agreement, str(promoted_share(agreement)))
        for agreement in coordinator.agreements.values()
    ]
    proposals = coordinator.proposals
    if proposals.refused:
        lines.append(f"{proposals.refused} proposals were beyond the limits and not trained")
    if proposals.known:
        lines.append(f"{proposals.known} proposals were known and answered from the record")
    return lines


def _status(coordinator: Coordinator) -> str:
    if coordinator.interrupted:
        return "interrupted"
    return "failed" if coordinator.halted else "finished"


def _exit_status(session: Session, coordinator: Coordinator, won: bool) -> int:  # noqa: FBT001
    if coordinator.lacks_room:
        session.say_path(
            "the record is full, no further trials are sampled; a new run goes on from its best "
            f"with --warm-start {session.folder.path}"
        )
    if coordinator.stopped:
        session.say_path(f"{coordinator.stopped}: python -m search resume {session.folder.path}")
    if coordinator.interrupted:
        return INTERRUPTED
    return FINISHED if won and not coordinator.halted else FAILED
