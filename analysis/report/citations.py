"""What to cite for a run: the study's paper, and those of what the run used."""

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files

from analysis.load import Run
from analysis.vocabulary import METRIC

# By what a manifest says: a name that is not here has no paper of its own to cite.
BY_STUDY = {
    "tsynd": ("tsynd", "vqvae", "batchbald"),
    "robmednas": ("robmednas", "se"),
}
BY_SAMPLER = {"tpe": ("tpe",), "hyperopt": ("tpe",), "evolution": ("evolution",)}
BY_SCHEDULER = {"asha": ("asha",)}
BY_CLASSIFIER = {"resnet": ("resnet",), "densenet": ("densenet",)}
BY_ATTACK = {"fgsm": ("fgsm",), "pgd": ("pgd",), "apgd": ("apgd",), "square": ("square",)}
NO_PAPER = {"phantom"}  # data that are made here
_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,]+),\n(?P<fields>.*?)\n\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", re.MULTILINE)
_ACCENT = re.compile(r"\{?\\(['`^\"~])\{?(\w)\}?\}?")
_COMBINING = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303"}


@dataclass(frozen=True)
class Reference:
    """An entry of CITATIONS.bib.

    Attributes:
        key: Its key.
        text: Authors, year, title, where it appeared; without LaTeX.
        bibtex: The whole entry.
    """

    key: str
    text: str
    bibtex: str


def references() -> dict[str, Reference]:
    """Read CITATIONS.bib."""
    whole = files("analysis.report").joinpath("CITATIONS.bib").read_text(encoding="utf-8")
    return {found["key"]: _reference(found) for found in _ENTRY.finditer(whole)}


def keys(run: Run) -> list[str]:
    """List the keys of what a run should cite, the study's own paper first."""
    manifest = run.manifest
    plan, settings = manifest.get("plan", {}), manifest.get("settings", {})
    found = [*BY_STUDY.get(str(plan.get("study")), ())]
    if settings.get("dataset", "phantom") not in NO_PAPER:
        found.append("medmnist")
    classifier = str(settings.get("classifier", ""))
    found += [
        key for name, own in BY_CLASSIFIER.items() if classifier.startswith(name) for key in own
    ]
    found += [key for attack in _attacks(run) for key in BY_ATTACK.get(attack, ())]
    found += BY_SAMPLER.get(str(plan.get("sampler")), ())
    found += BY_SCHEDULER.get(str(plan.get("scheduler")), ())
    if any(str(name).startswith("constraint.masking") for name in run.trials):
        found.append("obfuscated")
    if run.objective.other is not None:
        found.append("nsga2")
    return [*dict.fromkeys(found), "pedanova"]


def _attacks(run: Run) -> list[str]:
    """List the attacks that were measured, without their variants: apgd-ce is apgd."""
    names = (METRIC.fullmatch(str(name).removeprefix("metric.")) for name in run.trials)
    return sorted({re.split("[-_]", found["how"])[0] for found in names if found})


def _reference(entry: re.Match[str]) -> Reference:
    fields = {key.lower(): _plain(value) for key, value in _FIELD.findall(entry["fields"])}
    authors = fields.get("author", "").split(" and ")
    names = [" ".join(reversed(one.split(", "))) for one in authors]
    listed = ", ".join(names) if len(names) <= 3 else f"{names[0]} et al."
    where = fields.get("booktitle") or fields.get("journal") or fields.get("note", "")
    parts = [f"{listed} ({fields.get('year', 'n. d.')})", fields.get("title", ""), where]
    return Reference(entry["key"], ". ".join(filter(None, parts)) + ".", entry[0])


def _plain(text: str) -> str:
    """Write LaTeX as text."""
    accented = _ACCENT.sub(lambda found: found[2] + _COMBINING[found[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]|\\(?=&)", "", accented))
