"""What a search trains after its own trials."""

import shutil
from collections import Counter

import pytest
from rich.console import Console
from whole_runs import events_of, manifest_of, states_of

from search.engine.objective import Objective
from search.engine.trial import Decision
from search.execution.inprocess import InProcess
from search.execution.worker import Worker
from search.record.events import follow, read_events
from search.record.run_folder import RunFolder
from search.results.ranking import can_win, rank
from search.run import afterwards
from search.run.runner import replay


def repeats_of(folder):
    return [e["trial"] for e in events_of(folder, "proposed") if e.get("repeats")]


def choices_of(folder):
    return [
        (e["purpose"], tuple(e["trials"]), tuple(e["seeds"])) for e in events_of(folder, "repeated")
    ]


def best_of(folder):
    """The best by its own training, of those that are no reference that cannot win."""
    last = [e for e in events_of(folder, "reported") if e["rung"] == 1 and "." not in e["trial"]]
    return max(last, key=lambda event: event["value"])["trial"]


def test_the_baseline_and_the_best_get_more_seeds(run_toy):
    status, folder, printed = run_toy(trials=6, seed_check=2, scheduler="fifo")
    best = best_of(folder)
    assert status == 0
    assert choices_of(folder) == [("baseline", ("r01",), (1, 2)), ("winner", (best,), (1, 2))]
    assert repeats_of(folder) == ["r01.2", "r01.3", f"{best}.2", f"{best}.3"]
    assert manifest_of(folder)["winner"] == best
    seeds = manifest_of(folder)["seeds"]
    assert (seeds["df"], seeds["configs"]) == (4, 2)
    assert seeds["deviation"] == pytest.approx(0)
    assert list(seeds["variances"].values()) == [pytest.approx([0, 2])] * 2
    assert "values vary with the seed by 0.000" in printed
    assert "interval: over images and seeds" in printed


def test_beside_a_baseline_that_is_the_best_the_best_trial_gets_seeds_too(run_toy, monkeypatch):
    """The baseline has its own before the search: else a trial of one seed might win."""
    import toy_study  # noqa: PLC0415

    quality = toy_study.quality
    monkeypatch.setattr(
        toy_study, "quality", lambda c: 0.9 if c["fault"] == "no fault" else 0.5 * quality(c)
    )
    _, folder, _ = run_toy(trials=6, seed_check=2, scheduler="fifo", references="few")
    assert best_of(folder) == "r01"
    (names,) = [names for purpose, names, _ in choices_of(folder) if purpose == "winner"]
    assert len(names) == 1
    assert names[0].startswith("t")


def test_without_further_seeds_nobody_is_told_apart(run_toy):
    _, folder, printed = run_toy(trials=6, seed_check=0)
    assert repeats_of(folder) == []
    assert manifest_of(folder)["seeds"]["df"] == 0
    assert "none that can win was trained with several seeds" in " ".join(printed.split())
    assert "how much values vary with the seed is not known" in printed


def test_a_race_is_of_four_at_most(run_toy):
    """All of them, once: it was every trial of the run, four after four."""
    _, folder, printed = run_toy(trials=12, scheduler="fifo", race=2, seed=3)
    (choice,) = choices_of(folder)
    assert (choice[0], len(choice[1]), choice[2]) == ("race", 4, (1, 2))
    assert len(repeats_of(folder)) == 8
    assert manifest_of(folder)["winner"] in choice[1]
    assert "= can win, and cannot be told apart: " in " ".join(printed.split())
    assert "8 more trainings with other seeds" in printed


def test_a_longer_race_is_of_the_same_trials(run_toy, take_up):
    _, folder, _ = run_toy(trials=8, scheduler="fifo", race=2, seed=3)
    before = choices_of(folder)[0][1]
    take_up(folder, race=3)
    assert choices_of(folder)[1] == ("race", before, (1, 2, 3))
    assert repeats_of(folder)[8:] == [f"{name}.4" for name in before]
    take_up(folder, race=3)
    assert len(repeats_of(folder)) == 12


def test_trials_that_are_added_may_join_the_leaders(run_toy, take_up):
    _, folder, _ = run_toy(trials=4, scheduler="fifo", race=1, seed_check=1, seed=3)
    take_up(folder, trials=12)
    purposes = [choice[0] for choice in choices_of(folder)]
    assert purposes[:3] == ["baseline", "winner", "race"]
    assert best_of(folder) in {name for choice in choices_of(folder)[3:] for name in choice[1]}
    raced = [choice[1] for choice in choices_of(folder) if choice[0] == "race"]
    assert max(map(len, raced)) == 4


def test_a_run_with_further_seeds_is_replayed(run_toy, take_up, toy):
    """Trials that are proposed after them come out the same."""
    _, folder, _ = run_toy(trials=4, scheduler="fifo", race=1, seed_check=1, seed=3)
    take_up(folder, trials=8)
    assert replay(folder, lambda name: toy, Console(width=80)) == 0


def test_more_seeds_are_added_to_the_same_configs(run_toy, take_up):
    _, folder, printed = run_toy(trials=4, seed_check=1)
    assert "r01 baseline; 1 more training with another seed" in printed
    before = repeats_of(folder)
    take_up(folder, seed_check=2)
    configs = [name.partition(".")[0] for name in before]
    assert repeats_of(folder) == [*before, *(f"{name}.3" for name in configs)]


def ask_ahead(_executor, coordinator, job):
    """Execute trials as Tune does: it asks for what follows before the first has ended."""
    for trial in list(iter(coordinator.propose, None)):
        worker, decision = Worker(job, trial.id, trial.config, trial.seed), Decision.CONTINUE
        while decision is Decision.CONTINUE:
            decision = coordinator.report(trial.id, worker.advance())
        coordinator.complete(trial.id)


def test_seeds_that_are_owed_are_trained_where_nothing_else_follows(run_toy, monkeypatch):
    """They were announced, and left out, where no trial could win."""
    monkeypatch.setattr(InProcess, "execute", ask_ahead)
    _, folder, printed = run_toy(trials=1, references="few", seed_check=2, settings={"floor": 1.0})
    assert manifest_of(folder).get("winner") is None
    assert repeats_of(folder) == ["r01.2", "r01.3"]
    assert "values vary with the seed by" in printed


@pytest.fixture
def whole(run_toy):
    _, folder, _ = run_toy("whole", trials=6, scheduler="fifo", race=2, seed_check=1, seed=3)
    return folder


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8])
def test_a_run_that_is_killed_afterwards_trains_the_same(whole, take_up, tmp_path, share):
    """Its record is cut anywhere after the first choice."""
    lines = (whole / "events.jsonl").read_text().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if '"event": "repeated"' in line) + 1
    folder = tmp_path / "killed"
    shutil.copytree(whole, folder)
    cut = first + int(share * (len(lines) - first))
    (folder / "events.jsonl").write_text("".join(lines[:cut]))
    assert take_up(folder)[0] == 0
    assert choices_of(folder) == choices_of(whole)
    assert repeats_of(folder) == repeats_of(whole)
    assert manifest_of(folder)["winner"] == manifest_of(whole)["winner"]


def test_one_that_misses_its_constraints_with_other_seeds_gives_way(run_toy):
    """The toy's seeds are all alike: the next best is tried where the first cannot win."""
    _, folder, _ = run_toy(trials=6, scheduler="fifo", seed_check=1, settings={"lucky_once": True})
    winners = [choice[1][0] for choice in choices_of(folder) if choice[0] == "winner"]
    assert len(winners) == len(set(winners)) == 4
    assert winners[0] == best_of(folder)
    assert manifest_of(folder)["winner"] not in winners


def test_one_whose_other_seeds_fail_gives_way(run_toy, monkeypatch):
    """Else it would win by the first, for whose luck it was chosen."""
    import toy_study  # noqa: PLC0415

    fault = toy_study.Toy._fault

    def failing(self):
        if self.settings.seed and self.config["x"] > 0.5:  # no reference has that
            raise RuntimeError("diverged")
        fault(self)

    monkeypatch.setattr(toy_study.Toy, "_fault", failing)
    monkeypatch.setattr(toy_study, "quality", lambda config: 0.5 + config["x"] / 4)
    _, folder, printed = run_toy(trials=6, scheduler="fifo", seed_check=2)
    winners = [names[0] for purpose, names, _ in choices_of(folder) if purpose == "winner"]
    assert winners[0] == best_of(folder)
    assert len(winners) > 1
    assert manifest_of(folder)["winner"] != winners[0]
    assert f"with another seed failed: {winners[0]}.2, {winners[0]}.3" in printed


@pytest.fixture
def unlucky_first(monkeypatch):
    """Let the first training of each sampled trial miss the floor, by what passes for chance."""
    import toy_study  # noqa: PLC0415

    evaluate = toy_study.Toy.evaluate

    def low_at_first(self, rung):
        report = evaluate(self, rung)
        if self.settings.seed == 0 and self.config["x"] != 0.5:  # the references have 0.5
            report.metrics["robustness"] *= 0.1
        return report

    monkeypatch.setattr(toy_study.Toy, "evaluate", low_at_first)
    monkeypatch.setattr(toy_study, "quality", lambda config: 0.8 if config["x"] == 0.5 else 0.7)
    monkeypatch.setattr(afterwards, "barred_by_chance", lambda rows, *_: [
        row for row in rows if row.note and row.seeds == 1 and row.trial.id.startswith("t")
    ])  # fmt: skip
    return {"trials": 6, "scheduler": "fifo", "settings": {"slack": 0.5, "arms": True}}


def test_where_none_can_win_more_trainings_say_who_meets_the_floor(run_toy, unlucky_first):
    _, folder, printed = run_toy(**unlucky_first, references="few", seed_check=2)
    (barred,) = [names for purpose, names, _ in choices_of(folder) if purpose == "barred"]
    assert len(barred) == 3, "the best of each arm"
    assert manifest_of(folder)["winner"] in barred
    assert candidates_of(folder) == {"a": 1, "b": 1, "c": 1}
    assert "missed the clean floor within chance, where no other of the arm can win" in printed


def test_a_single_further_training_cannot_outvote_the_first(run_toy, unlucky_first):
    _, folder, _ = run_toy(**unlucky_first, references="few", seed_check=1)
    assert "barred" not in {purpose for purpose, _, _ in choices_of(folder)}
    assert manifest_of(folder).get("winner") is None


def test_nothing_is_trained_after_a_limit_or_of_two_objectives(run_toy):
    _, folder, _ = run_toy("limit", trials=3, seed_check=2, compute_limit_s=1e-9)
    assert repeats_of(folder) == []
    _, folder, _ = run_toy("two", trials=3, seed_check=2, trade_off="size")
    assert repeats_of(folder) == []


MATCHED = {"matched": ("baseline", "paper")}
SAMPLED = {"trials": 12, "scheduler": "fifo", "seed_check": 1, "seed": 3}  # a sampled trial wins
CONTROLS = ["c01 matched baseline of {0}", "c02 matched paper of {0}"]


def test_the_winner_gets_controls_with_its_own_values(run_toy):
    status, folder, printed = run_toy(**SAMPLED, settings=MATCHED)
    configs = {e["trial"]: e["config"] for e in events_of(folder, "proposed")}
    (event,) = events_of(folder, "matched")
    winner = manifest_of(folder)["winner"]
    assert status == 0
    assert event["trial"] == winner
    assert event["controls"] == {"matched baseline": "c01", "matched paper": "c02"}
    assert configs["c01"] == configs["r01"] | {"lr": configs[winner]["lr"]}
    assert configs["c02"] == configs["r02"] | {"lr": configs[winner]["lr"]}
    assert {"c01.2", "c02.2"} < set(configs)  # as many seeds as the winner
    assert "controls with the winner's values of training: c01, c02" in printed


def test_the_gain_that_is_reported_is_over_the_best_of_them(run_toy):
    _, folder, printed = run_toy(**SAMPLED, settings=MATCHED)
    gain = manifest_of(folder)["gain"]
    values = {e["trial"]: e["value"] for e in events_of(folder, "reported") if e["rung"] == 1}
    best = max(("c01", "c02"), key=values.get)
    assert gain["over"] == best
    assert gain["value"] == pytest.approx(values[manifest_of(folder)["winner"]] - values[best])
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert (gain["label"] in gain["explained_by"]) == (gain["low"] <= 0)
    assert f"gain over the best matched control, {gain['label'][8:]}: +0." in printed


def test_a_gain_that_a_control_explains_is_said_to_be_so(run_toy):
    """The baseline does as well, once it has the winner's values."""
    settings = {"matched": ("baseline",), "shared": ("lr", "x", "kind")}
    _, folder, printed = run_toy(**SAMPLED, settings=settings)
    gain = manifest_of(folder)["gain"]
    assert gain["explained_by"] == ["matched baseline"]
    assert gain["value"] == 0
    line = "over baseline with the winner's values of training no gain is shown beyond chance: the"
    assert line in " ".join(printed.split())


def test_without_further_seeds_no_gain_is_claimed(run_toy):
    _, folder, printed = run_toy(**SAMPLED | {"seed_check": 0}, settings=MATCHED)
    gain = manifest_of(folder)["gain"]
    assert gain["value"] > 0
    assert (gain["low"], gain["explained_by"]) == (None, None)
    assert "is chance is not known: the gain is not shown to be" in " ".join(printed.split())


def test_a_study_without_controls_says_that_it_has_none(run_toy):
    _, folder, printed = run_toy(trials=3)
    assert manifest_of(folder)["gain"] is None
    assert "no control was matched to the winner" in printed


def test_a_control_that_the_run_has_is_not_trained_again(run_toy):
    """Nothing is shared: the controls are the references."""
    _, folder, _ = run_toy(**SAMPLED, settings=MATCHED | {"shared": ()})
    (event,) = events_of(folder, "matched")
    assert event["controls"] == {"matched baseline": "r01", "matched paper": "r02"}
    assert not any(e["trial"].startswith("c") for e in events_of(folder, "proposed"))
    assert manifest_of(folder)["gain"]["over"] in {"r01", "r02"}


def test_few_references_have_few_controls(run_toy):
    _, folder, _ = run_toy(**SAMPLED, references="few", settings=MATCHED)
    (event,) = events_of(folder, "matched")
    assert list(event["controls"]) == ["matched baseline"]


def test_a_search_for_two_objectives_has_controls_too(run_toy):
    _, folder, _ = run_toy(trials=3, trade_off="size", seed_check=2, settings=MATCHED)
    assert [event["trial"] for event in events_of(folder, "matched")] == [
        manifest_of(folder)["winner"]
    ]
    assert repeats_of(folder) == []


def test_another_winner_gets_other_controls(run_toy, take_up):
    _, folder, _ = run_toy(**SAMPLED, settings=MATCHED)
    first = manifest_of(folder)["winner"]
    _, printed = take_up(folder, trials=40)
    winners = [event["trial"] for event in events_of(folder, "matched")]
    last = manifest_of(folder)["winner"]
    assert winners == [first, last]
    assert first != last
    assert manifest_of(folder)["gain"]["over"] in {"c03", "c04"}
    assert f"c01 matched baseline of {first} " not in printed.partition("gain over")[2]
    take_up(folder, trials=40)
    assert len(events_of(folder, "matched")) == 2


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_a_run_that_is_killed_among_its_controls_goes_on(run_toy, take_up, tmp_path, share):
    options = SAMPLED | {"settings": MATCHED}
    _, whole, _ = run_toy("whole", **options)
    lines = (whole / "events.jsonl").read_text().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if '"event": "matched"' in line)
    folder = tmp_path / "killed"
    shutil.copytree(whole, folder)
    cut = first + int(share * (len(lines) - first))
    (folder / "events.jsonl").write_text("".join(lines[:cut]))
    assert take_up(folder)[0] == 0
    proposed = [e["trial"] for e in events_of(whole, "proposed")]
    assert [e["trial"] for e in events_of(folder, "proposed")] == proposed
    assert len(events_of(folder, "matched")) == 1
    for name in ("winner", "gain"):
        assert manifest_of(folder)[name] == manifest_of(whole)[name]


ARMED = {"trials": 9, "scheduler": "fifo", "seed_check": 1, "seed": 3, "settings": {"arms": True}}


def test_the_best_of_each_arm_gets_more_seeds_and_is_reported(run_toy):
    _, folder, printed = run_toy(**ARMED)
    sampled = [e for e in events_of(folder, "proposed") if e["trial"].startswith("t")]
    kinds = [e["point"]["kind"] for e in sampled if not e.get("repeats")]
    assert kinds == ["a", "b", "c"] * 3
    (choice,) = [trials for purpose, trials, _ in choices_of(folder) if purpose == "winner"]
    values = {e["trial"]: e["value"] for e in events_of(folder, "reported") if e["rung"] == 1}
    of_kind = {e["trial"]: e["config"]["kind"] for e in events_of(folder, "proposed")}
    single = {n for n in values if "." not in n and n.startswith("t")}
    bests = {
        kind: max((n for n in values if of_kind[n] == kind and n in single), key=values.get)
        for kind in "abc"
    }
    assert set(choice) == set(bests.values())
    arms = manifest_of(folder)["arms"]
    assert arms["param"] == "kind"
    assert {arm["option"]: arm["best"] for arm in arms["of"]} == bests
    assert [arm["trials"] for arm in arms["of"]] == [3, 3, 3]
    assert printed.count("gain of the winner over it") == 2


@pytest.fixture
def best_reference(monkeypatch):
    """Make the reference r03, and then the one in the space, better than all sampled trials."""
    import toy_study  # noqa: PLC0415

    quality = toy_study.quality

    def high(config):
        if config["fault"] == "r":
            return 0.9
        return 0.8 if config["x"] == 0.5 else 0.5 * quality(config)

    monkeypatch.setattr(toy_study, "quality", high)
    return ARMED | {"settings": {"arms": True, "faults": ("r",)}}


def candidates_of(folder):
    """Count by arm what may win, of all that was trained but for further seeds."""
    trials, _ = follow(read_events(RunFolder(folder)))
    rows = rank(trials.values(), Objective("robustness", "max"))
    return Counter(row.trial.config["kind"] for row in rows if can_win(row))


def test_each_arm_has_as_many_candidates_however_good_a_reference_is(run_toy, best_reference):
    """Two references are of the first kind; they stay in the table as what they are."""
    _, folder, printed = run_toy(**best_reference)
    assert candidates_of(folder) == {"a": 3, "b": 3, "c": 3}
    (choice,) = [trials for purpose, trials, _ in choices_of(folder) if purpose == "winner"]
    assert len(choice) == 3
    manifest = manifest_of(folder)
    assert all(name.startswith("t") for name in [manifest["winner"], *choice])
    assert all(arm["best"].startswith("t") for arm in manifest["arms"]["of"])
    assert {"r01", "r02", "r03"} <= set(states_of(folder))
    assert "r03 r" in printed
    points = [e["point"] for e in events_of(folder, "proposed") if e["trial"].startswith("r0")]
    assert points == [None] * len(points), "no sampler is told of a reference"


def test_a_run_that_let_references_win_goes_on_so(run_toy, take_up, best_reference, monkeypatch):
    """As runs of earlier versions did, whose record says so."""
    import toy_study  # noqa: PLC0415

    toy = toy_study.ToyStudy
    with monkeypatch.context() as former:
        former.setattr(toy, "references_of_run", toy.references)
        _, folder, _ = run_toy(**best_reference)
    before = manifest_of(folder)
    assert before["winner"] == "r03"
    assert next(arm["best"] for arm in before["arms"]["of"]) == "r02"
    assert take_up(folder)[0] == 0
    assert manifest_of(folder)["winner"] == "r03"
    assert manifest_of(folder)["arms"] == before["arms"]
    (choice,) = [trials for purpose, trials, _ in choices_of(folder) if purpose == "winner"]
    assert "r03" in choice
    assert len(choice) == 4


def test_a_search_of_arms_is_resumed_and_replayed(run_toy, take_up, toy, tmp_path):
    _, whole, _ = run_toy("whole", **ARMED)
    assert replay(whole, lambda name: toy, Console(width=80)) == 0
    folder = tmp_path / "killed"
    shutil.copytree(whole, folder)
    lines = (whole / "events.jsonl").read_text().splitlines(keepends=True)
    (folder / "events.jsonl").write_text("".join(lines[: len(lines) // 3]))
    assert take_up(folder)[0] == 0
    points = [[e["point"] for e in events_of(run, "proposed")] for run in (whole, folder)]
    assert points[0] == points[1]
    assert manifest_of(folder)["arms"] == manifest_of(whole)["arms"]


def test_the_floors_reference_has_its_seeds_before_any_sampled_trial(run_toy):
    """Or one training's luck would say, during the whole search, who meets the clean floor."""
    _, folder, _ = run_toy(trials=3, seed_check=2)
    order = [event["trial"] for event in events_of(folder, "proposed")]
    assert order.index("r01.3") < order.index("t001")
