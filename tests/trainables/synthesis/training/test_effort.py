"""What a training takes, predicted, and that trials get the same of it."""

import pytest

from trainables.studies.robmednas.settings import RobMedNASConfig
from trainables.studies.robmednas.study import RobMedNAS
from trainables.synthesis.training.effort import speed, work_of

robmednas = RobMedNAS()
PLAIN = "plain 16 32 64 128"


def config_of(**values) -> RobMedNASConfig:
    return RobMedNASConfig(**{"architecture": PLAIN, "norm": "instance"} | values)


def test_attacks_take_time_by_their_steps_and_by_the_slices_that_are_attacked():
    clean = work_of(config_of(), 32)
    attacked = [
        work_of(config_of(regime=regime, attack_steps=steps), 32) - clean
        for regime, steps in (("uniform", 1), ("uniform", 3), ("adversarial", 3))
    ]
    assert attacked[1] == pytest.approx(3 * attacked[0])
    assert attacked[2] == pytest.approx(attacked[1] / 2)
    assert 0.5 * clean < attacked[0] < clean


def test_larger_batches_take_fewer_steps_of_the_optimiser():
    small, large = (work_of(config_of(batch_size=size), 32) for size in (2, 8))
    assert small > large


def test_the_plain_network_is_the_measure():
    settings = robmednas.parse_settings({"device": "cpu", "size": 32})
    recipe = settings.recipe
    assert speed(config_of(**recipe), settings) == 1
    assert speed(config_of(**recipe | {"architecture": "plain 8 16 32 64"}), settings) > 1.5
    assert speed(config_of(**recipe | {"regime": "uniform"}), settings) < 0.7
