"""What to cite for a run: the papers of its study, and those of what the run used."""

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files

from analysis.load import Run
from analysis.report.confirmation import attacks_of_confirmation
from trainables.data import medmnist

# By the names that a manifest says; a name that is not here has no paper of its own to cite.
BY_SAMPLER = {
    "tpe": ("tpe",),
    "bayes": ("gpml", "ei", "logei"),
    "gp": ("gpml", "ei", "logei"),
    "hyperopt": ("tpe",),
    "evolution": ("evolution",),
}
BY_SCHEDULER = {"asha": ("asha",)}
BY_CLASSIFIER = {
    "resnet": ("resnet",),
    "densenet": ("densenet",),
    "monai-resnet": ("monai", "resnet"),
    "monai-seresnet": ("monai", "se"),
}
BY_ATTACK = {
    "fgsm": ("fgsm",),
    "pgd": ("pgd",),
    "apgd": ("apgd",),
    "fab": ("fab",),
    "square": ("square",),
}
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
    text = files("analysis.report").joinpath("CITATIONS.bib").read_text(encoding="utf-8")
    return {entry["key"]: _reference(entry) for entry in _ENTRY.finditer(text)}


def keys(run: Run) -> list[str]:
    """List the keys of what a run should cite: the study's papers first, then what the run used."""
    plan, settings = run.manifest.get("plan", {}), run.manifest.get("settings", {})
    cited = [*run.about.cites]
    if settings.get("dataset") in medmnist.table():
        cited.append("medmnist")
    classifier = str(settings.get("classifier", ""))
    cited += [
        key for name, papers in BY_CLASSIFIER.items() if classifier.startswith(name)
        for key in papers
    ]  # fmt: skip
    cited += [key for attack in _attacks(run) for key in BY_ATTACK.get(attack, ())]
    cited += BY_SAMPLER.get(str(plan.get("sampler")), ())
    cited += BY_SCHEDULER.get(str(plan.get("scheduler")), ())
    if any(str(name).startswith("constraint.masking") for name in run.trials):
        cited.append("obfuscated")
    if run.objective.other is not None:
        cited.append("nsga2")
    return [*dict.fromkeys(cited), "pedanova"]


def _attacks(run: Run) -> list[str]:
    """List the attacks of search and confirmation, without their variants: apgd-ce is apgd."""
    names = [run.vocabulary.parse(str(name).removeprefix("metric.")) for name in run.trials]
    attacks = [name.measurement for name in names if name is not None]
    return sorted(
        {re.split("[-_]", attack)[0] for attack in (*attacks, *attacks_of_confirmation(run))}
    )


def _reference(entry: re.Match[str]) -> Reference:
    fields = {key.lower(): _plain(value) for key, value in _FIELD.findall(entry["fields"])}
    authors = fields.get("author", "").split(" and ")
    names = [" ".join(reversed(author.split(", "))) for author in authors]
    listed = ", ".join(names) if len(names) <= 3 else f"{names[0]} et al."
    where = fields.get("booktitle") or fields.get("journal") or fields.get("note", "")
    parts = [f"{listed} ({fields.get('year', 'n. d.')})", fields.get("title", ""), where]
    return Reference(entry["key"], ". ".join(filter(None, parts)) + ".", entry[0])


def _plain(text: str) -> str:
    """Write LaTeX as text."""
    accented = _ACCENT.sub(lambda accent: accent[2] + _COMBINING[accent[1]], text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]|\\(?=&)", "", accented))
