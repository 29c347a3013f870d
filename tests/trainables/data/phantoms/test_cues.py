"""What datasets of two cues share: the brittle cue is right but for the strays."""

import numpy as np

from trainables.data.phantoms.cues import STRAY, make_dataset


def test_the_brittle_cue_strays_in_an_eighth_and_each_split_is_drawn_apart():
    cues = []

    def draw(labels, brittle, rng):
        cues.append((labels, brittle, rng.random()))
        return np.zeros((len(labels), 2, 2, 1), np.uint8)

    counts = {"train": 8000, "val": 80, "test": 80}
    classes = ("a", "b")
    made = make_dataset(
        "made", "nothing", "binary", classes, counts, 3, lambda u: np.argsort(u) % 2, draw
    )
    labels, brittle, _ = cues[0]
    assert np.array_equal(made.train.labels, labels)
    assert abs(np.mean(labels != brittle) - STRAY / len(classes)) < 0.01  # half of the lot is right
    assert len({number for *_, number in cues}) == len(counts)
    assert "phantom nothing" in made.source
    assert "seed 3" in made.source
