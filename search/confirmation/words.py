"""What a confirmation found, in words; needs neither torch nor Ray."""

import math
from collections.abc import Mapping
from typing import Any

from search.results.tables import interval, number
from trainables.study.examination import ENSEMBLE, TRANSFER

Found = Mapping[str, Any]
"""What ``confirm.json`` holds."""


def names_of(found: Found) -> dict[str, str]:
    """Return what a reader knows each finalist by."""
    return {one["id"]: one["name"] for one in found["standings"]}


def heading(condition: Found, found: Found) -> str:
    """Name a condition in a few letters."""
    kind, strength = condition["kind"], condition["strength"]
    if kind == ENSEMBLE:
        pixels = found["direction"] == "max"  # radii of classifiers are shares of the pixel range
        return f"{255 * strength:g}/255" if pixels else f"{strength:g}"
    return "clean" if kind == "clean" else f"{kind} {strength:g}"


def sentences(found: Found) -> list[str]:
    """Say what was found, in words."""
    names = names_of(found)
    chosen, winner = found["selection"], found["winner"]
    lines = [f"winner: {names[winner]}"]
    for one in found["comparisons"]:
        beside = "from" if one["verdict"] == "not distinguishable" else "than"
        gap = one["difference"]
        bounds = interval((gap["low"], gap["high"]), signed=True)
        lines.append(
            f"on test {one['verdict']} {beside} {one['over']}: "
            f"{number(gap['value'], signed=True)} {bounds}, p = {one['p_adjusted']:.2g}"
        )
    lines.append(
        f"the search promised {number(chosen['promised'])} for {names[chosen['winner']]}; the "
        f"ensemble left {number(chosen['left'])} on other seeds"
    )
    if chosen["winner"] == winner:
        lines.append("the search's winner is the confirmed one: no selection regret")
    else:
        lines.append(
            f"selection regret {number(chosen['regret'])}: the confirmed winner was "
            f"#{chosen['best_place']} in the search"
        )
    if chosen["tau"] is not None and not math.isnan(chosen["tau"]):
        count = len(found["standings"])
        lines.append(
            f"search and ensemble rank the {count} finalists with Kendall's tau {chosen['tau']:.2f}"
        )
    own = next(row for row in found["standings"] if row["id"] == winner)
    lines.append(
        f"optimism of having chosen on the ranking split: {number(chosen['optimism'])} estimated; "
        f"ranking {number(own['value']['value'])}, test {number(found['test'][winner]['value'])}"
    )
    black = sum(found["wins"]["test"].get(name, 0) for name in ("square", TRANSFER))
    total = sum(found["wins"]["test"].values())
    if total and black > total / 2:
        lines.append(
            "alarm: attacks without the model's gradients found most of the worst test images"
        )
    return lines
