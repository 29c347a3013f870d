"""The space of the deep AUC study: what is active under which loss."""

import pytest

from searchspace.studies.deepauc import BINARY, LOSSES, MANY_CLASSES


@pytest.mark.parametrize("space", [BINARY, MANY_CLASSES])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_has_its_own_parameters_and_no_others(space, loss):
    active = {param.name for param in space.active({"loss": loss, "optimiser": "adam"})}
    assert ("optimiser" in active) == (loss != "aucm")
    assert ("margin" in active) == (loss != "cross_entropy")
    assert ("aucm_lr" in active) == (loss == "aucm")
    assert ("surrogate" in active) == (loss == "pairwise")
    assert ("temperature" in active) == (loss == "pauc_kl")
    assert ("positive_share" in active) == (space is BINARY)


@pytest.mark.parametrize(("optimiser", "rate"), [("pesg", "pesg_lr"), ("adam", "adam_lr")])
def test_a_learning_rate_belongs_to_its_optimiser(optimiser, rate):
    active = {param.name for param in BINARY.active({"loss": "ap", "optimiser": optimiser})}
    assert {"pesg_lr", "adam_lr", "aucm_lr"} & active == {rate}
