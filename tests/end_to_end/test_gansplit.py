"""A real search of the split, small: from the plan to pictures, report and the poster's tables."""

import io
import json

import pandas as pd
import pytest
from rich.console import Console

from analysis.extras import exhibits
from analysis.figures.pictures import sheets
from analysis.load import load
from search.comparison.comparison import compare
from search.comparison.request import Request
from search.gansplit.table import make_comparison
from search.plan import Plan
from search.record.run_folder import RunFolder
from search.run.runner import run
from search.studies import STUDIES
from trainables.study.study import BASELINE, WINNER

GENERATORS = {"generators": "latent-gaussian", "generator_width": 4, "autoencoder_steps": 60}
QUICK = {  # learns in seconds; what has not learned yet cannot win
    "source": "latent-gaussian",
    "mix": "add",
    "ratio": 0.3,
    "balance": "even",
    "truncation": 0.9,
    "keep": 0.8,
    "synthetic_weight": 0.5,
    "lr": 0.01,
    "weight_decay": 1e-6,
    "train_eps": 0.0,
}


def console():
    return Console(file=io.StringIO(), width=80, force_terminal=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    fixed = {
        "fraction": 0.05,
        "eps": "0,4/255",
        "ranking_images": 40,
        "epochs": 10,
        "ladder": "10:pgd-2",
        "floor": 1.0,  # no demand
        "allow_flawed": True,
        "cache": folder.parent / "cache",
    }
    plan = Plan(
        study="gansplit",
        settings=fixed | GENERATORS,
        run=folder,
        trials=1,
        references="few",
        first=(QUICK,),
        seed_check=0,
        in_process=True,
    )
    terminal = console()
    assert run(plan, STUDIES["gansplit"], terminal) == 0, terminal.file.getvalue()
    return folder, terminal.file.getvalue()


@pytest.mark.slow
def test_every_control_is_in_the_run_and_matched_to_the_winner(finished):
    folder, output = finished
    labels = set(pd.read_csv(folder / "trials.csv")["label"].dropna())
    assert {"baseline", "repeats", "noise", "augmented", "synthetic only", "adversarial"} <= labels
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["winner"] is not None
    assert set(manifest["details"]["generators"]) == {"latent-gaussian"}
    assert "class fidelity" in " ".join(output.split())
    assert "matched" in output


@pytest.mark.slow
def test_the_report_shows_generators_the_split_and_pictures(finished):
    run_read = load(finished[0])
    shown = {exhibit.name: exhibit for exhibit in exhibits(run_read)}
    for name in ("generators", "split"):
        assert shown[name].draw().axes
    names = {sheet.name for sheet in sheets(run_read)}
    assert {"samples", "nearest", "interpolations", "confusion"} <= names


@pytest.mark.slow
def test_a_winner_of_authentic_images_alone_has_pictures_too(finished):
    """Those of the run's first generator."""
    folder, study = RunFolder(finished[0]), STUDIES["gansplit"].load()
    settings = study.parse_settings(json.loads(folder.manifest.read_text())["settings"])
    trials = pd.read_csv(folder.path / "trials.csv")
    baseline = trials.loc[trials["label"] == BASELINE, "trial"].item()
    sheets = study.illustrate({WINNER: folder.saved(baseline)}, folder.assets, settings)
    assert [sheet.name for sheet in sheets] == ["samples", "nearest", "interpolations", "confusion"]


@pytest.mark.slow
def test_the_tables_are_made_of_a_run_of_their_rows(tmp_path):
    settings = GENERATORS | {"epochs": 2, "device": "cpu", "cache": tmp_path / "cache"}
    settings |= {"eps": "0,4/255", "ranking_images": 16, "ladder": "2:pgd-1"}
    request = Request(
        datasets="phantom",
        fractions="0.05",
        seeds=1,
        out=tmp_path / "out",
        settings=settings,
        machine={"in_process": True},
        images=24,
    )
    comparison = make_comparison(request, points="0,1")
    terminal = console()
    assert compare(comparison, terminal) == 0, terminal.file.getvalue()
    text = (
        (tmp_path / "out" / "gansplit.md").read_text().replace(" !", "")
    )  # of hardly trained rows
    for words in ("| phantom | 5 % | replace 1 | 1 |", "authentic, attacked:", "## In words"):
        assert words in text
