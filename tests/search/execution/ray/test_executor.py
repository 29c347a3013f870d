"""What Ray's executor says before Ray is started."""

import pytest
from toy_study import Settings

from search.execution.ray import executor as module
from search.execution.ray.executor import RayExecutor
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.storage.depot import SHARED
from searchspace.errors import UserError
from trainables.runtime.memory import GIB


def executor_of(device="cpu", **plan):
    return RayExecutor(Plan(study="toy", **plan), device)


@pytest.mark.parametrize(
    ("gpus", "concurrency", "part"), [(0.25, 1, 0.25), (None, 4, 0.5), (None, 1, 1.0), (2, 1, 1.0)]
)
def test_a_share_of_a_gpu_is_what_a_trial_asks_for_of_the_smallest(
    monkeypatch, gpus, concurrency, part
):
    """Two GPUs, the smaller of 24 GiB; left open, trials share them; a network is on one."""
    monkeypatch.setattr(module, "smallest_gpu", lambda: (24 * GIB, 2))
    executor = executor_of("cuda", gpus_per_trial=gpus, concurrency=concurrency)
    share = executor.memory_share("cuda")
    assert share == module.share_of_gpu(24 * GIB, part)


@pytest.mark.parametrize(
    ("plan", "device"),
    [
        ({"address": "ray://head:10001", "gpus_per_trial": 0.5}, "cuda"),
        ({"address": "ray://head:10001"}, "cpu"),
        ({"gpus_per_trial": 0.5}, "cpu"),
        (
            {"address": "ray://h:1", "gpus_per_trial": 0.5, "settings": {"device": "cpu"}},
            "cpu",
        ),
    ],
)
def test_a_trial_computes_on_the_gpu_of_a_cluster_unless_the_user_names_a_device(plan, device):
    """The driver's machine has none, so its settings say CPU."""
    assert executor_of(**plan).trial_settings(Settings(device="cpu")).device == device


def test_a_cluster_that_does_not_answer_is_one_line():
    with pytest.raises(UserError, match=r"no Ray cluster answers at 127\.0\.0\.1:1: "):
        executor_of(address="127.0.0.1:1").check()


def test_a_cluster_of_this_machine_needs_no_question(tmp_path):
    executor_of().check_nodes(RunFolder(tmp_path / "absent"), SHARED)
    assert not list(tmp_path.iterdir())
