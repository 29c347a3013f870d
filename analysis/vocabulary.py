"""How metrics are read and written, by the description of the study that measured them."""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from trainables.metrics.skill import CURVE, SKILL
from trainables.study.about import About, Score, Threat

SIGMA, EPS = "sigma", "eps"  # points: what a single level of noise, a single radius follows
NOISE = "noise"
SHARE_DIGITS = 3  # of a skill
MEASUREMENTS = {
    "clean": "clean",
    NOISE: "noisy",
    "disturbed": "disturbed",
}  # those without an attack, as adjectives


class Name(NamedTuple):
    """The parts of a metric's name.

    Attributes:
        split: Of the data, such as ``ranking``.
        measurement: ``clean``, ``noise`` or an attack.
        score: One of the study's scores.
        point: ``skill`` (mean over the radii of what lies above a constant answer), ``curve`` (area
            over the radii), ``eps`` with a radius, ``sigma`` with a level of noise, or empty.
    """

    split: str
    measurement: str
    score: str
    point: str


@dataclass(frozen=True)
class Vocabulary:
    """Reads the names of a study's metrics, and writes their values.

    Attributes:
        about: The description of the study.
    """

    about: About

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        scores = "|".join(map(re.escape, self.about.scores))
        return re.compile(
            rf"(?P<split>[a-z]+)_(?P<measurement>.+?)_(?P<score>{scores})"
            rf"(_(?P<point>{SKILL}|{CURVE}|(?:{EPS}|{SIGMA}).+))?"
        )

    def parse(self, metric: str) -> Name | None:
        """Take a metric's name apart; None where it follows no rule."""
        match = self._pattern.fullmatch(metric) if self.about.scores else None
        return Name(**match.groupdict(default="")) if match else None

    def score_of(self, metric: str) -> str | None:
        """Return the score that a metric is of; None where its name follows no rule."""
        name = self.parse(metric)
        return None if name is None else name.score

    def score(self, name: str) -> Score:
        """Return how a score is read; one without a description is called by its name."""
        return self.about.scores.get(name) or Score(words=name.replace("_", " "), direction="max")

    def describe(self, metric: str) -> str:
        """Say in words what a metric is; a name that follows no rule stays as it is."""
        name = self.parse(metric)
        if name is None:
            return metric.replace("_", " ")
        words = self.score(name.score).words
        if name.measurement in MEASUREMENTS:
            words += f" on {MEASUREMENTS[name.measurement]} {self.about.inputs}"
        else:
            words += f" under {name.measurement.upper()}"
        words += self._describe_point(name)
        return words if name.split == "ranking" else f"{words} ({name.split})"

    def _describe_point(self, name: Name) -> str:
        """Say where a metric was measured: at which radii, or levels of noise."""
        several = "its levels" if name.measurement == NOISE else "ε"
        if name.point == SKILL:
            return f", skill over {several}"
        if name.point == CURVE:
            return f", mean over {several}"
        if name.point.startswith(SIGMA):
            return f", standard deviation {name.point.removeprefix(SIGMA)}"
        if name.point:
            return f", ε = {name.point.removeprefix(EPS)}{self.about.threat.suffix}"
        return ""

    def format_value(self, metric: str, value: float) -> str:
        """Write a metric's value with as many digits as can be told apart."""
        name = self.parse(metric)
        shares = name is not None and name.point == SKILL  # whatever the unit of the score
        digits = SHARE_DIGITS if shares else self.score(name.score if name else "").digits
        return f"{value:.{digits}f}"

    def format_gain(self, metric: str, value: float) -> str:
        """Write a gain of a metric with its sign."""
        return f"{'+' if value >= 0 else '-'}{self.format_value(metric, abs(value))}"


def placeholder(study: str) -> About:
    """Stand in for the description of a study that has none: metrics keep their names."""
    threat = Threat(
        words="not described by the run", unit="", bounds=None, axis="ε", suffix="", scale=1.0
    )
    return About(
        name=study, title="", cites=(), inputs="", threat=threat, scores={}, kept="", level=""
    )


def format_tau(tau: float, low: float, high: float) -> str:
    """Write Kendall's tau with its interval, where there is one.

    Args:
        tau: In [-1, 1]; NaN where it is not known.
        low: Lower end of its 95 % interval; NaN where there is none.
        high: Upper end.
    """
    if math.isnan(tau):
        return "not known"
    return f"{tau:.2f}" if math.isnan(low) else f"{tau:.2f} [{low:.2f}, {high:.2f}]"
