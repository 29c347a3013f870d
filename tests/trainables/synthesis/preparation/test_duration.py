"""How long a trial takes, predicted."""

import pytest

from trainables.synthesis.preparation import duration as module
from trainables.synthesis.preparation.duration import say_duration, slices_of_trial


def test_training_grows_with_epochs_and_slices_and_attacks_with_radii(heads):
    few, _ = slices_of_trial(heads.settings, heads.data)
    assert few == 4 * len(heads.data.train.trimmed())
    drawn = heads.settings.model_copy(update={"epoch_slices": 3, "ladder": "4:pgd-10"})
    assert slices_of_trial(drawn, heads.data)[0] == 12
    once = slices_of_trial(drawn, heads.data)[1]
    longer = drawn.model_copy(update={"ladder": "4:pgd-20"})
    wider = drawn.model_copy(update={"eps": (0.0, 0.1, 0.2)})
    ranking = len(heads.data.ranking)
    steps = slices_of_trial(longer, heads.data)[1] - once
    assert steps == pytest.approx(2 * 10 * 2 * module.ATTACK * ranking)  # mirrored, too
    alone = drawn.model_copy(update={"mirrored": False})
    assert slices_of_trial(alone, heads.data) == (12, pytest.approx(once / 2))
    assert slices_of_trial(wider, heads.data)[1] > once + steps
    chosen, five = (
        drawn.model_copy(update=values)
        for values in ({"eps_auto": True}, {"eps": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)})
    )
    assert slices_of_trial(chosen, heads.data) == slices_of_trial(five, heads.data)


def test_it_is_said_where_it_is_more_than_a_minute(heads, monkeypatch):
    said = []
    say_duration(heads.settings, heads.data, said.append)
    assert not said
    monkeypatch.setattr(module, "SLOW", 0.0)
    monkeypatch.setattr(module, "_seconds_of_slice", lambda *_: 60.0)
    training, _ = slices_of_trial(heads.settings, heads.data)
    say_duration(heads.settings, heads.data, said.append)
    (line,) = said
    assert f"about {training:.0f} minutes to train on cpu" in line
    monkeypatch.setattr(module, "_seconds_of_slice", lambda *_: 61.0 / training)
    say_duration(heads.settings, heads.data, said.append)
    assert "about a minute to train on cpu" in said[-1]
    monkeypatch.undo()
    assert 0 < module._seconds_of_slice("plain 4 8", heads.settings) < 5
