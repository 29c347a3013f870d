"""What pairing by seed gains: on tables whose common luck is set."""

import numpy as np
import pandas as pd
import pytest
from scripts import benchmark


@pytest.fixture(scope="module")
def pairing():
    return benchmark("pairing")


def table(common, seeds=4000):
    generator = np.random.default_rng(0)
    luck = np.sqrt(common) * generator.normal(size=(seeds, 1))
    own = np.sqrt(1 - common) * generator.normal(size=(seeds, 3))
    return pd.DataFrame(luck + own, columns=["baseline", "noise", "adversarial"])


@pytest.mark.parametrize("common", [0.0, 0.6])
def test_the_common_part_is_what_was_made(common, pairing):
    assert pairing.shared(table(common)) == pytest.approx(common, abs=0.05)


def test_pairing_gains_from_six_seeds_on_where_half_is_shared(pairing):
    assert pairing.ratio(0.5, 5, 12) > 1 > pairing.ratio(0.5, 6, 12)
    assert pairing.ratio(0.0, 1000, 12) == pytest.approx(1, abs=0.01)


def test_every_setting_has_its_lines(pairing, tmp_path, capsys):
    file = tmp_path / "table.csv"
    wide = table(0.6, 5).rename_axis("seed").reset_index()
    rows = wide.melt("seed", var_name="method", value_name="skill")
    rows.assign(dataset="breastmnist", fraction=0.1).to_csv(file, index=False)
    pairing.main([str(file), "skill"])
    assert capsys.readouterr().out.count("skill, breastmnist 0.1") == 3
