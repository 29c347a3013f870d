"""What is done to the test subjects' MR, and how they are scored."""

import json
from types import SimpleNamespace

import pytest
import torch
from masked_synthesis import UNSTEADY, heads, pathologies
from torch import nn

from search.record.places import sign
from search.record.run_folder import OPENINGS
from search.robmednas import testing as module
from search.robmednas.testing import Condition, count_looks, count_openings, score
from search.storage import openings
from search.storage.store import Store
from searchspace.errors import UserError
from trainables.runtime.files import cannot_write


def test_a_clean_image_is_left_alone():
    assert Condition("clean", 0.0).perturb(None, None, seed=0) is None


def test_noise_has_its_strength_and_depends_on_seed_and_slice_alone():
    mr, numbers = torch.zeros(1, 1, 64, 64), torch.tensor([3])

    def noise(strength, seed, numbers=numbers):
        return Condition("noise", strength).perturb(None, None, seed)(mr, None, numbers)

    assert float(noise(0.2, 0).std()) == pytest.approx(0.2, rel=0.05)
    assert torch.equal(noise(0.2, 0), noise(0.2, 0))
    assert not torch.equal(noise(0.2, 0), noise(0.2, 1))
    assert not torch.equal(noise(0.2, 0), noise(0.2, 0, torch.tensor([4])))


def test_every_network_condition_subject_and_score_has_a_row(monkeypatch):
    split = SimpleNamespace(subjects=[SimpleNamespace(name="s1"), SimpleNamespace(name="s2")])
    results = [{"mae": [1.0, 2.0], "dice": [0.1, 0.2]}, {"mae": [3.0, 4.0], "dice": [0.3, 0.4]}]
    monkeypatch.setattr(module, "score_subjects", lambda *_arguments, **_options: results)
    monkeypatch.setattr(module, "check_steady", lambda *_: None)
    rows = score({"Baseline": None}, split, [Condition("clean", 0.0), Condition("noise", 0.1)], 0)
    assert len(rows) == 8
    assert rows[1] == {
        "row": "Baseline", "kind": "clean", "strength": 0.0, "subject": "s2", "score": "mae",
        "value": 2.0,
    }  # fmt: skip
    assert [row["value"] for row in rows if row["kind"] == "noise"] == [3.0, 4.0, 0.3, 0.4]


@pytest.mark.parametrize("name", sorted(UNSTEADY))
def test_a_network_that_answers_at_random_is_refused_by_name(name):
    pathology = next(
        each for each in pathologies(nn.Conv2d(1, 1, 3, padding=1)) if each.name == name
    )
    with pytest.raises(UserError, match=r"^Random: the model answers the same images"):
        score({"Random": pathology.model}, heads(3, 0), [Condition("clean", 0.0)], 0)


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Two runs, of which nothing but the folder and the row is looked at."""
    monkeypatch.setattr(openings, "read_manifest", lambda _: SimpleNamespace(stored=None))
    folders = [tmp_path / "tpe", tmp_path / "random"]
    for folder in folders:
        folder.mkdir()
    rows = ("RobMedNAS-T", "RobMedNAS-R")
    return [SimpleNamespace(folder=a, row=b) for a, b in zip(folders, rows, strict=True)]


CHOSEN = {"Baseline": "baseline-1", "RobMedNAS-T": "robmednas-t-1", "RobMedNAS-R": "robmednas-r-1"}


def test_a_comparison_is_an_opening_of_each_of_its_runs(sources, tmp_path):
    said = []
    count_openings(sources, tmp_path / "first", CHOSEN, said.append)
    count_openings(sources, tmp_path / "first", CHOSEN, said.append)
    assert not said
    count_openings(sources[:1], tmp_path / "second", CHOSEN, said.append)
    (line,) = said
    assert line.startswith("the test split of tpe was opened 2 times: what is chosen after")
    (opening,) = json.loads((sources[1].folder / OPENINGS).read_text())
    assert opening["folder"] == str(tmp_path / "first")
    assert opening["winner"] == "robmednas-r-1"


def test_an_opening_that_cannot_be_written_is_said(sources, tmp_path, monkeypatch):
    def refuse(file, *_, **__):
        raise cannot_write(file, OSError(30, "Read-only file system"))

    said = []
    openings.identity_of(tmp_path / "first")
    monkeypatch.setattr("search.storage.openings.write_atomically", refuse)
    count_openings(sources[:1], tmp_path / "first", CHOSEN, said.append)
    (line,) = said
    assert line.startswith("a later command does not know that test is opened: cannot write")
    assert line.endswith("Read-only file system")


def test_that_a_store_does_not_know_of_an_opening_is_said(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(openings, "stored_at", lambda _: Store("s3://bucket/tpe"))
    said = []
    count_openings(sources[:1], tmp_path / "first", CHOSEN, said.append)
    (line,) = said
    assert line.endswith("tpe alone, and not at s3://bucket/tpe")


def test_further_trainings_pay_for_the_openings_of_all_runs(sources, tmp_path):
    final, said = tmp_path / "first", []
    count_openings(sources, final, CHOSEN, said.append)
    count_openings(sources[:1], tmp_path / "second", CHOSEN, said.append)
    runs = {"settings": {"runs": [str(source.folder) for source in sources], "seeds": [0, 0]}}
    comparison = {"sources": runs | {"signature": sign(runs)}}
    assert count_looks(comparison, final, 1, said.append) == 3
    assert count_looks(comparison, final, 1, said.append) == 3
    assert count_looks(comparison, final, 2, said.append) == 4
    assert [len(json.loads((source.folder / OPENINGS).read_text())) for source in sources] == [3, 2]


def test_runs_that_a_record_of_somebody_else_names_are_left_alone(sources, tmp_path):
    said = []
    runs = {"settings": {"runs": [str(source.folder) for source in sources], "seeds": [0, 0]}}
    for comparison in ({}, {"sources": runs | {"signature": "0" * 64}}):
        assert count_looks(comparison, tmp_path / "final", 1, said.append) == 2
    assert len(said) == 2
    assert not (sources[0].folder / OPENINGS).exists()
