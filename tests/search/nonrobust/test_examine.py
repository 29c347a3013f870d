"""An examination: the run's data, the winner's network, and when its words are written."""

import io
import json
import math
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console

from search.exit_status import FINISHED, INTERRUPTED
from search.nonrobust.examine import Examiner, ExamPlan, examine, settings_of, students_of
from searchspace.errors import UserError
from trainables.studies.nonrobust.study import Nonrobust

CARD = SimpleNamespace(classifier="resnet18-16")
VALUES = {"dataset": "breastmnist", "fraction": 0.5, "epochs": 9, "seed": 4, "device": "cpu"}


def parse(tmp_path, values=VALUES, **changes):
    plan = {"run": tmp_path / "run", "out": tmp_path / "out", "seeds": 2, "radius": 2.0}
    manifest = SimpleNamespace(settings=dict(values) | {"latent_lr": 0.1})
    return settings_of(ExamPlan(**{**plan, **changes}), manifest, tmp_path / "run" / "best", CARD)


def test_data_are_the_runs_and_the_network_is_the_winners(tmp_path):
    settings = parse(tmp_path)
    assert (settings.dataset, settings.fraction, settings.seed) == ("breastmnist", 0.5, 4)
    assert (settings.classifier, settings.epochs) == ("resnet18-16", 9)
    assert settings.source == tmp_path / "run" / "best"
    assert settings.eps == (0.0, 2 / 255)
    assert parse(tmp_path, epochs=3).epochs == 3
    labels = [item.label for item in students_of(Nonrobust(), settings)]
    assert labels[:2] == ["nonrobust random", "nonrobust deterministic"]
    assert "baseline" not in labels


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"seed": 1}, "no run of a study of classifiers"),
        (VALUES | {"dataset": "chestmnist"}, "labels"),
    ],
)
def test_runs_that_cannot_be_examined_are_refused_in_one_line(tmp_path, values, message):
    with pytest.raises(UserError, match=message) as caught:
        parse(tmp_path, values)
    assert "\n" not in str(caught.value)


VARIANCE = 0.0004


def scores_of(value):
    names = ("clean_bacc", "ensemble_bacc_eps2", "corrupted_bacc")
    scores = {f"ranking_{name}": value for name in names}
    return scores | {f"ranking_{name}_variance": VARIANCE for name in names}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Examine a winner whose students' scores are numbers, and list what was trained."""
    trained = []

    def begin(self, plan, say):
        self.plan, self.say, self.study, self.model = plan, say, Nonrobust(), plan.run / "best"
        self.settings, self.folder = parse(tmp_path, out=plan.out), SimpleNamespace(assets=None)
        plan.out.mkdir(exist_ok=True)

    def train(self, student, seed):
        if seed == work.fails_at:
            raise KeyboardInterrupt
        trained.append((student.label, seed))
        return scores_of(0.5 + 0.01 * seed)

    def score(self):
        trained.append(("winner", None))
        return scores_of(0.8)

    data = SimpleNamespace(task="binary", ranking=SimpleNamespace(labels=torch.tensor([0, 1])))
    detail = {"linear": 0.4, "linear_low": 0.3, "linear_high": 0.5}
    for name, function in {
        "__init__": begin, "_train": train, "_score_winner": score, "_data": lambda *_: data,
    }.items():  # fmt: skip
        monkeypatch.setattr(Examiner, name, function)
    sets = {"nonrobust random": detail, "nonrobust deterministic": detail}
    monkeypatch.setattr(Nonrobust, "maker", lambda *_: None)
    monkeypatch.setattr("search.nonrobust.examine.describe_sets", lambda _: ([], {}, sets))

    def work(seeds):
        plan = ExamPlan(run=tmp_path / "run", out=tmp_path / "out", seeds=seeds, radius=2.0)
        output = io.StringIO()
        return examine(plan, Console(file=output, width=2000)), output.getvalue()

    work.fails_at, work.trained, work.report = None, trained, tmp_path / "out" / "nonrobust.md"
    return work


def test_words_wait_for_the_last_seed(work):
    """Seeds are 4, 5 and 6."""
    work.fails_at = 6
    assert work(3)[0] == INTERRUPTED
    assert not work.report.exists()
    assert not (work.report.parent / "looks.json").exists()
    work.fails_at = None
    status, printed = work(3)
    assert status == FINISHED
    assert "useful nonrobust features are" in work.report.read_text()
    assert "These verdicts are look" not in printed


def test_the_winner_is_a_single_training_with_an_interval_over_images(work):
    _, printed = work(3)
    assert work.trained.count(("winner", None)) == 1
    half = 1.96 * math.sqrt(VARIANCE)
    (line,) = [line for line in printed.splitlines() if line.startswith("| winner |")]
    assert line.split(" | ")[1] == f"0.800 [{0.8 - half:.3f}, {0.8 + half:.3f}]"
    (line,) = [line for line in printed.splitlines() if line.startswith("| nonrobust random |")]
    assert line.split(" | ")[1] != f"0.550 [{0.55 - half:.3f}, {0.55 + half:.3f}]"
    assert "The winner is a single training: its intervals are over images alone." in printed


def test_more_seeds_are_another_look_at_the_words(work):
    for seeds, look, level in (
        (1, 1, "95 %"),
        (2, 1, "97.5 %"),
        (3, 2, "98.75 %"),
        (3, 2, "98.75 %"),
    ):
        _, printed = work(seeds)
        count = 2 * (seeds > 1)
        words = f"at {level}, so that all that the words decide ({count}) holds together"
        assert words in printed, seeds
        assert (f"These verdicts are look {look} at" in printed) == (look > 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is damaged: there is no score"),
        ('{"ranking_clean_bacc": "high"}', "is damaged: ranking_clean_bacc is no number"),
        ("[1]", "is damaged"),
        ("{", "cannot read"),
    ],
)
def test_a_damaged_file_of_scores_is_refused_in_one_line(work, text, message):
    work(1)
    file = work.report.parent / "scores" / "4-1.json"
    file.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        work(1)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is damaged: it lacks the nonrobust random set"),
        ("[1]", "is damaged: it lacks"),
        ('{"nonrobust random": 1}', "is damaged: it lacks"),
        (
            '{"nonrobust random": {"linear": "high", "linear_low": 0, "linear_high": 1}}',
            "is damaged: no number of the nonrobust random set",
        ),
        ("{", "cannot read"),
    ],
)
def test_damaged_details_of_sets_are_refused_in_one_line(work, text, message):
    work(1)
    file = work.report.parent / "sets-4.json"
    file.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        work(1)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_that_nobody_made_is_left_out(work):
    work(2)
    file = work.report.parent / "sets-4.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"another": {"linear": 1}}))
    status, _ = work(2)
    assert status == FINISHED
    assert "another" not in work.report.read_text()
