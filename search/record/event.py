"""One line of ``events.jsonl``: which fields it has, and of which types."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from search.engine.trial import State
from trainables.door.paths import is_name
from trainables.door.records import parse_json

Event = dict[str, Any]
# Of which trial; the name of its folder.
ABOUT_A_TRIAL = frozenset(
    {"proposed", "reported", "noted", "judged", "restarted", "retried", "ended", "matched"}
)


def _check_name(name: str) -> str:
    if not is_name(name):
        raise ValueError("it is no name of a folder")
    return name


def _check_state(state: str) -> str:
    return State(state).value


Name = Annotated[str, AfterValidator(_check_name)]
CENTURIES = 1e10  # in seconds: no run takes longer
Seconds = Annotated[float, Field(ge=0, le=CENTURIES)]
Number = Annotated[float | None, Field(allow_inf_nan=False)]  # None stands for NaN
# What is drawn has a bound that it can be drawn with.
Title = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(max_length=10_000)]
Numbers = dict[Title, Number]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Scalar = None | bool | Annotated[int, Field(ge=-(2**63), lt=2**64)] | float | Words
Values = dict[Title, Scalar | list[Scalar] | dict[str, Scalar | list[Scalar]]]


class _Reference(TypedDict):
    """A control that was matched to the winner."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]  # pydantic's

    label: Annotated[str, Field(max_length=1000)]
    config: Values
    point: Values | None
    scaled: bool
    control: bool
    essential: bool


class _Line(TypedDict, total=False):
    """All fields that are read; others are left alone."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]  # pydantic's

    time: Title
    event: Title
    trial: Name
    elapsed_s: Annotated[float, Field(ge=-0.1, le=CENTURIES)]  # clocks are read twice
    node: Title
    label: Annotated[str, Field(max_length=1000)]
    scaled: bool
    control: bool
    repeats: Annotated[str, AfterValidator(lambda name: name and _check_name(name))]
    seed: Count
    by_value: bool
    controls: dict[str, Name]
    references: list[_Reference]
    decision: Title
    config: Values
    point: Values | None
    epoch: Count
    best_epoch: Count | None
    rung: Count
    metrics: Numbers
    constraints: Numbers
    intervals: dict[Title, Annotated[list[Number], Field(min_length=2, max_length=2)]]
    seconds: dict[Title, Seconds]
    notes: list[Words]
    state: Annotated[str, AfterValidator(_check_state)]
    reason: Words
    trace: str


class _Choice(_Line):
    """What is trained again: `search.engine.repeats.Choice`."""

    purpose: str
    trials: list[Name]
    seeds: list[Annotated[int, Field(ge=1, lt=2**31)]]


LINE, CHOICE = TypeAdapter(_Line), TypeAdapter(_Choice)
ALWAYS = frozenset({"event", "elapsed_s"})
REQUIRED = {
    "proposed": frozenset({"trial", "label", "scaled", "control", "config", "point"}),
    "reported": frozenset({"trial", "epoch", "metrics", "constraints", "intervals"}),
    "judged": frozenset({"trial", "rung", "constraints"}),
    "ended": frozenset({"trial", "state", "reason", "trace"}),
    "known": frozenset({"point"}),
    "repeated": frozenset({"purpose", "trials", "seeds", "by_value"}),
    "matched": frozenset({"trial", "controls", "references"}),
}


def parse_event(line: bytes) -> Event:
    """Parse a line.

    Raises:
        ValueError: In one line, with the first field that is missing or of another type.
    """
    values = parse_json(line)
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as all that is wrong with a line
    required = ALWAYS | REQUIRED.get(str(values.get("event")), frozenset())
    if "elapsed_s" not in values:
        raise ValueError("it has no elapsed_s: it is not a run of this version")
    if missing := sorted(required - values.keys()):
        raise ValueError(f"it has no {missing[0]}")
    try:
        adapter = CHOICE if values["event"] == "repeated" else LINE
        return dict(adapter.validate_python(values))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise ValueError(f"{name} is {problem['input']!r:.60}: {problem['msg']}") from None
