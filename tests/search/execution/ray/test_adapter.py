"""One of Tune's steps is one rung."""

from search.engine.trial import Failure
from search.execution.ray.adapter import OUTCOME, Adapter
from search.execution.worker import WorkerJob


def test_a_node_that_joins_later_ends_the_run_and_says_why(probe, tmp_path):
    """Every trial would fail there; a run that ended goes on by `resume`."""
    probe.file.unlink()
    adapter = Adapter.__new__(Adapter)
    job = WorkerJob("toy_study:ToyStudy", None, (), tmp_path, tmp_path, threads=1)
    adapter.setup({"trial": "r01", "config": {}, "seed": 0}, job=job, probe=probe)
    outcome = adapter.step()[OUTCOME]
    assert isinstance(outcome, Failure)
    assert outcome.ends_run
    assert "does not see" in outcome.reason
