import pytest
import torch

from searchspace.errors import UserError
from trainables.attacks.apgd import APGD, TargetedAPGD
from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.fab import FAB
from trainables.attacks.gradient import PGD
from trainables.attacks.presets import (
    ENSEMBLES,
    SYNTHESIS_ENSEMBLES,
    build_ensemble,
    build_synthesis_ensemble,
    guesses_enough,
)
from trainables.attacks.square import Square
from trainables.attacks.transfer import Transfer
from trainables.losses.likelihood import log_odds, margin, squared_error


def test_quick_is_what_it_says():
    assert build_ensemble("quick", "multi-class") == {
        "apgd-ce": APGD(loss=log_odds, iterations=20),
        "apgd-margin": APGD(loss=margin, iterations=20),
        "square": Square(loss=margin, queries=200),
    }


def test_standard_is_the_authors_for_any_number_of_classes():
    assert build_ensemble("standard", "binary") == {
        "apgd-ce": APGD(loss=log_odds, iterations=100),
        "apgd-t": TargetedAPGD(classes=9, iterations=100),
        "fab": FAB(classes=9, iterations=100),
        "square": Square(loss=margin, queries=5000),
    }


@pytest.mark.parametrize("name", sorted(ENSEMBLES))
def test_multi_label_data_meet_the_same_attacks(name):
    """Label by label, as two classes: see `evaluation.OneLabel`."""
    assert build_ensemble(name, "multi-label") == build_ensemble(name, "binary")


def test_other_models_are_attacked_before_the_black_box(trained, source):
    attacks = build_ensemble("quick", "multi-class", {"trial 3": source})
    assert list(attacks) == ["apgd-ce", "apgd-margin", "transfer-trial 3", "square"]
    transfer = attacks["transfer-trial 3"]
    assert isinstance(transfer, Transfer)
    assert transfer.source is source
    ensemble = {"transfer-trial 3": transfer}
    report = run_ensemble(
        trained.model, trained.images, trained.labels, "multi-class", ensemble, (0.0, 0.08), seed=0
    )
    assert 0 < report.successes[1, 0] < len(trained.images)


@pytest.mark.parametrize("name", sorted(SYNTHESIS_ENSEMBLES))
def test_attacks_on_synthesis_maximise_the_error_in_small_batches(name):
    attacks = build_synthesis_ensemble(name, 3, {"a": torch.nn.Identity()})
    assert {attack.loss for attack in attacks.values()} == {squared_error}
    assert {attack.batch_size for attack in attacks.values()} == {3}
    assert list(attacks)[-2:] == ["transfer-a", "square"]
    clean = attacks["pgd-clean"]
    assert isinstance(clean, PGD)
    assert not clean.random_start


def test_unknown_names_are_a_user_s_error():
    with pytest.raises(UserError, match=r"unknown ensemble of attacks 'quik': did you mean quick"):
        build_ensemble("quik", "binary")
    with pytest.raises(UserError, match="did you mean standard"):
        build_synthesis_ensemble("standart")


def test_only_an_ensemble_that_guesses_enough_earns_a_card():
    assert {name: guesses_enough(name) for name in ENSEMBLES} == {"quick": False, "standard": True}
