"""Every script of benchmarks loads: what it takes from others may have another name by now."""

import pytest
from places import ROOT
from scripts import benchmark


@pytest.mark.parametrize("name", sorted(path.stem for path in ROOT.glob("benchmarks/*.py")))
def test_a_script_loads(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    assert benchmark(name).__doc__
