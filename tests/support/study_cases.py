"""The studies that `tests/contracts/test_studies.py` runs over, each prepared once a session."""

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from places import ROOT

from search.studies import STUDIES
from search.study import load_study
from searchspace.domains import Choice
from searchspace.space import Space
from trainables.classification.assets import ARRAYS, CONTENTS, TEST
from trainables.classification.study import ClassificationStudy
from trainables.study.report import Report, Rung
from trainables.study.study import BASELINE, Facts, Study

TEMPLATES = (f"{ROOT}/examples/label_smoothing.py:LabelSmoothing",)
NAMES = (*STUDIES, *TEMPLATES)
SPLITS = ("train", "val", "ranking")


@dataclass(frozen=True)
class Case:
    """A study, settings of its smallest run, and what preparing them wrote and said."""

    study: Study[Any]
    settings: Any
    assets: Path
    facts: Facts
    sentences: list[str] = field(default_factory=list)

    @property
    def cheapest(self) -> dict[str, Any]:
        """The whole config of the point whose every value is the least or the first."""
        return self.study.complete(lowest_point(self.study.space(self.settings)), self.settings)

    @property
    def baseline(self) -> dict[str, Any]:
        """The config of the baseline."""
        references = self.study.references(self.settings)
        return next(item.config for item in references if item.label == BASELINE)

    def trial(self, config: dict[str, Any] | None = None, assets: Path | None = None, **changes):
        """Build a trial; ``changes`` are of the settings."""
        settings = self.settings.model_copy(update=changes)
        return self.study.build(config or self.cheapest, settings, assets or self.assets)

    def spoilt(self, folder: Path, split: str) -> Path:
        """Copy the assets, with the images or targets of one split turned to nonsense."""
        shutil.copytree(self.assets, folder)
        if isinstance(self.study, ClassificationStudy):
            with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
                changed = dict(arrays)
            pixels = changed[f"{split}_images"]
            changed[f"{split}_images"] = np.random.default_rng(0).integers(
                0, 256, pixels.shape, dtype=np.uint8
            )
            np.savez(folder / ARRAYS, **changed)
            (folder / CONTENTS).unlink()  # else the change would be refused
        else:
            for file in sorted((folder / split).glob("*_ct.npy")):
                np.save(file, np.load(file, allow_pickle=False)[:, ::-1].copy())
        return folder

    def contents(self, folder: Path, split: str) -> set[bytes]:
        """Return the digest of every image (subject's MR) of a split."""
        if isinstance(self.study, ClassificationStudy):
            file, name = (TEST, "images") if split == "test" else (ARRAYS, f"{split}_images")
            with np.load(folder / file, allow_pickle=False) as arrays:
                return {hashlib.sha256(image.tobytes()).digest() for image in arrays[name]}
        files = sorted((folder / split).glob("*_mr.npy"))
        return {hashlib.sha256(np.load(file).tobytes()).digest() for file in files}


def lowest_point(space: Space) -> dict[str, Any]:
    """Return the point of the least values; parameters whose condition is not met are left out."""
    point: dict[str, Any] = {}
    for param in space.params:
        if param in space.active(point | {param.name: None}):
            domain = param.domain
            point[param.name] = domain.options[0] if isinstance(domain, Choice) else domain.low
    return point


def make_case(name: str, folder: Path) -> Case:
    """Prepare the smallest run of a study."""
    study = load_study(STUDIES[name].path if name in STUDIES else name)
    values = {"device": "cpu", "precision": "fp32", **study.settings.SMALL}
    if "cache" in study.settings.model_fields:
        values["cache"] = folder / "cache"
    settings, assets, sentences = study.parse_settings(values), folder / "assets", []
    assets.mkdir(parents=True)
    facts = study.prepare(settings, assets, sentences.append)
    return Case(study, settings, assets, facts, sentences)


def timeless(report: Report) -> Report:
    """Return a report without what differs from one run to the next."""
    return replace(report, seconds={})


def rung(epochs: int, level: Any = None) -> Rung:
    """Return a rung whose metric no test reads."""
    return Rung(epochs, "any", level)
