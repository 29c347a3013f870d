"""A real search, small: TSynD on the phantom, from the plan to the winner loaded back."""

import io
import json
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from quick_tsynd import QUICK
from rich.console import Console

from search.confirmation.confirm import confirm
from search.confirmation.plan import ConfirmPlan
from search.plan import Plan
from search.run.runner import run
from search.studies import STUDIES
from trainables.attacks.evaluation import predict
from trainables.classification.assets import read_data
from trainables.saved.checkpoint import load_classifier
from trainables.studies.tsynd.study import TSynD

REFERENCES = ["adversarial", "baseline", "paper 50/1.0"]


def plan(folder, cache, epochs=12, ladder="6:pgd-2@12,12:pgd-5!", **engine) -> Plan:
    settings = {
        "fraction": 0.05,
        "epochs": epochs,
        "ladder": ladder,
        "eps": "0,4/255",
        "ranking_images": 24,
        "floor": 1.0,  # no demand
        "autoencoder_steps": 20,
        "cache": cache,
    }
    defaults = {"trials": 2, "references": "few", "first": (QUICK,), "seed_check": 0}
    return Plan(study="tsynd", settings=settings, run=folder, **(defaults | engine))


@pytest.fixture(scope="module", autouse=True)
def short_ascent():
    """Five steps for the paper's reference: its fifty take as long as all other trials together."""
    references = TSynD.references

    def shortened(study, settings):
        return tuple(
            replace(item, config={**item.config, "latent_iterations": 5})
            if item.label.startswith("paper")
            else item
            for item in references(study, settings)
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TSynD, "references", shortened)
        yield


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, cache):
    folder = tmp_path_factory.mktemp("runs") / "run"
    output = io.StringIO()
    console = Console(file=output, width=80, force_terminal=False)
    status = run(plan(folder, cache, in_process=True), STUDIES["tsynd"], console)
    assert status == 0, output.getvalue()
    return folder, output.getvalue()


def test_every_reference_is_in_the_table_and_runs_to_its_budget(finished):
    folder, _ = finished
    table = pd.read_csv(folder / "trials.csv")
    references = table[table["label"].notna() & (table["label"] != "")]
    matched = references["label"].str.startswith("matched ")
    assert sorted(references["label"][~matched]) == REFERENCES
    winner = json.loads((folder / "manifest.json").read_text())["winner"]
    assert winner.startswith("t"), "beside arms no reference wins"
    assert matched.any()
    assert set(references["state"]) == {"completed"}
    assert len(table) == len(references) + 2


def test_the_output_fits_80_columns_and_names_the_split_that_ranks(finished):
    _, output = finished
    assert max(len(line) for line in output.splitlines() if "everything:" not in line) <= 80
    assert "ranks trials on" in " ".join(output.split())
    assert "gain over" in output
    assert "not real data" in output


def test_the_winner_loads_back_and_gives_the_answers_it_was_ranked_by(finished):
    folder, _ = finished
    classifier, card = load_classifier(folder / "best")
    ranking = read_data(folder / "assets", torch.device("cpu")).ranking
    answers = predict(classifier, ranking.images.float() / 255, card.task).argmax(dim=1)
    with np.load(folder / "best" / "ranking.npz", allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["scores"][0], (answers == ranking.labels).numpy())


def test_the_manifest_says_what_was_run_on_what(finished):
    folder, _ = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert set(manifest["digests"]) == {
        "data",
        "splits",
        "autoencoder",
        "autoencoder_weights",
    }
    assert manifest["settings"]["seed"] == 0
    assert manifest["versions"]["torch"] == torch.__version__


def test_the_optuna_studies_hold_the_sampled_trials_of_their_arm_alone(finished):
    folder, _ = finished
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
    storage, trials = optuna.storages.JournalStorage(backend), {}
    for arm in ("tsynd", "adversarial"):
        study = optuna.load_study(study_name=f"tsynd {arm}", storage=storage)
        trials[arm] = [trial.user_attrs["trial"] for trial in study.get_trials()]
    assert trials == {"tsynd": ["t001"], "adversarial": ["t002"]}


SHORT = 2  # epochs: enough for losses that differ in every digit


def table_of(folder, cache) -> pd.DataFrame:
    """Run for a few epochs; return what its references measured, and their configs."""
    short_plan = plan(folder, cache, SHORT, f"{SHORT}:pgd-2", trials=1, in_process=True)
    run(short_plan, STUDIES["tsynd"], Console(file=io.StringIO(), width=80))
    table = pd.read_csv(folder / "trials.csv").set_index("label")
    columns = [name for name in table if name.startswith(("metric.", "config."))]
    return table.loc[REFERENCES, columns]


def test_the_same_seed_gives_the_same_table(tmp_path, cache):
    """On Ray too: see `test_storage`."""
    table, again = (table_of(tmp_path / name, cache) for name in ("table", "again"))
    pd.testing.assert_frame_equal(again, table)
    assert table["metric.train_loss"].nunique() == len(REFERENCES)


def test_the_winner_is_confirmed_on_test_images_it_never_met(finished):
    folder, _ = finished
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    plan = ConfirmPlan(top=1, seeds=1, choosing=1, attacks="quick", images=24)
    status = confirm(folder, plan, None, {}, lambda _: STUDIES["tsynd"], console)
    output = console.file.getvalue()
    assert status == 0, output
    assert max(len(line) for line in output.splitlines() if str(folder) not in line) <= 80
    found = json.loads((folder / "confirm" / "confirm.json").read_text())
    assert not (folder / "confirm" / "best" / "robustness.json").exists()  # too few guesses
    assert found["images"] == {"ranking": 24, "test": 24}
    assert found["eps"] == [0, 4 / 255]
    conditions = found["conditions"][found["winner"]]
    kinds = {condition["kind"] for condition in conditions}
    assert {"clean", "ensemble", "noise", "pixelate"} < kinds
    clean, attacked = (
        next(cell["score"] for cell in conditions if cell["kind"] == kind)
        for kind in ("clean", "ensemble")
    )
    assert attacked < clean
    with np.load(folder / "confirm" / "test" / "test.npz") as test:
        met = {image.tobytes() for image in test["images"]}
    with np.load(folder / "assets" / "images.npz") as seen:
        for split in ("train", "val", "ranking"):
            assert met.isdisjoint({image.tobytes() for image in seen[f"{split}_images"]})
    best, model = load_classifier(folder / "confirm" / "best")
    assert best(torch.zeros(1, 1, 28, 28)).shape == (1, len(model.classes))
    assert found["exports"]["torch.export"] == "model.pt2"
