"""The study: its references, its controls, and who may win."""

import numpy as np
import pytest

from searchspace.errors import UserError
from searchspace.random import sample
from searchspace.studies.nonrobust import REGIMES
from trainables.classification.assets import open_splits, write_data
from trainables.classification.memory import need_of, parameters_of
from trainables.models.classifiers import build_classifier
from trainables.runtime.config import parse
from trainables.studies.nonrobust import study as module
from trainables.studies.nonrobust.settings import NonrobustConfig, NonrobustSettings
from trainables.studies.nonrobust.study import Nonrobust
from trainables.study.study import BASELINE

STUDY = Nonrobust()
SETTINGS = NonrobustSettings(dataset="phantom", eps="0,1/255", device="cpu")
WIDE = NonrobustSettings(dataset="phantom", classifier="wrn-16-4", eps="0,1/255", device="cpu")


def references(settings=SETTINGS):
    return {item.label: item for item in STUDY.references(settings)}


def test_every_claim_about_features_has_its_controls_in_the_run():
    items = references()
    assert {"nonrobust random", "nonrobust deterministic", "robust-source random"} <= set(items)
    assert {"labels only", "noise only", *(f"untrained {k}" for k in range(1, 6))} <= set(items)
    essential = {label for label, item in items.items() if item.essential}
    sources = {f"untrained {k}" for k in (1, 2, 3)}
    assert essential == {BASELINE, "trades", "nonrobust random"} | sources


def test_what_trained_on_made_images_never_wins():
    for item in references().values():
        assert item.control == (item.config["images"] != "true")
    assert all(item.control for item in STUDY.references_of_run(SETTINGS))


def test_untrained_sources_differ_by_their_number_alone():
    first, second = references()["untrained 1"].config, references()["untrained 2"].config
    assert {name for name in first if first[name] != second[name]} == {"source"}


@pytest.mark.parametrize("regime", REGIMES)
def test_controls_differ_from_a_winner_by_the_regime(regime):
    winner = parse(
        NonrobustConfig, {"regime": regime, "lr": 0.007, "augmentation": "flips", "train_eps": 3.0}
    ).model_dump()
    controls = {item.label: item.config for item in STUDY.controls(winner, SETTINGS)}
    rivals = {"standard": BASELINE, "trades": "trades"}
    assert set(controls) == {f"matched {label}" for name, label in rivals.items() if name != regime}
    for config in controls.values():
        differing = {name for name in winner if winner[name] != config[name]}
        assert differing <= {"regime", *(() if regime != "standard" else ("train_eps",))}


def test_the_width_is_searched_up_to_that_of_the_network():
    names = {param.name for param in STUDY.space(SETTINGS).params}
    assert "width" not in names
    (width,) = (param for param in STUDY.space(WIDE).params if param.name == "width")
    assert width.domain.options == (2, 4)
    config = STUDY.complete(sample(STUDY.space(WIDE), np.random.default_rng(0)), WIDE)
    settings = STUDY.settings_of(parse(NonrobustConfig, config), WIDE)
    assert settings.classifier == f"wrn-16-{config['width']}"
    assert STUDY.settings_of(NonrobustConfig(), WIDE) == WIDE


def test_memory_counts_the_width_of_a_trial_and_the_source():
    plain, studied = need_of("cnn", 1, (28, 28)), STUDY.need(SETTINGS)
    size = parameters_of(build_classifier("cnn", 1, (28, 28), 2))
    assert studied.fixed == plain.fixed + size
    limited = WIDE.model_copy(update={"max_memory": 0.001})
    excess = [
        STUDY.limits(NonrobustConfig(width=width).model_dump(), limited)["max_memory"]
        for width in (2, 4)
    ]
    assert excess[0] < excess[1]


def test_a_source_of_unknown_images_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    """Allowed, it is a setting of the run and a line of its record."""
    made = []
    monkeypatch.setattr(module, "check_source", lambda _: made.append("source") or ("seen",))
    monkeypatch.setattr(module, "describe_sets", lambda _: ((), {}, {}))
    monkeypatch.setattr(Nonrobust, "maker", lambda *_: None)
    values = {"fraction": 0.05, "ranking_images": 40, "source": tmp_path / "model"}
    settings = parse(NonrobustSettings, {"dataset": "phantom", "device": "cpu", **values})
    dataset, splits = open_splits(settings, str)
    write_data(tmp_path / "assets", dataset, splits, seed=settings.seed)

    def prepare(choice):
        return STUDY.make_assets(choice, dataset, splits, tmp_path / "assets", str)

    with pytest.raises(UserError, match=r"add --allow-unknown-source$"):
        prepare(settings)
    assert not made
    allowed = settings.model_copy(update={"allow_unknown_source": True})
    assert "allow_unknown_source" in allowed.model_dump(mode="json")
    lines = prepare(allowed).lines
    assert lines[0] == "seen"
    assert "which --allow-unknown-source allows" in lines[1]
