"""Whole confirmations of the toy study, whose test split opens only to a winner written down."""

import json
import shutil

import pytest
from make_confirmation import written

from search.confirmation.record import CONFIRMED
from search.record.lock import locked
from search.record.run_folder import RunFolder
from search.run.first import best_points, earlier_openings
from searchspace.errors import UserError


def read(file):
    return json.loads(file.read_text())


def test_a_confirmation_from_the_first_line_to_the_last(run_toy, confirm_toy):
    """The search prefers kind b, which the ensemble halves: the winner is another."""
    _, run, _ = run_toy(trials=12, sampler="random")
    status, printed = confirm_toy(run)
    folder = run / "confirm"
    found = read(folder / "confirm.json")
    assert status == 0
    names = {one["id"]: one for one in found["standings"]}
    assert names[found["selection"]["winner"]]["config"]["kind"] == "b"
    winner = names[found["winner"]]
    assert winner["config"]["kind"] != "b"
    (searched,) = (row for row in found["comparisons"] if row["role"] == "searched")
    assert searched["id"] == found["selection"]["winner"]
    regret = searched["difference"]["value"]
    assert regret == pytest.approx(
        found["test"][found["winner"]]["value"] - found["test"][searched["id"]]["value"]
    )
    assert regret > 0
    assert f"selection regret +{regret:.3f} [" in printed
    assert "baseline" in {one["name"] for one in found["standings"]}
    seeds = [read(file)["seed"] for file in folder.glob("training/trials/*/model.json")]
    assert sorted(set(seeds)) == [1000, 1001, 1002, 1003]
    assert (folder / "test" / "opened").read_text() == found["winner"]
    assert found["trainings"] == dict.fromkeys(found["test"], 2)
    assert "--seeds 2 tells next to nothing apart: 4 or more do" in printed
    near = found["without_near"]
    assert (found["images"]["test"], near["images"]) == (40, 30)
    assert set(near["test"]) == set(found["test"])
    for name, value in near["test"].items():  # the ten that are left out are the last to be lost
        assert value["value"] < found["test"][name]["value"]
    assert "without the 10 of 40 test images that have near copies" in printed
    assert found["guessed"]["value"] == 0  # of the winner alone: half fall of the search's winner
    assert "only attacks without the winner's gradient" not in printed
    card = read(folder / "best" / "robustness.json")
    assert card["config"] == winner["config"]
    assert card["test"] == found["test"][found["winner"]]
    assert "# Robustness card" in (folder / "best" / "robustness.md").read_text()
    exported = read(folder / "best" / "model.json")
    assert (exported["config"], exported["seed"]) == (winner["config"], found["exported"]["seed"])


def test_a_run_ranked_by_another_metric_is_confirmed_by_the_studys_own(run_toy, confirm_toy):
    """Less of the loss is better, and more of what the ensemble measures: signs would turn."""
    _, run, _ = run_toy(trials=12, sampler="random", metric="loss")
    status, printed = confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    values = [row["value"]["value"] for row in record["standings"]]
    assert status == 0
    assert values == sorted(values, reverse=True)
    assert "ranked by loss, the confirmation ranks by robustness under the ensemble" in printed
    assert printed.index("ranked by loss") < printed.index("training 4 finalists")
    assert record["selection"]["ranked_by"] == "loss"
    for word in ("promised", "regret", "tau 0", "tau -", "tau 1"):
        assert word not in printed
    assert {row["promised"] for row in record["standings"]} == {None}
    assert all(" (#" not in line for line in printed.splitlines())


def test_an_ensemble_that_guesses_too_little_earns_no_card(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=6, sampler="random")
    status, printed = confirm_toy(run, attacks="quick", top=1, choosing=1)
    assert status == 0
    assert "no robustness card: quick guesses too little to rule out a mask" in printed
    assert not list((run / "confirm").rglob("robustness.*"))


def test_the_winner_the_searchs_and_the_references_meet_test_and_no_one_else(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=12, sampler="random")
    confirm_toy(run, top=5)
    found = read(run / "confirm" / "confirm.json")
    tested = {file.stem.split(".")[0] for file in run.glob("confirm/examined/test/*.npz")}
    wanted = {one["id"] for one in found["standings"] if one["reference"]}
    assert tested == wanted | {found["winner"], found["selection"]["winner"]}
    assert len(tested) < len(found["standings"])


def test_trainings_that_named_the_winner_never_meet_test(run_toy, confirm_toy):
    """Two of each of the best; then two others of what meets test; references have two in all."""
    _, run, _ = run_toy(trials=12, sampler="random")
    confirm_toy(run, top=2)
    record = read(run / "confirm" / "confirm.json")
    best = [finalist["id"] for finalist in record["finalists"] if finalist["candidate"]]
    assert best == ["r01", "r02"]
    for name, seeds in (("ranking", {"", "2"}), ("test", {"3", "4"})):
        files = (run / "confirm" / "examined" / name).glob("*.npz")
        trainings = [file.stem.partition(".") for file in files]
        members = {seed for finalist, _, seed in trainings if finalist in best}
        fresh = {"3", "4"} if name == "ranking" else set()  # the winner's, to choose the export
        assert members == seeds | fresh
        reference_seeds = {seed for finalist, _, seed in trainings if finalist not in best}
        assert reference_seeds == {"", "2"}
    assert record["exported"]["training"].partition(".")[2] in {"3", "4"}


MATCHED = {"matched": ["baseline", "paper"], "shared": ["lr", "x"]}


def test_controls_are_matched_to_the_winner_that_is_confirmed(run_toy, confirm_toy):
    """The search's winner was of kind b: its controls have other values, and stay at home."""
    _, run, _ = run_toy(trials=12, sampler="random", settings=MATCHED)
    status, printed = confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    assert status == 0
    assert record["winner"] != record["selection"]["winner"]
    names = {one["id"]: one for one in record["standings"]}
    winner = names[record["winner"]]
    (control,) = record["matched"]  # the winner is the paper's, and no control of its own
    assert (winner["name"], control["name"]) == ("paper", "matched baseline of paper")
    assert control["config"] == winner["config"] | {"fault": "no fault"}
    assert not control["candidate"]
    assert control["id"] in record["test"]
    roles = {one["over"]: one["role"] for one in record["comparisons"]}
    searched = f"{names[record['selection']['winner']]['name']} (first in the search)"
    assert roles == {
        "baseline": "reference", control["name"]: "control", searched: "searched"
    }  # fmt: skip
    assert control["name"] in printed
    trainings = run.glob(f"confirm/examined/test/{control['id']}*.npz")
    assert sorted(file.stem for file in trainings) == [control["id"], f"{control['id']}.2"]


@pytest.fixture
def fail(monkeypatch):
    """Let trainings fail that a rule names by config and seed."""
    import toy_study  # noqa: PLC0415

    def setter(rule):
        fault = toy_study.Toy._fault

        def failing(self):
            if rule(self.config, self.settings.seed):
                raise RuntimeError("diverged")
            fault(self)

        monkeypatch.setattr(toy_study.Toy, "_fault", failing)

    return setter


def test_a_finalist_whose_first_training_fails_has_its_others(run_toy, confirm_toy, fail):
    """Else the next best would be taken for the search's winner, and there would be no regret."""
    _, run, _ = run_toy(trials=12, sampler="random")
    best = read(run / "manifest.json")["winner"]
    config = read(run / "trials" / best / "model.json")["config"]
    fail(lambda other, seed: seed == 1000 and other["x"] == config["x"])
    status, printed = confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    assert status == 0
    names = {one["id"]: one["name"] for one in record["standings"]}
    assert names[record["selection"]["winner"]] == best
    assert f"for {best}; the ensemble left" in printed


def test_a_control_that_cannot_be_trained_is_said_so(run_toy, confirm_toy, fail):
    _, run, _ = run_toy(trials=12, sampler="random", settings=MATCHED)
    fail(lambda config, _: config["fault"] == "no fault" and config["x"] != 0)
    status, printed = confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    assert status == 0
    lost = [one for one in record["matched"] if not record["trainings"][one["id"]]]
    assert lost
    for control in lost:
        assert f"{control['name']} is not on test: each of its trainings failed" in printed
        assert control["id"] not in record["test"]
    assert "no control explains the gain" not in printed


def test_a_gain_that_a_control_has_too_is_said_so(run_toy, confirm_toy):
    """The control has all of the winner's values but its fault, which changes nothing."""
    shared = {"matched": ["baseline"], "shared": ["lr", "x", "kind"]}
    _, run, _ = run_toy(trials=12, sampler="random", settings=shared)
    _, printed = confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    (control,) = record["matched"]
    line = f"over {control['name']} no gain is shown beyond chance"
    assert line in printed
    assert line in (run / "confirm" / "best" / "robustness.md").read_text()
    assert any(line in one for one in read(run / "confirm/best/robustness.json")["says"])


def test_a_confirmation_that_is_stopped_among_its_controls_goes_on(
    run_toy, confirm_toy, toy, monkeypatch
):
    _, run, _ = run_toy(trials=12, sampler="random", settings=MATCHED)
    build = type(toy.load()).build

    def stop(self, config, settings, assets):
        if config["fault"] == "no fault" and config["x"] != 0:  # of no finalist, but a control
            raise KeyboardInterrupt
        return build(self, config, settings, assets)

    monkeypatch.setattr(type(toy.load()), "build", stop)
    status, printed = confirm_toy(run)
    assert status == 130
    assert "stopped: python -m search confirm" in printed
    assert not (run / "confirm" / "test").exists()
    before = written(run / "confirm")
    assert before
    monkeypatch.undo()
    assert confirm_toy(run)[0] == 0
    assert before.items() < written(run / "confirm").items()
    assert len(read(run / "confirm" / "confirm.json")["matched"]) == 1


def test_a_reference_that_is_a_control_is_trained_once(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=6, settings={"matched": ["baseline"], "shared": []})
    confirm_toy(run)
    record = read(run / "confirm" / "confirm.json")
    (control,) = record["matched"]
    assert control["name"] == "baseline"
    assert [one["role"] for one in record["comparisons"]] == ["control"]
    assert not list(run.glob("confirm/training/trials/c*"))


def test_the_best_of_each_other_arm_meets_test(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=12, sampler="random", settings={"arms": True})
    confirm_toy(run, top=1)
    record = read(run / "confirm" / "confirm.json")
    candidates = [one for one in record["finalists"] if one["candidate"]]
    assert {one["arm"] for one in candidates} == {"a", "b", "c"}
    names = {one["id"]: one for one in record["finalists"]}
    arms = {one["over"] for one in record["comparisons"] if one["role"] == "arm"}
    others = [one for one in candidates if one["arm"] != names[record["winner"]]["arm"]]
    assert arms == {f"{one['name']} ({one['arm']})" for one in others}
    for one in others:  # the trainings that took part in the choice do not meet test
        files = run.glob(f"confirm/examined/test/{one['id']}*.npz")
        assert sorted(file.stem for file in files) == [f"{one['id']}.3", f"{one['id']}.4"]


def test_what_was_done_is_not_done_again(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=6, settings=MATCHED)
    _, first = confirm_toy(run)
    before = written(run / "confirm")
    status, second = confirm_toy(run)
    assert status == 0
    assert written(run / "confirm") == before
    assert "winner: " in second
    assert first.split("winner: ")[1] == second.split("winner: ")[1]
    assert len(read(run / "test_openings.json")) == 1


def test_a_run_that_was_moved_goes_on_with_its_confirmation(run_toy, confirm_toy, tmp_path):
    _, run, _ = run_toy(trials=6)
    _, first = confirm_toy(run)
    moved = run.rename(tmp_path / "moved")
    shutil.rmtree(moved / "confirm" / "examined" / "test")
    status, second = confirm_toy(moved)
    assert status == 0
    assert (
        second.split("winner: ")[1].split("everything")[0]
        == (first.split("winner: ")[1].split("everything")[0])
    )
    assert len(read(moved / "test_openings.json")) == 1
    other = run_toy("other", trials=6)[1]
    with pytest.raises(UserError, match="holds a confirmation with another run"):
        confirm_toy(other, out=moved / "confirm")


def test_a_second_look_at_test_is_counted_and_said(run_toy, confirm_toy, tmp_path):
    _, run, _ = run_toy(trials=6)
    confirm_toy(run)
    _, printed = confirm_toy(run, out=tmp_path / "again", seeds=1)
    assert "was opened 2 times" in printed
    assert "these levels pay for 2 times as many comparisons" in printed
    assert read(tmp_path / "again" / CONFIRMED)["openings"] == 2
    assert [one["folder"] for one in read(run / "test_openings.json")] == [
        str(run / "confirm"),
        str(tmp_path / "again"),
    ]


def test_who_saw_test_of_a_run_pays_for_it_in_a_run_that_starts_from_it(
    run_toy, confirm_toy, tmp_path
):
    """What comes first there was chosen by somebody who may have seen test."""
    _, run, _ = run_toy(trials=6)
    before = earlier_openings([run])
    confirm_toy(run)
    folders = {}
    for name, openings in (("blind", before), ("aware", earlier_openings([run]))):
        points = tuple(best_points(run, "toy"))
        _, folders[name], printed = run_toy(name, first=points, earlier_openings=openings)
        assert ("test was opened once in runs that this run" in " ".join(printed.split())) == (
            name == "aware"
        )
    _, printed = confirm_toy(folders["aware"])
    confirm_toy(folders["blind"])
    records = {name: read(folder / "confirm" / CONFIRMED) for name, folder in folders.items()}
    assert [records[name]["openings"] for name in ("blind", "aware")] == [1, 2]
    assert "opened 2 times, 1 of them of runs that it starts from: these levels pay" in printed
    blind, aware = (records[name]["comparisons"][0]["level"] for name in ("blind", "aware"))
    assert 1 - aware == pytest.approx((1 - blind) / 2)


def test_what_an_earlier_version_wrote_starts_from_no_opening(run_toy, confirm_toy):
    _, run, _ = run_toy(trials=6)
    manifest = read(run / "manifest.json")
    del manifest["plan"]["earlier_openings"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    confirm_toy(run)
    assert read(run / "confirm" / CONFIRMED)["openings"] == 1
    for value in (3, [3], [["a"]], ["a" * 200]):
        manifest["plan"]["earlier_openings"] = value
        (run / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(UserError, match=r"earlier_openings") as error:
            confirm_toy(run)
        assert "\n" not in str(error.value)


def test_a_confirmation_that_is_begun_anew_in_the_same_folder_opens_test_again(
    run_toy, confirm_toy
):
    _, run, _ = run_toy(trials=6)
    confirm_toy(run)
    shutil.rmtree(run / "confirm")
    confirm_toy(run, seeds=3)
    assert read(run / "confirm" / CONFIRMED)["openings"] == 2


def test_what_cannot_be_confirmed_is_told_in_one_line(run_toy, confirm_toy, tmp_path):
    with pytest.raises(UserError, match="there is no folder"):
        confirm_toy(tmp_path / "nothing")
    _, run, _ = run_toy(trials=6)
    with pytest.raises(UserError, match="unknown ensemble of attacks 'standart': did you mean"):
        confirm_toy(run, attacks="standart")
    confirm_toy(run, seeds=1)
    with pytest.raises(UserError, match="with another plan"):
        confirm_toy(run, seeds=2)
    with pytest.raises(UserError, match="belongs to a confirmation"):
        confirm_toy(run / "confirm" / "training")
    with locked(RunFolder(run)), pytest.raises(UserError, match="still running"):
        confirm_toy(run)
    _, bad, _ = run_toy("bad", trials=2, settings={"floor": 2.0})
    with pytest.raises(UserError, match="can win"):
        confirm_toy(bad)


def test_a_test_split_that_cannot_be_opened_is_refused_before_anything_is_trained(
    run_toy, confirm_toy, toy, monkeypatch
):
    _, run, _ = run_toy(trials=4)

    def refuse(*_):
        raise UserError("the test images changed")

    monkeypatch.setattr(type(toy.load()), "check_test", refuse)
    with pytest.raises(UserError, match="the test images changed"):
        confirm_toy(run)
    assert not (run / "confirm").exists()  # nothing was begun
    monkeypatch.undo()
    assert confirm_toy(run)[0] == 0
