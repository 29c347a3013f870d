"""How synthesis studies describe themselves."""

from trainables.metrics.synthesis import SCORES
from trainables.study.about import About
from trainables.synthesis.about import about_synthesis, ranking_metric
from trainables.synthesis.measurement import metrics_of

ABOUT = about_synthesis("guest", "what a guest asks", ("first", "second"))


def test_it_is_the_studys_own_in_name_title_and_papers():
    assert (ABOUT.name, ABOUT.title) == ("guest", "what a guest asks")
    assert ABOUT.cites == ("first", "second")


def test_a_manifest_gives_it_back():
    assert About.from_json(ABOUT.as_json()) == ABOUT


def test_every_score_that_is_measured_is_described():
    assert set(ABOUT.scores) == set(SCORES)
    assert ABOUT.kept in SCORES


def test_errors_are_to_fall_and_overlaps_to_rise():
    directions = {name.split("_")[0]: score.direction for name, score in ABOUT.scores.items()}
    assert directions == {"mae": "min", "dice": "max"}


def test_radii_are_unbounded_and_in_standard_deviations():
    assert ABOUT.threat.scale == 1
    assert ABOUT.threat.bounds is None


def test_trials_rank_by_the_described_score_along_the_radii():
    assert ranking_metric("apgd") == f"ranking_apgd_{ABOUT.kept}_skill"


def test_columns_of_the_leaderboard_are_metrics_that_trials_report():
    metrics = metrics_of("pgd", (0.0, 0.1))
    headings = {name.format(score=ABOUT.kept) for name in ABOUT.columns.values()}
    assert headings - {"parameters", "multiply_adds"} <= set(metrics)
