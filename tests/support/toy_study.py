"""A study of fake epochs with a quadratic objective and a switch for every way a trial can end."""

import json
import math
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_info
from torch import get_num_threads

from searchspace.domains import Choice, Float
from searchspace.errors import UserError
from searchspace.space import Param, Space
from trainables.study import ranking_file
from trainables.study.about import About, Score, Threat
from trainables.study.examination import Examination
from trainables.study.report import Report, Rung
from trainables.study.settings import DATA, TRAINING, StudySettings, setting
from trainables.study.sheet import Column, Sheet
from trainables.study.study import Facts, Floor, Reference, Study
from trainables.study.trial import Trainable

SPACE = Space(
    "toy",
    (
        Param("x", Float(-1.0, 1.0), ""),
        Param("lr", Float(1e-3, 1.0, log=True), ""),
        Param("kind", Choice(("a", "b", "c")), ""),
    ),
)
LABELS = np.zeros(40, dtype=int)
EPS = (0.0, 1 / 255, 2 / 255)
WAITS_AT = 4  # epochs after which the fault "wait" waits, one after the first rung
PATIENCE_S = 300


def quality(config) -> float:
    """Best at x = 0.3, lr = 0.1, kind = b, where it is 1."""
    kind = {"a": 0.2, "b": 0.0, "c": 0.4}[config["kind"]]
    loss = (config["x"] - 0.3) ** 2 + 0.2 * (math.log10(config["lr"]) + 1) ** 2 + kind
    return 1 / (1 + loss)


def wait_for(marker: Path) -> None:
    """Say who waits, by the number of the process in a file's name, and wait for the marker."""
    marker.with_name(f"{marker.name}.{os.getpid()}").touch()
    deadline = time.monotonic() + PATIENCE_S
    while not marker.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("waited in vain")
        time.sleep(0.02)


ABOUT = About(
    name="toy",
    title="a toy",
    cites=(),
    inputs="toys",
    threat=Threat(
        words="a toy moves by at most ε",
        unit="toys",
        bounds=(0.0, 1.0),
        axis="ε in 255ths",
        suffix="/255",
        scale=255.0,
    ),
    scores={"accuracy": Score(words="accuracy", direction="max")},
    kept="accuracy",
    level="chance",
)


class Settings(StudySettings):
    about: ClassVar[About] = ABOUT

    epochs: int = setting(9, "Budget of a trial.", TRAINING, ge=1)
    dataset: str = setting("toy", "Of toys.", DATA)
    device: str = "cpu"
    faults: tuple[str, ...] = ()  # one more reference for each
    bad_above: float = 2.0  # sampled trials with a greater x raise
    floor: float = 0.0
    limit: float = 2.0  # sampled trials with a greater x are not trained
    slack: float = 10.0  # how much worse than the baseline a trial may be
    settled_slack: float | None = None  # what preparing finds that it should be
    epoch_s: float = 0.0
    places: bool = False  # each trial leaves word of where and how it computes
    max_memory: float | None = None  # without effect but on what Ray sets apart
    ballast: int = 0  # bytes that each trial saves
    marker: Path = Path("marker")
    prepare_fault: str = ""
    pictures_fault: str = ""
    lucky_once: bool = False  # a constraint is met with the run's own seed alone
    arms: bool = False  # each kind is searched by itself
    matched: tuple[str, ...] = ()  # references that have a matched control
    shared: tuple[str, ...] = ("lr",)  # what a matched control takes over
    seed: int = 0

    @property
    def data_name(self) -> str:
        return self.dataset

    @property
    def rungs(self) -> tuple[Rung, ...]:
        epochs = dict.fromkeys((-(-self.epochs // 3), self.epochs))
        return tuple(Rung(number, "robustness") for number in epochs)


class Toy(Trainable):
    def __init__(self, config, settings) -> None:
        super().__init__()
        if config["fault"] == "build":
            raise ValueError("cannot be [built]\nat all")
        self.config, self.settings = config, settings
        self.steps, self.calls, self.began = [], 0, time.time()

    def step(self) -> None:
        since = time.perf_counter()
        self._fault()
        self.calls += 1
        self.steps = [*self.steps, [self.epoch, os.getpid()]]
        if self.settings.epoch_s:
            time.sleep(self.settings.epoch_s)
        self.spend("training", since)

    def _fault(self) -> None:
        fault = self.config["fault"]
        if fault == "raise" or self.config["x"] > self.settings.bad_above:
            raise RuntimeError(f"x = {self.config['x']:.3f} is too much")
        if fault == "interrupt" and self.epoch == 1:
            raise KeyboardInterrupt
        if fault == "interrupt late" and self.epoch == 5 and not self.settings.marker.exists():
            raise KeyboardInterrupt
        if fault == "hang":
            time.sleep(600)
        if fault == "wait" and self.epoch == WAITS_AT:
            wait_for(self.settings.marker)
        if fault == "memory":
            np.ones(1 << 50)
        marker = self.settings.marker
        if fault == "exit" or (fault == "exit once" and self.epoch == 1 and not marker.exists()):
            marker.touch()
            os._exit(1)

    def state(self):
        return {"steps": self.steps}

    def load_state(self, state):
        self.steps = state["steps"]

    def evaluate(self, rung) -> Report:
        share = (self.epoch / self.settings.epochs) ** 0.2
        right = round(quality(self.config) * len(LABELS))
        score = right / len(LABELS) * share
        if self.config["fault"] == "nan" and self.epoch > 1:
            score = math.nan
        self.correct = np.zeros((len(EPS), len(LABELS)), dtype=bool)
        self.correct[:, :right] = True
        return Report(
            epoch=self.epoch,
            metrics={"robustness": score, "loss": 1 - score, "size": 1 + self.config["x"]},
            intervals={"robustness": (score - 0.1, score + 0.1)},
            constraints={
                "floor": self.settings.floor - score,
                "luck": float(self.settings.lucky_once and self.settings.seed > 0),
            },
            seconds=self.seconds,
        )

    def save(self, folder: Path) -> None:
        model = {"config": self.config, "epoch": self.epoch, "seed": self.settings.seed}
        (folder / "model.json").write_text(json.dumps(model))
        (folder / "pid").write_text(str(os.getpid()))
        if self.settings.places:
            pools = {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info()}
            place = {"device": self.settings.device, "pools": pools, "torch": get_num_threads()}
            place |= {"from": self.began, "to": time.time()}
            place["gpus"] = os.environ.get("CUDA_VISIBLE_DEVICES", "")
            (folder / "place.json").write_text(json.dumps(place))
        (folder / "ballast").write_bytes(bytes(self.settings.ballast))
        (folder / "steps.json").write_text(json.dumps(self.steps))
        (folder / "calls.json").write_text(json.dumps(self.calls))
        ranking_file.write(folder, self.correct, LABELS, EPS)


class ToyStudy(Study[Settings]):
    settings = Settings

    def space(self, settings) -> Space:
        return replace(SPACE, arms="kind") if settings.arms else SPACE

    def limits(self, config, settings) -> dict[str, float]:
        return {"too large": config["x"] - settings.limit}

    def floor(self, settings) -> Floor | None:
        return Floor("relative_floor", "robustness", "baseline", settings.slack)

    def metrics(self, settings):
        return {"robustness": "max", "loss": "min", "size": "min"}

    def prepare(self, settings, assets: Path, say) -> Facts:
        if settings.prepare_fault == "interrupt":
            raise KeyboardInterrupt
        if settings.prepare_fault == "bug":
            raise ZeroDivisionError("a bug [of] ours")
        (assets / "shared.txt").write_text("shared")
        if settings.prepare_fault == "mistake":
            raise UserError("the data cannot be read")
        return Facts(
            digests={"data": "0" * 64},
            lines=("toy data [made] here",),
            default_metric="robustness",
            details={"nothing": None},
            settled={} if settings.settled_slack is None else {"slack": settings.settled_slack},
        )

    def open_test(self, settings, assets: Path, folder: Path, say) -> None:
        """Test is opened where a winner is written down, and not again."""
        written = json.loads((folder.parent / "confirm.json").read_text())
        folder.mkdir(exist_ok=True)
        if not (folder / "opened").exists():
            (folder / "opened").write_text(written["winner"])

    def examine(self, model: Path, data: Path, settings, exam) -> Examination:
        """Images are lost from the last on: the better the config and the weaker the attack, fewer.

        What the search sees as quality, the ensemble sees halved for kind b.
        """
        if exam.split == "test" and not (data / "opened").is_file():
            raise AssertionError("test was not opened")
        saved = json.loads((model / "model.json").read_text())
        config, dice = saved["config"], np.random.default_rng(saved["seed"])
        good = quality(config) * (0.5 if config["kind"] == "b" else 1.0)
        at = [good + 0.02 * dice.normal() - 0.1 * step for step in range(len(EPS))]
        conditions = [("clean", 0.0), *(("ensemble", eps) for eps in EPS[1:])]
        if exam.corruptions:
            conditions, at = [*conditions, ("noise", 0.2)], [*at, good - 0.05]
        scores = np.array([np.arange(len(LABELS)) < len(LABELS) * one for one in at], dtype=float)
        won = np.array([[3, 1]] * (len(EPS) - 1))
        names = ("apgd", "square")
        parts = "accuracy", "max", tuple(conditions), scores, LABELS, names, won
        # Images 0 to 9, which are lost last, were met in training.
        near = np.arange(len(LABELS)) < 10 if exam.split == "test" else None
        # Half of the images of kind b fall to guessing alone: its gradient is masked.
        guessed = np.full(len(EPS) - 1, len(LABELS) / 2 if config["kind"] == "b" else 0.0)
        return Examination(*parts, near=near, guessed=guessed)

    def illustrate(self, models, assets: Path, settings) -> tuple[Sheet, ...]:
        """One column of a grey for each model, the first letters of its file its tone."""
        if settings.pictures_fault == "interrupt":
            raise KeyboardInterrupt
        if settings.pictures_fault:
            raise RuntimeError("out of [paint]\nat all")
        tones = [float(len((path / "model.json").read_text()) % 7) / 7 for path in models.values()]
        cells = np.array(tones, dtype=np.float32)[:, None, None] * np.ones((1, 4, 5), np.float32)
        return (Sheet("greys", "Greys", "Made here.", tuple(models), (Column("grey", cells),)),)

    def build(self, config, settings, assets: Path) -> Toy:
        (assets / "shared.txt").read_text()
        return Toy(config, settings)

    def references(self, settings) -> tuple[Reference, ...]:
        def reference(label: str, essential: bool = False, **config: Any) -> Reference:
            whole = {"x": 0.0, "lr": 0.1, "kind": "a", "fault": ""} | config
            point = (
                None if whole["fault"] else SPACE.restrict(whole)
            )  # the space cannot say a fault
            return Reference(label, whole, scaled=True, essential=essential, point=point)

        return (
            reference("baseline", essential=True, fault="no fault"),
            reference("paper", x=0.5),
            *(reference(fault, fault=fault) for fault in settings.faults),
        )

    def controls(self, config, settings) -> tuple[Reference, ...]:
        return tuple(
            reference.matched(config, settings.shared)
            for reference in self.references(settings)
            if reference.label in settings.matched
        )

    def complete(self, sample, settings) -> dict[str, Any]:
        return dict(sample) | {"fault": ""}
