"""What a run cost, on the page."""

from make_run import METRIC, Blueprint

from analysis.report.sections.cost import cost


def test_seconds_states_and_refusals_are_shown(build, alts):
    body = cost(build(Blueprint("r01", "baseline"), Blueprint("t001"), refused=3)).body
    assert ">generation</th>" in body
    assert ">16.0 s</td>" in body  # 2 trials of 4 reports, 2 s each
    assert ">67 %</td>" in body
    assert "3 more proposals were refused untrained" in body
    assert "2 trials in 1 lane," in alts["timeline"]


def test_a_run_that_reported_no_seconds_says_so(build, alts):
    body = cost(build(Blueprint("t001", metrics={METRIC: 0.5}))).body
    assert "No trial has reported seconds." in body
