"""What a command line says becomes a comparison."""

import pytest
from make_run import METRIC, Blueprint, make_run
from whole_cells import write_phantom

from search.comparison.cells import Cell
from search.comparison.request import Request
from search.record.manifest import read_manifest
from search.record.run_folder import RunFolder
from search.tsynd.table1 import make_comparison
from searchspace.errors import UserError
from trainables.classification.assets import open_splits
from trainables.studies.tsynd.study import TSynD


def test_radii_are_the_same_for_all_cells_and_methods_are_the_papers(tmp_path):
    settings = {"classifier": "cnn", "epochs": None, "device": "cpu"}
    comparison = make_comparison(
        Request(datasets="all", fractions="0.01,0.1", seeds=2, out=tmp_path, settings=settings)
    )
    cells = list(comparison.grid)
    assert len(cells) == 12 * 2 * 2
    plan = comparison.plan_of(cells[0])
    assert (plan.study, plan.address, plan.seed_check) == ("tsynd", None, 0)
    parsed = TSynD().parse_settings(plan.settings)
    assert parsed.eps == tuple(radius / 255 for radius in (0, 0.25, 0.5, 1, 2, 4, 8))
    assert [row.label for row in comparison.methods(parsed)][:2] == ["baseline", "noise"]


def test_no_cell_has_a_seed_or_training_images_of_the_search(tmp_path, monkeypatch):
    """The search chose what is lucky with those: one training would be the one that it chose."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run = make_run(tmp_path / "run", [Blueprint("t001", metrics={METRIC: 0.3})])
    write_phantom(run / "assets")
    request = Request(datasets="phantom", fractions="0.1", seeds=2, out=tmp_path / "out")
    comparison = make_comparison(request, tuned=run)
    searched = {read_manifest(RunFolder(run)).seed + further for further in range(3)}

    def subset(seed):
        plan = comparison.plan_of(Cell("phantom", 0.1, seed))
        settings = TSynD().parse_settings(plan.settings)
        return frozenset(open_splits(settings, lambda _: None)[1].train.tolist())

    seeds = {cell.seed for cell in comparison.grid}
    assert len(seeds) == 2
    assert comparison.origin.run == run
    assert comparison.plan_of(Cell("phantom", 0.1, 1000)).earlier_items == comparison.origin.items
    assert not seeds & searched
    assert not {subset(seed) for seed in seeds} & {subset(seed) for seed in searched}
    assert [cell.seed for cell in make_comparison(request).grid] == [0, 1]


def test_volumes_have_no_part_in_table_1(tmp_path):
    with pytest.raises(UserError, match="adrenalmnist3d"):
        make_comparison(Request(datasets="adrenalmnist3d", fractions="0.1", seeds=1, out=tmp_path))
