"""The gain that a run reports: over the best of the controls that are matched to its winner.

A search tunes how its trials train, and no reference. So the winner is compared with controls that
train with its own values (`trainables.study.study.Study.controls`). What one of them reaches as
well is not the method's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.engine.trial import Trial
from search.results.differences import Gain
from search.results.ranking import Row
from trainables.study.study import MATCHED

UNMATCHED = "no control was matched to the winner: how much of its gain is the method's is unknown"
NOT_OF_METHOD = "the gain is not the method's"
UNSHOWN = "the gain is not shown to be the method's"
BARRED = "no control with the winner's values of training met its constraints"
UNSURE = "is chance is not known: the gain is not shown to be the method's"
SURER = "--seed-check (in a search by one metric) or confirm gives an interval"


@dataclass(frozen=True)
class Claim:
    """What the winner gained over the controls that are matched to it.

    Attributes:
        gains: Over each that met its constraints, by the control's label, the least gain first.
    """

    gains: dict[str, Gain]

    @property
    def best(self) -> tuple[str, Gain]:
        """The best of the controls, by its label, and the gain over it."""
        return next(iter(self.gains.items()))

    @property
    def rivals(self) -> tuple[str, ...]:
        """The controls over which no gain is shown beyond chance."""
        return tuple(
            label
            for label, gain in self.gains.items()
            if gain.interval is not None and gain.interval[0] <= 0
        )

    @property
    def unsure(self) -> tuple[str, ...]:
        """The controls over which the gain has no interval: all of it may be chance."""
        return tuple(label for label, gain in self.gains.items() if gain.interval is None)

    def as_json(self) -> dict[str, Any]:
        """Return the claim for the manifest, as JSON values.

        What explains the gain is None where no control is known to, and one may for all that is
        known; it is empty where the gain lies above chance over each.
        """
        label, gain = self.best
        low, high = gain.interval or (None, None)
        return {
            "over": gain.over.id,
            "label": label,
            "value": gain.value,
            "low": low,
            "high": high,
            "level": gain.level,
            "explained_by": None if self.unsure and not self.rivals else list(self.rivals),
        }


def claim_of(trial: Trial, rows: Sequence[Row], gains: Sequence[Gain]) -> Claim | None:
    """Pick from a winner's gains those over the controls that are matched to it.

    Args:
        trial: The winner.
        rows: The ranking.
        gains: Over all references and controls.

    Returns:
        None where no matched control reached its budget and met its constraints.
    """
    able = {row.trial.id for row in rows if not row.note}
    by_id = {gain.over.id: gain for gain in gains if gain.over.id in able}
    matched = {label: by_id[name] for label, name in trial.controls.items() if name in by_id}
    ordered = sorted(matched.items(), key=lambda item: item[1].value)
    return Claim(dict(ordered)) if ordered else None


def claim_sentence(trial: Trial, claim: Claim | None) -> str:
    """Say whether the winner's gain is the method's; an empty text where it is."""
    if claim is None:
        return BARRED if trial.controls else UNMATCHED
    better = [label for label in claim.rivals if _is_lost(claim.gains[label])]
    strongest = better or claim.rivals or claim.unsure
    names = " and ".join(plain(label) for label in strongest)
    trained = f"{names} with the winner's values of training"
    if better:
        return f"{trained} {'do' if len(better) > 1 else 'does'} better: {NOT_OF_METHOD}"
    if claim.rivals:
        return f"over {trained} no gain is shown beyond chance: {UNSHOWN}"
    return f"how much of the gain over {names} {UNSURE}; {SURER}" if names else ""


def plain(label: str) -> str:
    """Return the label of the reference that a matched control stands for."""
    return label.removeprefix(f"{MATCHED} ")


def _is_lost(gain: Gain) -> bool:
    return gain.interval is not None and gain.interval[1] < 0
