"""The rows of the tables."""

import pytest
from make_run import METRIC, Blueprint, make_run
from whole_cells import write_phantom

from search.record.manifest import ManifestFile, read_manifest
from search.record.run_folder import RunFolder
from search.tsynd.methods import methods, read_tuned, tsynd
from searchspace.errors import UserError
from trainables.study.study import Reference


def test_the_methods_are_the_papers_and_adversarial_training():
    settings = tsynd.parse_settings({"device": "cpu"})
    rows = {row.label: row.config for row in methods(settings, (Reference("tuned", {}),))}
    assert list(rows) == ["baseline", "noise", "TSynD", "TSynD, entropy", "adversarial", "tuned"]
    assert (rows["TSynD"]["latent_iterations"], rows["TSynD"]["latent_sigma"]) == (50, 1.0)
    differing = {
        name for name, value in rows["TSynD"].items() if rows["TSynD, entropy"][name] != value
    }
    assert differing == {"uncertainty"}
    assert rows["adversarial"]["regime"] == "adversarial"


def test_what_was_tuned_is_the_best_of_each_arm(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    trials = [Blueprint(f"t00{n}", metrics={METRIC: 0.1 * n}, config={"lr": n}) for n in (1, 2)]
    run = RunFolder(make_run(tmp_path / "run", trials))
    with pytest.raises(UserError, match=r"images.npz is missing: restore it"):
        read_tuned(run.path)  # what it used is not known
    write_phantom(run.assets)
    (winner,), origin = read_tuned(run.path)
    assert (origin.run, origin.seed, origin.names) == (run.path, 0, "tuned")
    assert origin.items == tsynd.used_items(run.assets)
    assert (winner.label, winner.config["lr"]) == ("tuned", 2)
    arms = [
        {"option": "tsynd", "best": "t002"}, {"option": "adversarial", "best": "t001"},
        {"option": "third", "best": None},
    ]  # fmt: skip
    ManifestFile(run, read_manifest(run)).add(arms={"param": "regime", "of": arms})
    tuned = {row.label: row.config["lr"] for row in read_tuned(run.path)[0]}
    assert tuned == {"tuned tsynd": 2, "tuned adversarial": 1}


def test_a_run_without_a_winner_is_refused_in_one_line(tmp_path):
    trials = [Blueprint("t001", metrics={METRIC: 0.1}, violation=0.5)]
    with pytest.raises(UserError, match="no tsynd run with a winner"):
        read_tuned(make_run(tmp_path / "run", trials))
