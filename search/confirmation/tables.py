"""What a person reads of a confirmation, at 80 columns."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.confirmation.verdict import Examined, Standing, wins
from search.confirmation.words import heading, names_of, sentences
from search.results.tables import interval, number
from trainables.study.examination import ENSEMBLE
from trainables.study.study import Say


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


def say_test(console: Console, say: Say, found: dict[str, Any]) -> None:
    """Print what the test split says, and how far the search could be trusted."""
    console.print(_test_table(found, names_of(found)))
    for line in sentences(found):
        say(line)


def _test_table(found: dict[str, Any], names: dict[str, str]) -> Table:
    table = Table(title=Text(f"{found['score']} on {found['images']['test']} test images"))
    table.add_column("", overflow="fold")
    shown = next(iter(found["conditions"].values()))
    kept = [one for one in shown if one["kind"] in {"clean", "noise", ENSEMBLE}]
    for one in _columns(kept):
        table.add_column(heading(one, found), justify="right", no_wrap=True)
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
