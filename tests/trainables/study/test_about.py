"""The description of a study survives the manifest."""

import json

import pytest

from trainables.study.about import About, Score, Threat


def about(**fields) -> About:
    threat = Threat(
        words="every pixel moves", unit="pixel range", bounds=(0.0, 1.0), axis="ε", suffix="/255",
        scale=255.0,
    )  # fmt: skip
    usual = {
        "name": "guest",
        "title": "what a guest asks",
        "cites": ("first", "second"),
        "inputs": "images",
        "threat": threat,
        "scores": {"acc": Score(words="accuracy", direction="max", digits=2, from_zero=True)},
        "kept": "acc",
        "level": "chance",
        "columns": {"clean": "ranking_clean_{score}"},
    }
    return About(**usual | fields)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), None])
def test_json_gives_it_back(bounds):
    threat = Threat(words="w", unit="u", bounds=bounds, axis="a", suffix="s", scale=2.0, norm="l2")
    description = about(threat=threat)
    text = json.dumps(description.as_json())
    assert About.from_json(json.loads(text)) == description


def test_json_holds_every_field_by_its_name():
    values = about().as_json()
    assert values["cites"] == ["first", "second"]
    assert values["threat"]["bounds"] == (0.0, 1.0)
    assert values["scores"]["acc"]["direction"] == "max"
    assert set(values) == set(About.__dataclass_fields__)


@pytest.mark.parametrize(
    ("path", "error"),
    [(("threat",), KeyError), (("threat", "unit"), TypeError), (("scores",), KeyError)],
)
def test_a_description_that_lacks_a_part_is_refused(path, error):
    values = json.loads(json.dumps(about().as_json()))
    *way, last = path
    part = values
    for step in way:
        part = part[step]
    del part[last]
    with pytest.raises(error):
        About.from_json(values)


def test_fields_that_came_later_have_defaults():
    values = json.loads(json.dumps(about(columns={}).as_json()))
    del values["columns"]
    del values["threat"]["norm"]
    del values["items"]
    assert About.from_json(values) == about(columns={})
