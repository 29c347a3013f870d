"""Generators of a run and points of its split, as tidy frames; and the curve of a comparison."""

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analysis.load import Run
from searchspace.errors import UserError
from trainables.door.opening import read_bytes
from trainables.door.text import from_cell

MEASURES: Mapping[str, str] = {
    "kid": "KID",
    "kid_train": "KID of training images",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}
SHARES: Mapping[str, str] = {"fidelity": "class fidelity", "copied": "near training images"}
SPACE = "random"
ADD, REPLACE, AUTHENTIC = "add", "replace", "authentic"
SCORES: Mapping[str, str] = {
    "test_clean_bacc": "balanced accuracy, clean",
    "test_pgd_bacc_skill": "robust skill",
}
LEVEL = 0.95
BYTES = 2**26  # of a comparison's file


def generators(run: Run) -> pd.DataFrame:
    """List what a run recorded of each generator.

    Returns:
        ``generator``, ``measure``, ``value``, ``low``, ``high``; empty where nothing was recorded.
    """
    rows = []
    for name, report in _recorded(run).items():
        space = report["spaces"][SPACE]
        bounds = {words: space[key] for key, words in MEASURES.items()}
        bounds |= {words: report[key] for key, words in SHARES.items()}
        spread = report.get("spread_interval", [report["spread"], None, None])
        bounds["spread"] = spread  # runs before it had an interval hold the value
        rows += [
            {"generator": name, "measure": measure, **_interval(values)}
            for measure, values in bounds.items()
        ]
    return pd.DataFrame(rows, columns=["generator", "measure", "value", "low", "high"])


def flaws(run: Run) -> dict[str, list[str]]:
    """Name the alarms that each generator raised; empty for none."""
    return {
        name: [alarm for alarm, value in report["alarms"].items() if value > 0]
        for name, report in _recorded(run).items()
    }


def points(run: Run) -> pd.DataFrame:
    """List where each completed trial lies on the split.

    Returns:
        ``trial``, ``label``, ``source``, ``mix``, ``part`` (of the authentic images: replaced, or
        added), ``radius`` (of adversarial training), ``value``, ``low``, ``high``, ``winner``.
    """
    columns = {"source", "mix", "ratio", "share", "train_eps"}
    trials = run.trials
    if not {f"config.{name}" for name in columns} <= set(trials.columns):
        return pd.DataFrame()
    frame = trials[trials["value"].notna()]
    config = {name: frame[f"config.{name}"] for name in columns}
    part = np.where(config["mix"] == ADD, config["ratio"], config["share"]).astype(float)
    return pd.DataFrame(
        {
            "trial": frame["trial"],
            "label": frame["label"],
            "source": config["source"],
            "mix": config["mix"],
            "part": np.where(config["source"] == "none", 0.0, part),
            "radius": config["train_eps"].astype(float),
            "value": frame["value"],
            "low": frame["low"],
            "high": frame["high"],
            "winner": frame["winner"],
        }
    ).reset_index(drop=True)


def read_curve(file: Path) -> pd.DataFrame:
    """Read a comparison along the split.

    Returns:
        ``dataset``, ``fraction``, ``mix`` (add, replace, or another method), ``part``, ``score``,
        ``mean``, ``low`` and ``high`` (the 95 % interval over seeds, cut at 0 and 1; NaN for one),
        ``seeds``.

    Raises:
        UserError: If it cannot be read or lacks a column.
    """
    try:
        frame = pd.read_csv(
            io.BytesIO(read_bytes(file, BYTES)), dtype={"dataset": str, "method": str}
        )
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {file}: {error}") from None
    missing = [name for name in ("dataset", "fraction", "method", *SCORES) if name not in frame]
    if missing:
        raise UserError(f"{file} has no column '{missing[0]}': make it again")
    rows = []
    for (dataset, fraction, method), group in frame.groupby(
        ["dataset", "fraction", "method"], sort=False
    ):
        for score in SCORES:
            values = group[score].dropna().to_numpy(float)
            mix, part = _split_of(from_cell(str(method)))
            mean, half = values.mean() if len(values) else math.nan, _half_width(values)
            rows.append(
                {
                    "dataset": dataset,
                    "fraction": fraction,
                    "mix": mix,
                    "part": part,
                    "score": score,
                    "mean": mean,
                    "low": float(np.maximum(mean - half, 0.0)),
                    "high": float(np.minimum(mean + half, 1.0)),
                    "seeds": len(values),
                }
            )
    return pd.DataFrame(rows)


def _recorded(run: Run) -> dict[str, Any]:
    details = run.manifest.get("details") or {}
    recorded: dict[str, Any] = details.get("generators") or {}
    return recorded


def _interval(values: list[float | None]) -> dict[str, float]:
    numbers = [math.nan if value is None else value for value in values]
    return dict(zip(("value", "low", "high"), numbers, strict=True))


def _split_of(method: str) -> tuple[str, float]:
    """Return how a method mixes and how much; of a method off the split its name and 1."""
    word, _, number = method.partition(" ")
    if word in {ADD, REPLACE}:
        return word, float(number)
    return method, 0.0 if method == AUTHENTIC else 1.0


def _half_width(values: "np.ndarray[Any, np.dtype[np.float64]]") -> float:
    if len(values) < 2:
        return math.nan
    quantile = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2))
    return quantile * float(values.std(ddof=1)) / math.sqrt(len(values))
