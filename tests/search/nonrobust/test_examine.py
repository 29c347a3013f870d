"""The settings of an examination: the run's data, and the winner's network."""

from types import SimpleNamespace

import pytest

from search.nonrobust.examine import ExamPlan, settings_of, students_of
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
