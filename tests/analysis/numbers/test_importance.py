"""Importance: what made the difference is found, and chance is told from it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from make_run import METRIC, Made
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from analysis.numbers.importance import LEAST, importance, parallel
from search.engine.trial import State


def searched(count, value, seed=0):
    dice = np.random.default_rng(seed)
    trials = []
    for number in range(count):
        config = {
            "lr": float(10 ** dice.uniform(-4, -2)),
            "latent_lr": float(dice.uniform(0, 1)),
            "uncertainty": str(dice.choice(["mi", "entropy"])),
        }
        metrics = {METRIC: float(value(config, dice))}
        trials.append(Made(f"t{number:03d}", config=config, metrics=metrics))
    return trials


def test_the_one_that_decides_is_first_and_beyond_chance(made):
    run = made(*searched(40, lambda config, dice: -abs(np.log10(config["lr"]) + 3)))
    found = importance(run).set_index("name")
    assert found.index[0] == "lr"
    assert found["importance"].sum() == pytest.approx(1)
    assert found.loc["lr", "importance"] > 2 * found.loc["lr", "chance"]


def test_noise_is_not_beyond_chance(made):
    beyond = []
    for seed in range(3):
        run = made(*searched(40, lambda config, dice: dice.normal(), seed), name=f"run{seed}")
        found = importance(run)
        beyond += list(found["importance"] > found["chance"])
    assert np.mean(beyond) <= 2 / 9  # of 9, each with a chance of 0.05


def test_it_is_what_optuna_computes_of_the_same_trials(made):
    trials = searched(30, lambda config, dice: config["latent_lr"] + 0.1 * dice.normal())
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
    wanted = get_param_importances(study, evaluator=evaluator)
    found = importance(made(*trials)).set_index("name")["importance"].to_dict()
    assert found == pytest.approx(wanted)


def test_stopped_and_failed_trials_count_by_their_place(made):
    trials = searched(12, lambda config, dice: config["latent_lr"])
    for trial in trials[:4]:
        trial.state, trial.reports, trial.reason = State.PRUNED, 1, "x"
    trials[0].state, trials[0].reports, trials[0].metrics = State.FAILED, 0, None
    assert len(importance(made(*trials))) == 3


def test_of_few_trials_nothing_is_said(made):
    assert importance(made(*searched(LEAST - 1, lambda config, dice: dice.normal()))).empty


def test_settings_lie_between_the_ends_of_their_axes(made):
    run = made(
        *(
            Made(f"t00{i}", config={"lr": lr, "uncertainty": how}, metrics={METRIC: lr})
            for i, (lr, how) in enumerate([(1e-4, "mi"), (1e-3, "entropy"), (1e-2, "mi")])
        )
    )
    found = parallel(run)
    places = found[found["name"] == "lr"].set_index("trial")["place"]
    assert places.to_dict() == pytest.approx({"t000": 0, "t001": 0.5, "t002": 1})
    places = found[found["name"] == "uncertainty"].set_index("trial")["place"]
    assert places.to_dict() == {"t000": 1, "t001": 0, "t002": 1}


def test_the_best_are_a_tenth_and_at_least_three(made):
    run = made(*searched(40, lambda config, dice: config["latent_lr"]))
    found = parallel(run)
    best = set(found.loc[found["best"], "trial"])
    assert best == set(run.trials.head(4)["trial"])


def test_it_loads_neither_torch_nor_ray():
    code = (
        "import sys, analysis.numbers.pedanova\n"
        "heavy = {'torch', 'ray'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=root, capture_output=True)
    assert done.returncode == 0, done.stderr
