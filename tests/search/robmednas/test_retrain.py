"""One network trained to the end, once."""

from search.robmednas import retrain as module
from search.robmednas.retrain import Retrained, retrain
from trainables.synthesis import trial as trial_module


def test_early_stopping_ends_after_so_many_epochs_without_a_new_best(tiny, tmp_path, monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.4, 0.4, 0.4])
    monkeypatch.setattr(trial_module, "validation_loss", lambda *_: next(losses))
    settings, assets, config = tiny
    settings = settings.model_copy(update={"epochs": 6, "ladder": None, "epoch_by": "loss"})
    constant = config | {"schedule": "constant"}
    outcome = retrain(constant, settings, assets, tmp_path / "a", 3, lambda _: None)
    assert (outcome.epochs, outcome.best_epoch) == (5, 2)


def test_a_schedule_is_followed_to_its_end(tiny, tmp_path, monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.4, 0.4, 0.4])
    monkeypatch.setattr(trial_module, "validation_loss", lambda *_: next(losses))
    settings, assets, config = tiny
    settings = settings.model_copy(update={"epochs": 6, "ladder": None, "epoch_by": "loss"})
    outcome = retrain(config, settings, assets, tmp_path / "a", 3, lambda _: None)
    assert (config["schedule"], outcome.epochs, outcome.best_epoch) == ("one-cycle", 6, 2)


def test_a_training_that_is_whole_is_read_and_not_done_again(tmp_path):
    (tmp_path / "retrained.json").write_text(
        '{"epochs": 5, "best_epoch": 2, "metrics": {"val_loss": 0.3}, "seconds": 1.5}'
    )
    lines = []
    outcome = retrain({}, None, tmp_path, tmp_path, 3, lines.append)
    assert outcome == Retrained(5, 2, {"val_loss": 0.3}, 1.5)
    assert lines == [f"{tmp_path.name}: trained already, 5 epochs"]


def test_alarms_of_a_training_are_written_down_and_said(tiny, tmp_path, monkeypatch):
    settings, assets, config = tiny
    settings = settings.model_copy(update={"epochs": 1, "ladder": None})
    alarms = {"rising": 0.3, "one_step": -0.1, "unbounded": float("nan")}
    monkeypatch.setattr(trial_module, "guards", lambda *_: alarms)
    monkeypatch.setattr(trial_module, "audit", lambda *_: {})
    lines = []
    outcome = retrain(config, settings, assets, tmp_path / "a", 3, lines.append)
    assert outcome.missed == ("rising", "unbounded")
    assert lines[-1] == "a: cannot win: rising, unbounded"
    assert module.read_retrained(tmp_path / "a" / module.DONE).missed == outcome.missed


def test_what_is_left_to_train_is_counted(tmp_path):
    lines, folders = [], [tmp_path / "a", tmp_path / "b"]
    folders[0].mkdir()
    (folders[0] / module.DONE).touch()
    assert module.say_work(folders, 9, lines.append)
    assert lines == ["1 of 2 trainings to do, each of at most 9 epochs"]
    assert not module.say_work(folders[:1], 9, lines.append)
    assert len(lines) == 1


def test_a_long_training_says_how_far_it_is(monkeypatch):
    lines, clock = [], iter([105.0, 121.0, 121.5, 200.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    progress = module.Progress("random-1", 3, lines.append, said=100.0)
    progress.after(1)
    assert lines == []
    progress.after(2)
    assert lines == ["random-1: epoch 2 of 3"]
    progress.after(3)
    assert len(lines) == 1
