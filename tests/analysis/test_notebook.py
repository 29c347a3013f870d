"""The notebook, executed on a real run, made small."""

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console

from analysis.load import load
from search.plan import Plan
from search.runner import run
from search.studies import STUDIES

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "first_look.ipynb"


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """One epoch of a baseline, the paper's setting and a sampled trial on the phantom."""
    folder = tmp_path_factory.mktemp("small")
    settings = {
        "epochs": 1,
        "fraction": 0.05,
        "ranking_images": 40,
        "eps": "0,4/255",
        "floor": 0.0,
        "device": "cpu",
        "autoencoder_steps": 5,
        "cache": folder / "cache",
    }
    plan = Plan(
        study="tsynd",
        settings=settings,
        trials=1,
        references="few",
        in_process=True,
        run=folder / "run",
    )
    assert run(plan, STUDIES["tsynd"], Console(quiet=True)) == 0
    return folder / "run"


@pytest.fixture
def executed(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("RUN", str(small_run))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    client.execute(env=dict(os.environ))
    return notebook


def test_the_notebook_shows_the_run_and_its_model_scores_as_the_table_says(executed, small_run):
    results = [output for cell in executed.cells for output in cell.get("outputs", [])]
    images = [one for one in results if "image/png" in one.get("data", {})]
    assert len(images) == 5
    assert not [one for one in results if one.output_type == "error"]
    best = load(small_run).trials.query("winner").iloc[0]
    found = ast.literal_eval(executed.cells[-1].outputs[-1]["data"]["text/plain"])
    for score in ("acc", "bacc", "auc"):
        assert found[score] == pytest.approx(best[f"metric.ranking_clean_{score}"], abs=1e-6)


def test_the_committed_notebook_holds_no_outputs():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code
    assert not [cell for cell in code if cell.outputs or cell.execution_count is not None]
