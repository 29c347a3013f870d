"""One model examined on one split."""

import json
from pathlib import Path

import pytest

from search.execution.inprocess import InProcess
from search.execution.tasks import Task, run_task
from search.plan import Plan
from trainables.study.examination import Exam, read_examination

CONFIG = {"x": 0.3, "lr": 0.1, "kind": "a", "fault": ""}


@pytest.fixture
def task(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.json").write_text(json.dumps({"config": CONFIG, "seed": 0}))
    exam = Exam("quick", "ranking", corruptions=False, images=None, seed=0)
    file = tmp_path / "examined" / "a.npz"
    return Task(
        module="toy_study:ToyStudy", settings=None, model=model, data=tmp_path, exam=exam,
        file=file, threads=1,
    )  # fmt: skip


def test_the_examination_is_written(task):
    assert run_task(task) is None
    assert read_examination(task.file).score == "accuracy"


def test_what_goes_wrong_is_a_failure_with_one_line_and_a_trace(task):
    (task.model / "model.json").unlink()
    failure = run_task(task)
    assert failure.reason.startswith("FileNotFoundError: ")
    assert "\n" not in failure.reason
    assert "in examine" in failure.trace
    assert not task.file.exists()


def test_in_this_process_each_task_is_reported_as_it_ends(task):
    absent = Task(**vars(task) | {"model": Path("absent"), "file": task.file.with_name("b.npz")})
    ends = []
    executor = InProcess(Plan(study="toy", in_process=True))
    executor.map([task, absent], lambda task, failure: ends.append((task.file.name, failure)))
    assert [name for name, _ in ends] == ["a.npz", "b.npz"]
    assert ends[0][1] is None
    assert ends[1][1].reason.startswith("FileNotFoundError")
