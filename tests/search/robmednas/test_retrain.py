"""One network trained to the end, once."""

from search.robmednas.retrain import Retrained, retrain
from trainables.studies.robmednas import trial as robmednas_trial


def test_early_stopping_ends_after_so_many_epochs_without_a_new_best(tiny, tmp_path, monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.4, 0.4, 0.4])
    monkeypatch.setattr(robmednas_trial, "validation_loss", lambda *_: next(losses))
    settings, assets, config = tiny
    settings = settings.model_copy(update={"epochs": 6})
    outcome = retrain(config, settings, assets, tmp_path / "a", 3, lambda _: None)
    assert (outcome.epochs, outcome.best_epoch) == (5, 2)


def test_a_training_that_is_whole_is_read_and_not_done_again(tmp_path):
    (tmp_path / "retrained.json").write_text(
        '{"epochs": 5, "best_epoch": 2, "metrics": {"val_loss": 0.3}, "seconds": 1.5}'
    )
    lines = []
    outcome = retrain({}, None, tmp_path, tmp_path, 3, lines.append)
    assert outcome == Retrained(5, 2, {"val_loss": 0.3}, 1.5)
    assert lines == [f"{tmp_path.name}: trained already, 5 epochs"]
