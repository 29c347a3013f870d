"""A plan decides once what runs its trials."""

from pathlib import Path

import pytest
from toy_study import Settings

from search.execution import inprocess
from search.execution.choose import choose_executor
from search.execution.inprocess import InProcess
from search.execution.ray.executor import RayExecutor
from search.plan import Plan
from search.storage.depot import SHARED, StoredFolder
from search.storage.store import Store
from trainables.runtime.memory import GIB


def executor_of(**plan):
    return choose_executor(Plan(study="toy", **plan), Settings())


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({"in_process": True}, InProcess),
        ({"in_process": True, "address": "host:6379"}, InProcess),
        ({"address": "host:6379"}, RayExecutor),
        ({}, RayExecutor),
    ],
)
def test_the_plan_chooses_and_in_process_wins(plan, kind):
    assert type(executor_of(**plan)) is kind


def test_only_a_process_of_rays_own_may_be_ended():
    assert executor_of().ends_processes
    assert not executor_of(in_process=True).ends_processes


def test_trials_of_ray_do_not_work_in_the_drivers_folder(tmp_path):
    depot = StoredFolder(tmp_path, Store("memory://run"))
    assert executor_of(in_process=True).trial_depot(depot) is depot
    assert executor_of().trial_depot(depot) == StoredFolder(tmp_path, depot.store, at_home=False)
    assert executor_of().trial_depot(SHARED) is SHARED


def test_in_this_process_a_trial_has_the_whole_gpu(monkeypatch):
    monkeypatch.setattr(inprocess, "smallest_gpu", lambda: (24 * GIB, 2))
    share = executor_of(in_process=True, gpus_per_trial=0.5).memory_share("cuda")
    assert "24.0 GiB, 1 of it a trial" in share.line


def test_in_this_process_nothing_is_asked_of_nodes():
    executor = executor_of(in_process=True)
    executor.check()
    executor.check_nodes(Path("nowhere"), SHARED)
    settings = Settings()
    assert executor.trial_settings(settings) is settings
