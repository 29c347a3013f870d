"""The page of every kind of run: whole in itself, accessible, and it says what the numbers say."""

import re
from dataclasses import replace
from importlib.resources import files

import make_robmednas
import pytest
from html_page import check
from make_run import METRIC, REFERENCES, TSYND, Blueprint, Fixed, make_run

from analysis.load import load
from analysis.numbers.claim import sentences
from analysis.report.page import SECTIONS, report
from analysis.report.svg import VARIABLES
from search.engine.trial import State
from trainables.study.about import Score
from trainables.study.report import Report

FAILED = Blueprint("t001", state=State.FAILED, reports=0, reason="out of memory")
KINDS = {
    "one reference": [REFERENCES[0]],
    "one sampled": [Blueprint("t001")],
    "all failed": [FAILED, Blueprint("t002", state=State.FAILED, reports=0, reason="x")],
    "no winner": [Blueprint("r01", "baseline", violation=0.1), Blueprint("t001", violation=0.2)],
    "all stopped": [
        Blueprint(f"t00{i}", state=State.PRUNED, reports=i, reason="x") for i in (1, 2)
    ],
    "no metrics": [
        Blueprint("r01", "baseline", metrics={}),
        Blueprint("t001", metrics={METRIC: 0.5}),
    ],
    "one value": [Blueprint(f"t00{i}", metrics={METRIC: 0.5}) for i in (1, 2, 3)],
    "one parameter": [Blueprint(f"t00{i}", config={"lr": 10**-i}) for i in (2, 3, 4)],
    "still running": [REFERENCES[0], Blueprint("t001", state=State.RUNNING, reports=1)],
    "just begun": [Blueprint("r01", "baseline", state=State.RUNNING, reports=0)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_has_a_page(tmp_path, kind):
    status = "running" if kind in {"still running", "just begun"} else "finished"
    options = {"status": status, "keep_answers": kind != "no metrics"}
    page = check(report(load(make_run(tmp_path / "run", KINDS[kind], **options)), []))
    assert {"What was found", "What it cost", "What was run"} <= set(page.headings)


def test_a_whole_run_has_every_section(whole_run):
    page = check(report(whole_run, ["leaderboard.csv", "leaderboard.png"]))
    assert len(page.headings) == 1 + len(SECTIONS) + 1 - 2  # title, files; unconfirmed, no pictures
    assert "Files beside this page" in page.headings
    text = " ".join(page.words)
    for said in sentences(whole_run):
        assert said in text
    assert {"leaderboard.csv", "leaderboard.png"} <= set(page.targets)


def test_a_run_of_the_other_study(tmp_path):
    folder = tmp_path / "run"
    trials = make_robmednas.whole_search(12)
    run = load(make_run(folder, trials, task=make_robmednas.ROBMEDNAS, images=8))
    page = check(report(run, []))
    assert any("standard deviations of the subject's MR" in word for word in page.words)
    assert any("The winner's architecture" in word for word in page.words)


def test_names_are_never_markup(tmp_path):
    name = "<script>x</script>"
    run = load(make_run(tmp_path / "run", [Blueprint("r01", name), Blueprint("t001")]))
    page = check(report(run, []))
    assert any(name in word for word in page.words)


def test_two_objectives_end_in_a_front(tmp_path):
    second = {"metric": "ranking_clean_bacc", "direction": "max"}
    trials = [
        Blueprint(f"t00{i}", metrics={METRIC: robust, "ranking_clean_bacc": clean})
        for i, (robust, clean) in enumerate([(0.1, 0.9), (0.3, 0.7), (0.2, 0.6)])
    ]
    run = load(make_run(tmp_path / "run", trials, second=second))
    text = " ".join(check(report(run, [])).words)
    assert "On the Pareto front: t001, t000." in text or "On the Pareto front: t000, t001." in text
    assert "nsga2" in text


def test_a_confirmation_is_shown_where_there_is_one(tmp_path):
    folder = make_run(tmp_path / "run", [Blueprint("t001")])
    (folder / "confirm").mkdir()
    (folder / "confirm" / "confirm.json").write_text(
        '{"run": "run", "plan": {}, "finalists": [], "started": "2026-01-01"}'
    )
    assert "Confirmation" in check(report(load(folder), [])).headings


def test_every_variable_has_a_colour_in_the_light_and_in_the_dark():
    style = files("analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = style.split("prefers-color-scheme: dark")
    dark = dark.split("* { box-sizing")[0]
    for name in VARIABLES.values():
        assert f"--{name}:" in light
        assert f"--{name}:" in dark


def luminance(colour):
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in parts
    ]
    return sum(
        weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


@pytest.mark.parametrize("text", ["ink", "muted", "accent", "good", "bad", "c1"])
@pytest.mark.parametrize("scheme", [0, 1])
def test_words_stand_out_from_the_paper(text, scheme):
    style = files("analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    part = style.split("prefers-color-scheme: dark")[scheme]
    colours = dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", part))
    for ground in ("paper", "panel"):
        two = sorted((luminance(colours[text]), luminance(colours[ground])))
        assert (two[1] + 0.05) / (two[0] + 0.05) >= 4.5  # WCAG 2, level AA


def measure_of_a_guest(blueprint, epoch, _):
    error = 0.05 * blueprint.skill
    metrics = {"ranking_clean_ece": error, "ranking_pgd_ece_curve": 2 * error}
    return Report(epoch, metrics | {"ranking_pgd_ece_eps4": 3 * error}, best_epoch=epoch), None


class Calibrated(Fixed):
    """Settings of a classification study whose score is minimised."""

    about = replace(
        Fixed.about,
        name="calibrated",
        title="whether confidence survives attack",
        scores={"ece": Score(words="calibration error", direction="min", digits=4)},
        kept="ece",
        columns={"clean": "ranking_clean_{score}"},
    )


GUEST = replace(
    TSYND,
    metric="ranking_pgd_ece_curve",
    direction="min",
    settings=Calibrated(),
    measure=measure_of_a_guest,
)


def test_a_guest_is_read_by_its_own_description(tmp_path):
    trials = [Blueprint("r01", "baseline", 0.8), Blueprint("t001", skill=0.4)]
    run = load(make_run(tmp_path / "run", trials, task=GUEST))
    text = " ".join(check(report(run, [])).words)
    assert "calibrated: whether confidence survives attack" in text
    assert "calibration error under PGD, mean over ε" in text
    assert "0.0400" in text
    assert "every pixel moves by at most ε and stays in [0, 1]" in text  # though less is better
    assert "ε in 255ths" in text
    assert "standard deviations" not in text
    assert "accuracy" not in text


def test_a_run_that_nobody_describes_has_a_page(tmp_path):
    folder = make_run(tmp_path / "run", [REFERENCES[0], Blueprint("t001")], describes_itself=False)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"tsynd"', '"strange"'))
    text = " ".join(check(report(load(folder), [])).words)
    assert "not described by the run" in text
    assert "ranking pgd bacc skill" in text
