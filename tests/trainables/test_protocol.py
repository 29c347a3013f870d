import time

import pytest

from trainables.protocol import Report, Trainable


class Toy(Trainable):
    """Writes down what it is asked, and at which epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = []

    def step(self):
        self.calls.append(("step", self.epoch))
        self.spend("training", time.perf_counter() - 2)

    def evaluate(self):
        self.calls.append(("evaluate", self.epoch))
        self.spend("evaluation", time.perf_counter() - 1)
        return Report(self.epoch, {"m": 1.0}, seconds=self.seconds)

    def save(self, folder):
        pass


def test_a_trial_steps_to_the_rung_and_then_evaluates():
    toy = Toy()
    assert toy.advance(2).epoch == 2
    assert toy.advance(3).epoch == 3
    steps = [("step", 0), ("step", 1), ("evaluate", 2), ("step", 2), ("evaluate", 3)]
    assert toy.calls == steps


def test_a_rung_that_is_reached_is_only_evaluated():
    toy = Toy()
    toy.advance(1)
    toy.calls.clear()
    assert toy.advance(1).epoch == 1
    assert toy.calls == [("evaluate", 1)]


def test_a_trial_cannot_go_back():
    toy = Toy()
    toy.advance(3)
    with pytest.raises(ValueError, match="trial is at epoch 3, cannot go back to 2"):
        toy.advance(2)


def test_seconds_add_up_and_start_anew_after_a_report():
    toy = Toy()
    assert toy.advance(2).seconds == pytest.approx({"training": 4, "evaluation": 1}, abs=0.5)
    assert toy.seconds == {}
    assert toy.advance(3).seconds == pytest.approx({"training": 2, "evaluation": 1}, abs=0.5)


def test_what_trials_must_offer():
    assert Trainable.__abstractmethods__ == {"step", "evaluate", "save"}
