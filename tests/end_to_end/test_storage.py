"""TSynD on an S3 server, on Ray and here: the same values, and one autoencoder."""

import io

import pandas as pd
import pytest
from rich.console import Console
from s3 import ENVIRONMENT, Server

from search.plan import Plan
from search.run.runner import run
from search.studies import STUDIES

# Too short to learn anything, so that no trial can win.
SETTINGS = {
    "fraction": 0.02,
    "epochs": 2,
    "eps": "0,4/255",
    "ladder": "2:pgd-2@20",
    "autoencoder_steps": 10,
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
        sampler="random",
        trials=1,
        seed_check=0,
        **engine,
    )
    run(plan, STUDIES["tsynd"], Console(file=output, width=80))
    return pd.read_csv(folder / "trials.csv").set_index("trial"), output.getvalue()


@pytest.mark.ray
def test_the_study_gives_the_same_on_ray_and_here(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node"))
    storage = server.uri("studies")
    here, printed = search(tmp_path / "a" / "here", storage, in_process=True)
    assert "autoencoder: found" not in printed
    there, printed = search(tmp_path / "b" / "there", storage, concurrency=2)
    assert "autoencoder: found" in printed, "the cache of another machine, which was empty"
    assert set(here["state"]) == {"completed"}
    columns = [name for name in here if name.startswith("metric.ranking")]
    pd.testing.assert_frame_equal(here[columns], there[columns].loc[here.index])
    assert server.gets("/there/assets/images.npz").total() == 1
