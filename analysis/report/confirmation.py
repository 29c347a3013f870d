"""What a confirmation found, where a run was confirmed."""

import json
from collections.abc import Mapping
from typing import Any

from analysis.load import Run
from analysis.report.html import Html, Section, bullets, join, table, tag
from search.confirmation.words import heading, names_of, sentences
from search.results.tables import interval, number
from searchspace.errors import UserError
from trainables.study.examination import ENSEMBLE

FOLDER, FILE = "confirm", "confirm.json"


def confirmation(run: Run) -> Section | None:
    """Show the confirmation of a run; nothing where there is none, or none that has ended.

    Raises:
        UserError: If its file is damaged.
    """
    found = _read(run)
    if found is None:
        return None
    if "comparisons" not in found:
        said = "Begun and not ended: give the command again, it goes on."
        return Section("confirmation", "Confirmation", tag("p", said))
    try:
        body = join([bullets(sentences(found)), _ranking(found), _test(found), _cards()])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(run, error) from None
    return Section("confirmation", "Confirmation: other seeds, stronger attacks, test", body)


def confirmed_under(run: Run) -> list[str]:
    """List the attacks of a confirmation that has ended; none where there is no such.

    Raises:
        UserError: If its file is damaged.
    """
    found = _read(run) or {}
    try:
        return sorted(found.get("wins", {}).get("test", {}))
    except (AttributeError, TypeError) as error:
        raise _damaged(run, error) from None


def _read(run: Run) -> Mapping[str, Any] | None:
    file = run.folder / FOLDER / FILE
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(run, error) from None
    if not isinstance(found, dict):
        raise _damaged(run, TypeError("no JSON object"))
    return found


def _damaged(run: Run, error: Exception) -> UserError:
    file = run.folder / FOLDER / FILE
    return UserError(f"{file} is not a confirmation of this version: {error!r}")


def _ranking(found: Mapping[str, Any]) -> Html:
    rows = [
        (
            one["name"],
            number(one["value"]["value"]),
            interval((one["value"]["low"], one["value"]["high"])),
            ", ".join(number(seed) for seed in one["seeds"]),
            f"{number(one['promised'])} (#{one['place']})",
            ", ".join(one["barred"]) + " missed" if one["barred"] else "",
        )
        for one in found["standings"]
    ]
    caption = (
        f"{found['score']} against epsilon, area under the worst of the "
        f"{found['plan']['attacks']} ensemble, on {found['images']['ranking']} ranking images"
    )
    heads = ("finalist", "value", "95 % interval", "seeds", "in the search", "")
    return table(heads, rows, caption, numeric=(1, 3, 4), marked=_winners(found))


def _test(found: Mapping[str, Any]) -> Html:
    names = names_of(found)
    conditions = next(iter(found["conditions"].values()))
    shown = [n for n, one in enumerate(conditions) if one["kind"] in {"clean", "noise", ENSEMBLE}]
    heads = ("", *(heading(conditions[n], found) for n in shown), "area", "95 % interval")
    rows = [
        (
            names[name],
            *(number(scores[n]["score"]) for n in shown),
            number(found["test"][name]["value"]),
            interval((found["test"][name]["low"], found["test"][name]["high"])),
        )
        for name, scores in found["conditions"].items()
    ]
    caption = f"{found['score']} on {found['images']['test']} test images, opened once"
    marked = [n for n, name in enumerate(found["conditions"]) if name == found["winner"]]
    return table(heads, rows, caption, numeric=range(1, len(heads)), marked=marked)


def _cards() -> Html:
    return tag(
        "p",
        "The model, its exports and its robustness card: ",
        tag("code", f"{FOLDER}/best"),
        " in the folder of the run.",
    )


def _winners(found: Mapping[str, Any]) -> list[int]:
    return [n for n, one in enumerate(found["standings"]) if one["id"] == found["winner"]]
