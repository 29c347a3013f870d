import numpy as np
import pytest
from beartype.door import is_bearable

from trainables.runtime.arrays import Floats, Floats32, Floats64, Mask


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (np.float16, {"Floats"}),
        (np.float32, {"Floats", "Floats32"}),
        (np.float64, {"Floats", "Floats64"}),
        (np.bool_, {"Mask"}),
        (np.int64, set()),
    ],
)
def test_each_type_has_the_names_it_should(kind, names):
    aliases = {"Floats": Floats, "Floats32": Floats32, "Floats64": Floats64, "Mask": Mask}
    array = np.zeros((2, 3), dtype=kind)
    assert {name for name, alias in aliases.items() if is_bearable(array, alias)} == names
