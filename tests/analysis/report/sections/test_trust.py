"""How far to trust a ranking, on the page."""

from make_run import METRIC, Blueprint

from analysis.report.sections.trust import MOST_NAMES, trust
from search.engine.trial import State


def test_rungs_attacks_and_alarms_are_shown(build, alts):
    pairs = [(0.1, 0.2), (0.2, 0.3), (0.3, 0.5), (0.35, 0.6), (0.4, 0.65), (0.5, 0.7)]
    trials = [
        Blueprint(f"t00{i}", metrics={METRIC: pgd, "ranking_fgsm_bacc_skill": fgsm})
        for i, (pgd, fgsm) in enumerate(pairs)
    ]
    stopped = Blueprint("t009", state=State.PRUNED, reports=1, reason="x", metrics={METRIC: 0.1})
    body = trust(build(*trials, stopped)).body
    assert "balanced accuracy under FGSM, skill over ε" in body
    assert "1.00 [" in body  # all pairs agree, which is not certain
    assert ">clean_floor</th>" in body
    assert "Sampled trials reached: 7 at before the first, 7 at 1, 6 at 3" in alts["survival"]


def test_long_lists_of_trials_are_cut(build, alts):
    trials = [Blueprint(f"t{i:03d}", violation=0.1) for i in range(MOST_NAMES + 3)]
    body = trust(build(*trials)).body
    assert "and 3 more" in body
    assert f'<span class="verdict worse">{MOST_NAMES + 3}</span>' in body


def test_a_run_that_measured_nothing_says_so(build, alts):
    failed = Blueprint("t001", state=State.FAILED, reports=0, reason="x")
    assert "No constraint was measured." in trust(build(failed)).body
