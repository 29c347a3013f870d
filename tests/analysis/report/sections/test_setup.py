"""What was run, on the page."""

from make_run import Blueprint

from analysis.report.sections.setup import setup


def test_study_threat_model_and_order_are_said_in_words(build):
    run = build(Blueprint("t001"))
    run.manifest["settings"]["eps"] = [0, 2 / 255, 8 / 255]
    body = setup(run).body
    assert "tsynd: training beside images of high epistemic uncertainty" in body
    assert "ε in 255ths of that range: 0, 2, 8<" in body
    assert "balanced accuracy under PGD, skill over ε; higher is better" in body
    assert "<code>1,3,9,27</code>" in body


def test_the_command_is_written_as_it_is_typed(build):
    run = build(Blueprint("t001"))
    run.manifest["command"] = ["/somewhere/search/__main__.py", "tsynd", "--run", "a b"]
    assert "<code>python -m search tsynd --run &#39;a b&#39;</code>" in setup(run).body


def test_resumptions_limits_and_changed_files_are_listed(build):
    run = build(Blueprint("t001"))
    run.manifest.update(
        {
            "started": "2026-01-02T03:04:05",
            "resumed": [{"time": "2026-01-03T00:00:00"}],
            "ended": "2026-01-03T01:00:00",
            "git": {"commit": "abcdef0123456789", "changed": [" M a.py"]},
            "digests": {"data": "0123456789abcdef"},
        }
    )
    run.manifest["plan"] |= {"compute_limit_s": 60, "race": 2}
    body = setup(run).body
    assert "started 2026-01-02 03:04, resumed 2026-01-03 00:00, ended 2026-01-03 01:00" in body
    assert "<code>abcdef012345</code>, from which 1 file differs" in body
    assert "data <code>0123456789ab</code>" in body
    assert "2 more seeds for leaders that are tied, compute limit 60 s" in body
