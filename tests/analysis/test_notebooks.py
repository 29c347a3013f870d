"""The notebooks, executed on real runs, made small."""

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from quick_tsynd import QUICK
from rich.console import Console

from analysis.load import load
from analysis.studies.robmednas.numbers import winning_architecture
from search.plan import Plan
from search.run.runner import run
from search.studies import STUDIES

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SMALL = {
    "tsynd": {
        "epochs": 12,
        "ladder": "4:pgd-2,12:pgd-5",
        "fraction": 0.05,
        "ranking_images": 40,
        "eps": "0,4/255",
        "autoencoder_steps": 5,
        "floor": 1.0,
    },
    "robmednas": {
        "epochs": 9,
        "ladder": "3:pgd-2,9:pgd-5",
        "mirrored": False,
        "lr": 3e-3,
        "floor": 100.0,
        "subjects": 10,
        "slices": 2,
        "size": 32,
        "max_depth": 2,
        "max_filters": 16,
        "eps": "0,0.1",
    },
}

FIRST = {"tsynd": (QUICK,)}  # few steps in latent space, which take most of the time


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory):
    """A few epochs of the essential references and a sampled trial, of each study."""
    root = tmp_path_factory.mktemp("small")

    def search(study):
        cache = {"cache": root / "cache"} if study == "tsynd" else {}
        plan = Plan(
            study=study,
            settings=SMALL[study] | cache | {"device": "cpu"},
            trials=1,
            first=FIRST.get(study, ()),
            seed_check=0,
            references="few",
            in_process=True,
            run=root / study,
        )
        assert run(plan, STUDIES[study], Console(quiet=True)) == 0
        return root / study

    return {study: search(study) for study in SMALL}


@pytest.fixture
def execute(small_runs, tmp_path, monkeypatch):
    """Execute a notebook on the run of a study."""

    def executor(name, study):
        monkeypatch.setenv("RUN", str(small_runs[study]))
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
            monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        client = NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}
        )
        client.execute(env=dict(os.environ))
        results = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        assert not [output for output in results if output.output_type == "error"]
        images = [output for output in results if "image/png" in output.get("data", {})]
        last = ast.literal_eval(notebook.cells[-1].outputs[-1]["data"]["text/plain"])
        return len(images), last, load(small_runs[study])

    return executor


def test_a_first_look_shows_the_run_and_its_model_scores_as_the_table_says(execute):
    images, scores_of_model, run = execute("first_look", "tsynd")
    assert images == 5
    best = run.trials.query("winner").iloc[0]
    for score in ("acc", "bacc", "auc"):
        assert scores_of_model[score] == pytest.approx(
            best[f"metric.ranking_clean_{score}"], abs=1e-6
        )


def test_tsynd_shows_what_is_made_and_that_more_steps_make_it_more_uncertain(execute):
    images, reached, _ = execute("tsynd", "tsynd")
    assert (
        images >= 4
    )  # sheets (one fewer of a winner that makes no images), the ascent, the slices
    values = [reached[steps] for steps in sorted(reached)]
    assert values == sorted(values)
    assert list(reached) == [0, 2, 5, 10, 20, 40]


def test_robmednas_shows_the_winner_and_its_model_scores_as_the_table_says(execute):
    images, scores_of_model, run = execute("robmednas", "robmednas")
    blocks = winning_architecture(run) is not None  # a plain U-Net may win, and has none to draw
    assert images == 3 + blocks  # robustness, clean against robust, predictions
    best = run.trials.query("winner").iloc[0]
    assert scores_of_model["mae_head"] == pytest.approx(
        best["metric.ranking_clean_mae_head"], rel=1e-4
    )


@pytest.mark.parametrize("notebook", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda file: file.stem)
def test_the_committed_notebooks_hold_no_outputs(notebook):
    cells = nbformat.read(notebook, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count is not None]
