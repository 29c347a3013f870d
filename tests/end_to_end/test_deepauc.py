"""Real searches of deep AUC, small: images and volumes, from the plan to confirmed on test."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from rich.console import Console

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.plan import Plan
from search.run.runner import run
from search.studies import STUDIES
from trainables.attacks.evaluation import predict_logits
from trainables.classification.assets import read_data
from trainables.metrics.orders.rank_scores import roc_auc
from trainables.saved.checkpoint import load_classifier

# Learns in seconds; what has not learned yet orders no better than chance, and cannot win.
QUICK = {
    "loss": "pairwise",
    "surrogate": "squared_hinge",
    "optimiser": "adam",
    "margin": 1.0,
    "adam_lr": 0.01,
    "epoch_decay": 1e-4,
    "weight_decay": 1e-6,
    "start": "scratch",
    "batch_size": 32,
    "dropout": 0.0,
    "augmentation": "none",
    "train_eps": 0.0,
}


def find(plan):
    """Find the study of a plan."""
    return STUDIES[plan.study]


def search(folder, quick, **settings):
    """Search in this process; return the folder and what was said."""
    fixed = {
        "fraction": 0.05,
        "eps": "0,4/255",
        "ranking_images": 20,
        "floor": 1.0,  # no demand
        "pretrain_epochs": 2,
        "cache": folder.parent / "cache",
    }
    plan = Plan(
        study="deepauc",
        settings=fixed | settings,
        run=folder,
        trials=1,
        references="few",
        first=(quick,),
        seed_check=0,
        in_process=True,
    )
    output = io.StringIO()
    status = run(plan, STUDIES["deepauc"], Console(file=output, width=80, force_terminal=False))
    assert status == 0, output.getvalue()
    return output.getvalue()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, search(folder, QUICK, epochs=12, ladder="12:pgd-3")


def test_it_ends_in_a_winner_beside_its_controls(finished):
    folder, output = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["winner"] is not None
    assert manifest["objective"]["metric"] == "ranking_pgd_auc_skill"
    assert "matched baseline" in output
    assert "pictures: ROC and precision-recall" in " ".join(output.split())
    labels = set(pd.read_csv(folder / "trials.csv")["label"].dropna())
    assert {"baseline", "decay", "adversarial"} <= labels


def test_the_winner_loads_back_with_the_areas_it_was_ranked_by(finished):
    folder, _ = finished
    classifier, _ = load_classifier(folder / "best")
    ranking = read_data(folder / "assets", torch.device("cpu")).ranking
    logits = predict_logits(classifier, ranking.images.float() / 255).double()
    labels = ranking.labels.numpy()
    odds = [
        (row - torch.logsumexp(logits[:, np.arange(3) != number], dim=1)).numpy()
        for number, row in enumerate(logits.T)
    ]
    areas = [roc_auc(odds[number], labels == number) for number in range(3)]
    with np.load(folder / "best" / "ranking.npz", allow_pickle=False) as saved:
        assert saved["scores"][0].mean() == pytest.approx(np.mean(areas), abs=1e-6)
        assert tuple(saved["scale"]) == (0.5, 1.0)


def test_the_winner_is_confirmed_on_test(finished):
    folder, _ = finished
    output = io.StringIO()
    plan = ConfirmPlan(top=1, seeds=1, choosing=1, attacks="quick", images=6)
    console = Console(file=output, width=80, force_terminal=False)
    assert confirm(folder, plan, None, {}, find, console) == 0, output.getvalue()
    record = json.loads((folder / "confirm" / "confirm.json").read_text())
    assert record["winner"] is not None
    assert "AUC" in output.getvalue()


@pytest.mark.slow
def test_volumes_are_searched_as_images_are(tmp_path):
    quick = QUICK | {"positive_share": 0.5}
    hasty = {"epochs": 1, "pretrain_epochs": 1, "ranking_images": 8, "ladder": "1:pgd-1"}
    output = search(tmp_path / "run", quick, volumes=True, **hasty)
    assert "phantom balls" in output
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["settings"]["dataset"] == "phantom3d"
