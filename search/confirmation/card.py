"""The robustness card beside an exported model: what it withstands, how that is known, and of whom.

As JSON for programs, and as Markdown for people; both say the same.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.confirmation.record import Comparison, ConfirmationResult
from search.confirmation.words import level_name, sentences
from search.record.manifest import Manifest
from search.results.tables import duration, interval, number, percent
from searchspace.words import capitalised
from trainables.door.text import to_code, to_markdown
from trainables.runtime.files import to_json, write_atomically
from trainables.study.about import About, Threat
from trainables.study.examination import ENSEMBLE

CARD = "robustness"  # .json and .md
NORMS = {"linf": "L-infinity"}


@dataclass(frozen=True)
class Card:
    """What a reader has to know of a confirmation's winner.

    Attributes:
        record: Of the confirmation.
        run: The manifest of the run that was confirmed.
        about: How the study describes itself: its threat model is taken from there.
    """

    record: ConfirmationResult
    run: Manifest
    about: About

    def write(self, folder: Path) -> None:
        """Write both forms beside an exported model."""
        write_atomically(folder / f"{CARD}.json", to_json(self.as_json(), indent=2) + "\n")
        write_atomically(folder / f"{CARD}.md", self.as_markdown())

    def as_json(self) -> dict[str, Any]:
        """Return the card for programs."""
        record, run, threat = self.record, self.run, self.about.threat
        values, winner = record.as_json(), record.first
        return {
            "model": winner.name,
            "study": run.plan.study,
            "config": winner.config,
            "data": {"facts": run.facts, "digests": run.digests, "images": values["images"]},
            "threat_model": {
                "norm": threat.norm,
                "eps": values["eps"],
                "unit": threat.unit,
                "bounds": threat.bounds,
                "knowledge": _knowledge(threat),
            },
            "attacks": {"ensemble": record.plan.attacks, "worst_found_by": record.wins.test},
            "score": {"name": record.score, "direction": record.direction},
            "ranking": winner.value.model_dump() | {"seeds": winner.seeds},
            "test": values["test"][record.winner],
            "constant": {
                "score": values.get("constant"),
                "value": values.get("constant_value"),
            },
            "conditions": values["conditions"][record.winner],
            "test_without_near": self._without_near(),
            "comparisons": values["comparisons"],
            "selection": values["selection"],
            "alarms": winner.barred,
            "exported": values["exported"],
            "forms": record.exports,
            "says": sentences(record, self.about.items),
            "seconds": {"confirmation": record.seconds},
            "versions": run.versions,
            "code": run.code,
        }

    def as_markdown(self) -> str:
        """Return the card for people."""
        record, winner = self.record, self.record.first
        worse = "" if record.direction == "max" else " (less is better)"
        score = capitalised(record.score)
        comparisons = [_comparison_row(comparison) for comparison in record.comparisons]
        items = to_markdown(self.about.items)
        config = [[to_markdown(name), to_code(value)] for name, value in winner.config.items()]
        parts = [
            f"# Robustness card: {to_markdown(winner.name)} ({to_markdown(self.run.plan.study)})",
            _bullets(sentences(record, self.about.items)),
            "## Threat model",
            self._threat_line(),
            f"## {to_markdown(score)} on {record.images.test} test {items}{worse}",
            self._conditions_table(),
            self._area_line(),
            "## Beside the references",
            _table(["over", "difference", "interval", "level", "adjusted p", ""], comparisons),
            "## Where it comes from",
            _bullets(self._origin()),
            "## Config",
            _table(["name", "value"], config),
        ]
        return "\n\n".join(parts) + "\n"

    def _without_near(self) -> dict[str, Any] | None:
        near = self.record.without_near
        if near is None:
            return None
        value = near.test[self.record.winner].model_dump()
        return {"images": near.images, "left_out": self.record.near_images, **value}

    def _conditions_table(self) -> str:
        record, heads = self.record, ["condition", "strength", "mean over seeds"]
        columns = [record.conditions[record.winner]]
        if record.without_near:
            columns.append(record.without_near.conditions[record.winner])
            heads.append(f"without {record.near_images} near copies")
        constant = [] if math.isnan(record.constant) else [number(record.constant)]
        heads += [to_markdown(level_name(self.about))] * len(constant)
        rows = [
            [
                to_markdown(cells[0].kind),
                f"{cells[0].strength:g}",
                *(number(cell.score) for cell in cells),
                *constant,
            ]
            for cells in zip(*columns, strict=True)
        ]
        return _table(heads, rows)

    def _threat_line(self) -> str:
        threat = self.about.threat
        clipping = "without bounds"
        if threat.bounds is not None:
            low, high = threat.bounds
            clipping = f"the result clipped to [{low:g}, {high:g}]"
        norm = NORMS.get(threat.norm, threat.norm)
        knowledge = to_markdown(_knowledge(threat))
        return (
            f"Any change of at most epsilon at each pixel ({to_markdown(norm)}), in "
            f"{to_markdown(threat.unit)}, {clipping}. "
            f"{capitalised(knowledge)}. Other norms, patches, rotations and whatever "
            "else an attacker may do were not tried."
        )

    def _area_line(self) -> str:
        area, constant, about = self.record.test[self.record.winner], "", self.about
        if not math.isnan(self.record.constant_value):
            level = to_markdown(level_name(about))
            constant = f"; that of {level} is {number(self.record.constant_value)}"
        return (
            f"`{ENSEMBLE}` is the worst of the {to_markdown(self.record.plan.attacks)} ensemble, "
            f"input by input. {capitalised(to_markdown(self.record.summary))} under it against "
            f"epsilon: {number(area.value)} {interval(area.bounds)} over "
            f"{to_markdown(about.items)} and seeds"
            f"{constant}."
        )

    def _origin(self) -> list[str]:
        record = self.record
        training, seed = record.exported.training, record.exported.seed
        return [
            *self.run.facts,
            f"exported: training {training}, seed {seed}, the median on ranking",
            *(f"{form}: {file}" for form, file in record.exports.items()),
            f"confirmation: {duration(record.seconds)}, of the command that ended it",
        ]


def _knowledge(threat: Threat) -> str:
    return (
        f"white box: gradients through {threat.through}; and black box, by queries and by transfer"
    )


def _comparison_row(comparison: Comparison) -> list[str]:
    gap = comparison.difference
    return [
        to_markdown(comparison.over),
        number(gap.value, signed=True),
        interval(gap.bounds, signed=True),
        percent(comparison.level),
        f"{comparison.p_adjusted:.2g}",
        to_markdown(comparison.verdict),
    ]


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {to_markdown(line)}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
