"""Names for the arrays in signatures; shapes and units stand in the docstrings."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
"""Real numbers of any precision: what a function takes when the precision is the caller's."""

Floats32 = npt.NDArray[np.float32]
"""Real numbers in single precision: images, probabilities, whatever is stored or sent in bulk."""

Floats64 = npt.NDArray[np.float64]
"""Real numbers in double precision: scores, statistics and the sums behind them."""

Mask = npt.NDArray[np.bool_]
"""True or false for each element, pixel or voxel."""
