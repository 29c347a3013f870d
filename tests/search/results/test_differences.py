"""What differs from the winner, and what cannot be told apart from it."""

import numpy as np
import pytest

from search.engine.objective import Objective, Other
from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.results.differences import Comparison, Side, duel, gains, leaders, seed_spread, tied
from search.results.ranking import rank, winner
from search.results.tables import winner_lines
from trainables.metrics.influence import Sample
from trainables.metrics.skill import Area
from trainables.metrics.welch import Component, Estimate, estimate, total
from trainables.study import ranking_file
from trainables.study.report import Report

HIGH = Objective("m", "max")
LABELS = np.arange(40) % 2


def training(name, value, floor=-1.0, **fields):
    report = Report(9, {"m": value}, constraints={"floor": floor})
    return Trial(name, {}, state=State.COMPLETED, reports=[report], **fields)


def config(name, *values, **fields):
    """A trial, and more seeds of it where there are more values."""
    by_value = fields.pop("by_value", True)
    first = training(name, values[0], **fields)
    return [first] + [
        training(f"{name}.{n}", value, repeats=name, seed=n - 1, by_value=by_value)
        for n, value in enumerate(values[1:], 2)
    ]


def answer(folder, name, right):
    """40 answers at two radii, so many of them right in each class in turn."""
    path = folder.trial(name)
    path.mkdir(parents=True)
    scores = np.zeros((2, 40), dtype=bool)
    scores[:, :right] = True
    ranking_file.write(path, scores, LABELS, (0.0, 0.1))


@pytest.fixture
def folder(tmp_path):
    """A run that rank by the area of 40 answers: the value of a trial is what it answered."""
    return RunFolder(tmp_path)


def answered(folder, trials):
    for trial in trials:
        answer(folder, trial.id, round(40 * trial.reports[-1].metrics["m"]))
    return trials


def test_a_gain_has_the_variance_of_the_seeds_and_of_the_images(folder):
    """Both values are means of two: the deviation of .05 in each, and 4 of 40 images."""
    trials = [
        *config("a", 0.9, 0.85, 0.75),
        *config("b", 0.65, 0.75, by_value=False, label="baseline"),
    ]
    rows = rank(answered(folder, trials), HIGH)
    (gain,) = gains(rows[0], rows, HIGH, folder)
    assert gain.over.id == "b"
    assert gain.value == pytest.approx(0.1)
    spread = seed_spread(rows, HIGH)
    assert spread.df == 3
    right = np.mean([np.arange(40) < 34, np.arange(40) < 30], axis=0)
    rival = np.mean([np.arange(40) < 26, np.arange(40) < 30], axis=0)
    change = (right - rival) / 2  # each class is half of the value
    # To each class an image is added, of which each of both is right about one half, or the other.
    values, weights = [0.5, 0, 0, -0.5], [*[1] * 20, *[0.25] * 4]
    classes = [np.append(change[k == LABELS], values) for k in (0, 1)]
    images = [Component(np.cov(k, aweights=weights, ddof=0) / 20, 20) for k in classes]
    # The values of a vary a little more than the pool of both, which is .00556.
    own = Component(np.var([0.9, 0.85, 0.75], ddof=1) / 2, 2)
    seeds = total([own, Component(spread.deviation**2 / 2, 3)])
    expected = estimate(0.1, [seeds, total(images)])
    assert gain.interval == pytest.approx((expected.low, expected.high))
    assert gain.level == 0.95


def test_all_comparisons_of_a_run_hold_together(folder):
    """Three rivals of a winner that was chosen before its seeds: a level of 1 - .05 / 3."""
    trials = [*config("a", 0.9, 0.85, 0.75), *config("b", 0.5), *config("c", 0.4)]
    trials += config("r", 0.3, 0.35, by_value=False, label="baseline", control=True)
    rows = rank(answered(folder, trials), HIGH)
    (gain,) = gains(rows[0], rows, HIGH, folder)
    assert gain.level == pytest.approx(1 - 0.05 / 3)


def test_a_gain_of_skill_is_cut_at_what_is_possible(folder, monkeypatch):
    """Of trainings that differ so much that nothing is known of a single one."""
    wide = Estimate(value=0.3, low=-2.1, high=2.7, p=0.7, df=2, level=0.95)
    monkeypatch.setattr(Comparison, "over", lambda *_: wide)
    trials = [*config("a", 0.9, 0.1, 0.8), *config("b", 0.2, by_value=False, label="baseline")]
    for metric, bounds in (("m", (-2.1, 2.7)), ("m_skill", (-1.0, 1.0))):
        for trial in trials:
            trial.reports[-1].metrics[metric] = trial.reports[-1].metrics["m"]
        objective = Objective(metric, "max")
        rows = rank(trials, objective)
        (gain,) = gains(rows[0], rows, objective, folder)
        assert gain.interval == bounds


def test_leaders_that_raced_are_compared_in_all_pairs(folder):
    """Any of the two might have won: one comparison of them, and two with the third."""
    trials = [*config("a", 0.9, 0.8, 0.7), *config("b", 0.8, 0.6, 0.7), *config("c", 0.4)]
    trials += config("r", 0.3, label="baseline", control=True)
    rows = rank(answered(folder, trials), HIGH)
    (gain,) = gains(rows[0], rows, HIGH, folder)
    assert gain.level == pytest.approx(1 - 0.05 / (1 + 2 * 2))


def test_a_gain_is_positive_where_a_smaller_value_is_better(folder):
    low = Objective("m", "min")
    trials = [*config("a", 0.8, 0.85, by_value=False, label="baseline"), *config("b", 0.7, 0.6)]
    rows = rank(answered(folder, trials), low)
    (gain,) = gains(rows[0], rows, low, folder)
    assert rows[0].trial.id == "b"
    assert gain.value == pytest.approx(0.225)
    assert gain.interval[0] < 0.225 < gain.interval[1]


@pytest.mark.parametrize("case", ["one seed each", "another metric", "no answers"])
def test_a_gain_of_which_a_source_is_unknown_has_no_interval(folder, case):
    seeds = [] if case == "one seed each" else [0.75, 0.85]
    trials = [*config("a", 0.8, *seeds), *config("b", 0.7, label="baseline")]
    if case != "no answers":
        answered(folder, trials)
    if case == "another metric":
        for trial in trials:
            trial.reports[-1].metrics["m"] += 0.01
    rows = rank(trials, HIGH)
    (gain,) = gains(rows[0], rows, HIGH, folder)
    assert gain.interval is None
    assert [row.trial.id for row in tied(rows, HIGH, folder)] == ["a", "b"]


def test_gains_are_over_completed_references_only(folder):
    failed = Trial("r", {}, label="broken", state=State.FAILED, reports=[Report(1, {"m": 0.1})])
    rows = rank([*config("a", 0.9), *config("b", 0.8), failed], HIGH)
    assert gains(rows[0], rows, HIGH, folder) == []


def test_a_control_that_is_better_is_said_so(folder):
    trials = [*config("r", 0.8, label="baseline", control=True), *config("t", 0.6)]
    rows = rank(trials, HIGH)
    (gain,) = gains(winner(rows), rows, HIGH, folder)
    assert gain.value == pytest.approx(-0.2)
    lines = winner_lines(winner(rows), [gain], HIGH)
    assert "but not ahead of r baseline: see the negative gains" in "\n".join(lines)


def test_ties_are_what_the_interval_cannot_tell_apart(folder):
    trials = [
        *config("best", 0.9, 0.9, 0.875, 0.9, 0.9),
        *config("near", 0.875),
        *config("far", 0.2),
        *config("control", 0.9, control=True),
        *config("missed", 0.9, floor=0.1),
    ]
    rows = rank(answered(folder, trials), HIGH)
    assert [row.trial.id for row in tied(rows, HIGH, folder)] == ["best", "near"]
    assert [trial.id for trial in leaders(rows, HIGH, folder)] == ["best", "near"]
    alone = rank([trial for trial in trials if trial.id != "near"], HIGH)
    assert leaders(alone, HIGH, folder) == []


def test_leaders_are_four_at_most_by_their_first_trainings(folder):
    """The winner comes first, whatever its first training gave."""
    trials = [*config("w", 0.5, 0.6, 0.9), *(m for n in "abcdef" for m in config(n, 0.5))]
    trials += config("best", 0.7)
    rows = rank(answered(folder, trials), HIGH)
    assert [trial.id for trial in leaders(rows, HIGH, folder)] == ["w", "best", "a", "b"]


def test_of_two_objectives_the_winner_is_alone(folder):
    both = Objective("m", "max", other=Other("m", "min"))
    rows = rank([*config("a", 0.9), *config("b", 0.8)], both)
    assert [row.trial.id for row in tied(rows, both, folder)] == [rows[0].trial.id]


def made_values(generator, count, checks):
    """A search of one recipe alone: the first is the baseline, the best gets more seeds."""
    values = generator.normal(0.5, 0.1, count)
    first = int(values.argmax())
    trials = []
    for number, value in enumerate(values):
        fresh = generator.normal(0.5, 0.1, checks) if number in (0, first) else []
        trials += config(f"t{number}", value, *fresh, by_value=number == first)
    return trials


def test_trainings_of_one_recipe_are_told_apart_in_a_run_of_twenty_at_most(folder, monkeypatch):
    """Six trainings of one recipe were told apart in 12 of 15 pairs by the images alone."""
    monkeypatch.setattr(
        "search.results.differences.paired_component", lambda *_: Component(0.0, 1.0)
    )
    generator, wrong = np.random.default_rng(0), 0
    for _ in range(600):
        rows = rank(made_values(generator, 6, 2), HIGH)
        wrong += len(tied(rows, HIGH, folder)) < 6
    assert wrong / 600 <= 0.05


def test_trials_that_are_not_compared_are_not_told_apart(folder, monkeypatch):
    """Each reads answers, so no more than fifty are: the rest look no different from the best."""
    monkeypatch.setattr("search.results.differences.COMPARED", 2)
    rows = rank(made_values(np.random.default_rng(0), 6, 2), HIGH)
    monkeypatch.setattr("search.results.differences.Comparison.over", lambda *_: APART)
    assert len(tied(rows, HIGH, folder)) == 1 + 3


APART = Estimate(value=1.0, low=0.5, high=1.5, p=0.0, df=9.0, level=0.95)


def test_the_images_that_chose_the_winner_tell_it_apart_in_a_run_of_twenty_at_most(monkeypatch):
    """Equal recipes, each with images of its own that it gets right, whatever its seed.

    Further seeds of the best do not take back what it owes to the images: before these paid for
    all trials of the search, a rival or a control was told apart in .16 of such runs.
    """
    numbers = {}
    sample = lambda row, *_: Sample.of(  # noqa: E731
        [numbers[member.id] for member in row.counted], np.zeros(18, dtype=np.int64), Area((0.0,))
    )
    monkeypatch.setattr("search.results.differences.answers_of", sample)
    generator, wrong = np.random.default_rng(4), 0
    for _ in range(100):
        numbers.clear()
        rows = rank(search_of_equals(generator, numbers, 40), HIGH)
        wrong += len(tied(rows, HIGH, None)) < 40
    assert wrong / 100 <= 0.05


def search_of_equals(generator, numbers, count, images=18):
    """A search of equal recipes; the best and one more, the baseline, get two further seeds."""
    config_means = generator.normal(0.5, 0.1, (count, 1, images))
    answers = config_means + 0.03 * generator.normal(size=(count, 3, images))
    first, trials = int(answers[:, 0].mean(axis=1).argmax()), []
    for number, seeds in enumerate(answers):
        kept = seeds if number in (0, first) else seeds[:1]
        members = config(f"t{number}", *kept.mean(axis=1), by_value=number == first)
        numbers |= {member.id: row[None] for member, row in zip(members, kept, strict=True)}
        trials += members
    return trials


def test_the_winner_of_many_trials_is_not_told_from_that_of_one_by_the_images(monkeypatch):
    """Equal recipes again, of two runs: the winner of forty owes the images more than the other.

    Before images paid for all that might have won in either run, it was told apart in .2 of cases.
    """
    sample = lambda row, _, numbers: Sample.of(  # noqa: E731
        [numbers[member.id] for member in row.counted], np.zeros(40, dtype=np.int64), Area((0.0,))
    )
    monkeypatch.setattr("search.results.differences.answers_of", sample)
    generator, wrong = np.random.default_rng(5), 0
    for _ in range(200):
        sides = []
        for count in (40, 1):
            numbers = {}
            rows = rank(search_of_equals(generator, numbers, count, images=40), HIGH)
            sides.append(Side.of(winner(rows), rows, HIGH, numbers))
        wrong += duel(*sides, HIGH, 1).excludes_zero
    assert wrong / 200 <= 0.05


def test_a_race_of_one_recipe_has_no_loser_in_nineteen_runs_of_twenty(folder, monkeypatch):
    monkeypatch.setattr(
        "search.results.differences.paired_component", lambda *_: Component(0.0, 1.0)
    )
    generator, wrong = np.random.default_rng(1), 0
    for _ in range(400):
        values = np.sort(generator.normal(0.5, 0.1, 8))[::-1]
        trials = []
        for number, value in enumerate(values):
            fresh = generator.normal(0.5, 0.1, 2) if number < 4 else []
            trials += config(f"t{number}", value, *fresh)
        wrong += len(tied(rank(trials, HIGH), HIGH, folder)) < 8
    assert wrong / 400 <= 0.05


def test_winners_of_two_runs_differ_by_the_seeds_and_the_images_of_both(tmp_path):
    runs = [RunFolder(tmp_path / name) for name in ("a", "b")]
    sides = []
    for run, values in zip(runs, [(0.9, 0.85, 0.8), (0.5, 0.55, 0.5)], strict=True):
        rows = rank(answered(run, config("t", *values)), HIGH)
        sides.append(Side.of(rows[0], rows, HIGH, run))
    forward, backward = duel(*sides, HIGH, 1), duel(*sides[::-1], HIGH, 1)
    assert forward.value == pytest.approx(0.3)
    assert (backward.low, backward.high) == pytest.approx((-forward.high, -forward.low))
    assert forward.level == 0.95
    wider = duel(*sides, HIGH, 3)
    assert wider.level == pytest.approx(1 - 0.05 / 3)
    assert wider.high - wider.low > forward.high - forward.low
