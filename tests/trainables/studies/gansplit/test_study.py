"""References in every run, controls matched to a winner, and alarms of generators."""

import pytest

from trainables.metrics.alarms import COPIED
from trainables.runtime.config import parse
from trainables.studies.gansplit import study as module
from trainables.studies.gansplit.settings import GANSplitConfig, GANSplitSettings
from trainables.studies.gansplit.study import GANSplit
from trainables.study.study import BASELINE

STUDY = GANSplit()
SETTINGS = GANSplitSettings(dataset="breastmnist", eps="0,1/255")


def references(settings=SETTINGS):
    return {item.label: item for item in STUDY.references(settings)}


def test_the_controls_of_the_question_are_in_every_run():
    essential = {label for label, item in references().items() if item.essential}
    assert essential == {
        BASELINE,
        "repeats",
        "noise",
        "augmented",
        "added",
        "synthetic only",
        "adversarial",
        "adversarial added",
    }
    assert references()["poster"].config["source"] == "dcgan"
    assert "poster" not in references(GANSplitSettings(generators="hinge"))


def test_splits_by_a_generator_are_points_and_win_by_their_trials_alone():
    assert all(item.control for item in STUDY.references_of_run(SETTINGS))
    for label, item in references().items():
        generated = item.config["source"] in SETTINGS.generator_names
        assert item.control != generated, label
        assert (item.point is None) != generated, label


@pytest.mark.parametrize("generators", ["hinge", "dcgan,r1"])
def test_references_take_the_first_generator(generators):
    settings = GANSplitSettings(generators=generators)
    first = settings.generator_names[0]
    assert references(settings)["added"].config["source"] == first


def winner(**values):
    config = {"source": "hinge", "lr": 0.004, "dropout": 0.2, "ratio": 2.5, **values}
    return parse(GANSplitConfig, config).model_dump()


def test_controls_differ_from_the_winner_by_their_images_alone():
    config = winner(train_eps=4.0, balance="even", synthetic_weight=0.4)
    controls = {item.label: item.config for item in STUDY.controls(config, SETTINGS)}
    assert set(controls) == {
        f"matched {label}" for label in (BASELINE, "adversarial", "repeats", "noise", "augmented")
    }
    for source in ("repeats", "noise", "augmented"):
        changed = {name for name in config if controls[f"matched {source}"][name] != config[name]}
        assert changed == {"source"}
    assert controls["matched adversarial"]["train_eps"] == 4.0
    assert controls[f"matched {BASELINE}"]["train_eps"] == 0.0
    for control in controls.values():
        assert (control["lr"], control["dropout"]) == (0.004, 0.2)


@pytest.mark.parametrize(("radius", "labels"), [(0.0, []), (2.0, [f"matched {BASELINE}"])])
def test_a_winner_without_synthetic_images_is_its_own_control(radius, labels):
    config = winner(source="none", train_eps=radius)
    controls = STUDY.controls(config, SETTINGS)
    assert [item.label for item in controls] == labels
    assert all(item.config["lr"] == 0.004 for item in controls)


def test_a_winner_without_authentic_images_has_no_repeated_ones_to_compare_with():
    config = winner(mix="replace", share=1.0)
    labels = {item.label for item in STUDY.controls(config, SETTINGS)}
    assert labels == {f"matched {BASELINE}"}


def test_a_flawed_generator_is_an_alarm_unless_it_is_allowed(tmp_path, monkeypatch):
    names = []

    def alarms(name, settings, assets):
        names.append(name)
        return {COPIED: 0.2}

    monkeypatch.setattr(module, "alarms_of", alarms)
    generated, repeated = (GANSplitConfig(source=source) for source in ("hinge", "repeats"))
    assert STUDY.alarms(generated, SETTINGS, tmp_path) == {COPIED: 0.2}
    assert STUDY.alarms(repeated, SETTINGS, tmp_path) == {}
    allowing = SETTINGS.model_copy(update={"allow_flawed": True})
    assert STUDY.alarms(generated, allowing, tmp_path) == {}
    assert names == ["hinge"]
