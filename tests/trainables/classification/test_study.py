"""What every classification study gets from the core, shown on the smallest guest."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from searchspace.domains import Float
from searchspace.errors import UserError
from searchspace.space import Param, Space
from trainables.classification import assets as assets_module
from trainables.classification.about import about_classification
from trainables.classification.assets import (
    ARRAYS,
    CONTENTS,
    DESCRIPTION,
    KEPT_NEAR,
    LEFT_OUT,
    SPLITS,
    TEST,
    LabelledImages,
)
from trainables.classification.learner import ClassifierConfig
from trainables.classification.memory import Extra, need_of
from trainables.classification.settings import ClassificationSettings
from trainables.classification.study import Assets, ClassificationStudy
from trainables.data.dataset import Dataset, Images
from trainables.data.splits import Splits
from trainables.runtime.config import Frozen
from trainables.study.about import About
from trainables.study.report import Level, Rung
from trainables.study.study import BASELINE, Floor, Reference


class GuestSettings(ClassificationSettings):
    about: ClassVar[About] = about_classification("guest", "what a guest asks", ("paper",))


class GuestConfig(Frozen):
    lr: float = 0.1
    batch_size: int = 8
    dropout: float = 0.0


class Idle:
    """Learns nothing."""

    def __init__(self, lesson) -> None:
        self.lesson = lesson

    def epoch(self, number):
        return 1.0

    def state(self):
        return {}

    def load_state(self, state):
        pass


class Guest(ClassificationStudy[GuestSettings, GuestConfig]):
    settings = GuestSettings
    config = GuestConfig

    def space(self, settings):
        return Space("guest", (Param("lr", Float(1e-3, 1, log=True), "Step size."),))

    def references(self, settings):
        return (Reference(BASELINE, GuestConfig().model_dump(), essential=True),)

    def learner(self, config, settings, lesson, assets):
        return Idle(lesson)

    def make_assets(self, settings, dataset, splits, assets, say):
        (assets / "own.txt").write_text("made once")
        return Assets(digests={"own": "0" * 64}, lines=("own: made",), details={"own": 1})


guest = Guest()


@pytest.fixture(autouse=True)
def dataset(monkeypatch) -> Dataset:
    random = np.random.default_rng(0)

    def images(count: int) -> Images:
        pixels = random.integers(0, 256, (count, 28, 28, 1)).astype(np.uint8)
        return Images(pixels, np.arange(count) % 2)

    dataset = Dataset(
        "made-up", "binary", ("no", "yes"), images(60), images(8), images(10), "", "made up"
    )
    monkeypatch.setattr(assets_module, "open_dataset", lambda *_, **__: dataset)
    return dataset


def settings_of(**values) -> GuestSettings:
    small = {"device": "cpu", "fraction": 0.4, "ranking_images": 20, "eps": "0,4/255", "epochs": 2}
    return guest.parse_settings(small | values)


@pytest.fixture
def assets(tmp_path):
    guest.prepare(settings_of(), tmp_path, lambda _: None)
    return tmp_path


def test_preparing_writes_the_splits_and_what_the_study_adds(tmp_path, dataset):
    facts = guest.prepare(settings_of(), tmp_path, lambda _: None)
    assert {path.name for path in tmp_path.iterdir()} == {
        ARRAYS, LEFT_OUT, DESCRIPTION, CONTENTS, SPLITS, "own.txt",
    }  # fmt: skip
    assert set(facts.digests) == {"data", "splits", "own"}
    assert facts.digests["data"] == dataset.digest
    assert (facts.lines[0], facts.lines[-1]) == ("made up", "own: made")
    near_copies = Splits.load(tmp_path / SPLITS).near_copies
    assert near_copies["groups"] == 0
    assert facts.details == {"own": 1, "near_copies": near_copies}
    assert facts.default_metric == "ranking_pgd_bacc_skill"
    assert facts.settled == {}
    with np.load(tmp_path / ARRAYS) as arrays:
        labels = arrays["ranking_labels"]
    assert facts.constant["ranking_clean_bacc"] == 1 / len(np.unique(labels))
    assert facts.constant["ranking_pgd_bacc_skill"] == 0
    assert set(facts.constant) == {
        name for name in guest.metrics(settings_of()) if name.startswith("ranking_")
    }


def test_radii_are_chosen_where_the_user_leaves_them_to_the_run(tmp_path):
    """The guest's baseline learns nothing, so that the default radii stay."""
    sentences = []
    facts = guest.prepare(settings_of(eps="auto"), tmp_path, sentences.append)
    assert "training the baseline, to choose eps ..." in sentences
    assert facts.settled["eps"][0] == 0
    assert "eps" in facts.lines[-1]
    assert "eps_auto" in facts.details
    names = {f"ranking_pgd_bacc_eps{255 * eps:g}" for eps in facts.settled["eps"][1:]}
    assert names < set(facts.constant)  # levels are those of the radii that were chosen


def test_a_study_with_a_robust_reference_trains_it_too(tmp_path):
    class Robust(Guest):
        robust_pilot = "robust"

        def references(self, settings):
            (baseline,) = super().references(settings)
            return baseline, replace(baseline, label="robust")

    sentences = []
    facts = Robust().prepare(settings_of(eps="auto"), tmp_path, sentences.append)
    assert "training the robust, to choose eps ..." in sentences
    assert set(facts.details["eps_auto"]["kept"]) == {BASELINE, "robust"}


def test_a_point_becomes_a_whole_config():
    assert guest.complete({"lr": 0.5}, settings_of()) == {
        "lr": 0.5, "batch_size": 8, "dropout": 0.0,
    }  # fmt: skip
    with pytest.raises(UserError, match="unknown setting 'rl': did you mean lr"):
        guest.complete({"rl": 0.5}, settings_of())


def test_metrics_are_those_of_every_attack_of_the_ladder():
    directions = guest.metrics(settings_of(ladder="1:square-10,2:apgd-ce-3"))
    assert {"ranking_square_bacc_curve", "ranking_apgd-ce_auc_eps4"} < set(directions)
    assert not any("fab" in name for name in directions)
    assert {name for name, way in directions.items() if way == "min"} == {"train_loss", "val_loss"}


@pytest.mark.parametrize(
    ("values", "floor"),
    [
        ({}, Floor("clean_floor", "ranking_clean_bacc", BASELINE, 0.15, above_constant=True)),
        (
            {"dataset": "chestmnist", "floor": 0.3},
            Floor("clean_floor", "ranking_clean_auc", BASELINE, 0.3, above_constant=True),
        ),
    ],
)
def test_the_floor_is_a_share_of_what_the_baseline_has_above_chance(values, floor):
    assert guest.floor(settings_of(**values)) == floor


def test_a_limit_of_memory_refuses_and_cuts_the_batches_of_attacks(assets):
    plain = settings_of()
    config = guest.complete({}, plain)
    assert guest.limits(config, plain) == {}
    assert guest.build(config, plain, assets).measurement.batch_size == 256
    gib = need_of("cnn", 1, (28, 28)).gib(config["batch_size"]) * (1 + 1e-9)
    limited = plain.model_copy(update={"max_memory": gib})
    assert guest.limits(config, limited)["max_memory"] == pytest.approx(0.0, abs=1e-6)
    assert guest.limits(config | {"batch_size": 64}, limited)["max_memory"] > 0
    measurement = guest.build(config, limited, assets).measurement
    assert measurement.batch_size == config["batch_size"] == 8
    assert measurement.build("pgd").batch_size == measurement.build("apgd-t").batch_size == 8


def test_what_a_study_holds_beside_the_classifier_adds_to_the_need():
    class Heavy(Guest):
        count_extra = staticmethod(lambda classifier, images: Extra(parameters=1000))

    plain, heavy = (study.need(settings_of()) for study in (guest, Heavy()))
    assert (heavy.fixed - plain.fixed, heavy.image) == (1000, plain.image)


def test_a_trial_gets_the_splits_and_the_learner_train_alone(assets):
    trial = guest.build({"lr": 0.3}, settings_of(), assets)
    splits = Splits.load(assets / "splits.npz")
    for name in ("train", "val", "ranking"):
        assert len(getattr(trial.data, name)) == len(getattr(splits, name)) > 0
    assert trial.learner.lesson.train is trial.data.train
    assert trial.config == GuestConfig(lr=0.3)
    assert guest.build({}, settings_of(), assets).data is trial.data  # read once a process


def test_a_config_without_the_fields_of_a_classifier_is_a_defect_of_the_study(assets):
    class Bare(Frozen):
        lr: float = 0.1

    class Broken(Guest):
        config = Bare

    with pytest.raises(TypeError, match="Bare has no field batch_size and no dropout"):
        Broken().build({}, settings_of(), assets)
    fields = {name for name, value in vars(ClassifierConfig).items() if isinstance(value, property)}
    assert fields == {"batch_size", "dropout"}


def test_the_test_images_are_opened_once(assets, tmp_path, monkeypatch, dataset):
    folder = tmp_path / "test"
    guest.open_test(settings_of(), assets, folder, lambda _: None)
    with np.load(folder / TEST, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["images"], dataset.test.pixels)
    assert [path.name for path in folder.iterdir()] == [TEST]
    monkeypatch.setattr(assets_module, "open_dataset", None)
    guest.open_test(settings_of(), assets, folder, lambda _: None)


def test_test_is_checked_before_it_is_opened_and_not_written(assets, tmp_path, dataset):
    guest.check_test(settings_of(), assets, tmp_path / "test", lambda _: None)
    assert not (tmp_path / "test").exists()
    dataset.test.pixels[3, 0, 0, 0] ^= 1
    for method in (guest.check_test, guest.open_test):
        with pytest.raises(UserError, match=r"1 of 10 have other content \(3\)"):
            method(settings_of(), assets, tmp_path / "test", lambda _: None)
    assert not (tmp_path / "test").exists()


def test_the_official_sets_are_recorded_as_such(tmp_path):
    facts = guest.prepare(settings_of(keep_near=True), tmp_path, lambda _: None)
    assert facts.details["near_copies"] is None
    assert KEPT_NEAR in facts.lines


def test_without_pictures_of_its_own_a_study_shows_none(assets):
    assert guest.illustrate({}, assets, settings_of()) == ()


def test_a_trial_of_the_smallest_guest_runs(assets):
    trial = guest.build({}, settings_of(), assets)
    report = trial.advance(Rung(1, "any", Level("fgsm", None, 1, (0.0, 4 / 255), images=6)))
    assert report.metrics["train_loss"] == 1.0
    assert isinstance(trial.data.val, LabelledImages)
