"""A made run of the nonrobust study: networks of true and made images, and their controls."""

from dataclasses import replace
from typing import ClassVar

import make_run
import pytest
from make_run import Blueprint

from search.studies import about
from trainables.study.about import About

DETAIL = {"fooled": 1.0, "linear": 0.35, "linear_low": 0.3, "linear_high": 0.4}


class Fixed(make_run.Fixed):
    about: ClassVar[About] = about("nonrobust")


TASK = replace(
    make_run.TSYND, settings=Fixed(), details={"made_sets": {"nonrobust random": DETAIL}}
)


@pytest.fixture
def task():
    return TASK


@pytest.fixture
def run(build):
    return build(
        Blueprint("r01", "baseline", skill=0.9, reach=1.0),
        Blueprint("r02", "trades", skill=0.85, reach=9.0),
        Blueprint("r03", "nonrobust random", skill=0.4, reach=0.01, control=True),
        Blueprint("r04", "labels only", skill=0.0, reach=0.01, control=True),
        Blueprint("r05", "untrained 1", skill=0.05, reach=0.01, control=True),
        Blueprint("r06", "matched baseline", skill=0.9, control=True),
        Blueprint("t001", skill=0.95, reach=12.0),
        Blueprint("t002", skill=0.2),
        task=TASK,
    )


@pytest.fixture
def corruptions_file(tmp_path):
    """Write scores of two networks under three corruptions, of which two are noise."""
    lines = ["suite,network,fold,corruption,severity,bacc"]
    for network, top in (("winner", 0.9), ("baseline", 0.8)):
        lines.append(f"c-like @28,{network},,clean,0,{top}")
        for kind, fold, loss in (
            ("gaussian_noise", "noise", 0.02),
            ("impulse_noise", "noise", 0.04),
            ("gaussian_blur", "blur", 0.01),
        ):
            lines += [
                f"c-like @28,{network},{fold},{kind},{severity},{top - loss * severity}"
                for severity in range(1, 6)
            ]
    file = tmp_path / "corruptions.csv"
    file.write_text("\n".join(lines) + "\n")
    return file
