"""The record of a confirmation that was never run: a winner and a baseline, at two radii."""

from search.confirmation.record import ConfirmationResult
from search.record.versioned import parse_versioned


def _finalist(name, place, label, **fields):
    return {
        "id": name, "trial": f"t00{place}", "name": label, "config": {"lr": 0.1, "kind": "a|b"},
        "reference": False, "control": False, "place": place, "promised": 0.5,
    } | fields  # fmt: skip


def estimate(value):
    """A value with an interval, as JSON values."""
    return {"value": value, "low": round(value - 0.1, 6), "high": round(value + 0.1, 6)}


def _conditions(*scores):
    kinds = (("clean", 0.0), ("ensemble", 0.02), ("ensemble", 0.04), ("noise", 0.2))
    rows = zip(kinds, scores, strict=True)
    return [
        {"kind": kind, "strength": strength, "score": score} for (kind, strength), score in rows
    ]


_FINALISTS = [_finalist("r01", 1, "best"), _finalist("r02", 2, "baseline", reference=True)]
VALUES = {
    "run": "/runs/toy", "started": "2026-01-01",
    "plan": {"top": 1, "seeds": 2, "choosing": 2, "attacks": "standard", "references": "few",
             "images": None},
    "finalists": _FINALISTS, "winner": "r01",
    "score": "accuracy", "direction": "max", "eps": [0.0, 0.02, 0.04],
    "images": {"ranking": 60, "test": 70},
    "standings": [
        finalist | {"value": estimate(value), "seeds": [value, value], "barred": []}
        for finalist, value in zip(_FINALISTS, (0.4, 0.3), strict=True)
    ],
    "test": {"r01": estimate(0.38), "r02": estimate(0.2)},
    "conditions": {"r01": _conditions(0.9, 0.5, 0.2, 0.8), "r02": _conditions(0.9, 0.3, 0.1, 0.8)},
    "comparisons": [
        {"over": "baseline", "difference": estimate(0.18), "verdict": "better", "p": 0.01,
         "p_adjusted": 0.01, "n": 70, "level": 0.95, "df": 5.5, "seeds": [2, 2]}
    ],
    "selection": {"winner": "r01", "promised": 0.5, "left": 0.4, "best_place": 1,
                  "tau": None, "optimism": 0.01},
    "wins": {"ranking": {"apgd": 40, "square": 2}, "test": {"apgd": 30, "square": 3}},
    "seconds": 61.0, "exported": {"training": "r01.2", "seed": 1001},
    "exports": {"onnx": "model.onnx"}, "ended": "2026-01-02",
}  # fmt: skip


NEAR = {  # 20 of the 70 test images have near copies
    "images": 50,
    "test": {"r01": estimate(0.3), "r02": estimate(0.15)},
    "conditions": {"r01": _conditions(0.8, 0.4, 0.1, 0.7), "r02": _conditions(0.8, 0.2, 0.0, 0.7)},
}


def confirmed(**changes) -> ConfirmationResult:
    """The record with some fields changed."""
    return parse_versioned(ConfirmationResult, VALUES | changes, "confirm.json")


def written(folder):
    """When each training and examination was written."""
    files = [*folder.glob("training/trials/*/model.json"), *folder.glob("examined/*/*.npz")]
    return {str(file): file.stat().st_mtime_ns for file in files}
