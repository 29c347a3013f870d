"""Architectures as numbers."""

import math

import make_robmednas
import pytest
from make_run import Blueprint

from analysis.numbers.frames import hyperparameters
from analysis.studies.robmednas.numbers import blocks, traits, winning_architecture
from searchspace.unet import cost, cost_of, parse, parse_network

TEXT = "1100x8s4 1111x32 | 1000x8 1000x16"


@pytest.fixture
def run(build):
    texts = (TEXT, make_robmednas.HANDCRAFTED)
    trials = [
        Blueprint(f"t00{number}", skill=0.9 - 0.1 * number, config={"architecture": text})
        for number, text in enumerate(texts, start=1)
    ]
    return build(*trials, task=make_robmednas.ROBMEDNAS, images=8)


def test_an_architecture_is_described_by_numbers():
    described = traits(TEXT, "square", 64)
    assert described["depth"] == 2
    assert described["parameters"] == cost(parse(TEXT), "square", 64, 64).parameters
    assert described["mean_log2_filters"] == (3 + 5 + 3 + 4) / 4
    assert described["share_of_blocks_with_SE"] == 0.25
    assert described["share_of_branches_open"] == 8 / 16


def test_a_plain_network_has_numbers_but_no_branches_and_no_squeeze():
    described = traits("plain 8 16 32", "square", 64)
    assert described["depth"] == 2
    assert (
        described["parameters"] == cost_of(parse_network("plain 8 16 32"), "square", 64).parameters
    )
    assert described["mean_log2_filters"] == (3 + 4 + 5 + 4 + 3) / 5
    assert math.isnan(described["share_of_blocks_with_SE"])
    assert math.isnan(described["share_of_branches_open"])


def test_numbers_stand_in_the_place_of_an_architecture(run):
    frame = hyperparameters(run)
    assert {"depth", "parameters", "mean_log2_filters"} <= set(frame["name"])
    assert "architecture" not in set(frame["name"])
    depths = frame[frame["name"] == "depth"].set_index("trial")["setting"].to_dict()
    assert depths == {"t001": 2, "t002": 3}


def test_blocks_are_listed_in_the_order_of_computation():
    table = blocks(parse(TEXT), "square")
    assert table["block"].tolist() == ["encoder 1", "encoder 2", "decoder 1", "decoder 2"]
    assert table["filters"].tolist() == [8, 32, 8, 16]
    assert table["SE"].tolist() == [4, 0, 0, 0]
    assert table.loc[0, ["A1", "A2", "A3", "A4"]].tolist() == ["1x1", "3x3", "", ""]


def test_the_winners_architecture_is_that_of_its_config(run):
    architecture, kernels = winning_architecture(run)
    assert run.winner == "t001"
    assert str(architecture) == TEXT
    assert kernels == "square"


def test_a_plain_winner_has_no_blocks_to_show(build):
    plain = Blueprint("t001", config={"architecture": "plain 8 16 32"})
    run = build(plain, task=make_robmednas.ROBMEDNAS, images=8)
    assert run.winner == "t001"
    assert winning_architecture(run) is None


def test_without_a_winner_there_is_no_architecture(build):
    config = {"architecture": TEXT}
    barred = Blueprint("t001", violation=0.1, config=config)
    assert winning_architecture(build(barred, task=make_robmednas.ROBMEDNAS, images=8)) is None
