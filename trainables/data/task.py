"""What the labels of a dataset mean."""

from typing import Literal

Task = Literal["binary", "multi-class", "ordinal", "multi-label"]
