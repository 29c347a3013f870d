"""What all synthesis studies share: everything except space, references and config."""

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Generic, Literal, TypeVar, final

import torch

from trainables.metrics.radii import Anchor, choose_eps
from trainables.models.ct.networks import network_cost
from trainables.runtime.config import parse
from trainables.runtime.device import channels_last
from trainables.runtime.memory import known_limit
from trainables.saved.checkpoint import UNetCard, load_unet
from trainables.study.examination import Exam, Examination
from trainables.study.sheet import Sheet
from trainables.study.study import (
    BASELINE,
    MEMORY,
    WINNER,
    Config,
    Directions,
    EpsChoice,
    Facts,
    Floor,
    Reference,
    Say,
    Study,
)
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.constant import constant_error
from trainables.synthesis.measurement import Measurement, constant_metrics, metrics_of
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.preparation.apart import check_apart, used_items
from trainables.synthesis.preparation.assets import (
    Data,
    DataFacts,
    draw_record,
    find_test,
    lookup_mae,
    read_data,
    splits_of,
    write_data,
    write_test,
)
from trainables.synthesis.preparation.duration import say_duration
from trainables.synthesis.preparation.look import FILE as LOOK
from trainables.synthesis.preparation.look import draw_look
from trainables.synthesis.preparation.record import Record, read_record
from trainables.synthesis.robustness.examination import examine_synthesis
from trainables.synthesis.robustness.pilot import SCALE, measure_anchor
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import read_split
from trainables.synthesis.training.axes import find_left_right
from trainables.synthesis.training.recipe import NetworkConfig
from trainables.synthesis.trial import SynthesisTrial, attack_batch, need_of

S = TypeVar("S", bound=SynthesisSettings)
C = TypeVar("C", bound=NetworkConfig)


class SynthesisStudy(Study[S], Generic[S, C]):
    """A study of networks that predict CT from MR: subclass it, name settings and config.

    Splits, measurement, alarms, ladder, floor, memory, training, saving, confirmation and test are
    the same for all and are done here. A subclass says what varies (`space`, `complete`), and which
    trials every run contains (`references`).
    """

    @property
    @abstractmethod
    def config(self) -> type[C]:
        """The class of a config."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Labels of the references whose predictions are shown beside the winner's."""
        return (BASELINE,)

    @final
    def limits(self, config: Config, settings: S) -> dict[str, float]:
        """Compute the share by which a network exceeds each limit of size."""
        size = network_cost(
            config["architecture"], config["kernels"], settings.size, settings.channels
        )
        exceeded = {}
        if settings.max_params is not None:
            exceeded["max_params"] = size.parameters / settings.max_params - 1
        if gib := known_limit(settings.max_memory):
            exceeded[MEMORY] = need_of(size).excess(gib, config["batch_size"])
        return exceeded

    @final
    def floor(self, settings: S) -> Floor:
        """Return the floor: most of what a reference's clean head MAE lies below a constant's."""
        metric, reference = f"ranking_clean_{HEADLINE}", self.floor_reference(settings)
        return Floor("clean_floor", metric, reference, settings.floor, above_constant=True)

    def floor_reference(self, settings: S) -> str:  # noqa: ARG002 - for studies that override it
        """Return the label of the essential reference whose clean quality others must keep."""
        return BASELINE

    def robust_pilot(self, settings: S) -> str | None:  # noqa: ARG002 - as above
        """Return the reference that keeps a quarter of its skill at the last of ``--eps auto``.

        Without one, which is the default, the last radius lies four octaves above the first, at
        which the baseline keeps half.
        """
        return None

    @final
    def metrics(self, settings: S) -> Directions:
        """Map every metric that a trial reports to the better direction."""
        directions: dict[str, Literal["max", "min"]] = {"train_loss": "min"}
        directions |= {"parameters": "min", "multiply_adds": "min"}
        for kind in settings.ranking_attacks:
            directions |= metrics_of(kind, settings.eps)
        return directions

    @final
    def prepare(self, settings: S, assets: Path, say: Say) -> Facts:
        """Split the subjects, and write the slices of train, val and ranking for the trials.

        Args:
            settings: Of the run.
            assets: An empty folder to write into.
            say: Receives a sentence before each step that takes long.
        """
        return self.prepare_from(draw_record(settings), settings, assets, say)

    @final
    def prepare_from(self, record: Record, settings: S, assets: Path, say: Say) -> Facts:
        """Write the slices of train, val and ranking of splits that were drawn before.

        Args:
            record: The splits, and what each subject held when they were drawn.
            settings: Of the run.
            assets: Folder to write into.
            say: Receives a sentence before each step that takes long.

        Raises:
            UserError: If a subject is not there as the record has it.
        """
        record.write(assets)
        splits = splits_of(record, settings)
        names = {"train": splits.train, "val": splits.val, "ranking": splits.ranking}
        written = write_data(assets, settings, record, names, say)
        data = read_data(assets)
        constant, lookup = constant_error(data.ranking), lookup_mae(data.train, data.ranking)
        axis, noted = find_left_right(data.train, settings.left_right)
        draw_look(assets / LOOK, data.train)
        say_duration(settings, data, say)
        look = f"what networks see, with letters of orientation: {LOOK} among the run's assets"
        facts = Facts(
            digests=written.digests | {"splits": splits.digest, "subjects": record.digest},
            lines=(*_lines(settings, splits.notes, written, constant, lookup), *noted, look),
            default_metric=settings.rungs[-1].metric,
            details={
                "beside": f"HU: head MAE, pixels of {settings.pixel_mm:.3g} mm; PGD over all radii",
                "lookup_mae_head": lookup,
                "grid_mae_head": written.grid_error,
                "test_subjects": list(splits.test),
            },
            settled={"left_right": axis},
        )
        eps = settings.eps
        if settings.eps_auto:
            choice = self._choose_eps(settings, assets, say)
            facts, eps = facts.with_eps(choice), choice.eps
        return replace(facts, constant=_constant(settings, eps, constant))

    @final
    def used_items(self, assets: Path) -> tuple[str, ...]:
        """Return digests of files and voxels of all subjects that train, choose or rank in a run.

        Raises:
            UserError: If the run is of an earlier version, or its record is damaged.
        """
        return used_items(assets)

    @final
    def check_apart(self, assets: Path, items: Collection[str]) -> None:
        """Refuse test subjects that trained, chose or ranked in runs that this run starts from.

        Args:
            assets: Folder of the run, with its record.
            items: Of `used_items`.

        Raises:
            UserError: If there is such a test subject.
        """
        check_apart(assets, items)

    @final
    def build(self, config: Config, settings: S, assets: Path) -> SynthesisTrial:
        """Make one trial; the slices are mapped once a process.

        Args:
            config: A whole config.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run; read only.

        Raises:
            UserError: If the assets are those of an earlier version, which trained otherwise.
        """
        trial_config = parse(self.config, config)
        return SynthesisTrial(
            study=self.about.name,
            config=trial_config,
            settings=settings,
            data=read_shared(assets),
            cost=network_cost(
                trial_config.architecture,
                trial_config.kernels,
                settings.size,
                settings.channels,
            ),
        )

    @final
    def check_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Make sure that the recorded test subjects are still there; nothing is written.

        Args:
            settings: Of the run.
            assets: Folder of the run, with its record.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.

        Raises:
            UserError: As of `open_test`.
        """
        find_test(settings, assets, folder, say)

    @final
    def open_test(self, settings: S, assets: Path, folder: Path, say: Say) -> None:
        """Write the recorded test subjects into a folder, unless they are there already.

        Args:
            settings: Of the run.
            assets: Folder of the run, with its record.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.
        """
        write_test(settings, assets, folder, say)

    @final
    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: S
    ) -> tuple[Sheet, ...]:
        """Show the predictions of the winner and of some references, clean and attacked.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        device = torch.device(settings.device)
        names = [name for name in (WINNER, *self.shown) if name in models]
        networks = {name: load_unet(models[name])[0].to(device) for name in names}
        measurement = Measurement(settings.attack, settings.eps, settings.seed, batch_size=1)
        measurement = measurement.at(settings.rungs[-1].level)
        return (draw_predictions(networks, read_shared(assets).val, measurement, device),)

    @final
    def examine(self, model: Path, data: Path, settings: S, exam: Exam) -> Examination:
        """Examine a network that a trial saved, under an ensemble of attacks.

        Args:
            model: Folder of the saved model.
            data: Folder of the run's assets, or of the test split.
            settings: Of the run.
            exam: The split, the attacks, the seed, and other models to take attacks from.
        """
        device = torch.device(settings.device)
        network, card = load_unet(model)
        loaded = {name: load_unet(path) for name, path in exam.sources.items()}
        sources = {name: channels_last(source.to(device)) for name, (source, _) in loaded.items()}
        cards = [card, *(card for _, card in loaded.values())]
        outcome = examine_synthesis(
            channels_last(network.to(device)),
            read_split(data / exam.split),
            settings.eps,
            exam,
            sources,
            device,
            batch_size=min(_attack_batch(settings, card) for card in cards),
        )
        return replace(outcome, score=f"{outcome.score} on pixels of {settings.pixel_mm:.3g} mm")

    def _choose_eps(self, settings: S, assets: Path, say: Say) -> EpsChoice:
        """Train the pilots, attack them on val, and choose radii between what each keeps."""
        references: tuple[Reference, ...] = self.references(settings)
        configs = {reference.label: reference.config for reference in references}

        def anchor(name: str) -> Anchor:
            say(f"training the {name}, to choose eps ...")
            trial = self.build(configs[name], settings, assets)
            trial.train(settings.epochs)
            with trial.at_best():
                return measure_anchor(
                    trial.network, trial.data.val, trial.measurement, trial.device, name
                )

        baseline, robust = anchor(BASELINE), self.robust_pilot(settings)
        return choose_eps(baseline, anchor(robust) if robust else None, settings.eps, SCALE)


def _attack_batch(settings: SynthesisSettings, card: UNetCard) -> int:
    cost = network_cost(card.architecture, card.kernels, card.size, card.channels)
    return attack_batch(settings, cost, passes=1 if card.mirrored is None else 2)


@lru_cache(maxsize=1)
def read_shared(assets: Path) -> Data:
    """Map the splits of a run, once a process.

    Raises:
        UserError: If the assets are those of an earlier version.
    """
    read_record(assets)
    return read_data(assets)


def _lines(
    settings: SynthesisSettings,
    notes: tuple[str, ...],
    written: DataFacts,
    constant: float,
    lookup: float,
) -> tuple[str, ...]:
    """Say for a reader what the run is about to learn from."""
    phantom = "phantom heads, made here: not real data"
    without = (
        f"head MAE on ranking without a network: {constant:.1f} HU of the best single grey, "
        f"{lookup:.1f} HU of the mean CT by MR intensity"
    )
    return (
        f"data: {phantom if settings.data is None else settings.data}; {settings.grid}",
        *notes,
        *written.lines,
        "epsilon is in standard deviations of each subject's MR, without clipping",
        without,
    )


def _constant(
    settings: SynthesisSettings, eps: tuple[float, ...], error: float
) -> dict[str, float]:
    """Return what the best single grey scores on ranking, by metric."""
    metrics: dict[str, float] = {}
    for kind in settings.ranking_attacks:
        metrics |= constant_metrics(kind, eps, error)
    return metrics
