"""The command on the phantom: trained once, measured once, continued."""

import csv
import json

import numpy as np
import pytest

from search.tsynd import cells
from search.tsynd.table1 import dataset_names, numbers
from searchspace.errors import UserError

METHODS = ["baseline", "noise", "TSynD", "TSynD, entropy", "adversarial"]


def read(file):
    with file.open() as stream:
        return list(csv.DictReader(stream))


def written(folder):
    files = [*folder.glob("cells/*/trials/*/model.json"), *folder.glob("cells/*/scores/*.json")]
    return {file: file.stat().st_mtime_ns for file in files}


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
    before = written(plan.out)
    assert len(before) == 2 * len(METHODS)
    run_table(plan)
    assert written(plan.out) == before
    status, printed = run_table(make_plan(seeds=2))
    assert before.items() <= written(plan.out).items()
    assert len(read(plan.out / "table1.csv")) == 2 * len(METHODS)
    assert " ± " in (plan.out / "table1.md").read_text()


def test_a_command_that_was_stopped_goes_on(make_plan, run_table, monkeypatch):
    plan, measure = make_plan(), cells._measure

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cells, "_measure", stop)
    status, printed = run_table(plan)
    assert status == 130
    assert "stopped: give the same command again" in printed
    before = written(plan.out)
    assert len(before) == len(METHODS)
    monkeypatch.setattr(cells, "_measure", measure)
    assert run_table(plan)[0] == 0
    assert before.items() <= written(plan.out).items()


def test_a_cell_with_other_options_is_refused(make_plan, run_table):
    folder = make_plan().out / "cells" / "phantom-0.05-0"
    folder.mkdir(parents=True)
    run_table(make_plan())
    with pytest.raises(UserError, match=r"holds phantom-0\.05-0 with other options: name a new"):
        run_table(make_plan(settings={"epochs": 2}))


def test_a_set_of_medmnist_is_read_from_its_file(make_plan, run_table, tmp_path):
    """BreastMNIST as the file would hold it, of noise: 80 training images."""
    generator = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 80), ("val", 20), ("test", 16)):
        images = generator.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        arrays |= {f"{split}_images": images, f"{split}_labels": np.arange(count)[:, None] % 2}
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "data" / "breastmnist.npz", **arrays)
    settings = {"data_root": tmp_path / "data"}
    plan = make_plan(datasets=("breastmnist",), fractions=(0.25,), settings=settings)
    assert run_table(plan)[0] == 0
    assert len(read(plan.out / "table1.csv")) == len(METHODS)
    manifest = plan.out / "cells" / "breastmnist-0.25-0" / "manifest.json"
    assert json.loads(manifest.read_text())["status"] == "finished"


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
