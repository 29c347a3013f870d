"""Forged runs: each function damages the folder of a toy run, or points it at what lies outside."""
# ruff: noqa: E501, S108, S604 - a line a forgery, whatever it says

import io
import json
import os
import shutil
import zipfile

import make_confirmation
import numpy as np

MARKUP = '<img src=x onerror="alert(1)">'
ESCAPES = "\x1b]52;c;cm0gLXJm\x07\x1b]0;owned\x07\u202e\x9b2J"
FORMULA = '=HYPERLINK("http://evil")'
DEEP = "[" * 100_000 + "]" * 100_000


def _manifest(**fields):
    def forge(run, outside):
        values = json.loads((run / "manifest.json").read_text())
        for name, value in fields.items():
            *folders, last = name.split("__")
            part = values
            for folder in folders:
                part = part[folder]
            if value is ...:
                del part[last]
            else:
                part[last] = value
        (run / "manifest.json").write_text(json.dumps(values))

    return forge


def _text(name, content):
    def forge(run, outside):
        data = content if isinstance(content, bytes) else content.encode()
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(data)

    return forge


def _events(change):
    def forge(run, outside):
        lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
        (run / "events.jsonl").write_text("".join(change(lines)), errors="surrogatepass")

    return forge


def _field(number, **fields):
    """Change fields of one event."""

    def change(lines):
        event = json.loads(lines[number]) | fields
        return [*lines[:number], json.dumps(event) + "\n", *lines[number + 1 :]]

    return _events(change)


def _everywhere(before, after):
    return _events(lambda lines: [line.replace(before, after) for line in lines])


def _link(name, target="thesis.tex"):
    def forge(run, outside):
        path = run / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(outside / target)

    return forge


def _hard_link(name):
    def forge(run, outside):
        (run / name).unlink(missing_ok=True)
        os.link(outside / "thesis.tex", run / name)

    return forge


def _pipe(name):
    def forge(run, outside):
        (run / name).unlink(missing_ok=True)
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(run / name)

    return forge


def _folder(name):
    def forge(run, outside):
        (run / name).unlink()
        (run / name).mkdir()

    return forge


def _all_rankings(content):
    def forge(run, outside):
        for file in run.glob("trials/*/ranking.npz"):
            file.write_bytes(content)

    return forge


def header(shape, kind="<f4"):
    stream = io.BytesIO()
    values = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, values)
    return stream.getvalue()


def archive(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as target:
        for name, content in members.items():
            target.writestr(f"{name}.npy", content)
    return stream.getvalue()


def bomb(*names):
    """Half a megabyte that unpacks to 256 MiB a name."""
    content = header((2**26,)) + bytes(2**28)
    return archive(dict.fromkeys(names, content), zipfile.ZIP_DEFLATED)


def array(value):
    stream = io.BytesIO()
    np.save(stream, np.asarray(value), allow_pickle=True)
    return stream.getvalue()


def _flipped(run, outside):
    for file in run.glob("trials/*/ranking.npz"):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 16
        file.write_bytes(content)


def sheet(**changes):
    column = {"title": "grey", "scale": "image", "low": 0.0, "high": 1.0, "unit": "", "notes": []}
    words = {"name": "greys", "title": "Greys", "caption": "", "rows": ["a"], "columns": [column]}
    cells = array(np.zeros((1, 4, 5), np.float16))
    return archive({"words": array(json.dumps(words | changes)), "cells_0": cells})


def _sheet(content, name="pictures/1-greys.npz"):
    return _text(name, content)


MANIFESTS = {
    "nested deeply": _text("manifest.json", DEEP),
    "open brackets": _text("manifest.json", "[" * 100_000),
    "nine megabytes": _text("manifest.json", '{"a": "' + "x" * 9_000_000 + '"}'),
    "many lists": _text("manifest.json", "[" + ",".join(["[]"] * 400_000) + "]"),
    "a list": _text("manifest.json", "[]"),
    "no JSON": _text("manifest.json", "{"),
    "no text": _text("manifest.json", b"\xff\xfe\x00"),
    "empty": _text("manifest.json", ""),
    "a huge number": _text("manifest.json", '{"version": ' + "9" * 5000 + "}"),
    "a newer version": _manifest(version=99),
    "a version of text": _manifest(version="new"),
    "no plan": _manifest(plan=...),
    "no settings": _manifest(settings=...),
    "a status that is a number": _manifest(status=7),
    "rungs that are none": _manifest(rungs=[]),
    "rungs of text": _manifest(rungs="all"),
    "a direction that is none": _manifest(objective__direction="up"),
    "an unknown sampler": _manifest(plan__sampler="nobody"),
    "an unknown study": _manifest(plan__study="nobody"),
    "an unknown scheduler": _manifest(plan__scheduler="nobody"),
    "countless trials": _manifest(plan__trials=10**30),
    "trials that are fewer than none": _manifest(plan__trials=-1),
    "an unknown field of the plan": _manifest(plan__shell="rm -rf ~"),
    "settings of another type": _manifest(settings__epochs="many"),
    "a halved pair": _text("manifest.json", '{"status": "\\ud800"}'),
    "facts that are numbers": _manifest(facts=[1, 2]),
    "of a confirmation": _manifest(confirms=f"/home{ESCAPES}"),
    "a pipe": _pipe("manifest.json"),
    "a folder": _folder("manifest.json"),
    "a link": _link("manifest.json"),
}  # fmt: skip
PLACES = {
    "a host": _manifest(plan__address="127.0.0.1:1", plan__in_process=False),
    "a bucket": _manifest(stored={"uri": "s3://b/r?endpoint_override=127.0.0.1:1", "term": 1, "token": ""}),
    "a storage": _manifest(plan__storage="s3://b?endpoint_override=127.0.0.1:1"),
    "a folder": _manifest(plan__settings__marker="/tmp/thesis", settings__marker="/tmp/thesis"),
}  # fmt: skip
RECORDS = {
    "a link": _link("events.jsonl", "line.txt"),
    "a hard link": _hard_link("events.jsonl"),
    "a pipe": _pipe("events.jsonl"),
    "a folder": _folder("events.jsonl"),
    "gone": lambda run, outside: (run / "events.jsonl").unlink(),
    "garbage that is ended": _events(lambda lines: [*lines, "garbage\n"]),
    "garbage in the middle": _events(lambda lines: [*lines[:3], "{\n", *lines[3:]]),
    "no text": _text("events.jsonl", b"\xff\xfe\n"),
    "a list": _events(lambda lines: ["[]\n", *lines]),
    "nested deeply": _events(lambda lines: [*lines, '{"event": "odd", "elapsed_s": 1, "x": ' + DEEP + "}\n"]),
    "a long line": _events(lambda lines: [*lines, '{"a": "' + "x" * 2**21 + '"}\n']),
    "forty megabytes": _events(lambda lines: lines * (40 * 2**20 // sum(map(len, lines)))),
    "millions of values": _events(lambda lines: [*lines, *['{"event": "odd", "elapsed_s": 1, "x": [' + "1.5," * 200_000 + "0]}\n"] * 20]),
    "a line twice": _events(lambda lines: [lines[0], *lines]),
    "a report twice": _events(lambda lines: [*lines[:2], lines[1], *lines[2:]]),
    "a line missing": _events(lambda lines: lines[1:]),
    "a report missing": _events(lambda lines: [lines[0], *lines[2:]]),
    "a trial that is a path": _everywhere('"t001"', '"../../../outside"'),
    "a trial that is absolute": _everywhere('"t001"', '"/tmp/thesis"'),
    "a trial with escapes": _everywhere('"t001"', json.dumps(f"t{ESCAPES}")),
    "a trial that is a number": _field(0, trial=7),
    "metrics of text": _field(1, metrics={"robustness": "high"}),
    "metrics that are none": _field(1, metrics=None),
    "a config that is a list": _field(0, config=[1]),
    "a time before the start": _field(0, elapsed_s=-5),
    "a time that never ends": _field(0, elapsed_s=float("inf")),
    "an unknown state": _field(3, event="ended", state="lost", reason="", trace=""),
    "a missing field": _everywhere('"metrics"', '"scores"'),
    "another point": _field(0, config={"x": 9}),
}  # fmt: skip
HARMLESS = {
    "labels with escapes": _everywhere('"paper"', json.dumps(f"a{ESCAPES}")),
    "labels of markup": _everywhere('"paper"', json.dumps(MARKUP)),
    "labels of formulas": _everywhere('"paper"', json.dumps(FORMULA)),
    "labels of mathematics": _everywhere('"paper"', json.dumps("$\\frac{1}{0}$ $")),
    "facts of markup and escapes": _manifest(facts=[MARKUP, ESCAPES, FORMULA]),
    "the last line cut": _events(lambda lines: [*lines[:-1], lines[-1][:20]]),
    "a link of a temporary file": _link(f".manifest.json.{os.getpid()}"),
    "a link of the report": _link("analysis/report.html"),
}
SCORES = {
    "bombs": _all_rankings(bomb("scores", "labels", "eps")),
    "terabytes": _all_rankings(archive({"scores": header((2**20, 2**22)), "labels": b"", "eps": b""})),
    "objects": _all_rankings(archive({"scores": array([{}]), "labels": array([1]), "eps": array([0.0])})),
    "cut": _all_rankings(b"PK\x03\x04"),
    "empty": _all_rankings(b""),
    "flipped bits": _flipped,
    "other shapes": _all_rankings(archive({"scores": array([[1.0]]), "labels": array([1]), "eps": array([0.0, 1.0])})),
}  # fmt: skip
SHEETS = {
    "a name that is a path": _sheet(sheet(name="../../../outside/thesis")),
    "a name that is absolute": _sheet(sheet(name="/tmp/thesis")),
    "a name of markup": _sheet(sheet(name=MARKUP)),
    "a name of the report": _sheet(sheet(name="report.html")),
    "a bomb": _sheet(bomb("words", "cells_0")),
    "words nested deeply": _sheet(archive({"words": array(DEEP)})),
    "words of another type": _sheet(sheet(rows=7)),
    "no columns": _sheet(sheet(columns=[])),
    "a row too long to draw": _sheet(sheet(rows=["a\n" * 100_000])),
    "more rows than cells": _sheet(sheet(rows=["a", "b"])),
    "an unknown field": _sheet(sheet(shell="rm")),
    "a link": _link("pictures/1-greys.npz"),
    "a pipe": _pipe("pictures/1-greys.npz"),
}
LINKS = {
    "trials": _link("trials", "folder"),
    "a trial": _link("trials/t001", "folder"),
    "best": _link("best", "folder"),
    "a file of best": _link("best/model.json"),
    "pictures": _link("pictures", "folder"),
    "assets": _link("assets", "folder"),
    "the lock": _link(".lock"),
    "the lock as a pipe": _pipe(".lock"),
    "the table": _link("trials.csv"),
    "the study": _link("study.journal"),
    "the traceback": _link("traceback.txt"),
    "the scratch": _link(".search-scratch", "folder"),
    "scores": _link("trials/r01/ranking.npz"),
    "a model": _link("trials/t001/model.json"),
    "the confirmation": _link("confirm", "folder"),
    "the analysis": _link("analysis", "folder"),
}


def _confirmation(**changes):
    """Write the record of a confirmation that has ended, some of its fields forged."""
    return _text(
        "confirm/confirm.json", json.dumps({"version": 1} | make_confirmation.VALUES | changes)
    )


STANDING = make_confirmation.VALUES["standings"][0]
CONFIRMATIONS = {
    "nested deeply": _text("confirm/confirm.json", DEEP),
    "a list": _text("confirm/confirm.json", "[]"),
    "a pipe": _pipe("confirm/confirm.json"),
    "a link": _link("confirm/confirm.json"),
    "a winner that did not take part": _confirmation(winner="../../x"),
    "no standings": _confirmation(standings=[]),
    "no conditions": _confirmation(conditions={}, test={}),
    "radii of text": _confirmation(eps=["a"]),
    "a standing without a value": _confirmation(standings=[STANDING | {"value": None}]),
    "wins of text": _confirmation(wins={"ranking": "all", "test": {}}),
    "a newer version": _confirmation(version=99),
}
# These are shown, as text.
CLAIMS = {
    "names of markup and escapes": _confirmation(
        standings=[
            entry | {"name": MARKUP + ESCAPES} for entry in make_confirmation.VALUES["standings"]
        ]
    ),
    "a score of markup": _confirmation(score=MARKUP),
}
