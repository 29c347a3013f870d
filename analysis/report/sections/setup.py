"""What was run: enough to judge it and to do it again."""

import shlex
from collections.abc import Iterator
from typing import Any

from analysis.load import Run
from analysis.numbers.ladder import rungs
from analysis.report.html import Section, bullets, join, tag, terms


def setup(run: Run) -> Section:
    """List study, data, threat model, objective, ladder, seeds, versions and command."""
    return Section("setup", "What was run", terms(_facts(run)))


def _facts(run: Run) -> Iterator[tuple[str, object]]:
    manifest, plan = run.manifest, run.manifest.get("plan", {})
    settings, about = manifest.get("settings", {}), run.about
    yield "Study", f"{about.name}: {about.title}" if about.title else about.name
    yield "Data and splits", bullets(manifest.get("facts", []))
    radii = ", ".join(f"{about.threat.scale * eps:g}" for eps in settings.get("eps", []))
    yield "Threat model", f"{about.threat.words}{f': {radii}' if radii else ''}"
    better = {"max": "higher is better", "min": "lower is better"}
    objective, second = run.objective, run.objective.other
    ranked_by = f"{run.vocabulary.describe(objective.metric)}; {better[objective.direction]}"
    if second is not None:
        ranked_by += f", and {run.vocabulary.describe(second.metric)}; {better[second.direction]}"
    yield "Ranked by", ranked_by
    if ladder := rungs(run):
        words = "epochs : attack - steps x restarts @ images, ! where alarms are measured"
        yield "Ladder", join((tag("code", ",".join(ladder)), f" ({words})"))
    yield "Search", _search(plan)
    yield "Seed", str(manifest.get("seed", "unknown"))
    yield from _provenance(manifest)


def _search(plan: dict[str, Any]) -> str:
    words = [f"{plan.get('trials')} trials proposed by {plan.get('sampler')}"]
    words += [f"stopped early by {plan.get('scheduler')}", f"references: {plan.get('references')}"]
    checked = plan.get("seed_check", 0)
    words += [f"{checked} more seeds of baseline and winner"] if checked else []
    words += [f"{plan['race']} more seeds for leaders that are tied"] if plan.get("race") else []
    for limit in ("time_limit_s", "compute_limit_s", "trial_limit_s"):
        if plan.get(limit):
            words.append(f"{limit.removesuffix('_s').replace('_', ' ')} {plan[limit]:g} s")
    return ", ".join(words)


def _provenance(manifest: dict[str, Any]) -> Iterator[tuple[str, object]]:
    moments = [f"started {_minute(manifest.get('started'))}"]
    again = manifest.get("resumed", [])
    moments += [f"resumed {_minute(resumption.get('time'))}" for resumption in again]
    if manifest.get("ended"):
        moments.append(f"ended {_minute(manifest['ended'])}")
    yield "When", f"{', '.join(moments)} (UTC)"
    yield "Command", tag("code", _command(manifest.get("command", [])))
    versions = manifest.get("versions", {})
    yield "Versions", ", ".join(f"{key} {value}" for key, value in versions.items() if value)
    git = manifest.get("git") or {}
    if git:
        changed = len(git.get("changed", []))
        beyond = (
            f", from which {changed} {'file differs' if changed == 1 else 'files differ'}"
            if changed
            else ""
        )
        yield "Commit", join((tag("code", str(git.get("commit", ""))[:12]), beyond))
    machine = manifest.get("machine", {})
    yield "Machine", f"{machine.get('platform', 'unknown')}, {machine.get('cores', '?')} cores"
    if digests := manifest.get("digests"):
        codes = (join((f"{key} ", tag("code", str(code)[:12]))) for key, code in digests.items())
        yield "Digests", join(codes, ", ")


def _minute(moment: object) -> str:
    return str(moment or "unknown")[:16].replace("T", " ")


def _command(words: list[str]) -> str:
    """Write the command as it is typed."""
    if words and words[0].endswith("search/__main__.py"):
        return shlex.join(["python", "-m", "search", *words[1:]])
    return shlex.join(words)
