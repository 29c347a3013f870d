"""Every number and sign of the table in docs/attacks.md, by the script that measures them."""

import re

import pathology
import pytest
from places import ROOT
from scripts import benchmark

TABLE = "| network | truth | PGD-5 | PGD-10 | PGD-20 x 2 | `quick` |"
PRINTED = 0.02  # of an area; a rounding that differs between machines may turn an image


def lines() -> dict[str, list[str]]:
    """The rows of the table by network; a row of several networks is one of each."""
    text = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    rows = text[text.index(TABLE) :].split("\n\n")[0].splitlines()[2:]
    found = {}
    for name, *cells in ([cell.strip() for cell in row.strip("|").split("|")] for row in rows):
        first, *others = re.sub(r"(\d) %", r"\1%", name.partition(" (")[0]).split(", x ")
        found |= {first: cells, **{f"logits x {scale}": cells for scale in others}}
    return found


@pytest.fixture(scope="module")
def cases():
    train = pathology.noisy_blobs(96, 0)
    honest = pathology.linear_network(train)
    plain = pathology.Pathology("none: the honest network", honest, honest)
    return {case.name: case for case in [plain, *pathology.pathologies(honest, train)]}


def test_the_table_has_every_network(cases):
    assert set(lines()) == set(cases)


@pytest.mark.parametrize("name", lines())
def test_each_rung_gets_what_the_table_says(cases, name):
    *numbers, beside, audit = lines()[name]
    _, *measured, signs, audited = benchmark("pathology").cells(
        cases[name], pathology.noisy_blobs(48, 1)
    )
    assert list(map(float, measured)) == pytest.approx(list(map(float, numbers)), abs=PRINTED)
    for words, raised in ((beside, signs), (audit, audited)):
        assert words == raised.replace("masking_", "").replace("_", " ")
