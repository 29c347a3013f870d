"""A sheet of pictures of every kind."""

import numpy as np

from trainables.study.sheet import Column, Sheet

GENERATOR = np.random.default_rng(0)
GREY, COLOUR = GENERATOR.random((2, 5, 4), np.float32), GENERATOR.random((2, 5, 4, 3), np.float32)
SHEET = Sheet(
    "some_pictures",
    "Some <pictures>",
    "How they came about.",
    ("first", "second"),
    (
        Column("image", COLOUR),
        Column("map", GREY, "heat", unit="attention", notes=("p = 0.1", "p = 0.9")),
        Column("change", GREY - 0.5, "signed", high=0.5, unit="HU"),
    ),
)
