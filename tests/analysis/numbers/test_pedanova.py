"""PED-ANOVA on a study in memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution

from analysis.numbers.pedanova import Axis, divergences, make_study


def test_it_loads_neither_torch_nor_ray():
    code = (
        "import sys, analysis.numbers.pedanova\n"
        "heavy = {'torch', 'ray'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=root, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_study_has_a_trial_a_setting_and_leaves_out_what_a_trial_lacks():
    study = make_study({"lr": Axis([0.1, 0.001], log=True), "kind": Axis(["b", None], log=False)})
    first, second = study.get_trials()
    assert first.params == {"lr": 0.1, "kind": "b"}
    assert second.params == {"lr": 0.001}
    assert first.distributions["lr"] == FloatDistribution(0.001, 0.1, log=True)
    assert first.distributions["kind"] == CategoricalDistribution(["b"])


def test_the_hyperparameter_that_the_order_follows_diverges_most():
    generator = np.random.default_rng(0)
    order, noise = np.arange(40.0), generator.random(40)
    axes = {"follows": Axis(list(order), log=False), "noise": Axis(list(noise), log=False)}
    shares = divergences(make_study(axes), order, 0.25)
    assert shares["follows"] > 2 * shares["noise"]
    assert shares["noise"] >= 0
