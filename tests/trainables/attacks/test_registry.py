import pytest

from searchspace.errors import UserError
from trainables.attacks.apgd import APGD, TargetedAPGD
from trainables.attacks.fab import FAB
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.registry import (
    ATTACKS,
    SYNTHESIS_ATTACKS,
    build_attack,
    build_synthesis_attack,
)
from trainables.attacks.square import Square
from trainables.losses.likelihood import log_odds, margin, squared_error


def test_names_mean_what_they_say():
    kinds = {name: type(build_attack(name, "binary")) for name in ATTACKS}
    assert kinds == {
        "fgsm": FGSM, "pgd": PGD, "apgd-ce": APGD, "apgd-margin": APGD, "apgd-t": TargetedAPGD,
        "fab": FAB, "square": Square,
    }  # fmt: skip
    assert build_attack("apgd-margin", "multi-class").loss is margin
    assert build_attack("square", "multi-class").loss is margin
    assert build_attack("apgd-t", "binary", 7, 2) == TargetedAPGD(iterations=7, restarts=2)


@pytest.mark.parametrize("task", ["binary", "multi-class", "ordinal", "multi-label"])
@pytest.mark.parametrize("name", ["fgsm", "pgd", "apgd-ce"])
def test_what_follows_the_gradient_raises_a_loss_that_never_vanishes(name, task):
    assert build_attack(name, task).loss is log_odds


def test_an_unknown_name_is_a_user_s_error():
    with pytest.raises(UserError, match=r"unknown attack 'apgd': did you mean .*apgd-ce"):
        build_attack("apgd", "binary")


def test_fab_has_iterations_and_no_restarts():
    assert build_attack("fab", "binary", 7) == FAB(iterations=7)
    with pytest.raises(UserError, match="fab has no such strength"):
        build_attack("fab", "binary", restarts=2)
    assert build_attack("fab", "multi-label") == FAB()  # label by label, as two classes


def test_attacks_on_synthesis_maximise_the_error():
    built = {name: build_synthesis_attack(name, batch_size=3) for name in SYNTHESIS_ATTACKS}
    assert {name: type(attack) for name, attack in built.items()} == {
        "fgsm": FGSM, "pgd": PGD, "pgd-clean": PGD, "apgd": APGD, "square": Square
    }  # fmt: skip
    assert all(attack.loss is squared_error for attack in built.values())
    assert all(attack.batch_size == 3 for attack in built.values())


def test_pgd_on_synthesis_takes_ten_steps_from_a_random_start():
    pgd = build_synthesis_attack("pgd")
    assert isinstance(pgd, PGD)
    assert (pgd.steps, pgd.random_start) == (10, True)


def test_pgd_from_the_clean_image_has_no_restarts():
    assert build_synthesis_attack("pgd-clean", steps=7) == PGD(
        loss=squared_error, batch_size=32, steps=7, random_start=False
    )
    with pytest.raises(UserError, match="pgd-clean has no such strength"):
        build_synthesis_attack("pgd-clean", restarts=2)


def test_an_unknown_attack_on_synthesis_is_a_user_s_error():
    with pytest.raises(UserError, match=r"unknown attack 'apgd-ce': did you mean .*apgd"):
        build_synthesis_attack("apgd-ce")
