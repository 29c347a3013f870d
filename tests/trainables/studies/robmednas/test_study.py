"""The study: references, limits, floor, and the facts of preparing."""

import numpy as np
import pytest

from searchspace.errors import UserError
from searchspace.random import sample
from searchspace.unet import PAPER_BEST, PlainUNet, handcrafted, parse_network
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.settings import SynthesisSettings

robmednas = RobMedNAS()

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


def settings_of(**values) -> SynthesisSettings:
    return robmednas.parse_settings({"device": "cpu"} | values)


@pytest.mark.parametrize("part", ["architecture", "both"])
def test_references_are_the_handcrafted_and_a_plain_network_and_both_trained_against_attacks(part):
    settings = settings_of(max_filters=32, space=part)
    baseline, trained, network, twin = robmednas.references(settings)
    assert [baseline.label, trained.label] == ["baseline", "baseline w/AT"]
    assert [network.label, twin.label] == ["plain U-Net", "plain U-Net w/AT"]
    assert baseline.config["architecture"] == str(handcrafted(32, 4))
    assert network.config["architecture"] == "plain 16 32 64 128"
    assert network.config["norm"] == "instance"
    for first, second in ((baseline, trained), (network, twin)):
        assert second.config == first.config | {"regime": "uniform"}
    assert trained.control
    assert not baseline.control
    assert all(item.essential for item in (baseline, trained, network, twin))
    for item in (baseline, network, twin):
        if item.point is not None:
            assert robmednas.complete(item.point, settings) == item.config
    assert baseline.scaled


@pytest.mark.parametrize(
    ("part", "inside", "regime"),
    [("architecture", 1, "standard"), ("recipe", 2, "uniform"), ("both", 2, "uniform")],
)
def test_the_plain_network_is_a_point_may_win_and_is_where_a_search_starts(part, inside, regime):
    settings = settings_of(space=part)
    space = robmednas.space(settings)
    baseline, _, *plain = robmednas.references(settings)
    assert [item.point is not None for item in plain] == [True, inside == 2]
    assert [item.control for item in plain] == [False, inside != 2]
    starts = robmednas.starts(settings)
    assert all(map(space.contains, starts))
    expected = [item.config for item in reversed(plain[:inside])]
    assert [robmednas.complete(start, settings) for start in starts] == expected
    assert plain[inside - 1].config["regime"] == regime
    # In a space of recipes alone, a point stands for one network.
    assert (baseline.point is None) == (part == "recipe")
    assert robmednas.starts(settings_of(protocol="paper")) == ()
    handmade = settings_of(space="recipe", architecture=TINY)
    assert robmednas.starts(handmade) == ()


def test_a_plain_network_that_is_no_point_of_the_space_is_a_control():
    *_, network, twin = robmednas.references(settings_of(ema=0.5))  # not among the searched
    assert network.control
    assert network.point is twin.point is None


def test_a_shallow_run_has_a_plain_network_that_fits_its_slices():
    settings = settings_of(size=36, max_depth=2)
    labels = {item.label: item.config for item in robmednas.references(settings)}
    assert labels["plain U-Net"]["architecture"] == "plain 16 32 64"


def test_a_search_of_the_recipe_alone_trains_one_network():
    settings = settings_of(space="recipe")
    space = robmednas.space(settings)
    assert "depth" not in {param.name for param in space.params}
    point = sample(space, np.random.default_rng(0))
    config = robmednas.complete(point, settings)
    assert config["architecture"] == "plain 16 32 64 128"
    assert {name: config[name] for name in point} == point
    own = settings_of(space="recipe", architecture=f" {TINY}  ")
    assert robmednas.complete(point, own)["architecture"] == TINY


def test_a_search_of_the_architecture_alone_trains_by_the_runs_recipe():
    settings = settings_of(space="architecture", lr=0.005, loss="huber")
    point = sample(robmednas.space(settings), np.random.default_rng(0))
    config = robmednas.complete(point, settings)
    assert {name: config[name] for name in settings.recipe} == settings.recipe
    *_, network, twin = robmednas.references(settings)
    controls = robmednas.controls(config, settings)
    assert [control.label for control in controls] == [
        "matched plain U-Net",
        "matched plain U-Net w/AT",
    ]
    # The plain references have this recipe already: the run takes them, and trains no others.
    assert [control.config for control in controls] == [network.config, twin.config]


def test_the_papers_preset_has_plain_networks_as_controls_alone():
    paper = settings_of(protocol="paper")
    winner = robmednas.references(paper)[-1].config
    network, twin = robmednas.controls(winner, paper)
    for control, regime in ((network, "standard"), (twin, "adversarial")):
        assert control.control
        assert control.config == winner | {
            "architecture": network.config["architecture"],
            "norm": "instance",
            "regime": regime,
        }
    assert network.config["architecture"].startswith("plain ")


@pytest.mark.parametrize(("protocol", "label"), [("new", "plain U-Net"), ("paper", "baseline")])
def test_the_clean_floor_is_set_by_an_essential_reference_that_trains(protocol, label):
    settings = settings_of() if protocol == "new" else settings_of(protocol=protocol)
    floor = robmednas.floor(settings)
    assert floor.reference == label
    (reference,) = (item for item in robmednas.references(settings) if item.label == label)
    assert reference.essential


@pytest.mark.parametrize(
    ("protocol", "label"), [("default", "plain U-Net w/AT"), ("paper", "baseline w/AT")]
)
def test_the_last_radius_is_set_by_a_reference_that_is_trained_against_attacks(protocol, label):
    settings = settings_of(protocol=protocol)
    assert robmednas.robust_pilot(settings) == label
    configs = {reference.label: reference.config for reference in robmednas.references(settings)}
    assert configs[label]["regime"] != "standard"


def test_controls_are_plain_networks_with_the_winners_recipe_and_its_attack():
    settings = settings_of()
    winner = robmednas.references(settings)[0].config | {
        "lr": 0.009, "loss": "mse", "regime": "uniform", "attack_eps": 0.07, "attack_steps": 2,
    }  # fmt: skip
    network, twin = robmednas.controls(winner, settings)
    assert [network.label, twin.label] == ["matched plain U-Net", "matched plain U-Net w/AT"]
    for control in (network, twin):
        assert control.config["architecture"] == "plain 16 32 64 128"
        assert (control.config["lr"], control.config["loss"]) == (0.009, "mse")
    assert network.config["regime"] == "standard"
    assert (twin.config["attack_eps"], twin.config["attack_steps"]) == (0.07, 2)
    _, twin = robmednas.controls(winner | {"regime": "standard"}, settings)
    assert (twin.config["regime"], twin.config["attack_eps"]) == ("uniform", 0.12)


def test_every_drawn_point_becomes_a_config_and_back():
    settings = settings_of(max_depth=2)
    space, rng = robmednas.space(settings), np.random.default_rng(0)
    for _ in range(30):
        point = sample(space, rng)
        config = robmednas.complete(point, settings)
        network = parse_network(config["architecture"])
        assert isinstance(network, PlainUNet) == (point["family"] == "plain")
        assert getattr(network, "full_skip", None) == point.get("full_skip")
        assert {name: config[name] for name in config if name in point} == {
            name: value for name, value in point.items() if name in config
        }


def test_the_papers_own_best_is_a_reference_where_the_space_holds_it():
    paper = settings_of(protocol="paper")
    *_, best = robmednas.references(paper)
    assert best.config["architecture"] == PAPER_BEST
    assert not best.scaled
    assert robmednas.complete(best.point, paper) == best.config
    assert [item.label for item in robmednas.references(paper)[:2]] == ["baseline", "baseline w/AT"]
    assert robmednas.references(paper)[1].config["regime"] == "adversarial"
    assert len(robmednas.references(settings_of(max_filters=256, max_depth=4))) == 4


def test_controls_that_the_user_names_are_references_without_and_with_attacks():
    settings = settings_of(networks=("monai  unet", "plain 8 16"))
    labels = [reference.label for reference in robmednas.references(settings)]
    assert labels[4:8] == ["monai unet", "monai unet w/AT", "plain 8 16", "plain 8 16 w/AT"]
    by_label = {reference.label: reference for reference in robmednas.references(settings)}
    assert by_label["plain 8 16"].config["norm"] == "instance"
    assert by_label["plain 8 16"].config["regime"] == "standard"
    assert by_label["plain 8 16 w/AT"].config["regime"] == "uniform"
    assert by_label["monai unet"].control


def test_code_is_no_control_of_a_search_as_records_would_name_it():
    with pytest.raises(UserError, match="is run by robmednas-final --network only"):
        settings_of(networks=("os:system",))
