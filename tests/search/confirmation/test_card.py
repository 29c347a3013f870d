"""The card takes threat model, unit and bounds from the study, whatever its score's direction."""

import json
from dataclasses import replace

import pytest
from make_confirmation import NEAR, confirmed
from toy_study import Settings

from search.confirmation.card import Card
from search.plan import Plan
from search.record.manifest import new_manifest
from search.record.run_folder import RunFolder
from trainables.classification.about import about_classification
from trainables.synthesis.about import about_synthesis

PIXELS = about_classification("toy", "a toy", ())
DEVIATIONS = about_synthesis("toy", "a toy", ())


@pytest.fixture
def run(tmp_path):
    manifest = new_manifest(RunFolder(tmp_path), Plan(study="toy"), Settings())
    manifest.add(facts=["made here"], digests={"data": "0"})
    return manifest.content


@pytest.mark.parametrize("direction", ["max", "min"])
def test_a_classifier_is_described_in_pixels_also_where_less_is_better(run, direction):
    record = confirmed(score="error", direction=direction)
    card = Card(record, run, PIXELS)
    threat = card.as_json()["threat_model"]
    assert (threat["unit"], threat["bounds"]) == ("pixel range [0, 1]", (0.0, 1.0))
    text = card.as_markdown()
    assert (
        "Any change of at most epsilon at each pixel (L-infinity), in pixel range [0, 1], the "
        "result clipped to [0, 1]. White box: gradients" in text
    )
    assert ("## Error on 70 test images (less is better)" in text) == (direction == "min")


@pytest.mark.parametrize("direction", ["max", "min"])
def test_an_mr_is_described_in_its_deviations_also_where_more_is_better(run, direction):
    card = Card(confirmed(score="Dice", direction=direction), run, DEVIATIONS)
    assert card.as_json()["threat_model"]["bounds"] is None
    text = card.as_markdown()
    assert (
        "in standard deviations of the subject's MR, without bounds. White box: gradients through "
        "the whole network in eval mode, on the normalised MR: its mean" in text
    )
    assert "## Dice on 70 test subjects" in text
    assert "over subjects and seeds" in text
    assert "images" not in text
    assert "normalisation included" not in text + card.as_json()["threat_model"]["knowledge"]


def test_of_a_classifier_gradients_go_through_its_normalisation(run):
    card = Card(confirmed(), run, PIXELS)
    assert "in eval mode, its normalisation included; and" in card.as_markdown()
    values = PIXELS.as_json()
    del values["threat"]["through"]  # a manifest of an earlier version
    earlier = Card(confirmed(), run, type(PIXELS).from_json(values))
    assert "through the whole model in eval mode; and black box" in earlier.as_markdown()


def test_the_card_has_test_with_and_without_near_copies(run):
    card = Card(confirmed(without_near=NEAR), run, PIXELS)
    assert card.as_json()["test_without_near"] == {
        "images": 50, "left_out": 20, "value": 0.3, "low": 0.2, "high": 0.4,
    }  # fmt: skip
    text = card.as_markdown()
    assert "| condition | strength | mean over seeds | without 20 near copies |" in text
    assert "| ensemble | 0.02 | 0.500 | 0.400 |" in text
    plain = Card(confirmed(), run, PIXELS)
    assert plain.as_json()["test_without_near"] is None
    assert "| ensemble | 0.02 | 0.500 |\n" in plain.as_markdown()


def test_the_card_has_the_constant_answer_beside_the_winner(run):
    card = Card(confirmed(constant=0.5, constant_value=0.45, without_near=NEAR), run, PIXELS)
    text = card.as_markdown()
    assert "| without 20 near copies | a constant answer |" in text
    assert "| ensemble | 0.02 | 0.500 | 0.400 | 0.500 |" in text
    assert "over images and seeds; that of a constant answer is 0.450." in text
    assert card.as_json()["constant"] == {"score": 0.5, "value": 0.45}
    grey = Card(confirmed(constant=300.0, constant_value=300.0), run, DEVIATIONS).as_markdown()
    assert "| the best single grey |" in grey
    assert "; that of the best single grey is 300.0." in grey
    earlier = Card(confirmed(), run, PIXELS)
    assert "a constant answer" not in earlier.as_markdown()
    assert earlier.as_json()["constant"] == {"score": None, "value": None}


def test_a_norm_without_a_name_is_written_as_it_is(run):
    about = replace(PIXELS, threat=replace(PIXELS.threat, norm="l2"))
    assert "at each pixel (l2), in" in Card(confirmed(), run, about).as_markdown()


def test_both_forms_say_the_same(run, tmp_path):
    folder = tmp_path / "best"
    folder.mkdir()
    Card(confirmed(), run, PIXELS).write(folder)
    card = json.loads((folder / "robustness.json").read_text())
    text = (folder / "robustness.md").read_text()
    assert text.startswith("# Robustness card: best (toy)\n")
    for line in card["says"]:
        assert f"- {line}" in text
    assert card["test"] == {"value": 0.38, "low": 0.28, "high": 0.48}
    assert "Area under it against epsilon: 0.380 [0.280, 0.480] over images and seeds." in text
    assert "| ensemble | 0.04 | 0.200 |" in text
    assert "| baseline | +0.180 | [+0.080, +0.280] | 95 % | 0.01 | better |" in text
    assert "- exported: training r01.2, seed 1001, the median on ranking" in text
    assert "- onnx: model.onnx" in text
    assert "| kind | `a/b` |" in text
    assert (card["alarms"], card["forms"]) == ([], {"onnx": "model.onnx"})
