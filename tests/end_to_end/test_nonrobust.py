"""A real search of the nonrobust study, small: to a winner, its report, and its examination."""

import io
import json

import pandas as pd
import pytest
from rich.console import Console

from analysis.extras import exhibits
from analysis.load import load
from search.nonrobust.corruptions import corruptions
from search.nonrobust.examine import ExamPlan, examine
from search.plan import Plan
from search.run.runner import run
from search.studies import STUDIES

# Against attacks of 1/255 a network learns the lesions in a few epochs; standard training does not.
QUICK = {
    "regime": "pgd", "train_eps": 1.0, "train_steps": 3, "class_weights": "none", "lr": 0.01,
    "weight_decay": 1e-6, "dropout": 0.0, "augmentation": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    settings = {
        "fraction": 0.05, "eps": "0,2/255", "ranking_images": 40, "floor": 1.0, "epochs": 12,
        "construct_steps": 5, "untrained": 1, "sets": "random", "ladder": "12:pgd-2",
        "cache": folder.parent / "cache",
    }  # fmt: skip
    plan = Plan(
        study="nonrobust", settings=settings, run=folder, trials=1, references="few",
        first=(QUICK,), seed_check=0, in_process=True,
    )  # fmt: skip
    output = io.StringIO()
    console = Console(file=output, width=80, force_terminal=False)
    assert run(plan, STUDIES["nonrobust"], console) == 0, output.getvalue()
    return folder, output.getvalue()


def test_it_ends_in_a_winner_beside_networks_of_made_sets(finished):
    folder, output = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert "nonrobust random" in manifest["details"]["made_sets"]
    labels = set(pd.read_csv(folder / "trials.csv")["label"].dropna())
    assert {"baseline", "trades", "nonrobust random", "untrained 1"} <= labels
    assert "linear model" in " ".join(output.split())
    assert "pictures: Made images" in " ".join(output.split())


def test_the_report_says_what_networks_use(finished):
    folder, _ = finished
    (exhibit,) = [item for item in exhibits(load(folder)) if item.name == "features"]
    networks = exhibit.table["network"].tolist()
    assert {"baseline", "trades", "nonrobust random", "untrained 1"} <= set(networks)
    assert exhibit.table["corrupted"].notna().all()
    assert "useful nonrobust features are" in exhibit.caption
    assert len(exhibit.draw().axes) == 1


def test_its_networks_are_scored_under_corruptions(finished, tmp_path):
    folder, _ = finished
    output = io.StringIO()
    console = Console(file=output, width=200)
    assert corruptions(folder, tmp_path / "out", "c-like", 12, console) == 0
    assert "Suite: c-like @28" in output.getvalue()
    table = pd.read_csv(tmp_path / "out" / "corruptions.csv")
    assert {"winner", "baseline", "nonrobust random"} <= set(table["network"])


def test_the_winner_is_examined_and_nothing_is_done_twice(finished, tmp_path):
    folder, _ = finished
    plan = ExamPlan(run=folder, out=tmp_path / "out", seeds=1, radius=2.0, epochs=1, images=12)
    texts = []
    for _ in range(2):
        output = io.StringIO()
        assert examine(plan, Console(file=output, width=200)) == 0
        texts.append(output.getvalue())
    assert "training on" in texts[0]
    assert "training on" not in texts[1]
    report = (tmp_path / "out" / "nonrobust.md").read_text()
    assert "| winner |" in report
    assert "useful nonrobust features are" in report
    assert "the images that ranked the winner" in report
