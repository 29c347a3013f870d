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
