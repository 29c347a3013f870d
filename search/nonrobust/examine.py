"""How much of what a run's winner uses is brittle: sets made with it, and students of these alone.

It works in this process, on the images that trained, chose and ranked the winner. The test images
stay closed: nothing is confirmed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from search.comparison.looks import count_looks, earlier
from search.comparison.rows import Row
from search.comparison.scoring import MEND, read_numbers, require_folder
from search.exit_status import FINISHED, INTERRUPTED
from search.nonrobust.layout import collect, count_of, merge, note, text_of
from search.record.manifest import Manifest, read_manifest
from search.record.run_folder import RunFolder
from search.run.predict import find_classifier
from searchspace.errors import UserError
from trainables.classification.assets import Data, read_splits
from trainables.classification.examination import examine_classifier
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.metrics.classification import chance
from trainables.metrics.welch import at_look
from trainables.models.classifiers import Classifier
from trainables.runtime.files import begin_folder, to_json, write_atomically
from trainables.saved.checkpoint import ModelCard, load_classifier
from trainables.studies.nonrobust.conditions import scores_of
from trainables.studies.nonrobust.settings import LABEL_OF, TRUE, NonrobustSettings
from trainables.studies.nonrobust.sources import describe_sets
from trainables.studies.nonrobust.study import Nonrobust
from trainables.study.examination import Exam
from trainables.study.study import WINNER, Reference

RANKING: Literal["ranking"] = "ranking"
PLAN, REPORT = "plan.json", "nonrobust.md"
SETS = "random,deterministic"
LINEAR = ("linear", "linear_low", "linear_high")  # what the words need of a set's details
SINGLE = (
    "The winner is a single training: its intervals are over images alone. The sets of all seeds "
    "are made with it, so the words hold for this winner, and not for others of its recipe."
)


@dataclass(frozen=True, kw_only=True)
class ExamPlan:
    """What is examined, and how.

    Attributes:
        run: Folder of a run of a study of classifiers.
        out: For all that is written; one begun goes on.
        seeds: Of sets and students, from the run's own on.
        radius: Of the attack, in 255ths.
        epochs: Of a training; None for the run's.
        images: At most so many of those that ranked; None for all.
    """

    run: Path
    out: Path
    seeds: int
    radius: float
    epochs: int | None = None
    images: int | None = None


def examine(plan: ExamPlan, console: Console) -> int:
    """Make sets with the winner, train students, score all, and write what it means.

    The words wait for the last seed: read after each, they would please at some seed by chance.
    Who adds seeds later has looked before, and each look widens the intervals.

    Args:
        plan: What is examined.
        console: Where the user reads.

    Returns:
        The exit status.

    Raises:
        UserError: If the run has no classifier as a winner, or its images have several labels.
    """
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    work = Examiner(plan, say)
    rows, details = list[Row](), list[dict[str, dict[str, float]]]()
    try:
        for seed in work.seeds:
            details.append(work.sets(seed))
            rows += work.rows(seed)
    except KeyboardInterrupt:
        say(f"stopped: give the same command again, and {plan.out} goes on")
        return INTERRUPTED
    text = work.text(rows, details)
    write_atomically(inside(plan.out, REPORT), text)
    say(text)
    say(f"everything: {plan.out}")
    return FINISHED


class Examiner:
    """Does the parts of an examination that were not done before.

    Args:
        plan: What is examined.
        say: Takes a line about the progress.
    """

    def __init__(self, plan: ExamPlan, say: Any) -> None:  # noqa: ANN401 - print, more or less
        self.plan, self.say, self.study = plan, say, Nonrobust()
        self.folder = RunFolder(plan.run)
        self.model = find_classifier(plan.run)
        self.winner, card = load_classifier(self.model)
        self.settings = settings_of(plan, read_manifest(self.folder), self.model, card)
        self._begin()

    @property
    def seeds(self) -> range:
        """The seeds of sets and students."""
        return range(self.settings.seed, self.settings.seed + self.plan.seeds)

    def sets(self, seed: int) -> dict[str, dict[str, float]]:
        """Make the sets of a seed, and return their details by the label of the student."""
        file = inside(self.plan.out, f"sets-{seed}.json")
        if not file.is_file():
            self.say(f"seed {seed}: making sets with the winner ...")
            maker = self.study.maker(self._at(seed), self.folder.assets, self.say)
            lines, _, details = describe_sets(maker)
            for line in lines:
                self.say(line)
            write_atomically(file, to_json(details, indent=2) + "\n")
        return read_details(file, [LABEL_OF[name] for name in self.settings.made_sets])

    def rows(self, seed: int) -> Iterator[Row]:
        """Train and score the students of a seed, after the winner itself at the first seed.

        The winner is one network. Scored for each seed, it would pose as several trainings.
        """
        settings, scores = self._at(seed), inside(self.plan.out, "scores")
        require_folder(scores)
        scores.mkdir(exist_ok=True)
        students: list[Reference | None] = [None, *students_of(self.study, settings)]
        for number, student in enumerate(students):
            if student is None and seed != self.settings.seed:
                continue
            file = inside(scores, f"{seed}-{number}.json")
            if not file.is_file():
                metrics = self._score_winner() if student is None else self._train(student, seed)
                write_atomically(file, to_json(metrics, indent=2) + "\n")
            yield Row(
                dataset=settings.dataset,
                fraction=settings.fraction,
                seed=seed,
                method=WINNER if student is None else student.label,
                headline="bacc",
                scores=read_numbers(file),
            )

    def text(self, rows: list[Row], details: list[dict[str, dict[str, float]]]) -> str:
        """Write the table and the sentences, and down that they are read.

        Args:
            rows: Trainings of all seeds.
            details: Of the sets of each seed.
        """
        data = self._data(self.settings.seed)
        linear = {label: merge([detail[label] for detail in details]) for label in details[0]}
        level = chance(data.task, data.ranking.labels.cpu().numpy())
        scores = collect(rows, self.plan.radius, RANKING)
        setting = (self.settings.dataset, self.settings.fraction)
        looks = count_looks(self.plan.out, [setting], self.plan.seeds, self.plan.images)
        count = count_of(scores, linear)
        paid = at_look(count, looks)
        body = text_of(scores, linear, level, paid)
        words = note(self.plan.radius, "the images that ranked the winner", count, paid)
        head = f"# What {self.plan.run.name}'s winner uses\n\nSets are made with {self.model}."
        return "\n\n".join([head, body, f"{words} {SINGLE}", *earlier(looks)]) + "\n"

    def _begin(self) -> None:
        """Write down what is examined; refuse a folder of another examination."""
        begin_folder(self.plan.out, PLAN)
        file = inside(self.plan.out, PLAN)
        values = {name: str(value) for name, value in asdict(self.plan).items() if name != "seeds"}
        if file.is_file() and read_json(file) != values:
            raise UserError(f"{self.plan.out} holds another examination: name a new --out")
        write_atomically(file, to_json(values, indent=2) + "\n")

    def _at(self, seed: int) -> NonrobustSettings:
        return self.settings.model_copy(update={"seed": seed})

    def _data(self, seed: int) -> Data:
        return read_splits(self.folder.assets, self.settings.device, seed)

    def _score_winner(self) -> dict[str, float]:
        return self._score(self.winner.to(self.settings.device), self.settings.seed)

    def _train(self, student: Reference, seed: int) -> dict[str, float]:
        self.say(f"seed {seed}: training on {student.label} ...")
        settings = self._at(seed)
        trial = self.study.build(student.config, settings, self.folder.assets)
        trial.train(settings.epochs)
        with trial.at_best():
            return self._score(trial.classifier, seed)

    def _score(self, classifier: Classifier, seed: int) -> dict[str, float]:
        data = self._data(seed)
        exam = Exam("quick", RANKING, corruptions=True, images=self.plan.images, seed=seed)
        examination = examine_classifier(
            classifier, data.ranking, data.task, self.settings.eps, exam, {}, score="bacc"
        )
        return scores_of(examination, RANKING)


def read_details(file: Path, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Read what the words need of the sets of a seed, by the label of the student.

    Args:
        file: JSON, an object for each label.
        labels: Of all sets that were made.

    Raises:
        UserError: If the file is damaged or cannot be read.
    """
    values, details = read_json(file), dict[str, dict[str, float]]()
    for label in labels:
        try:
            details[label] = {name: values[label][name] for name in LINEAR}
        except (KeyError, TypeError):
            raise UserError(f"{file} is damaged: it lacks the {label} set: {MEND}") from None
        if not all(type(number) in {int, float} for number in details[label].values()):
            raise UserError(f"{file} is damaged: no number of the {label} set: {MEND}")
    return details


def students_of(study: Nonrobust, settings: NonrobustSettings) -> list[Reference]:
    """List what trains on made sets and controls alone."""
    return [item for item in study.references(settings) if item.config["images"] != TRUE]


def settings_of(
    plan: ExamPlan, manifest: Manifest, model: Path, card: ModelCard
) -> NonrobustSettings:
    """Return the study's settings for the data of a run and the network of its winner.

    Args:
        plan: What is examined.
        manifest: Of the run.
        model: Folder of the winner.
        card: Of the winner.

    Raises:
        UserError: If the images have several labels each, or the run is none of classifiers.
    """
    values = manifest.settings
    names = ("dataset", "size", "fraction", "seed", "epochs", "device")
    if not {"dataset", "fraction"} <= set(values):
        raise UserError(f"{plan.run} is no run of a study of classifiers: name another")
    fixed = {name: values[name] for name in names if name in values}
    if plan.epochs is not None:
        fixed["epochs"] = plan.epochs
    return Nonrobust().parse_settings(
        fixed
        | {
            "classifier": card.classifier,
            "eps": f"0,{plan.radius:g}/255",
            "source": model,
            "sets": SETS,
            "cache": plan.out / "cache",
        }
    )
