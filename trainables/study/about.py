"""How a study describes itself: what it asks, what an attacker may do, how its scores are read.

A run writes the description into its manifest, so that whoever reads the run needs no study:
report, robustness card and figures take words, units and scales from there. Importing this loads no
torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Direction = Literal["max", "min"]


@dataclass(frozen=True, kw_only=True)
class Threat:
    """What an attacker may do, in words and numbers.

    Attributes:
        norm: How the distance of an attacked input is measured: ``linf``.
        words: One sentence for a reader.
        unit: What a radius counts, such as ``pixel range [0, 1]``.
        bounds: Least and greatest value of an attacked input; None where there are none.
        axis: Epsilon and its unit, as the axis of a figure says it.
        suffix: What follows a written radius, such as ``/255``.
        scale: A radius times this is the number that is written, and the one in names of metrics.
        through: What gradients go through, in words.
    """

    norm: str = "linf"
    words: str
    unit: str
    bounds: tuple[float, float] | None
    axis: str
    suffix: str
    scale: float
    through: str = "the whole model in eval mode"


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a score is read.

    Attributes:
        words: Its name, with its unit: ``head MAE in HU``.
        direction: Whether more or less of it is better.
        digits: After the point.
        from_zero: Whether its axis begins at 0.
        level: The level that a model has to beat, where it is the same for all data: 0.5 of an AUC.
    """

    words: str
    direction: Direction
    digits: int = 3
    from_zero: bool = False
    level: float | None = None


@dataclass(frozen=True, kw_only=True)
class About:
    """The description of a study.

    Attributes:
        name: The word on the command line.
        title: What it asks, in a few words, without a full stop.
        cites: Keys of CITATIONS.bib: the study's own papers, the first one first.
        inputs: What a model sees, in words: ``images``.
        threat: What an attacker may do.
        scores: By the name that ends a metric, ``{split}_{measurement}_{score}[_{point}]``.
        kept: The score whose values ``ranking.npz`` holds.
        level: What the level that a model has to beat is called: ``a constant answer``.
        columns: Of the leaderboard, beside the value: heading to metric, where ``{score}`` stands
            for the score that ranks.
        beside: Of a run's own ranking, beside the value that ranks: heading to metric.
        items: What a split counts and a score is a mean over, in words: ``subjects``.
    """

    name: str
    title: str
    cites: tuple[str, ...]
    inputs: str
    threat: Threat
    scores: Mapping[str, Score]
    kept: str
    level: str
    columns: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    items: str = "images"

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, for the manifest."""
        return asdict(self) | {
            "cites": list(self.cites),
            "scores": {name: asdict(score) for name, score in self.scores.items()},
            "columns": dict(self.columns),
            "beside": dict(self.beside),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "About":
        """Take over what `as_json` returned.

        Raises:
            KeyError, TypeError: If the values are not of this form.
        """
        threat, scores = dict(values["threat"]), values["scores"]
        bounds = threat["bounds"]
        threat["bounds"] = None if bounds is None else (float(bounds[0]), float(bounds[1]))
        return cls(
            **dict(values)
            | {
                "cites": tuple(values["cites"]),
                "threat": Threat(**threat),
                "scores": {name: Score(**score) for name, score in scores.items()},
            }
        )
