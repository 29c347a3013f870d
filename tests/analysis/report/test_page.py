"""The page of every kind of run: whole in itself, accessible, and it says what the numbers say."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import make_robmednas
import pytest
from make_run import METRIC, REFERENCES, TSYND, Fixed, Made, make_run

from analysis.load import load
from analysis.numbers.claim import sentences
from analysis.report.compare import comparison
from analysis.report.page import SECTIONS, report
from analysis.report.svg import VARIABLES
from search.engine.trial import State
from trainables.study.about import Score
from trainables.study.report import Report

FAILED = Made("t001", state=State.FAILED, reports=0, reason="out of memory")
KINDS = {
    "one reference": [REFERENCES[0]],
    "one sampled": [Made("t001")],
    "all failed": [FAILED, Made("t002", state=State.FAILED, reports=0, reason="x")],
    "no winner": [Made("r01", "baseline", violation=0.1), Made("t001", violation=0.2)],
    "all stopped": [Made(f"t00{i}", state=State.PRUNED, reports=i, reason="x") for i in (1, 2)],
    "no metrics": [Made("r01", "baseline", metrics={}), Made("t001", metrics={METRIC: 0.5})],
    "one value": [Made(f"t00{i}", metrics={METRIC: 0.5}) for i in (1, 2, 3)],
    "one parameter": [Made(f"t00{i}", config={"lr": 10**-i}) for i in (2, 3, 4)],
    "still running": [REFERENCES[0], Made("t001", state=State.RUNNING, reports=1)],
    "just begun": [Made("r01", "baseline", state=State.RUNNING, reports=0)],
}
VOID = {"meta", "link", "img", "br"}
FETCHED = ("src=", "@import", "url(http", "<script", "<link", "<iframe")


class Page(HTMLParser):
    """Checks that tags close, and collects ids, links, headings and texts."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.targets, self.words, self.headings = [], [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.targets += [found["href"]] if name == "a" else []
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in {"h1", "h2"}:
            self.headings.append(data)


def checked(html):
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert not [word for word in FETCHED if word in html]
    inside = [target[1:] for target in page.targets if target.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert not re.search(r"\bnan\b", " ".join(page.words), re.IGNORECASE)
    return page


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_has_a_page(tmp_path, kind):
    status = "running" if kind in {"still running", "just begun"} else "finished"
    options = {"status": status, "keep_answers": kind != "no metrics"}
    page = checked(report(load(make_run(tmp_path / "run", KINDS[kind], **options)), []))
    assert {"What was found", "What it cost", "What was run"} <= set(page.headings)


def test_a_whole_run_has_every_section(many):
    page = checked(report(many, ["leaderboard.csv", "leaderboard.png"]))
    assert len(page.headings) == 1 + len(SECTIONS) + 1 - 2  # title, files; unconfirmed, no pictures
    assert "Files beside this page" in page.headings
    text = " ".join(page.words)
    for said in sentences(many):
        assert said in text
    assert {"leaderboard.csv", "leaderboard.png"} <= set(page.targets)


def test_a_run_of_the_other_study(tmp_path):
    folder = tmp_path / "run"
    made = make_robmednas.many(12)
    run = load(make_run(folder, made, task=make_robmednas.ROBMEDNAS, images=8))
    page = checked(report(run, []))
    assert any("standard deviations of the subject's MR" in word for word in page.words)
    assert any("The winner's architecture" in word for word in page.words)


def test_names_are_never_markup(tmp_path):
    name = "<script>x</script>"
    run = load(make_run(tmp_path / "run", [Made("r01", name), Made("t001")]))
    page = checked(report(run, []))
    assert any(name in word for word in page.words)


def test_two_objectives_end_in_a_front(tmp_path):
    other = {"metric": "ranking_clean_bacc", "direction": "max"}
    trials = [
        Made(f"t00{i}", metrics={METRIC: robust, "ranking_clean_bacc": clean})
        for i, (robust, clean) in enumerate([(0.1, 0.9), (0.3, 0.7), (0.2, 0.6)])
    ]
    run = load(make_run(tmp_path / "run", trials, other=other))
    text = " ".join(checked(report(run, [])).words)
    assert "On the Pareto front: t001, t000." in text or "On the Pareto front: t000, t001." in text
    assert "nsga2" in text


def test_a_confirmation_is_shown_where_there_is_one(tmp_path):
    folder = make_run(tmp_path / "run", [Made("t001")])
    (folder / "confirm").mkdir()
    (folder / "confirm" / "confirm.json").write_text("{}")
    assert "Confirmation" in checked(report(load(folder), [])).headings


def test_every_variable_has_a_colour_in_the_light_and_in_the_dark():
    style = files("analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = style.split("prefers-color-scheme: dark")
    dark = dark.split("* { box-sizing")[0]
    for name in VARIABLES.values():
        assert f"--{name}:" in light
        assert f"--{name}:" in dark


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("text", ["ink", "muted", "accent", "good", "bad", "c1"])
@pytest.mark.parametrize("scheme", [0, 1])
def test_words_stand_out_from_the_paper(text, scheme):
    style = files("analysis.report").joinpath("page.css").read_text(encoding="utf-8")
    part = style.split("prefers-color-scheme: dark")[scheme]
    colours = dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", part))
    for ground in ("paper", "panel"):
        two = sorted((luminance(colours[text]), luminance(colours[ground])))
        assert (two[1] + 0.05) / (two[0] + 0.05) >= 4.5  # WCAG 2, level AA


def test_runs_side_by_side(tmp_path):
    runs = [load(make_run(tmp_path / name, [REFERENCES[0], Made("t001")])) for name in ("a", "b")]
    page = checked(comparison(runs, ["a/report.html", "b/report.html"]))
    assert {"a/report.html", "b/report.html"} <= set(page.targets)
    assert page.headings[0] == "2 runs side by side"


def measure_of_a_guest(made, epoch, _):
    error = 0.05 * made.skill
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
    trials = [Made("r01", "baseline", 0.8), Made("t001", skill=0.4)]
    run = load(make_run(tmp_path / "run", trials, task=GUEST))
    text = " ".join(checked(report(run, [])).words)
    assert "calibrated: whether confidence survives attack" in text
    assert "calibration error under PGD, mean over ε" in text
    assert "0.0400" in text
    assert "every pixel moves by at most ε and stays in [0, 1]" in text  # though less is better
    assert "ε in 255ths" in text
    assert "standard deviations" not in text
    assert "accuracy" not in text


def test_a_run_that_nobody_describes_has_a_page(tmp_path):
    folder = make_run(tmp_path / "run", [REFERENCES[0], Made("t001")], describes_itself=False)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"tsynd"', '"strange"'))
    text = " ".join(checked(report(load(folder), [])).words)
    assert "not described by the run" in text
    assert "ranking pgd bacc curve" in text
