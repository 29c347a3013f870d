"""By hand: three finalists of two seeds, on four images of one class, at one radius."""

import numpy as np
import pytest

from search.confirmation.finalists import Finalist
from search.confirmation.verdict import (
    barred_by,
    comparisons,
    exported_of,
    selection,
    standings,
    values_on,
    winner_of,
    wins,
)
from search.engine.trial import Trial
from trainables.study.examination import Examination
from trainables.study.report import Report

CONDITIONS = (("clean", 0.0), ("ensemble", 1.0))
AREA = "ranking_pgd_acc_curve"
LABELS = np.zeros(4, dtype=np.int64)


def seen(*right):
    """All images are right when clean, so many under attack, one number a seed."""
    found = []
    for count in right:
        scores = np.stack([np.ones(4), np.arange(4) < count]).astype(float)
        won = np.array([[4 - count, 0]])
        found.append(Examination("acc", "max", CONDITIONS, scores, LABELS, ("a", "b"), won))
    return found


def finalist(number, place, promised, **fields):
    name = f"r{number:02d}"
    whole = {"reference": False, "control": False} | fields
    return Finalist(
        name, f"t{number:03d}", f"t{number:03d}", {}, **whole, place=place, promised=promised
    )


def training(**constraints):
    trial = Trial("r01", {})
    trial.reports.append(Report(epoch=1, metrics={}, constraints=constraints))
    return trial


FINALISTS = (finalist(1, 1, 0.9), finalist(2, 2, 0.8), finalist(3, 4, 0.5, control=True))
EXAMINED = {"r01": seen(0, 2), "r02": seen(2, 2), "r03": seen(4, 3)}
FINE = {name: [training(collapse=-1.0)] * 2 for name in EXAMINED}


def test_the_order_is_the_ensembles_and_a_control_cannot_win():
    rows = standings(FINALISTS, EXAMINED, FINE, AREA, seed=0)
    assert [row.finalist.id for row in rows] == ["r03", "r02", "r01"]
    assert [row.value.value for row in rows] == pytest.approx([15 / 16, 3 / 4, 5 / 8])
    assert rows[2].seeds == pytest.approx((0.5, 0.75))
    assert winner_of(rows).finalist.id == "r02"


def test_how_far_the_search_misled():
    rows = standings(FINALISTS, EXAMINED, FINE, AREA, seed=0)
    found = selection(rows, EXAMINED, AREA, seed=0)
    assert found.winner == "r01"
    assert (found.promised, found.left) == pytest.approx((0.9, 5 / 8))
    assert found.regret == pytest.approx(1 / 8)
    assert found.best_place == 2
    assert found.tau == pytest.approx(-1)


def test_what_most_trainings_miss_bars():
    missed, met = training(collapse=0.1), training(collapse=0.0)
    assert barred_by([missed, missed, met]) == ("collapse",)
    assert barred_by([missed, met]) == ()
    assert barred_by([training(collapse=float("nan"))]) == ("collapse",)
    rows = standings(FINALISTS, EXAMINED, FINE | {"r02": [missed, missed]}, AREA, seed=0)
    assert winner_of(rows).finalist.id == "r01"


def test_the_exported_seed_is_the_median():
    rows = standings(FINALISTS[:1], {"r01": seen(4, 0, 2)}, {"r01": [training()]}, AREA, seed=0)
    assert exported_of(rows[0]) == 2
    rows = standings(FINALISTS[:1], {"r01": seen(4, 0, 2, 1)}, {"r01": [training()]}, AREA, seed=0)
    assert exported_of(rows[0]) == 3


def test_the_winner_beside_a_reference():
    """Six images of which the winner keeps all and the other none: p is 2 of 64 cases."""
    all_right = np.ones((2, 6))
    labels = np.zeros(6, dtype=np.int64)
    strong = Examination("acc", "max", CONDITIONS, all_right, labels, ("a",), np.array([[0]]))
    scores = all_right * [[1.0], [0.0]]
    weak = Examination("acc", "max", CONDITIONS, scores, labels, ("a",), np.array([[6]]))
    tested = {"r01": [strong], "r02": [weak], "r03": [weak]}
    found = comparisons(FINALISTS[0], FINALISTS[1:], tested, AREA, seed=0)
    assert [one["over"] for one in found] == ["t002", "t003"]
    for one in found:
        assert one["difference"] == pytest.approx({"value": 0.5, "low": 0.5, "high": 0.5})
        assert one["p"] == pytest.approx(2 / 64)
        assert one["p_adjusted"] == pytest.approx(4 / 64)
        assert one["verdict"] == "not distinguishable"
    (alone,) = comparisons(FINALISTS[0], FINALISTS[1:2], tested, AREA, seed=0)
    assert alone["verdict"] == "better"


def test_seeds_that_disagree_cannot_be_told_apart_however_many_images_there_are():
    """Two seeds of the winner, one far above the reference and one below: p sees the mean alone."""
    labels, won = np.zeros(60, dtype=np.int64), np.array([[0]])

    def scored(share):
        right = (np.arange(60) < 60 * share).astype(float)
        scores = np.stack([np.ones(60), right])
        return Examination("acc", "max", CONDITIONS, scores, labels, ("a",), won)

    tested = {"r01": [scored(1.0), scored(0.2)], "r02": [scored(0.3), scored(0.3)]}
    (found,) = comparisons(FINALISTS[0], FINALISTS[1:2], tested, AREA, seed=0)
    assert found["p_adjusted"] < 0.05
    assert found["difference"]["low"] < 0 < found["difference"]["high"]
    assert found["verdict"] == "not distinguishable"


def test_values_and_wins():
    found = values_on(EXAMINED, AREA, seed=0)
    assert found["r02"].value == pytest.approx(0.75)
    assert found["r02"].low < 0.75 < found["r02"].high
    assert wins(EXAMINED) == {"a": 6 + 4 + 1, "b": 0}
