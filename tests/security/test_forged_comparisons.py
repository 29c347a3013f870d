"""A stranger's final comparison is data to what follows it: corruption, stability, synthesise."""

import json
import os

import pytest
from forgeries import DEEP, ESCAPES
from peak import MEMORY_MIB, peak_mib
from rich.console import Console

from search.robmednas import final as final_module
from search.robmednas.corruption import corruption
from search.robmednas.final import FINAL, SCORES
from search.robmednas.retrain import DONE, retrain
from search.robmednas.stability import stability
from search.robmednas.synthesise import find_model
from search.run.predict import find_classifier
from searchspace.errors import UserError
from trainables.saved.checkpoint import CARD, ModelCard, UNetCard, load_unet, save_model
from trainables.studies.robmednas.settings import RobMedNASSettings

ROWS = {"Baseline": "baseline-1", "RobMedNAS-B": "robmednas-b-1"}
NETWORK = UNetCard(architecture="1000x8 | 1000x8", kernels="square", size=32, field_mm=256.0)
COMMANDS = {
    "corruption": lambda folder: corruption(folder, Console(width=80)),
    "stability": lambda folder: stability(folder, 1, 2, Console(width=80)),
}
HEAD = "row,kind,strength,subject,score,value\n"


@pytest.fixture
def comparison(forged):
    """A folder of ``robmednas-final``, within what the canary leaves out."""
    folder = forged / "comparison"
    for name in ROWS.values():
        save_model(folder / "models" / name, NETWORK.build(), NETWORK)
    values = {
        "settings": RobMedNASSettings().model_dump(mode="json"), "patience": 5, "eps": 0.06,
        "candidates": [{"name": name, "row": row, "config": {}} for row, name in ROWS.items()],
        "chosen": ROWS,
    }  # fmt: skip
    (folder / FINAL).write_text(json.dumps(values))
    (folder / SCORES).write_text(HEAD)
    return folder


def fields(**changes):
    def forge(folder, outside):
        values = json.loads((folder / FINAL).read_text()) | changes
        (folder / FINAL).write_text(json.dumps({k: v for k, v in values.items() if v is not ...}))

    return forge


def content(name, data):
    def forge(folder, outside):
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())

    return forge


def link(name):
    def forge(folder, outside):
        path = folder / name
        if path.is_dir():
            path.rename(folder.parent / "aside")
        path.unlink(missing_ok=True)
        path.symlink_to(outside / ("thesis.tex" if "." in name else "folder"))

    return forge


def pipe(name):
    def forge(folder, outside):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return forge


FORGERIES = {
    "a network that is a path": fields(chosen=ROWS | {"Baseline": "../../outside/folder"}),
    "a network that is absolute": fields(chosen=ROWS | {"Baseline": "/tmp"}),  # noqa: S108
    "a network that is a number": fields(chosen=ROWS | {"Baseline": 7}),
    "a network that was no candidate": fields(chosen=ROWS | {"Baseline": "nobody-1"}),
    "a list of networks": fields(chosen=["baseline-1"]),
    "no settings": fields(settings=...),
    "settings of another type": fields(settings={"epochs": "many"}),
    "a folder of data": fields(settings={"data": "/home/thesis"}),
    "a radius that is none": fields(eps=None),
    "a radius below none": fields(eps=-1),
    "no patience": fields(patience=-3),
    "no candidates": fields(candidates=[]),
    "candidates of text": fields(candidates="all"),
    "a config that is a list": fields(candidates=[{"name": "a", "row": "b", "config": [1]}]),
    "nested deeply": content(FINAL, DEEP),
    "a list": content(FINAL, "[]"),
    "another encoding": content(FINAL, "{}".encode("utf-16")),
    "two values of one name": content(FINAL, '{"eps": 1, "eps": 2}'),
    "no JSON": content(FINAL, "{"),
    "nine megabytes": content(FINAL, '{"a": "' + "x" * 9_000_000 + '"}'),
    "a pipe": pipe(FINAL),
    **{
        f"a link of {name}": link(name)
        for name in (
            *(FINAL, SCORES, "models", "models/baseline-1", "assets", "test", "stability"),
            *("folds", "corruption.csv", "stability.csv"),
        )
    },
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("title", FORGERIES)
def test_a_forged_comparison_is_refused(title, command, comparison, outside, canary, capsys):
    FORGERIES[title](comparison, outside)
    before, memory = canary(), peak_mib(reset=True)
    with pytest.raises(UserError) as error:
        COMMANDS[command](comparison)
    assert "\n" not in str(error.value)
    assert ("is a link, which is not followed" in str(error.value)) == title.startswith("a link")
    assert peak_mib() - memory < MEMORY_MIB
    assert canary() == before


TABLES = {
    "empty": "",
    "a head alone": HEAD,
    "markup of the terminal": f"{HEAD}[/],fgsm,0.1,s,mae_head,1\n[link=http://evil]x[/link],clean,0,s,mae_head,1\n",
    "escapes": f"{HEAD}{ESCAPES},fgsm,0.1,s,mae_head,1\na,clean,0,s,mae_head,2\n",
    "a byte of nothing": f"{HEAD}a\0,clean,0,s,mae_head,1\n",
    "infinity": f"{HEAD}a,clean,inf,s,mae_head,1\na,fgsm,inf,s,mae_head,1e308\n",
    "thousands of rows": HEAD
    + "".join(f"r{n},pgd,0.1,s,mae_head,1\nr{n},clean,0,s,mae_head,1\n" for n in range(2000)),
    "forty megabytes": HEAD + "a,clean,0,s,mae_head,1\n" * 1_900_000,
}


@pytest.mark.parametrize("title", TABLES)
def test_a_forged_table_is_shown_as_text_or_refused(title, comparison, outside, canary, capsys):
    (comparison / "corruption.csv").write_text(TABLES[title])
    before, memory = canary(), peak_mib(reset=True)
    try:
        COMMANDS["corruption"](comparison)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
    assert not set(capsys.readouterr().out) & {"\x1b", "\x07", "\x9b", "\u202e", "\0"}
    assert peak_mib() - memory < MEMORY_MIB
    assert canary() == before


def test_a_comparison_without_a_baseline_trains_nothing(comparison, monkeypatch):
    """Of a row that is compared with."""
    monkeypatch.setattr("search.robmednas.stability.open_test", lambda *_: None)
    fields(chosen={"RobMedNAS-B": ROWS["RobMedNAS-B"]})(comparison, None)
    with pytest.raises(UserError, match="holds no Baseline"):
        COMMANDS["stability"](comparison)


def test_a_forged_outcome_of_a_training_is_refused(comparison, tmp_path):
    model = comparison / "models" / "baseline-1"
    for text in ("[]", '{"epochs": 1}', '{"epochs": -1, "shell": "rm"}'):
        (model / DONE).write_text(text)
        with pytest.raises(UserError, match=r"retrained\.json is damaged"):
            retrain({}, RobMedNASSettings(), comparison / "assets", model, 5, print)


def test_the_comparison_itself_is_read(comparison, outside):
    """Otherwise the rest would show nothing."""
    assert final_module.read_final(comparison)["chosen"] == ROWS
    assert load_unet(find_model(comparison))[1] == NETWORK
    (comparison / "corruption.csv").write_text(HEAD + "a,clean,0,s,mae_head,1\n")
    assert COMMANDS["corruption"](comparison) == 0


@pytest.mark.parametrize("name", ["best", f"best/{CARD}", f"best/{CARD} as a pipe"])
def test_a_classifier_is_not_looked_for_behind_a_link(name, forged, outside, canary):
    values = ModelCard(
        classifier="cnn", channels=1, shape=(28, 28), task="binary", classes=("a", "b"), dropout=0.0
    )
    save_model(outside / "folder", values.build(), values)
    if name == "best":
        (forged / "best").rename(forged / "aside")
        (forged / "best").symlink_to(outside / "folder")
    else:
        (forged / "best" / CARD).unlink()
        if name.endswith("pipe"):
            os.mkfifo(forged / "best" / CARD)
        else:
            (forged / "best" / CARD).symlink_to(outside / "folder" / CARD)
    before = canary()
    with pytest.raises(UserError):
        find_classifier(forged)
    assert canary() == before
