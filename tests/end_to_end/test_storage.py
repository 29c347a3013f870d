"""TSynD on an S3 server, on Ray and here: the same values, and one autoencoder."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from s3 import ENVIRONMENT, Server

from search.confirmation.confirm import ConfirmPlan, confirm
from search.plan import Plan
from search.runner import run
from search.storage.store import Store
from search.studies import STUDIES
from trainables.checkpoint import load_classifier

SETTINGS = {
    "fraction": 0.05,
    "epochs": 12,
    "eps": "0,4/255",
    "ranking_images": 60,
    "floor": 1.0,
    "autoencoder_steps": 20,
}
# Learns in seconds; what has not learned yet answers the same to every image, and cannot win.
QUICK = {
    "latent_lr": 0.1,
    "latent_iterations": 5,
    "latent_sigma": 0.1,
    "uncertainty": "mi",
    "lr": 0.01,
    "weight_decay": 1e-6,
}


@pytest.fixture(scope="module")
def server():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        server = Server()
        yield server
        server.stop()


def search(folder, storage, **engine):
    output = io.StringIO()
    plan = Plan(
        study="tsynd",
        settings=SETTINGS | {"cache": folder.parent / "cache"},
        run=folder,
        storage=storage,
        references="few",
        trials=1,
        first=(QUICK,),
        **engine,
    )
    status = run(plan, STUDIES["tsynd"], Console(file=output, width=80))
    return status, output.getvalue()


@pytest.mark.ray
def test_the_study_gives_the_same_on_ray_and_here_and_is_confirmed_elsewhere(
    server, tmp_path, monkeypatch
):
    here, there, storage = tmp_path / "a" / "here", tmp_path / "b" / "there", server.uri("studies")
    status, printed = search(here, storage, in_process=True)
    assert status == 0, printed
    assert "autoencoder: found" not in printed
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node"))
    status, printed = search(there, storage, concurrency=2)
    assert status == 0, printed
    assert "autoencoder: found" in printed, "another machine's cache was empty"
    tables = [pd.read_csv(folder / "trials.csv").set_index("trial") for folder in (here, there)]
    columns = [name for name in tables[0] if name.startswith("metric.ranking")]
    pd.testing.assert_frame_equal(*(table[columns] for table in tables))
    assert server.gets("/there/assets/images.npz").total() == 1
    load_classifier(there / "best")
    monkeypatch.chdir(tmp_path)
    plan = ConfirmPlan(top=1, seeds=1, attacks="quick", images=40)
    console = Console(file=io.StringIO(), width=80)
    address = storage.replace("?", "/there?")
    assert confirm(address, plan, None, {"in_process": True}, STUDIES.__getitem__, console) == 0
    card = Store(storage).child("there").read("confirm/best/robustness.json")
    assert card == Path("runs/there/confirm/best/robustness.json").read_bytes()
    with np.load(Path("runs/there/confirm/test/test.npz")) as test:
        assert len(test["images"])
