"""Importance: what made the difference is found, and chance is told from it."""

import numpy as np
import optuna
import pytest
from make_run import METRIC, Blueprint
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from analysis.numbers.importance import LEAST, importance, parallel
from search.engine.trial import State


def searched(count, value, seed=0):
    generator = np.random.default_rng(seed)
    trials = []
    for number in range(count):
        config = {
            "lr": float(10 ** generator.uniform(-4, -2)),
            "latent_lr": float(generator.uniform(0, 1)),
            "uncertainty": str(generator.choice(["mi", "entropy"])),
        }
        metrics = {METRIC: float(value(config, generator))}
        trials.append(Blueprint(f"t{number:03d}", config=config, metrics=metrics))
    return trials


def test_the_one_that_decides_is_first_and_beyond_chance(build):
    run = build(*searched(40, lambda config, generator: -abs(np.log10(config["lr"]) + 3)))
    frame = importance(run).set_index("name")
    assert frame.index[0] == "lr"
    assert frame["importance"].sum() == pytest.approx(1)
    assert frame.loc["lr", "importance"] > 2 * frame.loc["lr", "chance"]


def test_noise_is_not_beyond_chance(build):
    beyond = []
    for seed in range(3):
        run = build(
            *searched(40, lambda config, generator: generator.normal(), seed), name=f"run{seed}"
        )
        frame = importance(run)
        beyond += list(frame["importance"] > frame["chance"])
    assert np.mean(beyond) <= 2 / 9  # of 9, each with a chance of 0.05


def test_it_is_what_optuna_computes_of_the_same_trials(build):
    trials = searched(30, lambda config, generator: config["latent_lr"] + 0.1 * generator.normal())
    study = optuna.create_study(direction="maximize")
    lows = {name: [t.config[name] for t in trials] for name in ("lr", "latent_lr")}
    axes = {
        "lr": optuna.distributions.FloatDistribution(min(lows["lr"]), max(lows["lr"]), log=True),
        "latent_lr": optuna.distributions.FloatDistribution(
            min(lows["latent_lr"]), max(lows["latent_lr"]), log=True
        ),
        "uncertainty": optuna.distributions.CategoricalDistribution(["entropy", "mi"]),
    }
    for trial in trials:
        study.add_trial(
            optuna.trial.create_trial(
                params=trial.config, distributions=axes, value=trial.metrics[METRIC]
            )
        )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=5 / 30)
    expected = get_param_importances(study, evaluator=evaluator)
    shares = importance(build(*trials)).set_index("name")["importance"].to_dict()
    assert shares == pytest.approx(expected)


def test_stopped_and_failed_trials_count_by_their_place(build):
    trials = searched(12, lambda config, generator: config["latent_lr"])
    for trial in trials[:4]:
        trial.state, trial.reports, trial.reason = State.PRUNED, 1, "x"
    trials[0].state, trials[0].reports, trials[0].metrics = State.FAILED, 0, None
    assert len(importance(build(*trials))) == 3


def test_of_few_trials_nothing_is_said(build):
    assert importance(
        build(*searched(LEAST - 1, lambda config, generator: generator.normal()))
    ).empty


def test_settings_lie_between_the_ends_of_their_axes(build):
    run = build(
        *(
            Blueprint(f"t00{i}", config={"lr": lr, "uncertainty": how}, metrics={METRIC: lr})
            for i, (lr, how) in enumerate([(1e-4, "mi"), (1e-3, "entropy"), (1e-2, "mi")])
        )
    )
    frame = parallel(run)
    positions = frame[frame["name"] == "lr"].set_index("trial")["place"]
    assert positions.to_dict() == pytest.approx({"t000": 0, "t001": 0.5, "t002": 1})
    positions = frame[frame["name"] == "uncertainty"].set_index("trial")["place"]
    assert positions.to_dict() == {"t000": 1, "t001": 0, "t002": 1}


def test_the_best_are_a_tenth_and_at_least_three(build):
    run = build(*searched(40, lambda config, generator: config["latent_lr"]))
    frame = parallel(run)
    best = set(frame.loc[frame["best"], "trial"])
    assert best == set(run.trials.head(4)["trial"])
