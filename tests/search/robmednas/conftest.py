"""Two tiny finished searches, and a comparison made from them."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from search.plan import Plan
from search.robmednas.final import FinalPlan, final
from search.run.runner import run
from search.studies import STUDIES
from trainables.studies.robmednas.study import RobMedNAS

robmednas = RobMedNAS()

# Nine epochs: after fewer, a network answers with one grey, which no winner may do. A weak attack,
# and slices predicted once: both are tested elsewhere, and take most of the time.
SETTINGS = {
    "subjects": 20, "slices": 1, "size": 32, "epochs": 9, "max_filters": 16, "eps": "0,0.1",
    "ladder": "9:pgd-2", "mirrored": False, "floor": 50.0, "space": "architecture",
}  # fmt: skip


def search(folder, sampler="tpe", **settings) -> Path:
    plan = Plan(
        study="robmednas", settings=SETTINGS | settings, trials=2, sampler=sampler,
        scheduler="fifo", seed_check=0, in_process=True, run=folder,
    )  # fmt: skip
    assert run(plan, STUDIES["robmednas"], Console(file=io.StringIO())) == 0
    return folder


@pytest.fixture(scope="session")
def searches(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("searches")
    return [search(folder / sampler, sampler) for sampler in ("tpe", "random")]


def compare(searches, folder, **options):
    """Run the final comparison; return its status and what it printed."""
    output = io.StringIO()
    plan = FinalPlan(tuple(searches), folder, **({"draws": 1, "epochs": 2} | options))
    return final(plan, Console(file=output, width=80)), output.getvalue()


@pytest.fixture(scope="session")
def finished(searches, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finals") / "final"
    status, output = compare(searches, folder)
    assert status == 0
    return folder, output


@pytest.fixture(scope="session")
def compare_runs():
    return compare


@pytest.fixture
def printed_by():
    """Return what runs a command that ends well, and returns what it printed."""

    def run_command(command, *arguments):
        output = io.StringIO()
        assert command(*arguments, Console(file=output, width=80)) == 0
        return " ".join(output.getvalue().split())

    return run_command


@pytest.fixture
def tiny(searches):
    """Settings, assets and a config to train."""
    manifest = json.loads((searches[0] / "manifest.json").read_text())
    settings = robmednas.parse_settings(manifest["settings"])
    return settings, searches[0] / "assets", robmednas.references(settings)[0].config
