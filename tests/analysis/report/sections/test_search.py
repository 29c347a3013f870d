"""How the search went on, in words."""

from make_run import METRIC, Blueprint

from analysis.report.sections.search import search


def test_the_best_is_named_with_the_trial_that_reached_it_first(build, alts):
    values = {"t001": 0.2, "t002": 0.5, "t003": 0.4}
    search(build(*(Blueprint(name, metrics={METRIC: value}) for name, value in values.items())))
    assert alts["best_so_far"].startswith(
        "After 3 sampled trials the best balanced accuracy under PGD, skill over ε was 0.500, "
        "by t002, trial 2 to end."
    )


def test_a_search_without_a_best_says_so(build, alts):
    search(build(Blueprint("t001", violation=0.1)))
    assert "none that could win had reached its budget" in alts["best_over_time"]
