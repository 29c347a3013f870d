"""Tables by fold, errors where they are defined, and files that the analysis draws."""

import csv

import pytest
import torch
from rich.console import Console

from search.nonrobust.corruptions import (
    COLUMNS,
    Line,
    constant_lines,
    corruptions,
    errors_of,
    fold_of,
    layout,
    mean_of,
    score,
    write_csv,
)
from searchspace.errors import UserError
from trainables.classification.assets import LabelledImages
from trainables.corruptions.medmnistc.definitions import ALEXNET, CLEAN, STRENGTHS
from trainables.corruptions.suites import DEFINED, OWN, open_suite


def lines_of(network, clean=0.9, loss=0.02):
    kinds = STRENGTHS["pneumoniamnist"]
    rows = [Line(network, CLEAN, 0, clean)]
    return rows + [
        Line(network, kind, severity, clean - loss * severity)
        for kind in kinds
        for severity in range(1, 6)
    ]


def test_folds_are_those_of_the_benchmark():
    assert (fold_of("impulse_noise"), fold_of("contrast_up")) == ("noise", "colour")
    assert fold_of(CLEAN) == ""
    assert mean_of(lines_of("a"), "noise") == pytest.approx(0.9 - 0.02 * 3)


def test_only_the_benchmark_itself_has_its_errors():
    own, defined = (layout(lines_of("a"), name, "pneumoniamnist") for name in (OWN, DEFINED))
    assert "BE" not in own
    assert (
        "| network | clean | digital | noise | blur | colour | task-specific | BE | rBE |"
        in defined
    )
    assert "contrast_up, gamma_corr_up" in defined
    assert "stain_deposit" in defined
    table = ALEXNET["pneumoniamnist"]
    kinds = errors_of(lines_of("a"))
    expected = sum(0.16 / table[kind] for kind in kinds) / len(kinds)
    assert f"{expected:.3f}" in defined


def test_every_network_has_a_line():
    text = layout([*lines_of("winner"), *lines_of("a|b", 0.5)], DEFINED, "pneumoniamnist")
    assert "| winner | 0.900 |" in text
    assert text.count("\n| ") == 3


def test_a_constant_answer_has_a_line_below_the_networks():
    lines = [*lines_of("winner"), *lines_of("baseline")]
    text = layout([*lines, *constant_lines(lines, 0.5)], DEFINED, "pneumoniamnist")
    rows = [row.split(" | ") for row in text.splitlines() if row.startswith("| ")]
    assert [row[0] for row in rows[-3:]] == ["| winner", "| baseline", "| a constant answer"]
    assert rows[-1][1:7] == ["0.500"] * 6
    assert rows[-1][-1] == "0.000 |"  # nothing takes from it what it has


def test_numbers_are_written_for_the_analysis(tmp_path):
    write_csv(tmp_path / "corruptions.csv", lines_of("winner"), "c-like @28")
    with (tmp_path / "corruptions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["corruption"], rows[0]["severity"]) == (CLEAN, "0")
    assert len(rows) == 1 + 5 * len(STRENGTHS["pneumoniamnist"])
    assert {row["suite"] for row in rows} == {"c-like @28"}


def test_a_network_is_scored_on_the_images_as_they_are_corrupted():
    class Bright(torch.nn.Module):
        def forward(self, images):
            level = images.flatten(1).mean(dim=1) - 0.5
            return torch.stack([-level, level], dim=1)

    labels = torch.tensor([0, 1])
    pixels = torch.tensor([100, 140], dtype=torch.uint8)[:, None, None, None]
    data = LabelledImages(pixels.expand(2, 1, 28, 28).contiguous(), labels)
    lines = score("bright", Bright(), data, open_suite(OWN, "phantom", (28, 28)))
    values = {(line.corruption, line.severity): line.bacc for line in lines}
    assert values[CLEAN, 0] == 1.0
    assert values["brightness_up", 5] == 0.5  # the dark image is bright now
    assert values["brightness_up", 1] == 1.0
    assert len(values) == 1 + 8 * 5


def test_without_a_classifier_no_folder_is_left(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(UserError, match="no model in"):
        corruptions(tmp_path / "run", tmp_path / "out", "c-like", None, Console())
    assert not (tmp_path / "out").exists()
