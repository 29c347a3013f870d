"""The search for the config with the highest score."""

import numpy as np

from search.samplers.candidates import best_candidate
from searchspace.domains import Choice, Int
from searchspace.space import Param, Space, When


def test_candidates_climb_to_the_best_that_is_not_in_the_history():
    space = Space("long", tuple(Param(f"p{i}", Choice(tuple("abcde")), "") for i in range(8)))
    best = {param.name: "e" for param in space.params}
    second = best | {"p0": "d"}

    def score(configs):
        return np.array([sum("abcde".index(v) for v in config.values()) for config in configs])

    generator = np.random.default_rng(0)
    assert best_candidate(space, score, [], [], generator) == best
    candidate = best_candidate(space, score, [best], [best], generator)
    assert sorted(candidate.values()) == sorted(second.values())


def test_a_space_that_is_used_up_still_gets_a_proposal():
    space = Space("two", (Param("p", Choice(("a", "b")), ""),))
    history = [{"p": "a"}, {"p": "b"}]
    generator = np.random.default_rng(0)
    assert best_candidate(space, lambda _: np.zeros(0), history, history, generator) in history


def test_what_was_never_switched_on_is_climbed_too():
    """Off scores better than a first try of on, but on is best once it is tuned."""
    digits = Param("n", Int(0, 999), "", when=When("kind", ("on",)))
    space = Space("switch", (Param("kind", Choice(("on", "off")), ""), digits))

    def score(configs):
        return np.array([1.0 if c["kind"] == "off" else 2 - abs(c["n"] - 500) / 2 for c in configs])

    parents = [{"kind": "off"}] * 20
    candidate = best_candidate(space, score, parents, [], np.random.default_rng(0))
    assert candidate == {"kind": "on", "n": 500}
