"""What follows a RobMedNAS search, as tidy frames: rising corruption, and stability.

Both are read from a folder of ``robmednas-final``: ``corruption.csv`` and ``stability.csv``.
"""

from pathlib import Path

import pandas as pd

from search.robmednas.rows import read_rows

CORRUPTION, STABILITY = "corruption.csv", "stability.csv"
RISING = ("fgsm", "pgd", "noise")  # kinds along whose strengths curves are drawn
COLUMNS = {
    CORRUPTION: ("row", "kind", "strength", "subject", "score", "value"),
    STABILITY: ("row", "kind", "number", "condition", "subject", "score", "value"),
}


def read(file: Path) -> pd.DataFrame:
    """Read one of the two files.

    Raises:
        UserError: If it cannot be read or lacks a column.
    """
    return read_rows(file, COLUMNS[file.name])


def curves(scores: pd.DataFrame) -> pd.DataFrame:
    """Average over the regions, then over subjects, along the strengths of each corruption.

    Args:
        scores: As in ``corruption.csv``; what is clean stands at a strength of 0 of every kind.

    Returns:
        ``row``, ``kind``, ``measure`` (mae or dice), ``strength``, ``mean``, ``deviation`` (over
        subjects).
    """
    kinds = [kind for kind in scores["kind"].unique() if kind != "clean"]
    clean = [scores[scores["kind"] == "clean"].assign(kind=kind) for kind in kinds]
    frame = pd.concat([*clean, scores[scores["kind"] != "clean"]], ignore_index=True)
    frame["measure"] = frame["score"].str.split("_").str[0]
    keys = ["row", "kind", "measure", "strength"]
    subjects = frame.groupby([*keys, "subject"], sort=False)["value"].mean().reset_index()
    result = subjects.groupby(keys, sort=False)["value"].agg(["mean", "std"]).reset_index()
    result = result.rename(columns={"std": "deviation"})
    return result.sort_values(["kind", "measure", "strength"], kind="stable", ignore_index=True)


def disturbed(scores: pd.DataFrame) -> pd.DataFrame:
    """Average the head MAE over subjects under each disturbance at its greatest strength.

    Args:
        scores: As in ``corruption.csv``.

    Returns:
        ``row``, ``kind`` and ``mean``, what is clean first; empty where nothing was disturbed.
    """
    heads = scores[(scores["score"] == "mae_head") & ~scores["kind"].isin(RISING)]
    if set(heads["kind"]) <= {"clean"}:
        return heads.iloc[:0]
    means = heads.groupby(["row", "kind", "strength"], sort=False)["value"].mean().reset_index()
    greatest = means.groupby(["row", "kind"], sort=False).tail(1)
    return greatest.rename(columns={"value": "mean"})[["row", "kind", "mean"]]


def trainings(scores: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Average over the subjects of each training under one condition.

    Args:
        scores: As in ``stability.csv``.
        condition: ``clean`` or an attack.

    Returns:
        ``row``, ``kind`` (what differs between trainings), ``score``, ``number``, ``value``.
    """
    rows = scores[scores["condition"] == condition]
    keys = ["row", "kind", "score", "number"]
    return rows.groupby(keys, sort=False)["value"].mean().reset_index()
