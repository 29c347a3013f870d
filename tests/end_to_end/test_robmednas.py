"""A real search, small: RobMedNAS on phantom heads, from the command line to the winner loaded."""

import io
import json
import subprocess
import sys

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
from rich.console import Console

from search.cli.app import main
from search.exit_status import INTERRUPTED
from search.plan import Plan
from search.run.first import earlier_items
from search.run.runner import run
from search.studies import STUDIES
from searchspace.errors import UserError
from searchspace.unet import parse_network
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.saved.checkpoint import load_unet
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.preparation.assets import read_data
from trainables.synthesis.trial import SynthesisTrial

DEFAULTS = {"trials": 3, "seed_check": 0}
SMALL = {
    "subjects": 12, "slices": 1, "size": 32, "epochs": 12, "eps": "0,0.1", "floor": 5.0,
    "space": "architecture", "max_filters": 16, "mirrored": False,
}  # fmt: skip
WHOLE = {"ladder": "4:pgd-2,12:pgd-5!"}  # two rungs and an audit; else one rung is enough


def plan(folder, **engine) -> Plan:
    settings = SMALL | engine.pop("settings", {})
    settings.setdefault("ladder", f"{settings['epochs']}:pgd-2")
    return Plan(study="robmednas", settings=settings, run=folder, **(DEFAULTS | engine))


def search(*args, **engine):
    output = io.StringIO()
    console = Console(file=output, width=80, force_terminal=False)
    return run(plan(*args, **engine), STUDIES["robmednas"], console), output.getvalue()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    status, output = search(folder, in_process=True, settings=WHOLE)
    assert status == 0, output
    return folder, output


def test_references_are_in_the_table_and_run_to_their_budget(finished):
    folder, _ = finished
    table = pd.read_csv(folder / "trials.csv").set_index("trial")
    assert table.loc["r01", "label"] == "baseline"
    assert table.loc["r02", "label"] == "baseline w/AT"
    assert table.loc["r03", "label"] == "plain U-Net"
    assert table.loc["r04", "label"] == "plain U-Net w/AT"
    assert set(table.loc[["r01", "r02", "r03", "r04"], "state"]) == {"completed"}
    assert len(table) == 7


@pytest.mark.slow
def test_a_subject_that_an_earlier_run_used_is_no_test_of_what_it_chose(tmp_path):
    data, study = tmp_path / "data", STUDIES["robmednas"].load()
    write_nifti(phantom_subjects(14, 32, 1, 256.0, 0), data, lambda _: None)
    settings = {"data": data, "epochs": 2, "ladder": "2:pgd-2", "device": "cpu"}
    engine = {"in_process": True, "references": "few"}
    status, output = search(tmp_path / "a", settings=settings, trials=1, **engine)
    assert status == 0, output
    engine |= {"earlier_items": earlier_items([tmp_path / "a"], study), "trials": 1}
    with pytest.raises(UserError, match=r"^\d of 2 test subjects of this run trained, chose or"):
        search(tmp_path / "b", settings=settings | {"data_seed": 1}, **engine)
    assert list((tmp_path / "b").iterdir()) == []


def test_radii_left_to_the_run_come_from_val_and_are_written_down(tmp_path, monkeypatch):
    """All that is looked at is there before the first trial, at which the run is stopped."""

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(SynthesisTrial, "advance", stop)
    settings = {"eps": "auto", "epochs": 60, "max_filters": 32}
    status, output = search(tmp_path / "run", in_process=True, trials=1, settings=settings)
    assert status == INTERRUPTED
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    eps = manifest["settings"]["eps"]
    assert all(level["level"]["eps"] == eps for level in manifest["rungs"])
    tried, kept = (manifest["details"]["eps_auto"][name] for name in ("tried", "kept"))
    assert list(kept) == ["baseline", "plain U-Net w/AT"]
    curve = kept["baseline"]
    falling = np.minimum.accumulate(curve[1:])
    left = np.interp(np.log(eps[1]), np.log(tried[1 : len(curve)]), falling)
    assert left == pytest.approx(0.5, abs=0.03)
    assert len(eps) == 6
    assert np.diff(np.log(eps[1:])) == pytest.approx([np.log(eps[5] / eps[1]) / 4] * 4, abs=0.05)
    text = " ".join(output.split())
    for line in ("training the baseline, to choose eps", "training the plain U-Net w/AT, to"):
        assert line in text
    assert "at the first PGD leaves the baseline half of its clean skill" in text


def test_the_output_fits_80_columns_and_says_what_was_measured(finished):
    _, output = finished
    assert max(len(line) for line in output.splitlines() if "everything:" not in line) <= 80
    text = " ".join(output.split())
    assert "standard deviations of each subject's MR" in text
    assert "every subject has one slice" in text
    assert "ranked by ranking_pgd_mae_head_skill, highest first" in text
    assert "gain over" in text


def test_the_winner_loads_back_and_gives_the_scores_it_was_ranked_by(finished):
    folder, _ = finished
    network, card = load_unet(folder / "best")
    assert str(parse_network(card.architecture)) == card.architecture
    ranking = read_data(folder / "assets").ranking
    (scores,) = score_subjects(network, ranking, [None], torch.device("cpu"))
    with np.load(folder / "best" / "ranking.npz", allow_pickle=False) as saved:
        np.testing.assert_allclose(saved["scores"][0], scores["mae_head"], rtol=1e-4)


def test_the_manifest_holds_what_is_needed_to_repeat_the_run(finished):
    folder, _ = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["digests"]) == {"train", "val", "ranking", "splits", "subjects"}
    assert manifest["settings"]["kernels"] == "square"
    assert manifest["details"]["lookup_mae_head"] > 0
    assert len(manifest["details"]["test_subjects"]) == 2


def test_the_baseline_teaches_the_sampler_and_its_adversarial_twin_does_not(finished):
    folder, _ = finished
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "study.journal"))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.load_study(study_name="robmednas", storage=storage)
    assert study.trials[0].user_attrs["trial"] == "r01"
    assert "r02" not in {trial.user_attrs["trial"] for trial in study.trials}
    depths = {trial.params["depth"] for trial in study.trials if "depth" in trial.params}
    assert depths <= {1, 2, 3, 4, 5}
    families = {trial.params["family"] for trial in study.trials}
    assert "plain" in families  # where a search begins


def table_of(folder, **engine):
    """Search for a few epochs, enough for errors that differ in every digit."""
    search(folder, trials=2, settings={"epochs": 3}, **engine)
    table = pd.read_csv(folder / "trials.csv").set_index("trial")
    return table[[name for name in table if name.startswith(("metric.", "config."))]]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The table of a short search in this process."""
    return table_of(tmp_path_factory.mktemp("short") / "run", in_process=True)


def test_the_same_seed_gives_the_same_table(short, tmp_path):
    pd.testing.assert_frame_equal(table_of(tmp_path / "again", in_process=True), short)


def test_what_exceeds_a_limit_is_not_trained(tmp_path):
    settings = {"max_params": 40_000, "epochs": 2}
    _, output = search(tmp_path / "run", in_process=True, settings=settings, references="few")
    table = pd.read_csv(tmp_path / "run" / "trials.csv")
    sampled = table[table["label"].isna()]
    assert len(sampled) == 3
    assert (sampled["metric.parameters"] <= 40_000).all()
    assert "beyond the limits and not trained" in output


def test_a_search_beyond_all_limits_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("search.engine.proposals.REFUSALS", 5)
    settings = {"max_params": 10, "epochs": 2}
    _, output = search(tmp_path / "run", in_process=True, settings=settings, references="few")
    assert "5 proposals in a row were beyond the limits: widen them" in output


def test_trials_far_above_the_plain_networks_clean_error_cannot_win(tmp_path):
    """With no slack at all, only what is at least as good as the plain U-Net may win."""
    settings = {"floor": 0.0, "epochs": 40}  # by then it is better than a constant
    search(tmp_path / "run", in_process=True, settings=settings, scheduler="fifo", trials=1)
    table = pd.read_csv(tmp_path / "run" / "trials.csv").set_index("trial")
    clean = table["metric.ranking_clean_mae_head"]
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    constant = manifest["constant"]["ranking_clean_mae_head"]
    level = clean[table["label"] == "plain U-Net"].item()
    expected = (clean - level) / (constant - level)
    np.testing.assert_allclose(table["constraint.clean_floor"], expected, atol=1e-9)


def test_mistakes_get_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    cases = {
        "cannot be halved 5 times": ["--size", "100"],
        "there is no folder": ["--data", str(tmp_path / "nowhere")],
        "no subjects in": ["--data", str(tmp_path / "empty")],
        "fgsm": ["--attack", "fgms"],
        "greater than or equal to 4": ["--subjects", "2"],
    }
    for message, arguments in cases.items():
        words = ["search", "robmednas", "--in-process", *arguments]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as caught:
            main()
        complaint = capsys.readouterr().err
        assert caught.value.code == 2, complaint
        assert complaint.startswith("error: ")
        assert complaint.count("\n") == 1
        assert message in complaint


@pytest.mark.ray
def test_ray_gives_the_same_values_as_in_process(short, tmp_path):
    """Of the references: what is proposed depends on which trial ends first."""
    references = ["r01", "r02", "r03", "r04"]
    on_ray = table_of(tmp_path / "ray", concurrency=2).loc[references]
    assert on_ray["metric.ranking_clean_mae_head"].nunique() == 4
    pd.testing.assert_frame_equal(on_ray, short.loc[references])


@pytest.mark.shared_data
def test_real_slices(shared_data, tmp_path):
    settings = {"data": shared_data / "mrct", "epochs": 4, "mirrored": True}
    status, output = search(tmp_path / "run", in_process=True, trials=1, settings=settings)
    assert status == 0, output
    assert "every subject has one slice" in " ".join(output.split())
    assert "18 ranking" in output


def test_the_winner_is_confirmed_on_test_subjects(finished):
    folder, _ = finished
    command = [sys.executable, "-P", "-m", "search", "confirm", str(folder), "--in-process"]
    command += ["--top", "1", "--seeds", "2", "--choosing", "1", "--attacks", "quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines() if str(folder) not in line) <= 80
    assert not (folder / "confirm" / "best" / "robustness.json").exists()  # too few guesses
    record = json.loads((folder / "confirm" / "confirm.json").read_text())
    clean, attacked = (cell["score"] for cell in record["conditions"][record["winner"]][:2])
    assert clean < attacked
    details = json.loads((folder / "manifest.json").read_text())["details"]
    named = json.loads((folder / "confirm" / "test" / "subjects.json").read_text())
    assert named["test"] == details["test_subjects"]
    network, _ = load_unet(folder / "confirm" / "best")
    assert network(torch.zeros(1, 1, 32, 32)).shape == (1, 1, 32, 32)
