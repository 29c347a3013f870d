"""The trials in order, on the page."""

from make_run import METRIC, REFERENCES, Blueprint

from analysis.report.sections.ranking import MOST, ranking, robust


def test_the_leaderboard_marks_the_winner_and_leaves_empty_what_was_not_measured(build, alts):
    run = build(Blueprint("r01", "baseline", metrics={METRIC: 0.1}), Blueprint("t001"))
    body = ranking(run).body
    assert '<tr class="marked"><th scope="row">t001</th>' in body
    assert ">r01 baseline (scaled)</th>" in body
    assert "nan" not in body
    assert '<th scope="row">a constant answer</th><td class="number"></td>' in body
    assert alts["leaderboard"].startswith("2 trials by balanced accuracy under PGD")
    assert "to baseline with 0.100." in alts["leaderboard"]


def test_what_a_page_cannot_hold_is_in_a_file(build, alts):
    trials = [Blueprint(f"t{i:03d}", metrics={METRIC: 0.01 * i}) for i in range(MOST + 2)]
    assert "2 more trials in " in ranking(build(*trials)).body


def test_references_and_controls_are_in_the_table_however_many_trials_are_better(build, alts):
    trials = [Blueprint(f"t{i:03d}", metrics={METRIC: 0.5 + 0.001 * i}) for i in range(MOST + 2)]
    last = Blueprint("r01", "adversarial", metrics={METRIC: 0.1}, control=True)
    body = ranking(build(*trials, last)).body
    assert ">r01 adversarial (scaled)</th>" in body
    assert "2 more trials in " in body


def test_sizes_are_short(heads, alts):
    columns = ranking(heads).body
    assert ">multiply_adds</th>" in columns
    assert " M</td>" in columns


def test_scores_are_listed_at_each_radius(build, alts):
    body = robust(build(REFERENCES[0], Blueprint("t001"))).body
    assert "balanced accuracy, ε in 255ths; 95 % intervals where known" in body
    for radius in ("0", "1", "2", "4", "8"):
        assert f"ε = {radius}</th>" in body
    assert ">FGSM</td>" in body
    assert "<small> [" in body


def test_where_no_attack_was_measured_there_is_no_table(build, alts):
    assert "<table" not in robust(build(Blueprint("t001", metrics={METRIC: 0.5}))).body


def test_two_objectives_name_their_front(build, alts):
    second = "ranking_clean_bacc"
    pairs = {"t001": (0.1, 0.9), "t002": (0.3, 0.7), "t003": (0.2, 0.6)}
    trials = [
        Blueprint(name, metrics={METRIC: robust, second: clean})
        for name, (robust, clean) in pairs.items()
    ]
    ranking(build(*trials, second={"metric": second, "direction": "max"}))
    assert "On the Pareto front: t002, t001." in alts["clean_and_robust"]
