"""Which hyperparameters mattered, on the page."""

import numpy as np
from make_run import METRIC, Blueprint

from analysis.numbers.importance import LEAST
from analysis.report.sections.settings import settings


def trials(count, decides):
    generator = np.random.default_rng(0)
    for number in range(count):
        config = {name: float(generator.random()) for name in ("lr", "latent_lr")}
        yield Blueprint(f"t{number:03d}", config=config, metrics={METRIC: decides(config)})


def test_what_is_beyond_chance_is_named(build, alts):
    settings(build(*trials(30, lambda config: config["latent_lr"])))
    assert "More than chance gives: latent lr." in alts["importance"]
    assert (
        "Over lr, latent lr: one line" in alts["parallel"]
        or "Over latent lr, lr" in (alts["parallel"])
    )


def test_of_few_trials_nothing_is_claimed(build, alts):
    body = settings(build(*trials(LEAST - 1, lambda config: config["lr"]))).body
    assert f"from {LEAST} sampled trials on: there are fewer" in body
    assert "importance" not in alts


def test_where_nothing_varied_there_is_no_section(build, alts):
    assert settings(build(Blueprint("t001"), Blueprint("t002"))) is None
