"""What a run claims, on the page."""

from make_run import METRIC, REFERENCES, Blueprint

from analysis.report.sections.claim import claim


def test_winner_gains_and_config_are_shown(build):
    trials = [
        Blueprint("r01", "baseline", metrics={METRIC: 0.3}),
        Blueprint("r02", "adversarial", control=True, metrics={METRIC: 0.9}),
        Blueprint("t001", metrics={METRIC: 0.5}, config={"lr": 0.000123456}),
    ]
    body = claim(build(*trials)).body
    assert "<small>winner</small><b>t001</b>" in body
    assert "<b>0.500</b>" in body
    assert ">baseline</th>" in body
    assert ">+0.200</td>" in body
    assert ">adversarial (control)</th>" in body
    assert ">-0.400</td>" in body
    assert body.count(">not known</span>") == 2
    assert "<dt>lr</dt><dd>0.0001235</dd>" in body


def test_without_a_winner_there_is_neither_gain_nor_config(build):
    body = claim(build(Blueprint("t001", violation=0.1))).body
    assert "No winner" in body
    assert "<small>winner</small>" not in body
    assert "<table" not in body
    assert "<details" not in body


def test_a_winner_alone_says_so(build):
    assert "there is nothing to compare with" in claim(build(REFERENCES[0])).body


def test_a_winner_of_two_objectives_is_not_said_to_be_told_apart(build):
    other = "ranking_clean_bacc"
    trials = [
        Blueprint("t001", metrics={METRIC: 0.5, other: 0.9}),
        Blueprint("t002", metrics={METRIC: 0.4, other: 0.8}),
    ]
    body = claim(build(*trials, second={"metric": other, "direction": "max"})).body
    assert "taken from the Pareto front" in body
    assert "told apart" not in body
