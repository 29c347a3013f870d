"""The study from end to end on made-up data of the kinds that phantom and BreastMNIST are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from trainables.classification import assets as assets_module
from trainables.classification.measurement import measure_robust
from trainables.classification.trial import ClassifierTrial
from trainables.data.dataset import Dataset, Images
from trainables.metrics.alarms import ALARMS
from trainables.saved.checkpoint import load_classifier
from trainables.studies.tsynd.regimes import REGIMES
from trainables.studies.tsynd.study import TSynD
from trainables.study.report import Level, Rung

tsynd = TSynD()

WEAK = Level("pgd", 1, 1, (0.0, 8 / 255), images=8)
QUICK = {"latent_iterations": 2, "masks": 4, "attack_steps": 2, "lr": 3e-3}
CLASSES = {"multi-label": ("a", "b", "c"), "ordinal": ("none", "mild", "severe", "worst")}


def made_up(task: str, channels: int) -> Dataset:
    """Noise, in which each class or label brightens a strip of its own."""
    random = np.random.default_rng(0)
    names = CLASSES[task]

    def images(count: int) -> Images:
        pixels = random.integers(0, 120, (count, 28, 28, channels)).astype(np.uint8)
        if task == "multi-label":
            labels = random.integers(0, 2, (count, len(names)))
            bright = labels.astype(bool)
        else:
            labels = np.arange(count) % len(names)
            bright = np.eye(len(names), dtype=bool)[labels]
        for strip in range(len(names)):
            pixels[bright[:, strip], 6 * strip : 6 * strip + 5] += 120
        return Images(pixels, labels)

    return Dataset("made-up", task, names, images(80), images(32), images(24), "", "made up")


NAMES = {"multi-label": "chestmnist", "ordinal": "retinamnist"}  # of that task, if not made up


class Run:
    def __init__(self, task: str, channels: int, folder, monkeypatch) -> None:
        dataset = made_up(task, channels)
        monkeypatch.setattr(assets_module, "open_dataset", lambda *_, **__: dataset)
        self.assets = folder / "assets"
        self.settings = tsynd.parse_settings(
            {
                "dataset": NAMES[task],
                "device": "cpu", "precision": "fp32", "fraction": 0.4, "ranking_images": 20,
                "eps": "0,8/255", "epochs": 8, "autoencoder_steps": 5, "cache": folder / "cache",
            }
        )  # fmt: skip
        self.facts = tsynd.prepare(self.settings, self.assets, lambda _: None)

    def trial(self, **config) -> ClassifierTrial:
        trial = tsynd.build(QUICK | config, self.settings, self.assets)
        assert isinstance(trial, ClassifierTrial)
        return trial


@pytest.fixture(
    scope="module", params=[("multi-label", 1), ("ordinal", 3)], ids=["multi-label", "ordinal-rgb"]
)
def run(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Run(*request.param, tmp_path_factory.mktemp("run"), monkeypatch)


@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_trains_and_reports_what_it_should(run, regime):
    trial = run.trial(regime=regime)
    report = trial.advance(Rung(1, "m", WEAK))
    assert set(report.metrics) == set(tsynd.metrics(run.settings))
    assert all(np.isfinite(value) for value in report.metrics.values())
    assert trial.data.train.images.shape[1] == trial.card.channels


def test_the_classifier_learns_and_is_saved_whole(run, tmp_path):
    trial = run.trial(regime="reconstruction")
    report = trial.advance(Rung(8, "m"))
    assert report.metrics["ranking_clean_auc"] > 0.8
    trial.save(tmp_path)
    loaded, card = load_classifier(tmp_path)
    data = trial.data
    assert (card.task, card.classes) == (data.task, data.classes)
    metrics = measure_robust(loaded, data.ranking, trial.measurement).metrics
    measured = {name: report.metrics[name] for name in metrics}
    assert measured == pytest.approx(metrics, abs=0.02)  # rounding may turn an image
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as arrays:
        labels, n_images = data.ranking.labels.numpy(), len(data.ranking)
        if labels.ndim == 2:  # the rarest label that an image has stands for its class
            counts = np.where(labels, labels.sum(axis=0), n_images + 1)
            labels = np.where(labels.any(axis=1), counts.argmin(axis=1), labels.shape[1])
        assert np.array_equal(arrays["labels"], labels)
        assert arrays["scores"].shape == (2, n_images)


def test_many_labels_rank_by_macro_auc_and_classes_by_balanced_accuracy(run):
    trial = run.trial(regime="baseline")
    report = trial.advance(Rung(2, "m", WEAK))
    multi_label = trial.data.task == "multi-label"
    headline = "auc" if multi_label else "bacc"
    assert run.facts.default_metric == f"ranking_pgd_{headline}_skill"
    assert trial.best.key[0] == report.metrics[f"val_clean_{headline}"]
    assert tsynd.floor(run.settings).metric == f"ranking_clean_{headline}"
    assert f"ranking_clean_{headline}" in report.metrics
    audit = replace(WEAK, audit=True)
    assert set(trial.advance(Rung(2, "m", audit)).constraints) == set(ALARMS)
    ranked = {run.facts.default_metric, f"ranking_pgd_{headline}_curve"}
    radii = {"ranking_clean_auc", "ranking_pgd_auc_eps8"} if multi_label else set()
    assert set(report.intervals) == ranked | radii
    for name, (low, high) in report.intervals.items():
        assert low <= report.metrics[name] <= high


def test_the_same_seed_gives_the_same_records(run):
    first, again = (run.trial(), run.trial())
    assert first.advance(Rung(1, "m", WEAK)).metrics == again.advance(Rung(1, "m", WEAK)).metrics
    weights, copies = (trial.classifier.state_dict() for trial in (first, again))
    assert all(torch.equal(weights[name], copies[name]) for name in weights)
