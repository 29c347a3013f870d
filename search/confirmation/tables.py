"""What a person reads of a confirmation, at 80 columns."""

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.confirmation.verdict import Examined, Standing, wins
from search.session import Session
from search.tables import interval, number
from trainables.examination import ENSEMBLE, TRANSFER


def say_ranking(console: Console, rows: Sequence[Standing], examined: Examined, plan: Any) -> None:  # noqa: ANN401 - the file that declares it imports this one
    """Print how the finalists rank under the ensemble, and what each attack found."""
    first = next(iter(examined.values()))[0]
    better = {"max": "highest", "min": "lowest"}[first.direction]
    title = (
        f"{first.score} against epsilon, worst of the {plan.attacks} ensemble\n"
        f"{len(first.labels)} ranking images, {plan.seeds} seeds, {better} first"
    )
    table = Table(title=Text(title))
    table.add_column("#", justify="right")
    table.add_column("finalist", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="center", no_wrap=True)
    table.add_column("in the search", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for place, row in enumerate(rows, start=1):
        one = row.finalist
        note = ", ".join(row.barred) + " missed" if row.barred else "control" if one.control else ""
        table.add_row(
            str(place),
            Text(one.name),
            number(row.value.value),
            interval((row.value.low, row.value.high)),
            f"{number(one.promised)} (#{one.place})",
            Text(note, style="yellow" if row.barred else "dim"),
        )
    table.caption = "interval: over images and seeds; a control cannot win"
    console.print(table)
    counts = ", ".join(f"{name} {count}" for name, count in wins(examined).items())
    console.print(f"worst images found by: {counts}", markup=False, highlight=False)


def say_test(console: Console, session: Session, found: dict[str, Any]) -> None:
    """Print what the test split says, and how far the search could be trusted."""
    names = {row["id"]: row["name"] for row in found["standings"]}
    console.print(_test_table(found, names))
    for line in sentences(found, names):
        session.say(line)


def sentences(found: dict[str, Any], names: dict[str, str]) -> list[str]:
    """Say what was found, in words."""
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


def _test_table(found: dict[str, Any], names: dict[str, str]) -> Table:
    table = Table(title=Text(f"{found['score']} on {found['images']['test']} test images"))
    table.add_column("", overflow="fold")
    shown = next(iter(found["conditions"].values()))
    kept = [one for one in shown if one["kind"] in {"clean", "noise", ENSEMBLE}]
    for one in _columns(kept):
        table.add_column(_head(one, found), justify="right", no_wrap=True)
    table.add_column("area", justify="right", no_wrap=True)
    for name, scores in found["conditions"].items():
        at = {(one["kind"], one["strength"]): one["score"] for one in scores}
        cells = [number(at[one["kind"], one["strength"]]) for one in _columns(kept)]
        mark = " (winner)" if name == found["winner"] else ""
        table.add_row(Text(names[name] + mark), *cells, number(found["test"][name]["value"]))
    return table


def _columns(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep clean, all radii, and of the noise one strength: 80 columns hold no more."""
    noisy = [one for one in shown if one["kind"] == "noise"]
    return [one for one in shown if one["kind"] != "noise"] + noisy[-1:]


def _head(one: dict[str, Any], found: dict[str, Any]) -> str:
    if one["kind"] == ENSEMBLE:
        pixels = found["direction"] == "max"  # radii of classifiers are shares of the pixel range
        return f"{255 * one['strength']:g}/255" if pixels else f"{one['strength']:g}"
    return "clean" if one["kind"] == "clean" else f"{one['kind']} {one['strength']:g}"
