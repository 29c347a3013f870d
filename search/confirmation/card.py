"""The robustness card beside an exported model: what it withstands, how that is known, and of whom.

As JSON for programs, and as Markdown for people; both say the same.
"""

from pathlib import Path
from typing import Any

from search.confirmation.words import sentences
from search.results.tables import duration, interval, number
from trainables.runtime.files import to_json, write_atomically
from trainables.study.examination import ENSEMBLE

CARD = "robustness"  # .json and .md


def write_card(folder: Path, found: dict[str, Any], run: dict[str, Any]) -> None:
    """Write the card of a confirmation's winner beside its model.

    Args:
        folder: Of the exported model.
        found: What the confirmation wrote.
        run: The manifest of the run that was confirmed.
    """
    card = make_card(found, run)
    write_atomically(folder / f"{CARD}.json", to_json(card, indent=2) + "\n")
    write_atomically(folder / f"{CARD}.md", as_markdown(card))


def make_card(found: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    """Collect what a reader has to know of a winner, as JSON values."""
    winner = next(one for one in found["standings"] if one["id"] == found["winner"])
    pixels = found["direction"] == "max"
    return {
        "model": winner["name"],
        "study": run["plan"]["study"],
        "config": winner["config"],
        "data": {"facts": run["facts"], "digests": run["digests"], "images": found["images"]},
        "threat_model": {
            "norm": "linf",
            "eps": found["eps"],
            "unit": "pixel range [0, 1]" if pixels else "standard deviations of the subject's MR",
            "bounds": [0, 1] if pixels else None,
            "knowledge": "white box: gradients through the whole model in eval mode, its "
            "normalisation included; and black box, by queries and by transfer",
        },
        "attacks": {"ensemble": found["plan"]["attacks"], "worst_found_by": found["wins"]["test"]},
        "score": {"name": found["score"], "direction": found["direction"]},
        "ranking": winner["value"] | {"seeds": winner["seeds"]},
        "test": found["test"][found["winner"]],
        "conditions": found["conditions"][found["winner"]],
        "comparisons": found["comparisons"],
        "selection": found["selection"],
        "alarms": winner["barred"],
        "exported": found["exported"],
        "forms": found["exports"],
        "says": sentences(found),
        "seconds": {"confirmation": found["seconds"]},
        "versions": run["versions"],
        "code": run["code"],
    }


def as_markdown(card: dict[str, Any]) -> str:
    """Write a card for people."""
    threat, score = card["threat_model"], card["score"]
    worse = "" if score["direction"] == "max" else " (less is better)"
    parts = [
        f"# Robustness card: {card['model']} ({card['study']})",
        "\n".join(f"- {line}" for line in card["says"]),
        "## Threat model",
        f"Any change of at most epsilon at each pixel (L-infinity), in {threat['unit']}"
        + (", the result clipped to [0, 1]" if threat["bounds"] else ", without bounds")
        + f". {threat['knowledge'].capitalize()}. Other norms, patches, rotations and whatever "
        "else an attacker may do were not tried.",
        f"## {score['name'].capitalize()} on {card['data']['images']['test']} test images{worse}",
        _table(
            ["condition", "strength", "mean over seeds"],
            [
                [one["kind"], f"{one['strength']:g}", number(one["score"])]
                for one in card["conditions"]
            ],
        ),
        _area_line(card),
        "## Beside the references",
        _table(
            ["over", "difference", "95 % interval", "adjusted p", "effect", ""],
            [_comparison(one) for one in card["comparisons"]],
        ),
        "## Where it comes from",
        "\n".join(f"- {line}" for line in _origin(card)),
        "## Config",
        _table(["name", "value"], [[name, _code(text)] for name, text in card["config"].items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _area_line(card: dict[str, Any]) -> str:
    found = card["test"]
    return (
        f"`{ENSEMBLE}` is the worst of the {card['attacks']['ensemble']} ensemble, image by image. "
        f"Area under it against epsilon: {number(found['value'])} "
        f"{interval((found['low'], found['high']))} over images and seeds."
    )


def _origin(card: dict[str, Any]) -> list[str]:
    made = card["exported"]
    return [
        *card["data"]["facts"],
        f"exported: training {made['training']}, seed {made['seed']}, the median on ranking",
        *(f"{form}: {file}" for form, file in card["forms"].items()),
        f"confirmation: {duration(card['seconds']['confirmation'])}, of the command that ended it",
    ]


def _code(text: object) -> str:
    return f"`{text}`".replace("|", "/")  # a bar would end the cell


def _comparison(one: dict[str, Any]) -> list[str]:
    gap = one["difference"]
    return [
        one["over"],
        number(gap["value"], signed=True),
        interval((gap["low"], gap["high"]), signed=True),
        f"{one['p_adjusted']:.2g}",
        f"{one['effect']:+.2f}",
        one["verdict"],
    ]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
