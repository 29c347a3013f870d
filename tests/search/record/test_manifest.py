"""The manifest of a run, new, old and damaged."""

import json

import pytest
from toy_study import ABOUT, Settings

from search.engine.objective import Objective
from search.plan import Plan
from search.record.manifest import ManifestFile, new_manifest, read_manifest
from search.record.provenance import code_state
from search.record.run_folder import RunFolder
from searchspace.errors import UserError

OLD = {  # as runs were written that do not say their version
    "status": "finished", "started": "2026-01-01T00:00:00.000+00:00", "command": ["search", "toy"],
    "plan": {"study": "toy", "settings": {"epochs": 3}, "trials": 4, "run": "/runs/toy"},
    "settings": {"epochs": 3, "eps": [0.0, 0.1]}, "seed": 3, "startup": 1,
    "machine": {"platform": "x", "processor": "y", "cores": 2}, "git": None,
    "versions": {"torch": "2.11", "ray": None}, "code": "0123456789abcdef",
    "objective": {"metric": "mae", "direction": "min", "rungs": ["mae", "mae"], "other": None},
    "rungs": [{"epochs": 2, "metric": "mae", "level": None},
              {"epochs": 4, "metric": "mae",
               "level": {"attack": "pgd", "steps": 5, "restarts": 1, "eps": [0.0, 0.1],
                         "images": None, "audit": False}}],
    "digests": {"data": "0"}, "facts": ["made here"], "details": {"level": None},
    "ended": "2026-01-01T00:01:00.000+00:00", "winner": "r01", "front": None,
    "agreements": [{"rung": 0, "trials": 4, "tau": None, "low": -1.0, "high": 1.0}],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def written(folder, **changes):
    folder.manifest.write_text(json.dumps(OLD | changes))
    return folder


def test_a_new_manifest_is_read_as_it_was_written(folder):
    plan = Plan(study="toy", trials=30, run=folder.path, first=({"x": 0.5},))
    manifest = new_manifest(folder, plan, Settings(epochs=3)).content
    again = read_manifest(folder)
    assert again == manifest
    assert again.version == 1
    assert again.plan == plan
    assert again.settings["epochs"] == 3
    assert again.about == ABOUT
    assert again.code_state == code_state()
    assert (again.status, again.startup) == ("running", 10)
    assert again.objective is again.winner is None


def test_one_of_before_versions_is_read(folder):
    manifest = read_manifest(written(folder))
    assert manifest.about is None
    assert manifest.plan.trials == 4
    assert manifest.objective == Objective("mae", "min", ("mae", "mae"))
    assert manifest.rungs[1].level.eps == (0.0, 0.1)
    assert manifest.code_state.code == OLD["code"]


def test_a_run_that_goes_on_keeps_what_was_written_and_what_is_unknown(folder):
    manifest = ManifestFile(folder, read_manifest(written(folder, later={"x": 1})))
    manifest.go_on(manifest.content.plan.model_copy(update={"trials": 9}))
    manifest.end("finished", winner=None)
    again = read_manifest(folder)
    values = json.loads(folder.manifest.read_text())
    assert {name: values[name] for name in OLD if name not in {"plan", "ended", "winner"}} == {
        name: value for name, value in OLD.items() if name not in {"plan", "ended", "winner"}
    }
    assert values["later"] == {"x": 1}
    assert values["version"] == again.version == 1
    assert [resumption.trials for resumption in again.resumed] == [9] == [again.plan.trials]
    assert again.code_state == code_state()
    assert manifest.changes() == []
    assert again.winner is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plan": {}}, "plan.study is missing"),
        ({"plan": {"study": "toy", "trails": 3}}, "plan.trails is unknown"),
        ({"objective": {"metric": "mae", "direction": "less"}}, "objective.direction is 'less'"),
        ({"rungs": [{"epochs": "2", "metric": "mae"}]}, r"rungs\.0\.epochs is '2'"),
        ({"stored": {"uri": "s3://x/y", "term": 1}}, "stored.token is missing"),
        ({"about": {"name": "toy"}}, "about.title is missing"),
        ({"version": 2}, "is of version 2"),
    ],
)
def test_what_does_not_fit_is_one_line_with_file_and_field(folder, changes, message):
    with pytest.raises(UserError, match=message) as caught:
        read_manifest(written(folder, **changes))
    assert str(folder.manifest) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_run_says_so(tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        read_manifest(RunFolder(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"is not a run: it has no manifest\.json"):
        read_manifest(RunFolder(tmp_path))


def test_what_several_fields_say_together_is_one_short_line(tmp_path, run_toy):
    _, folder, _ = run_toy(trials=1)
    values = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(values | {"rungs": []}))
    with pytest.raises(UserError, match=r"manifest\.json: a run with an objective has rungs; put"):
        read_manifest(RunFolder(folder))
    words = values["about"] | {"level": "x" * 2000}
    (folder / "manifest.json").write_text(json.dumps(values | {"about": words}))
    with pytest.raises(UserError, match=r"manifest\.json: .* in more words than can be drawn"):
        read_manifest(RunFolder(folder))
    for text in ("", "yesterday", "1000000000-01-01"):
        (folder / "manifest.json").write_text(json.dumps(values | {"started": text}))
        with pytest.raises(UserError, match=r"manifest\.json: started is"):
            read_manifest(RunFolder(folder))
