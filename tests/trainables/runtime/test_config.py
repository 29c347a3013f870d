import math
import os
from pathlib import Path

import pytest
from pydantic import Field, ValidationError, field_validator

from searchspace.errors import UserError
from trainables.runtime.config import Frozen, parse
from trainables.study.settings import SEARCH, setting


class Inner(Frozen):
    depth: int = 1


class Toy(Frozen):
    lr: float = Field(default=0.1, gt=0)
    steps: int = Field(default=3, ge=1)
    kind: str = "a"
    inner: Inner = Inner()

    @field_validator("kind")
    @classmethod
    def _check_kind(cls, kind: str) -> str:
        if kind == "odd":
            raise UserError("unknown kind 'odd': choose a")
        if kind == "bad":
            raise ValueError("is not nice")
        return kind


class Strict(Frozen):
    name: str


class Offered(Frozen):
    limit_s: float = setting(1, "Seconds.", SEARCH, option="time-limit", gt=0)
    keep_near: bool = setting(False, "Near copies.", SEARCH, option="keep-near/drop-near")
    top_k: int = setting(3, "How many.", SEARCH, ge=1)


class Located(Frozen):
    data_root: Path | None = None


class Either(Frozen):
    first: tuple[str, ...] | Path | None = None


def test_the_parts_of_a_union_are_not_named():
    with pytest.raises(UserError) as error:
        parse(Either, {"first": 3})
    assert str(error.value).startswith("first")
    assert "[" not in str(error.value)


def test_values_are_taken_and_defaults_fill_the_rest():
    assert parse(Toy, {"lr": 1, "inner": {"depth": 4}}) == Toy(lr=1.0, inner=Inner(depth=4))


def test_a_config_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Toy().lr = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (Toy, {"step": 3}, "unknown setting 'step': did you mean steps?"),
        (Toy, {"zzz": 3}, "unknown setting 'zzz': choose from lr, steps, kind, inner"),
        (Toy, {"lr": 0}, "lr is 0: Input should be greater than 0"),
        (Toy, {"lr": math.nan}, "lr is nan: Input should be a finite number"),
        (Toy, {"lr": math.inf}, "lr is inf: Input should be a finite number"),
        (Toy, {"steps": 1.5}, "steps is 1.5: Input should be a valid integer"),
        (Toy, {"inner": {"deep": 1}}, "inner.deep is 1: Extra inputs are not permitted"),
        (Toy, {"kind": "odd"}, "unknown kind 'odd': choose a"),
        (Toy, {"kind": "bad"}, "kind is 'bad': is not nice"),
        (Strict, {}, "name is missing"),
        (Offered, {"limit_s": 0}, "time-limit is 0: Input should be greater than 0"),
        (Offered, {"keep_near": "x"}, "keep-near is 'x': Input should be a valid boolean"),
        (Offered, {"top_k": 0}, "top-k is 0: Input should be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(model, values, message):
    with pytest.raises(UserError) as caught:
        parse(model, values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_path_that_no_record_can_hold_is_refused():
    assert parse(Located, {"data_root": Path("k\u00f6pfe")}).data_root == Path("k\u00f6pfe")
    with pytest.raises(UserError, match=r"^data-root is k\\xf6pfe, which is not UTF-8: rename it$"):
        parse(Located, {"data_root": Path(os.fsdecode(b"k\xf6pfe"))})
