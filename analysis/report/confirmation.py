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
    content = _read(run)
    if content is None:
        return None
    if "comparisons" not in content:
        note = "Begun and not ended: give the command again, it goes on."
        return Section("confirmation", "Confirmation", tag("p", note))
    try:
        body = join([bullets(sentences(content)), _ranking(content), _test(content), _cards()])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(run, error) from None
    return Section("confirmation", "Confirmation: other seeds, stronger attacks, test", body)


def attacks_of_confirmation(run: Run) -> list[str]:
    """List the attacks of a confirmation that has ended; none where there is no such.

    Raises:
        UserError: If its file is damaged.
    """
    content = _read(run) or {}
    try:
        return sorted(content.get("wins", {}).get("test", {}))
    except (AttributeError, TypeError) as error:
        raise _damaged(run, error) from None


def _read(run: Run) -> Mapping[str, Any] | None:
    file = run.folder / FOLDER / FILE
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(run, error) from None
    if not isinstance(content, dict):
        raise _damaged(run, TypeError("no JSON object"))
    return content


def _damaged(run: Run, error: Exception) -> UserError:
    file = run.folder / FOLDER / FILE
    return UserError(f"{file} is not a confirmation of this version: {error!r}")


def _ranking(content: Mapping[str, Any]) -> Html:
    rows = [
        (
            finalist["name"],
            number(finalist["value"]["value"]),
            interval((finalist["value"]["low"], finalist["value"]["high"])),
            ", ".join(number(seed) for seed in finalist["seeds"]),
            f"{number(finalist['promised'])} (#{finalist['place']})",
            ", ".join(finalist["barred"]) + " missed" if finalist["barred"] else "",
        )
        for finalist in content["standings"]
    ]
    caption = (
        f"{content['score']} against epsilon, area under the worst of the "
        f"{content['plan']['attacks']} ensemble, on {content['images']['ranking']} ranking images"
    )
    heads = ("finalist", "value", "95 % interval", "seeds", "in the search", "")
    return table(heads, rows, caption, numeric=(1, 3, 4), marked=_winners(content))


def _test(content: Mapping[str, Any]) -> Html:
    names = names_of(content)
    conditions = next(iter(content["conditions"].values()))
    kinds = {"clean", "noise", ENSEMBLE}
    columns = [n for n, condition in enumerate(conditions) if condition["kind"] in kinds]
    heads = ("", *(heading(conditions[n], content) for n in columns), "area", "95 % interval")
    rows = [
        (
            names[name],
            *(number(scores[n]["score"]) for n in columns),
            number(content["test"][name]["value"]),
            interval((content["test"][name]["low"], content["test"][name]["high"])),
        )
        for name, scores in content["conditions"].items()
    ]
    caption = f"{content['score']} on {content['images']['test']} test images, opened once"
    marked = [n for n, name in enumerate(content["conditions"]) if name == content["winner"]]
    return table(heads, rows, caption, numeric=range(1, len(heads)), marked=marked)


def _cards() -> Html:
    return tag(
        "p",
        "The model, its exports and its robustness card: ",
        tag("code", f"{FOLDER}/best"),
        " in the folder of the run.",
    )


def _winners(content: Mapping[str, Any]) -> list[int]:
    names = [finalist["id"] for finalist in content["standings"]]
    return [n for n, name in enumerate(names) if name == content["winner"]]
