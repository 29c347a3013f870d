"""The file that repeats a run: its names, its limits, what it refuses."""

import pytest
import toy_study
import yaml

from search.plan import Plan
from search.run import run_file
from search.run.run_file import MOST_BYTES, read_run_file, write_run_file
from searchspace.errors import UserError
from trainables.studies.robmednas.settings import RobMedNASSettings


@pytest.fixture
def read(tmp_path):
    def reader(text, study="robmednas", settings=RobMedNASSettings):
        file = tmp_path / "run.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        options = read_run_file(file, study, settings)
        return options.settings, options.engine

    return reader


@pytest.mark.parametrize(
    ("line", "settings", "engine"),
    [
        ("", {}, {}),
        ("study: robmednas", {}, {}),
        ("time-limit: 3", {}, {"time_limit_s": 3}),
        ("time_limit: 3", {}, {"time_limit_s": 3}),
        ("time_limit_s: 3", {}, {"time_limit_s": 3}),
        ("field: 200", {"field_mm": 200}, {}),
        ("preset: paper", {"protocol": "paper"}, {}),
        ("protocol: paper", {"protocol": "paper"}, {}),
        ("eps_auto: true", {"eps_auto": True}, {}),  # no option, but a plan in Python may set it
        ("seed: 3", {}, {"seed": 3}),
        ("metric:", {}, {}),  # null: left to its default
        ("warm-start: [a, b]", {}, {"warm_start": ["a", "b"]}),
        ("{repeats: 2, max-filters: 16}", {"max_filters": 16}, {"repeats": 2}),
    ],
)
def test_names_are_those_of_options_or_fields(read, line, settings, engine):
    assert read(line) == (settings, engine)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trials: true", "trials is true: it takes no true or false"),
        ("lr: false", "lr is false: it takes no true or false"),
        ("trails: 3", "unknown option 'trails': did you mean trials"),
        ("1: 2", "unknown option '1': "),
        ("study: tsynd", "is for the study tsynd, not for robmednas"),
        ("study: [robmednas]", "is for the study ['robmednas'], not for robmednas"),
        ("time-limit: 3\ntime_limit_s: 4", "says time-limit and time_limit_s, which are the same"),
        ("trials: 3\ntrials: 4", "line 2: trials is there twice"),
        ("- trials", "holds no options: write a line 'NAME: VALUE' for each"),
        ("trials: [3", "line 1: expected ',' or ']'"),
        ("a: &x [1]\nb: *x", "line 2: references (*) are not read"),
        ("run: !!python/object/apply:os.system [ls]", "line 1: could not determine a constructor"),
        ("[" * 600, "nested too deeply"),
        ("trials: 2024-99-99", "month must be in 1..12"),
        (b"trials: \xff\xfe", "unacceptable character #x00ff"),
        (b"x: \x00", "unacceptable character"),
        ('run: "a\\0b"', "run holds a byte of zero"),
        ('warm-start: [a, "b\\0"]', "warm-start holds a byte of zero"),
        ("seed: 0x" + "f" * 5000, "line 1: a number has 5002 digits"),
        ("seed: 1" + ":59" * 5000, "line 1: a number has 15001 digits"),
    ],
)
def test_what_cannot_be_read_is_one_line(read, text, message):
    with pytest.raises(UserError) as error:
        read(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_too_long_or_no_file_or_absent_is_one_line(read, tmp_path):
    assert read(b"#" + b" " * (MOST_BYTES - 1)) == ({}, {})
    with pytest.raises(UserError, match="is longer than 1000000 bytes"):
        read(b"#" * (MOST_BYTES + 1))
    with pytest.raises(UserError, match="is no file: name a file of YAML"):
        read_run_file(tmp_path, "robmednas", RobMedNASSettings)
    with pytest.raises(UserError, match=r"cannot read .*none.yaml: No such file"):
        read_run_file(tmp_path / "none.yaml", "robmednas", RobMedNASSettings)


def test_what_is_written_is_read_back(tmp_path):
    points = ({"x": 1e-05, "kind": "b"}, {"x": 0.1, "kind": "no"})
    settings = {"faults": ("raise",), "epochs": 3, "dataset": "20:30", "seed": 7}
    plan = Plan(
        study="toy", settings=settings, trials=4, seed=7, first=points, run=tmp_path, metric="loss",
        earlier_items=("a" * 64, "b" * 64), earlier_openings=("c" * 16,),
    )  # fmt: skip
    write_run_file(tmp_path, plan, toy_study.Settings)
    options = read_run_file(tmp_path / run_file.RUN_FILE, "toy", toy_study.Settings)
    assert options.settings == {"faults": ["raise"], "epochs": 3, "dataset": "20:30"}
    assert options.engine.pop("first") == list(points)
    assert options.engine.pop("earlier_items") == ["a" * 64, "b" * 64]
    assert options.engine.pop("earlier_openings") == ["c" * 16]
    assert options.engine.pop("repeats") == 1
    assert Plan.model_validate({"study": "toy", **options.engine}) == Plan(
        study="toy", trials=4, seed=7, metric="loss"
    )


def test_the_file_names_options_as_the_command_line_does(tmp_path):
    plan = Plan(study="robmednas", settings={"field_mm": 200, "protocol": "paper"})
    write_run_file(tmp_path, plan, RobMedNASSettings)
    text = (tmp_path / run_file.RUN_FILE).read_text()
    assert text.startswith("# Repeats this run: python -m search robmednas --config run.yaml\n")
    content = yaml.safe_load(text)
    assert list(content)[:3] == ["study", "field", "preset"]
    assert not {"earlier_items", "earlier_openings"} & content.keys()
    assert (content["repeats"], content["cpus-per-trial"], content["in-process"]) == (1, 1, False)
    assert "run" not in content
