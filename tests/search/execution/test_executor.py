"""What every executor answers, without a cluster."""

import pytest
from toy_study import Settings

from search.execution.executor import Executor
from search.execution.inprocess import InProcess
from search.execution.ray.executor import RayExecutor
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.storage.depot import SHARED
from trainables.runtime.memory import GIB

EXECUTORS = {
    "in process": lambda: InProcess(Plan(study="toy", in_process=True)),
    "ray": lambda: RayExecutor(Plan(study="toy", concurrency=1), "cpu"),
}


@pytest.fixture(params=EXECUTORS.values(), ids=EXECUTORS)
def executor(request) -> Executor:
    return request.param()


def test_on_this_machine_no_node_is_asked(executor, tmp_path):
    executor.check_nodes(RunFolder(tmp_path / "absent"), SHARED)
    assert not list(tmp_path.iterdir())


def test_a_trial_alone_on_this_machine_has_most_of_its_memory(executor, monkeypatch):
    monkeypatch.setattr("search.execution.machine.machine_bytes", lambda: 16 * GIB)
    assert executor.memory_share("cpu").gib == pytest.approx(0.9 * 16)


def test_trials_see_the_settings_and_files_of_the_run(executor):
    settings = Settings()
    assert executor.trial_settings(settings) == settings
    assert executor.trial_depot(SHARED) is SHARED


def test_an_executor_answers_every_question():
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (Executor,), {"check": lambda self: None})()
