"""The search for the config with the highest score."""

import numpy as np
import pytest

from search.samplers.model import candidates
from search.samplers.model.codes import Codec
from searchspace.domains import Choice
from searchspace.space import Param, Space, When


@pytest.fixture
def best_candidate():
    """Search with configs where the search itself has codes."""

    def search(space, score, parents, history, generator):
        codec = Codec(space)
        codes = candidates.best_candidate(
            codec,
            lambda codes: score([codec.decode(row) for row in codes]),
            codec.encode(parents),
            codec.encode(history),
            generator,
        )
        return codec.decode(codes)

    return search


def test_candidates_climb_to_the_best_that_is_not_in_the_history(best_candidate):
    space = Space("long", tuple(Param(f"p{i}", Choice(tuple("abcde")), "") for i in range(8)))
    best = {param.name: "e" for param in space.params}
    second = best | {"p0": "d"}

    def score(configs):
        return np.array([sum("abcde".index(v) for v in config.values()) for config in configs])

    generator = np.random.default_rng(0)
    assert best_candidate(space, score, [], [], generator) == best
    candidate = best_candidate(space, score, [best], [best], generator)
    assert sorted(candidate.values()) == sorted(second.values())


def test_a_space_that_is_used_up_still_gets_a_proposal(best_candidate):
    space = Space("two", (Param("p", Choice(("a", "b")), ""),))
    history = [{"p": "a"}, {"p": "b"}]
    generator = np.random.default_rng(0)
    assert best_candidate(space, lambda _: np.zeros(0), history, history, generator) in history


def test_what_was_never_switched_on_is_climbed_too(best_candidate):
    """Off scores better than a first try of on, but on is best once it is tuned."""
    params = [
        Param(f"p{i}", Choice(tuple("abcde")), "", when=When("kind", ("on",))) for i in range(6)
    ]
    idle = Param("idle", Choice(tuple("uvwxyz")), "")  # so that off could fill all climbs
    space = Space("switch", (Param("kind", Choice(("on", "off")), ""), idle, *params))

    def score(configs):
        return np.array([4.5 if c["kind"] == "off" else [*c.values()].count("e") for c in configs])

    generators = [np.random.default_rng(seed) for seed in range(5)]
    configs = [best_candidate(space, score, [], [], generator) for generator in generators]
    assert score(configs).tolist() == [6.0] * 5
