"""Further trainings: what is owed, in which order, and by which choice."""

from search.engine.repeats import Choice, Repeats, own_trials, repeat_id
from search.engine.trial import Trial

TRIALS = {name: Trial(name, {"x": name}) for name in ("a", "b")}


def choice(trials, seeds, purpose="race", *, by_value=True):
    return Choice(purpose=purpose, trials=trials, seeds=seeds, by_value=by_value, after=2)


def test_trainings_come_trial_by_trial_in_order_of_the_seeds():
    repeats = Repeats()
    assert repeats.add(choice(("b", "a"), (1, 2)), TRIALS) == 4
    trials = [repeats.next() for _ in range(4)]
    assert [trial.id for trial in trials] == ["b.2", "b.3", "a.2", "a.3"]
    assert (trials[1].repeats, trials[1].seed, trials[1].config) == ("b", 2, {"x": "b"})
    assert trials[0].by_value
    assert not repeats


def test_what_the_run_has_or_owes_is_not_owed_again():
    repeats, known = Repeats(), TRIALS | {"a.2": Trial("a.2", {}, repeats="a", seed=1)}
    assert repeats.add(choice(("a",), (1, 2)), known) == 1
    assert repeats.add(choice(("a",), (1, 2)), known) == 0
    assert repeats.next().id == "a.3"
    assert len(repeats.choices) == 1


def test_the_last_choice_of_a_purpose_is_found():
    repeats = Repeats()
    first, second = choice(("a",), (1,)), choice(("a",), (1, 2))
    for member in (first, choice(("b",), (1,), "winner"), second):
        repeats.add(member, TRIALS)
    assert repeats.last("race") is second
    assert repeats.last("baseline") is None


def test_a_trial_that_repeats_another_is_no_trial_of_its_own():
    further = [Trial("a.2", {}, repeats="a"), Trial("c01", {}, "matched baseline of a")]
    assert own_trials([*TRIALS.values(), *further]) == list(TRIALS.values())
    assert repeat_id("a", 1) == "a.2"
