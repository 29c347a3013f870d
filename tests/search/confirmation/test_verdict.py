"""By hand: three finalists of two seeds, on four images of one class, at one radius."""

import math
from dataclasses import replace

import numpy as np
import pytest

from search.confirmation.finalists import Finalist
from search.confirmation.verdict import (
    Standing,
    barred_by,
    choose_for_test,
    comparisons,
    exported_of,
    guessed_share,
    missed_counts,
    role_of,
    searched_of,
    selection,
    standings,
    values_on,
    winner_of,
    wins,
)
from search.engine.agreement import kendall
from search.engine.objective import Objective
from search.engine.trial import Trial
from trainables.metrics.alarms import exact_interval
from trainables.metrics.welch import Estimate
from trainables.study.examination import Examination
from trainables.study.report import Report

CONDITIONS = (("clean", 0.0), ("ensemble", 1.0))
AREA = "ranking_pgd_acc_curve"
RANKED = Objective(AREA, "max")
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
REFERENCES = tuple(replace(rival, reference=True) for rival in FINALISTS[1:])
EXAMINED = {"r01": seen(0, 2), "r02": seen(2, 2), "r03": seen(4, 3)}
FINE = {name: [training(collapse=-1.0)] * 2 for name in EXAMINED}


def test_the_order_is_the_ensembles_and_a_control_cannot_win():
    rows = standings(FINALISTS, EXAMINED, FINE, AREA, RANKED)
    assert [row.finalist.id for row in rows] == ["r03", "r02", "r01"]
    assert [row.value.value for row in rows] == pytest.approx([15 / 16, 3 / 4, 5 / 8])
    assert rows[2].seeds == pytest.approx((0.5, 0.75))
    assert winner_of(rows).finalist.id == "r02"


def test_how_far_the_search_misled():
    rows = standings(FINALISTS, EXAMINED, FINE, AREA, RANKED)
    found = selection(rows, searched_of(FINALISTS), EXAMINED, AREA, 0, RANKED)
    assert found.winner == "r01"
    assert (found.promised, found.left) == pytest.approx((0.9, 5 / 8))
    assert found.best_place == 2


def ranked_finalists(references, *promised):
    """Finalists that the search ranked as promised; each keeps one image more than the last."""
    finalists = [
        finalist(number, number, value, reference=number <= references)
        for number, value in enumerate(promised, start=1)
    ]
    examined = {row.id: [scored(0.1 + 0.1 * n)] * 2 for n, row in enumerate(finalists)}
    fine = {row.id: [training(collapse=-1.0)] * 2 for row in finalists}
    rows = standings(finalists, examined, fine, AREA, RANKED)
    return selection(rows, finalists[0], examined, AREA, 0, RANKED)


def test_tau_is_of_sampled_finalists_with_the_engines_interval():
    """Three weak references before them would make any order of the rest look right."""
    promised = (0.1, 0.2, 0.3, 0.9, 0.8, 0.7, 0.6, 0.5)
    found = ranked_finalists(3, *promised)
    assert found.sampled == 5
    interval = pytest.approx(kendall(promised[3:], [1, 2, 3, 4, 5]))
    assert (found.tau, found.tau_low, found.tau_high) == interval
    assert found.tau == pytest.approx(-1)
    assert math.isnan(ranked_finalists(4, *promised).tau)  # of four it says nothing
    assert math.isnan(ranked_finalists(4, *promised).tau_low)
    assert math.isnan(ranked_finalists(0, *([0.5] * 5)).tau)  # no order at all


@pytest.mark.parametrize(
    "ranked",
    [
        Objective("loss", "min"),
        Objective("ranking_pgd_acc_skill", "max"),  # where no constant answer is known: no skill
        Objective(AREA, "min"),  # of errors, where the ensemble counts right answers
    ],
)
def test_what_another_metric_promised_is_compared_with_nothing(ranked):
    """The search's values would give a regret and a tau; their signs would be chance."""
    metric = AREA if ranked.metric == "loss" else ranked.metric
    rows = standings(FINALISTS, EXAMINED, FINE, metric, ranked)
    assert [row.finalist.id for row in rows] == ["r03", "r02", "r01"]
    assert all(math.isnan(row.finalist.promised) for row in rows)
    result = selection(rows, searched_of(FINALISTS), EXAMINED, metric, 0, ranked)
    assert (result.winner, result.ranked_by) == ("r01", ranked.metric)
    assert math.isnan(result.promised)
    assert math.isnan(result.tau)


def test_the_searchs_winner_is_named_where_it_cannot_win_any_more():
    missed = training(clean_floor=0.1)
    rows = standings(FINALISTS, EXAMINED, FINE | {"r01": [missed, missed]}, AREA, RANKED)
    result = selection(rows, searched_of(FINALISTS), EXAMINED, AREA, 0, RANKED)
    assert (result.winner, result.barred) == ("r01", ("clean_floor",))
    assert result.best_place == 2
    tested = choose_for_test(rows, winner_of(rows), result.winner)
    assert {"r01", "r02"} <= {item.id for item in tested}


def test_the_searchs_winner_is_named_where_none_of_its_trainings_completed():
    """The next best is not taken for it: else there would be no regret, whatever was promised."""
    examined = {name: seen for name, seen in EXAMINED.items() if name != "r01"}
    rows = standings(FINALISTS, examined, FINE, AREA, RANKED)
    result = selection(rows, searched_of(FINALISTS), examined, AREA, 0, RANKED)
    assert (result.winner, result.promised, result.best_place) == ("r01", 0.9, 2)
    assert math.isnan(result.left)


def test_what_most_trainings_miss_bars():
    missed, met = training(collapse=0.1), training(collapse=0.0)
    assert barred_by([missed, missed, met]) == ("collapse",)
    assert barred_by([missed, met, met]) == ()
    assert barred_by([missed, met]) == ("collapse",)
    assert barred_by([training(collapse=float("nan"))]) == ("collapse",)
    rows = standings(FINALISTS, EXAMINED, FINE | {"r02": [missed, missed]}, AREA, RANKED)
    assert winner_of(rows).finalist.id == "r01"


def test_references_that_are_not_among_the_best_cannot_win():
    finalists = (replace(FINALISTS[0], candidate=False), *FINALISTS[1:])
    rows = standings(finalists, EXAMINED, FINE, AREA, RANKED)
    assert winner_of(rows).finalist.id == "r02"
    assert winner_of([row for row in rows if row.finalist.id != "r02"]) is None


def test_the_exported_training_is_the_median():
    assert exported_of(seen(4, 0, 2), AREA) == 2
    assert exported_of(seen(4, 0, 2, 1), AREA) == 3


def test_what_trainings_miss_is_counted():
    trainings = [training(a=0.1, b=-1.0), training(a=0.2, b=float("nan")), training(a=-1, b=0)]
    assert missed_counts(trainings) == {"a": 2, "b": 1}


def scored(share, images=60):
    """A training that keeps this share of the images under attack."""
    right = (np.arange(images) < images * share).astype(float)
    scores = np.stack([np.ones(images), right])
    labels = np.zeros(images, dtype=np.int64)
    return Examination("acc", "max", CONDITIONS, scores, labels, ("a",), np.array([[0]]))


def test_the_winner_beside_references_at_a_level_for_their_number():
    tested = {
        "r01": [scored(share) for share in (0.8, 0.85, 0.75)],
        "r02": [scored(share) for share in (0.1, 0.2, 0.15)],
        "r03": [scored(share) for share in (0.8, 0.75, 0.7)],
    }
    better, alike = comparisons(FINALISTS[0], REFERENCES, tested, AREA)
    assert [row["over"] for row in (better, alike)] == ["t002", "t003"]
    assert [row["id"] for row in (better, alike)] == ["r02", "r03"]
    assert [row["verdict"] for row in (better, alike)] == ["better", "not distinguishable"]
    for row in (better, alike):
        gap = row["difference"]
        assert row["level"] == pytest.approx(0.975)
        assert row["p_adjusted"] == min(1, 2 * row["p"])
        assert (row["p_adjusted"] < 0.05) == (gap["low"] > 0 or gap["high"] < 0)
        assert (row["seeds"], row["n"]) == ([3, 3], 60)
    (alone,) = comparisons(FINALISTS[0], REFERENCES[:1], tested, AREA)
    assert (alone["level"], alone["p_adjusted"]) == (0.95, alone["p"])
    (again,) = comparisons(FINALISTS[0], REFERENCES[:1], tested, AREA, openings=2)
    assert (again["level"], again["p_adjusted"]) == (pytest.approx(0.975), 2 * alone["p"])


def test_trainings_that_disagree_cannot_be_told_apart_however_many_images_there_are():
    """Two trainings of the winner, one far above the reference and one below."""
    tested = {
        "r01": [scored(1.0, 600), scored(0.2, 600)],
        "r02": [scored(0.3, 600), scored(0.3, 600)],
    }
    (row,) = comparisons(FINALISTS[0], REFERENCES[:1], tested, AREA)
    assert row["difference"]["low"] < 0 < row["difference"]["high"]
    assert row["verdict"] == "not distinguishable"


def test_who_meets_test_and_as_what():
    """Best on ranking first: the winner is of arm a, and the search had r05 first."""
    ranked = [
        finalist(6, 9, 0.1, candidate=False, control=True, reference=True),
        finalist(1, 2, 0.5, arm="a"),
        finalist(2, 3, 0.5, arm="a"),
        finalist(3, 4, 0.5, arm="b"),
        finalist(4, 5, 0.5, arm="b"),
        finalist(5, 1, 0.5, arm="b"),
    ]
    value = Estimate(value=0.5, low=0.4, high=0.6, p=0.1, df=5.0, level=0.95)
    rows = [Standing(member, value, (0.5, 0.5), ()) for member in ranked]
    tested = choose_for_test(rows, rows[1], "r05")
    assert [member.id for member in tested] == ["r06", "r01", "r03", "r05"]
    roles = [role_of(member, ranked[1]) for member in tested]
    assert roles == ["reference", None, "arm", "arm"]
    tested = choose_for_test(rows, rows[1], "r02")  # of the winner's own arm
    roles = [role_of(member, ranked[1]) for member in tested]
    assert roles == ["reference", None, "searched", "arm"]
    assert role_of(replace(ranked[0], matched="matched baseline"), ranked[1]) == "control"
    barred = [row if row is not rows[3] else replace(row, barred=("floor",)) for row in rows]
    assert [member.id for member in choose_for_test(barred, rows[1], "r01")] == [
        "r06",
        "r01",
        "r04",
    ]


def test_what_only_guessing_breaks_is_a_share_of_the_images_at_the_worst_radius():
    parts = ("acc", "max", CONDITIONS, next(iter(EXAMINED.values()))[0].scores, LABELS, ("square",))
    seeds = [
        Examination(*parts, np.array([[0], [0]]), guessed=np.array(counts))
        for counts in ([0.0, 3.0], [2.0, 1.0])
    ]
    share = guessed_share(seeds)
    low, high = exact_interval(2.0, len(LABELS))
    assert share == {"value": 2 / len(LABELS), "low": low, "high": high}
    assert guessed_share([seeds[0], replace(seeds[0], guessed=None)]) is None
    assert guessed_share([replace(seeds[0], guessed=np.array([]))]) is None


def test_values_and_wins():
    found = values_on(EXAMINED, AREA)
    assert found["r02"].value == pytest.approx(0.75)
    assert found["r02"].low < 0.75 < found["r02"].high
    assert wins(EXAMINED) == {"a": 6 + 4 + 1, "b": 0}
