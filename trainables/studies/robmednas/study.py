"""The RobMedNAS study: configurable U-Nets that predict CT from MR [robmednas].

What the paper leaves open, and the choices made, are listed in docs/robmednas.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from searchspace import robmednas as spaces
from searchspace.space import Space
from searchspace.unet import PAPER_BEST, Architecture, cost, handcrafted
from searchspace.unet import parse as parse_architecture
from trainables.runtime.config import parse
from trainables.runtime.memory import known_limit
from trainables.saved.checkpoint import load_unet
from trainables.studies.robmednas.trial import RobMedNASConfig, RobMedNASTrial, need_of, read_shared
from trainables.study.examination import Exam, Examination
from trainables.study.report import Rung
from trainables.study.sheet import Sheet
from trainables.study.study import (
    MEMORY,
    WINNER,
    Chosen,
    Config,
    Directions,
    Facts,
    Floor,
    Reference,
    Say,
)
from trainables.study.trial import Trainable
from trainables.synthesis.assets import (
    make_splits,
    open_subjects,
    read_data,
    trivial_mae,
    write_data,
    write_test,
)
from trainables.synthesis.examination import examine_synthesis
from trainables.synthesis.measurement import HEADLINE, Protocol, measured
from trainables.synthesis.pictures import draw_predictions
from trainables.synthesis.pilot import choose_eps
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import read_split

BASELINE, TRAINED_AGAINST = "baseline", "baseline w/AT"
HANDCRAFTED_DEPTH = 4  # as the classic U-Net; the depth of the paper's is not known


def parse_settings(values: Mapping[str, Any]) -> SynthesisSettings:
    """Validate what is fixed for a run; raises UserError with one clear line."""
    return parse(SynthesisSettings, values)


def space(settings: SynthesisSettings) -> Space:
    """Return the paper's space, narrowed to the filters and depths that the run may try."""
    return spaces.space(settings.max_filters, settings.max_depth)


def complete(sample: Config, settings: SynthesisSettings) -> dict[str, Any]:
    """Turn a point of the space into a full config."""
    return _config(spaces.to_architecture(sample), settings)


def limits(config: Config, settings: SynthesisSettings) -> dict[str, float]:
    """Compute by how much a network exceeds the limits of size, as a share of them."""
    found = cost(
        parse_architecture(config["architecture"]), config["kernels"], settings.size, settings.size
    )
    exceeded = {}
    if settings.max_params is not None:
        exceeded["max_params"] = found.parameters / settings.max_params - 1
    if gib := known_limit(settings.max_memory):
        exceeded[MEMORY] = need_of(found).excess(gib, config["batch_size"])
    return exceeded


def ladder(settings: SynthesisSettings) -> tuple[Rung, ...]:
    """List the rungs on which trials are compared."""
    return settings.rungs


def floor(settings: SynthesisSettings) -> Floor:
    """Demand a clean head MAE close to the baseline's."""
    return Floor("clean_floor", f"ranking_clean_{HEADLINE}", BASELINE, settings.floor)


def references(settings: SynthesisSettings) -> tuple[Reference, ...]:
    """List the trials of every run: the handcrafted U-Net without and with adversarial training."""
    drawn = handcrafted(settings.max_filters, min(HANDCRAFTED_DEPTH, settings.max_depth))
    scaled = any(
        getattr(settings, name) != SynthesisSettings.PAPER[name]
        for name in ("size", "max_filters", "epochs")
    )

    def reference(label: str, architecture: Architecture, **fields: bool) -> Reference:
        control = fields.pop("adversarial", False)
        config = _config(architecture, settings, "adversarial" if control else "standard")
        inside = not control and space(settings).contains(spaces.to_point(architecture))
        point = spaces.to_point(architecture) if inside else None
        return Reference(label, config, scaled, control=control, point=point, **fields)

    found = [
        reference(BASELINE, drawn, essential=True),
        reference(TRAINED_AGAINST, drawn, adversarial=True, essential=True),
    ]
    best = parse_architecture(PAPER_BEST)
    if space(settings).contains(spaces.to_point(best)):
        found.append(reference("paper's best", best))
    return tuple(found)


def metrics(settings: SynthesisSettings) -> Directions:
    """List every metric that a trial reports, and whether more or less of it is better."""
    found: dict[str, Literal["max", "min"]] = {"train_loss": "min"}
    found |= {"parameters": "min", "multiply_adds": "min"}
    for kind in sorted({rung.level.attack for rung in settings.rungs if rung.level}):
        found |= measured(kind, settings.eps)
    return found


def prepare(settings: SynthesisSettings, assets: Path, say: Say) -> Facts:
    """Split the subjects and write the slices of train, val and ranking for the trials."""
    splits = make_splits(settings, open_subjects(settings))
    names = {"train": splits.train, "val": splits.val, "ranking": splits.ranking}
    written = write_data(assets, settings, names, say)
    data = read_data(assets)
    trivial = trivial_mae(data.train, data.ranking)
    made = "phantom heads, made here: not real data" if settings.data is None else settings.data
    pixels = (
        f"{settings.size} x {settings.size} pixels of {settings.field_mm / settings.size:.3g} mm"
    )
    lines = (
        f"data: {made}; {pixels}",
        *splits.notes,
        *written.lines,
        "epsilon is in standard deviations of each subject's MR, without clipping",
        f"mean CT by MR intensity, no network: head MAE {trivial:.1f} HU on ranking",
    )
    facts = Facts(
        digests=written.digests | {"splits": splits.digest},
        lines=lines,
        default_metric=settings.rungs[-1].metric,
        details={"trivial_mae_head": trivial, "test_subjects": list(splits.test)},
    )
    return facts.choosing(_choose_eps(settings, assets, say)) if settings.eps_auto else facts


def build(config: Config, settings: SynthesisSettings, assets: Path) -> Trainable:
    """Make one trial; what trials share is mapped once a process."""
    return RobMedNASTrial(parse(RobMedNASConfig, config), settings, read_shared(assets))


def _choose_eps(settings: SynthesisSettings, assets: Path, say: Say) -> Chosen:
    """Train the handcrafted U-Net, and choose the radii by it."""
    say(f"training the {BASELINE}, to choose eps ...")
    config = next(one.config for one in references(settings) if one.label == BASELINE)
    trial = RobMedNASTrial(parse(RobMedNASConfig, config), settings, read_shared(assets))
    trial.train(settings.epochs)
    with trial.at_best():
        return choose_eps(trial.network, trial.data.val, trial.protocol, trial.device, BASELINE)


def open_test(settings: SynthesisSettings, assets: Path, folder: Path, say: Say) -> None:
    """Write the test subjects into a folder, unless they are there."""
    write_test(settings, assets, folder, say)


def illustrate(
    models: Mapping[str, Path], assets: Path, settings: SynthesisSettings
) -> tuple[Sheet, ...]:
    """Show what the winner and the baselines predict, clean and attacked."""
    device = torch.device(settings.device)
    wanted = (WINNER, BASELINE, TRAINED_AGAINST)
    networks = {name: load_unet(models[name])[0].to(device) for name in wanted if name in models}
    level = settings.rungs[-1].level
    protocol = Protocol(settings.attack, settings.eps, settings.seed, batch_size=1).at(level)
    return (draw_predictions(networks, read_shared(assets).val, protocol, device),)


def examine(model: Path, data: Path, settings: SynthesisSettings, exam: Exam) -> Examination:
    """Examine a network that a trial saved."""
    device = torch.device(settings.device)
    network, _ = load_unet(model)
    sources = {name: load_unet(at)[0].to(device) for name, at in exam.sources.items()}
    split = read_split(data / exam.split)
    return examine_synthesis(network.to(device), split, settings.eps, exam, sources, device)


def _config(
    architecture: Architecture, settings: SynthesisSettings, regime: str = "standard"
) -> dict[str, Any]:
    fixed = {"kernels": settings.kernels, "lr": settings.lr, "batch_size": settings.batch_size}
    values = {"architecture": str(architecture), "regime": regime} | fixed
    return parse(RobMedNASConfig, values).model_dump()
