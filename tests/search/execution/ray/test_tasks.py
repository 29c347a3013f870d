"""Tasks on a cluster."""

import json

import pytest

from search.execution.tasks import Task
from trainables.study.examination import Exam, read_examination

pytestmark = pytest.mark.ray

CONFIG = {"x": 0.3, "lr": 0.1, "kind": "a", "fault": ""}


def test_each_task_ends_once_and_a_failure_is_its_own(two_nodes, tmp_path):
    from search.execution.ray.cluster import Resources  # noqa: PLC0415 - imports Ray
    from search.execution.ray.tasks import run_tasks  # noqa: PLC0415

    exam = Exam("quick", "ranking", corruptions=False, images=None, seed=0)
    tasks = []
    for name in ("a", "b", "absent"):
        model, file = tmp_path / name, tmp_path / "examined" / f"{name}.npz"
        task = Task(
            module="toy_study:ToyStudy", settings=None, model=model, data=tmp_path, exam=exam,
            file=file, threads=1,
        )  # fmt: skip
        tasks.append(task)
        if name != "absent":
            model.mkdir()
            (model / "model.json").write_text(json.dumps({"config": CONFIG, "seed": 0}))
    ends = {}
    resources = Resources(workers=2, cpus=1, gpus=0.0, address=two_nodes)
    run_tasks(tasks, lambda task, failure: ends.update({task.model.name: failure}), resources)
    assert ends.keys() == {"a", "b", "absent"}
    assert ends["a"] is ends["b"] is None
    assert ends["absent"].reason.startswith("FileNotFoundError")
    assert read_examination(tmp_path / "examined" / "b.npz").score == "accuracy"


def test_without_tasks_no_cluster_is_joined():
    from search.execution.ray.cluster import Resources  # noqa: PLC0415
    from search.execution.ray.tasks import run_tasks  # noqa: PLC0415

    run_tasks([], lambda task, failure: None, Resources(1, 1, 0.0, "ray://absent:1"))
