import time

import pytest

from trainables.study.report import Report, Rung
from trainables.study.trial import Trainable


class Toy(Trainable):
    """Writes down what it is asked, and at which epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = []

    def step(self):
        self.calls.append(("step", self.epoch))
        self.spend("training", time.perf_counter() - 2)

    def evaluate(self, rung):
        self.calls.append(("evaluate", self.epoch))
        self.spend("evaluation", time.perf_counter() - 1)
        return Report(self.epoch, {"m": 1.0}, seconds=self.seconds)

    def save(self, folder):
        pass

    def state(self):
        return {"calls": list(self.calls)}

    def load_state(self, state):
        self.calls = list(state["calls"])


def test_a_trial_steps_to_the_rung_and_then_evaluates():
    toy = Toy()
    assert toy.advance(Rung(2, "m")).epoch == 2
    assert toy.advance(Rung(3, "m")).epoch == 3
    steps = [("step", 0), ("step", 1), ("evaluate", 2), ("step", 2), ("evaluate", 3)]
    assert toy.calls == steps


def test_a_rung_that_is_reached_is_only_evaluated():
    toy = Toy()
    toy.advance(Rung(1, "m"))
    toy.calls.clear()
    assert toy.advance(Rung(1, "m")).epoch == 1
    assert toy.calls == [("evaluate", 1)]


def test_a_trial_cannot_go_back():
    toy = Toy()
    toy.advance(Rung(3, "m"))
    with pytest.raises(ValueError, match="trial is at epoch 3, cannot go back to 2"):
        toy.advance(Rung(2, "m"))


def test_seconds_add_up_and_start_anew_after_a_report():
    toy = Toy()
    assert toy.advance(Rung(2, "m")).seconds == pytest.approx(
        {"training": 4, "evaluation": 1}, abs=0.5
    )
    assert toy.seconds == {}
    assert toy.advance(Rung(3, "m")).seconds == pytest.approx(
        {"training": 2, "evaluation": 1}, abs=0.5
    )


def test_what_trials_must_offer():
    assert Trainable.__abstractmethods__ == {"step", "evaluate", "save", "state", "load_state"}


def test_training_stops_where_it_is_told_to():
    toy = Toy()
    toy.train(5, stop=lambda: toy.epoch == 2)
    assert toy.epoch == 2
    assert [name for name, _ in toy.calls] == ["step", "step"]


def test_a_checkpoint_is_kept_after_each_epoch_and_holds_the_time_since_the_last_report():
    toy, epochs = Toy(), []
    toy.advance(Rung(1, "m"))
    toy.advance(Rung(3, "m"), after_epoch=lambda: epochs.append(toy.checkpoint()))
    assert [checkpoint["epoch"] for checkpoint in epochs] == [2, 3]
    resumed = Toy()
    resumed.resume(epochs[0])
    assert (resumed.epoch, resumed.calls) == (2, epochs[0]["state"]["calls"])
    assert resumed.seconds == epochs[0]["seconds"] == pytest.approx({"training": 2}, abs=0.5)
    resumed.train(3)
    assert epochs[0]["seconds"] == pytest.approx({"training": 2}, abs=0.5)  # not changed by it
