import json
from dataclasses import replace

import pytest
from make_run import REFERENCES, Blueprint, make_run

from analysis.load import load
from analysis.report.confirmation import confirmation
from analysis.vocabulary import Vocabulary
from searchspace.errors import UserError

EPS = 4 / 255


def standing(name, trial, value, **fields):
    return {
        "id": name, "trial": trial, "name": trial, "place": 1, "promised": 0.5, "control": False,
        "config": {}, "reference": False,
        "value": {"value": value, "low": value - 0.1, "high": value + 0.1},
        "seeds": [value, value], "barred": [],
    } | fields  # fmt: skip


def conditions(*scores):
    kinds = (("clean", 0.0), ("ensemble", EPS), ("noise", 0.2), ("pixelate", 1.0))
    rows = zip(kinds, scores, strict=True)
    return [
        {"kind": kind, "strength": strength, "score": score} for (kind, strength), score in rows
    ]


CONTENT = {
    "score": "balanced accuracy", "direction": "max", "eps": [0, EPS], "winner": "r01",
    "run": "run", "plan": {"attacks": "standard"}, "finalists": [], "started": "2026-01-01",
    "images": {"ranking": 60, "test": 70},
    "standings": [standing("r01", "t<1>", 0.43), standing("r02", "base", 0.3, barred=["floor"])],
    "test": {
        "r01": {"value": 0.41, "low": 0.31, "high": 0.51},
        "r02": {"value": 0.25, "low": 0.15, "high": 0.35},
    },
    "conditions": {"r01": conditions(0.9, 0.4, 0.7, 0.6), "r02": conditions(0.8, 0.1, 0.7, 0.5)},
    "comparisons": [
        {"over": "base", "difference": {"value": 0.16, "low": 0.05, "high": 0.27},
         "verdict": "better", "p": 0.01, "p_adjusted": 0.02, "effect": 0.4, "n": 70}
    ],
    "selection": {"winner": "r02", "promised": 0.5, "left": 0.3, "regret": 0.13, "best_place": 2,
                  "tau": None, "optimism": 0.02},
    "guessed": {"value": 0.05, "low": 0.02, "high": 0.1},
    "wins": {"ranking": {"apgd-ce": 40}, "test": {"apgd-ce": 10, "square": 30}},
    "seconds": 60.0, "exported": {"training": "r01", "seed": 1000}, "exports": {},
    "ended": "2026-01-02",
}  # fmt: skip


BEGUN = ("run", "plan", "finalists", "started")


@pytest.fixture
def run(tmp_path):
    return load(make_run(tmp_path / "run", [*REFERENCES, Blueprint("t001")]))


def confirmed(run, content):
    file = run.folder / "confirm" / "confirm.json"
    file.parent.mkdir()
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return confirmation(run)


def test_there_is_no_section_without_a_confirmation(run):
    assert confirmation(run) is None


def test_a_run_of_mr_has_subjects_and_the_best_single_grey(run):
    about = replace(run.about, level="the best single grey", items="subjects")
    run = replace(run, vocabulary=Vocabulary(about))
    body = confirmed(run, CONTENT | {"constant": 300.0, "constant_value": 300.0}).body
    assert "on 60 ranking subjects" in body
    assert "on 70 test subjects, opened once" in body
    assert "the best single grey" in body
    assert "images" not in body
    assert "constant answer" not in body


def test_it_says_what_was_found(run):
    body = confirmed(run, CONTENT).body
    assert "t&lt;1&gt;" in body
    assert "t<1>" not in body
    assert "on test better than base: +0.160 [+0.050, +0.270] at 95 %, adjusted p = 0.02" in body
    assert "the confirmed winner was #2 in the search" in body
    assert "0.130" not in body  # in records of before, of the images that chose the winner
    assert "floor missed" in body
    assert "4/255" in body
    assert "pixelate" not in body
    assert "alarm: only attacks without the winner&#39;s gradient succeed" in body
    assert "on 70 test images, opened once" in body


def test_second_lines_are_without_near_copies(run):
    near = {
        "images": 50,
        "test": {name: value | {"value": 0.123} for name, value in CONTENT["test"].items()},
        "conditions": {"r01": conditions(0.8, 0.3, 0.6, 0.5), "r02": conditions(0.7, 0, 0.6, 0.4)},
    }
    body = confirmed(run, CONTENT | {"without_near": near}).body
    assert body.count(">without near copies</th>") == 2
    assert body.count("0.123") == 3  # two lines of the table, and the winner's sentence
    assert "second lines: on the 50 without near copies among the images that trained" in body
    assert "t&lt;1&gt;" in body[body.index("opened once") :].split("</tr>")[1]


def test_one_that_has_not_ended_says_so(run):
    assert "Begun and not ended" in confirmed(run, {name: CONTENT[name] for name in BEGUN}).body


@pytest.mark.parametrize("damaged", ["{", json.dumps(CONTENT | {"test": {}})])
def test_a_damaged_one_is_told_in_one_line(run, damaged):
    with pytest.raises(UserError, match=r"confirm\.json"):
        confirmed(run, damaged)
