"""What chance alone gives, beside a winner."""

import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.record.manifest import ConstantAnswer
from search.record.run_folder import RunFolder
from search.results.chance import chance_line, chance_of, idle_lines
from search.results.ranking import rank
from trainables.study import ranking_file
from trainables.study.report import Report

SKILL, AREA = Objective("m_skill", "max"), Objective("m_curve", "max")
LABELS = np.repeat([0, 1], [42, 114])


@pytest.fixture
def judge(tmp_path):
    def maker(value, objective=SKILL, scores=None, trials=1):
        folder = RunFolder(tmp_path)
        folder.trial("a").mkdir(parents=True, exist_ok=True)
        scores = np.zeros((3, 156), dtype=bool) if scores is None else scores
        ranking_file.write(folder.trial("a"), scores, LABELS, (0.0, 1.0, 2.0))
        report = Report(1, {objective.metric: value})
        names = ["a", *(f"b{number}" for number in range(1, trials))]
        rest = [Trial(name, {}, state=State.COMPLETED, reports=[report]) for name in names]
        rows = rank(rest, objective)
        return chance_of(rows[0], rows, objective, folder)

    return maker


def test_a_winner_within_chance_is_said_to_be_so(judge):
    """Coins for BreastMNIST's classes: a skill of .035 on average, and of .17 at the most."""
    chance = judge(0.1)
    assert chance.interval.value == pytest.approx(0.035, abs=0.003)
    assert chance.interval.high == pytest.approx(0.17, abs=0.01)
    assert chance_line(chance).endswith(": the winner may be no better")


def test_the_best_of_many_has_more_by_chance(judge):
    """Of 20 trials at chance the best is above what a single one has in .42 of runs."""
    assert judge(0.2).is_exceeded
    chance = judge(0.2, trials=20)
    assert not chance.is_exceeded
    generator = np.random.default_rng(7)
    rights = generator.binomial([42, 114], 0.5, (2000, 20, 2)) / [42, 114]
    best = np.maximum(2 * rights.mean(axis=-1) - 1, 0).max(axis=1)
    assert chance.best == pytest.approx(np.quantile(best, 0.975), abs=0.02)
    assert f", the best of 20 of up to {chance.best:.3f}" in chance_line(chance)


def test_a_winner_above_chance_is_not(judge):
    line = chance_line(judge(0.3))
    assert line.startswith("answers at chance have a skill of 0.03")
    assert "no better" not in line


@pytest.mark.parametrize("case", ["an area", "errors"])
def test_of_what_is_no_skill_of_right_answers_nothing_is_said(judge, case):
    objective = AREA if case == "an area" else SKILL
    scores = np.full((3, 156), 250.0) if case == "errors" else None
    assert judge(0.1, objective, scores) is None


def test_a_winner_that_is_no_better_than_a_constant_answer_is_said_to_be_so():
    grey = ConstantAnswer("the best single grey", 0.0)
    line = "the winner is no better than the best single grey"
    assert idle_lines(0.0, grey, SKILL) == [line]
    assert idle_lines(0.1, grey, SKILL) == []
    assert idle_lines(310.0, grey._replace(value=300.0), Objective("m", "min")) == [line]
    assert idle_lines(0.0, None, SKILL) == []
