import pytest

from searchspace.errors import UserError
from trainables.study.ladder import default_ladder, format_ladder, parse_ladder
from trainables.study.report import Level, Rung

EPS = (0.0, 0.1)


def parse(text, epochs=60):
    return parse_ladder(
        text,
        attacks={"pgd", "fgsm", "apgd-ce", "square"},
        epochs=epochs,
        eps=EPS,
        metric_of=lambda attack: f"under {attack}",
    )


def test_a_ladder_names_epochs_and_attacks():
    assert parse("20:pgd-5@128, 60:apgd-ce,60:apgd-ce-20x2!") == (
        Rung(20, "under pgd", Level("pgd", 5, 1, EPS, images=128)),
        Rung(60, "under apgd-ce", Level("apgd-ce", None, 1, EPS)),
        Rung(60, "under apgd-ce", Level("apgd-ce", 20, 2, EPS, audit=True)),
    )


@pytest.mark.parametrize("attack", ["pgd", "fgsm", "apgd-ce", "square"])
@pytest.mark.parametrize("epochs", [1, 2, 10, 60])
@pytest.mark.parametrize("subset", [None, 128])
def test_every_default_ladder_reads_and_reads_back(attack, epochs, subset):
    text = default_ladder(attack, epochs, subset)
    rungs = parse(text, epochs)
    assert format_ladder(rungs) == text
    assert rungs[0].epochs == -(-epochs // 3)
    assert rungs[0].level.images == subset
    assert rungs[-1].level.attack == attack
    assert rungs[-1].level.images is None
    steps = [rung.level.steps for rung in rungs]
    assert steps == sorted(steps) if attack != "fgsm" else steps == [None, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not parse"),
        ("20:pgd,", "does not parse"),
        ("pgd-5", "does not parse"),
        ("60:pgd-", "does not parse"),
        ("60:pgd-0", "does not parse"),
        ("0:pgd,60:pgd", "does not parse"),
        ("60:pgdx2x2", "does not parse"),
        ("60:pdg", "names no known attack"),
        ("60:pgd,20:pgd", "goes back"),
        ("20:pgd", "ends at 20 epochs, but a trial has 60"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, message):
    with pytest.raises(UserError, match=message):
        parse(text)
