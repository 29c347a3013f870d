"""The command on the phantom: trained once, measured once, continued."""

import csv

import pytest
from whole_cells import written

from search.tsynd.table1 import dataset_names, numbers
from searchspace.errors import UserError

METHODS = ["baseline", "noise", "TSynD", "TSynD, entropy", "adversarial"]


def read(file):
    with file.open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_every_method_is_trained_and_measured_once(make_plan, run_table):
    plan = make_plan()
    status, printed = run_table(plan)
    rows = read(plan.out / "table1.csv")
    assert status == 0
    assert [row["method"] for row in rows] == METHODS
    for row in rows:
        assert 0 <= float(row["test_fgsm_acc_eps8"]) <= 1
        assert row["test_pgd_bacc_skill"]
    assert "cell 1 of 1: phantom-0.05-0" in printed
    assert (plan.out / "table1.md").read_text() in printed
    assert len(written(plan.out)) == 2 * len(METHODS)


@pytest.mark.usefixtures("two_methods")
def test_what_was_done_is_not_done_again_and_seeds_are_added(make_plan, run_table):
    plan = make_plan()
    run_table(plan)
    before = written(plan.out)
    assert len(before) == 4
    run_table(plan)
    assert written(plan.out) == before
    run_table(make_plan(seeds=2))
    assert before.items() < written(plan.out).items()
    assert [row["seed"] for row in read(plan.out / "table1.csv")] == ["0", "0", "1", "1"]
    assert " ± " in (plan.out / "table1.md").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("two_methods")
def test_on_ray_it_is_the_same(make_plan, run_table, tmp_path, monkeypatch, child_environment):
    monkeypatch.setenv("PYTHONPATH", child_environment["PYTHONPATH"])  # of Ray's processes
    plan = make_plan()
    run_table(plan)
    on_ray = make_plan(out=tmp_path / "on-ray", machine={"in_process": False, "concurrency": 2})
    assert run_table(on_ray)[0] == 0
    tables = [(folder / "table1.csv").read_text() for folder in (plan.out, on_ray.out)]
    assert tables[0] == tables[1]


def test_names_and_shares_are_checked():
    assert dataset_names("phantom, breastmnist") == ("phantom", "breastmnist")
    assert len(dataset_names("all")) == 12
    with pytest.raises(UserError, match="breastmnist"):
        dataset_names("breastmnits")
    with pytest.raises(UserError, match="different names"):
        dataset_names("phantom,phantom")
    assert numbers("0.01,1") == (0.01, 1.0)
    for text in ("many", "0", "1.5", "0.1,0.1", "nan"):
        with pytest.raises(UserError, match="--fractions"):
            numbers(text)
