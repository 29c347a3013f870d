"""``run.yaml``: the options of a run in a file, read by ``--config`` and written by every run.

The file is one mapping of names of options to values. It holds no code: tags of other types than
those of plain YAML, and references between its parts, are refused.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final, get_args

import yaml

from search.options import Option, options_of
from search.plan import Plan, Start
from search.record.run_folder import RUN_FILE
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.runtime.files import write_atomically
from trainables.runtime.plugins import absolute
from trainables.study.settings import StudySettings

MOST_BYTES, DIGITS = 1_000_000, 40
STUDY = "study"
# What a run begins with, which becomes part of its plan:
BEGINNING = ("first", "earlier_items", "earlier_openings")


@final
@dataclass(frozen=True)
class RunFile:
    """What a file says, by name of the field.

    Attributes:
        settings: Of the study.
        engine: Of `Plan` and `Start`.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)


def read_run_file(file: Path, study: str, settings: type[StudySettings]) -> RunFile:
    """Read the options of a run.

    Names are those of the options or of the fields, with dashes or underscores. A value that is
    null is left to its default.

    Args:
        file: To read.
        study: The study on the command line; the file may name it, too.
        settings: The class of the study's settings.

    Raises:
        UserError: In one line, if the file cannot be read, is longer than 1 MB, is for another
            study, names an unknown option or one option twice, or says true or false where a number
            or a text is wanted.
    """
    content = _load(file)
    named = content.pop(STUDY, study)
    if not isinstance(named, str) or absolute(named) != absolute(study):
        raise UserError(f"{file} is for the study {named}, not for {study}")
    fields, options = _fields(settings), RunFile()
    spellings: dict[tuple[str, str], str] = {}
    for name, value in content.items():
        try:
            owner, option_field = lookup(fields, str(name).replace("_", "-"), "option")
        except UserError as error:
            raise UserError(f"{file}: {error}") from None
        if before := spellings.get((owner, option_field)):
            raise UserError(f"{file} says {before} and {name}, which are the same: keep one")
        spellings[owner, option_field] = str(name)
        if isinstance(value, bool) and not _takes_bool(owner, option_field, settings):
            # pydantic would read true as the number 1
            raise UserError(f"{file}: {name} is {str(value).lower()}: it takes no true or false")
        if any("\0" in str(part) for part in (value if isinstance(value, list) else [value])):
            raise UserError(f"{file}: {name} holds a byte of zero, which no name and no path has")
        if value is not None:
            getattr(options, owner)[option_field] = value
    return options


def write_run_file(folder: Path, plan: Plan, settings: type[StudySettings]) -> None:
    """Write ``run.yaml``, the file that repeats a run.

    It holds what the user fixed of the study's settings, and every option of the engine except
    the run folder, since another run needs another folder.

    Args:
        folder: Of the run.
        plan: Of the run.
        settings: The class of the study's settings.

    Raises:
        UserError: If the file cannot be written.
    """
    values = plan.model_dump(mode="json")
    names = {option.field: option.name for option in options_of(settings)}
    content = {STUDY: plan.study}
    for name, value in values["settings"].items():
        if name not in Plan.model_fields:  # the seed is an option of the engine, too
            content[names.get(name, name)] = value
    for option in options_of(Plan):
        if option.field != "run" and values[option.field] is not None:
            content[option.name] = values[option.field]
    content |= {"repeats": 1} | {name: values[name] for name in BEGINNING if values[name]}
    again = f"python -m search {plan.study} --config {RUN_FILE}"
    head = f"# Repeats this run: {again}\n# Options on the command line override this file.\n"
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    write_atomically(folder / RUN_FILE, head + text)


def _takes_bool(owner: str, name: str, settings: type[StudySettings]) -> bool:
    models = (settings,) if owner == "settings" else (Plan, Start)
    declared = next(model.model_fields[name] for model in models if name in model.model_fields)
    return bool in (declared.annotation, *get_args(declared.annotation))


def _fields(settings: type[StudySettings]) -> dict[str, tuple[str, str]]:
    """Map all spellings to the part of a `RunFile` and the field that they stand for."""
    engine = (*options_of(Plan), *options_of(Start))
    fields = dict(_spellings("engine", engine))
    # Fields of the study that are no options count, too: plans made in Python may set them.
    plain = {name.replace("_", "-"): ("settings", name) for name in settings.model_fields}
    plain |= {name.replace("_", "-"): ("engine", name) for name in BEGINNING}
    return plain | dict(_spellings("settings", options_of(settings))) | fields


def _spellings(owner: str, options: tuple[Option, ...]) -> Iterator[tuple[str, tuple[str, str]]]:
    for option in options:
        for name in option.spellings:
            yield name, (owner, option.field)


def _load(file: Path) -> dict[Any, Any]:
    """Read one mapping from a file."""
    try:
        if file.exists() and not file.is_file():  # a pipe would block, a device never end
            raise UserError(f"{file} is no file: name a file of YAML")
        with file.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}") from None
    if len(text) > MOST_BYTES:
        raise UserError(f"{file} is longer than {MOST_BYTES} bytes: it is no file of options")
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise UserError(f"cannot read {file}: {line}{error.problem or error.context}") from None
    except RecursionError:
        raise UserError(f"cannot read {file}: it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"cannot read {file}: {str(error).splitlines()[0]}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{file} holds no options: write a line 'NAME: VALUE' for each")
    return content


class _Loader(yaml.SafeLoader):
    """Plain values alone: no references, by which a short text stands for a huge value."""

    def compose_node(self, parent: Any, index: int) -> Any:  # noqa: ANN401 - as PyYAML's
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(None, None, "references (*) are not read", mark)
        return super().compose_node(parent, index)

    def construct_yaml_int(self, node: Any) -> int:  # noqa: ANN401 - as PyYAML's
        if len(node.value) > DIGITS:
            problem = f"a number has {len(node.value)} digits"
            raise yaml.MarkedYAMLError(None, None, problem, node.start_mark)
        return int(super().construct_yaml_int(node))

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ANN401, FBT001, FBT002 - as PyYAML's
        names = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in names:
                    problem = f"{key.value} is there twice"
                    raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
                names.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - as PyYAML's
        return True
