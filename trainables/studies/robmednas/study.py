"""The RobMedNAS study: configurable U-Nets that predict CT from MR [robmednas].

The questions that the paper leaves open, and our choices, are listed in docs/robmednas.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, final

import torch

from searchspace import robmednas as spaces
from searchspace.space import Space
from searchspace.unet import PAPER_BEST, Architecture, cost, handcrafted
from searchspace.unet import parse as parse_architecture
from trainables.runtime.config import parse
from trainables.runtime.memory import known_limit
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas.settings import RobMedNASConfig, RobMedNASSettings
from trainables.studies.robmednas.trial import RobMedNASTrial, need_of, read_shared
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
from trainables.synthesis.assets import (
    draw_record,
    lookup_mae,
    read_data,
    splits_of,
    write_data,
    write_test,
)
from trainables.synthesis.constant import constant_error
from trainables.synthesis.measurement import Measurement, constant_metrics, metrics_of
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.record import Record
from trainables.synthesis.robustness.examination import examine_synthesis
from trainables.synthesis.robustness.pilot import choose_eps
from trainables.synthesis.slices import read_split

ADVERSARIAL_BASELINE = "baseline w/AT"
HANDCRAFTED_DEPTH = 4  # as of the classic U-Net; the paper does not give the depth of its own


@final
class RobMedNAS(Study[RobMedNASSettings]):
    """Searches the blocks of a U-Net, and its depth."""

    settings = RobMedNASSettings

    def space(self, settings: RobMedNASSettings) -> Space:
        """Return the paper's space, limited to the run's greatest number of filters and depth."""
        return spaces.space(settings.max_filters, settings.max_depth)

    def complete(self, point: Config, settings: RobMedNASSettings) -> dict[str, Any]:
        """Turn a point of the space into a whole config: the settings fill what it leaves out."""
        return _config(spaces.to_architecture(point), settings)

    def limits(self, config: Config, settings: RobMedNASSettings) -> dict[str, float]:
        """Compute the share by which a network exceeds each limit of size."""
        size = cost(
            parse_architecture(config["architecture"]),
            config["kernels"],
            settings.size,
            settings.size,
        )
        exceeded = {}
        if settings.max_params is not None:
            exceeded["max_params"] = size.parameters / settings.max_params - 1
        if gib := known_limit(settings.max_memory):
            exceeded[MEMORY] = need_of(size).excess(gib, config["batch_size"])
        return exceeded

    def floor(self, settings: RobMedNASSettings) -> Floor:
        """Return the floor: most of what the baseline's clean head MAE lies below a constant's."""
        metric = f"ranking_clean_{HEADLINE}"
        return Floor("clean_floor", metric, BASELINE, settings.floor, above_constant=True)

    def references(self, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the handcrafted U-Net, the same trained against attacks, and the paper's best."""
        plain = handcrafted(settings.max_filters, min(HANDCRAFTED_DEPTH, settings.max_depth))
        scaled = any(
            getattr(settings, name) != settings.PAPER[name]
            for name in ("size", "max_filters", "epochs")
        )
        space = self.space(settings)

        def reference(label: str, architecture: Architecture, **fields: bool) -> Reference:
            control = fields.pop("adversarial", False)
            config = _config(architecture, settings, "adversarial" if control else "standard")
            inside = not control and space.contains(spaces.to_point(architecture))
            point = spaces.to_point(architecture) if inside else None
            return Reference(label, config, scaled=scaled, control=control, point=point, **fields)

        references = [
            reference(BASELINE, plain, essential=True),
            reference(ADVERSARIAL_BASELINE, plain, adversarial=True, essential=True),
        ]
        best = parse_architecture(PAPER_BEST)
        if space.contains(spaces.to_point(best)):
            references.append(reference("paper's best", best))
        return tuple(references)

    def controls(self, config: Config, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the handcrafted U-Net, plain and trained against attacks, as a trial trains.

        All trials of a run train alike, so these are the run's own references.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        return tuple(
            reference.matched(config, ("lr", "batch_size"))
            for reference in self.references(settings)
            if reference.label in {BASELINE, ADVERSARIAL_BASELINE}
        )

    def metrics(self, settings: RobMedNASSettings) -> Directions:
        """Map every metric that a trial reports to the better direction."""
        directions: dict[str, Literal["max", "min"]] = {"train_loss": "min"}
        directions |= {"parameters": "min", "multiply_adds": "min"}
        for kind in _attacks_of(settings):
            directions |= metrics_of(kind, settings.eps)
        return directions

    def prepare(self, settings: RobMedNASSettings, assets: Path, say: Say) -> Facts:
        """Split the subjects, and write the slices of train, val and ranking for the trials.

        Args:
            settings: Of the run.
            assets: An empty folder to write into.
            say: Receives a sentence before each step that takes long.
        """
        return self.prepare_from(draw_record(settings), settings, assets, say)

    def prepare_from(
        self, record: Record, settings: RobMedNASSettings, assets: Path, say: Say
    ) -> Facts:
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
        lookup = lookup_mae(data.train, data.ranking)
        constant = constant_error(data.ranking)
        source = (
            "phantom heads, made here: not real data" if settings.data is None else settings.data
        )
        pixels = (
            f"{settings.size} x {settings.size} pixels of "
            f"{settings.field_mm / settings.size:.3g} mm"
        )
        lines = (
            f"data: {source}; {pixels}",
            *splits.notes,
            *written.lines,
            "epsilon is in standard deviations of each subject's MR, without clipping",
            f"without a network, head MAE on ranking: {constant:.1f} HU by one grey",
            f"the same by the mean CT of each MR intensity: {lookup:.1f} HU",
        )
        facts = Facts(
            digests=written.digests | {"splits": splits.digest, "subjects": record.digest},
            lines=lines,
            default_metric=settings.rungs[-1].metric,
            details={"lookup_mae_head": lookup, "test_subjects": list(splits.test)},
        )
        eps = settings.eps
        if settings.eps_auto:
            choice = self._choose_eps(settings, assets, say)
            facts, eps = facts.with_eps(choice), choice.eps
        return replace(facts, constant=_constant(settings, eps, constant))

    def build(self, config: Config, settings: RobMedNASSettings, assets: Path) -> RobMedNASTrial:
        """Make one trial; the slices are mapped once a process.

        Args:
            config: A whole config.
            settings: Of the run, with the trial's seed.
            assets: Folder of the run; read only.
        """
        return RobMedNASTrial(parse(RobMedNASConfig, config), settings, read_shared(assets))

    def open_test(self, settings: RobMedNASSettings, assets: Path, folder: Path, say: Say) -> None:
        """Write the test subjects into a folder, unless they are there already.

        Args:
            settings: Of the run.
            assets: Folder of the run, whose subjects may not be in the test split.
            folder: For the test split alone.
            say: Receives a sentence before each step that takes long.
        """
        write_test(settings, assets, folder, say)

    def illustrate(
        self, models: Mapping[str, Path], assets: Path, settings: RobMedNASSettings
    ) -> tuple[Sheet, ...]:
        """Show the predictions of the winner and the baselines, clean and attacked.

        Args:
            models: Folders of saved models, by label.
            assets: Folder of the run.
            settings: Of the run.
        """
        device = torch.device(settings.device)
        names = (WINNER, BASELINE, ADVERSARIAL_BASELINE)
        networks = {name: load_unet(models[name])[0].to(device) for name in names if name in models}
        level = settings.rungs[-1].level
        measurement = Measurement(settings.attack, settings.eps, settings.seed, batch_size=1)
        measurement = measurement.at(level)
        return (draw_predictions(networks, read_shared(assets).val, measurement, device),)

    def examine(
        self, model: Path, data: Path, settings: RobMedNASSettings, exam: Exam
    ) -> Examination:
        """Examine a network that a trial saved, under an ensemble of attacks.

        Args:
            model: Folder of the saved model.
            data: Folder of the run's assets, or of the test split.
            settings: Of the run.
            exam: The split, the attacks, the seed, and other models to take attacks from.
        """
        device = torch.device(settings.device)
        network, _ = load_unet(model)
        sources = {name: load_unet(path)[0].to(device) for name, path in exam.sources.items()}
        split = read_split(data / exam.split)
        return examine_synthesis(network.to(device), split, settings.eps, exam, sources, device)

    def _choose_eps(self, settings: RobMedNASSettings, assets: Path, say: Say) -> EpsChoice:
        """Train the handcrafted U-Net, and choose the radii by its error under attack."""
        say(f"training the {BASELINE}, to choose eps ...")
        baseline = next(
            reference for reference in self.references(settings) if reference.label == BASELINE
        )
        trial = self.build(baseline.config, settings, assets)
        trial.train(settings.epochs)
        with trial.at_best():
            return choose_eps(
                trial.network, trial.data.val, trial.measurement, trial.device, BASELINE
            )


def _constant(
    settings: RobMedNASSettings, eps: tuple[float, ...], error: float
) -> dict[str, float]:
    """Return what the best single grey scores on ranking, by metric."""
    metrics: dict[str, float] = {}
    for kind in _attacks_of(settings):
        metrics |= constant_metrics(kind, eps, error)
    return metrics


def _attacks_of(settings: RobMedNASSettings) -> list[str]:
    """List the attacks that rank at some rung."""
    return sorted({rung.level.attack for rung in settings.rungs if rung.level})


def _config(
    architecture: Architecture, settings: RobMedNASSettings, regime: str = "standard"
) -> dict[str, Any]:
    fixed = {"kernels": settings.kernels, "lr": settings.lr, "batch_size": settings.batch_size}
    values = {"architecture": str(architecture), "regime": regime} | fixed
    return parse(RobMedNASConfig, values).model_dump()
