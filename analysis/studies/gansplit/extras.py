"""What the study adds to a report: how good its generators are, and its trials along the split."""

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from analysis.extras import Exhibit, Extras
from analysis.load import Run
from analysis.studies.gansplit.figures import draw_curve, draw_generators, draw_points
from analysis.studies.gansplit.numbers import flaws, generators, points, read_curve

CURVE = "gansplit.csv"


def quality(run: Run) -> Exhibit | None:
    """Show how good the generators of a run are; None where nothing is recorded of them."""
    frame = generators(run)
    if frame.empty:
        return None
    flawed = {name: alarms for name, alarms in flaws(run).items() if alarms}
    verdict = "; ".join(f"{name}: {', '.join(alarms)}" for name, alarms in flawed.items())
    title = f"Generators, of which some are flawed ({verdict})." if flawed else "Generators."
    cells = frame.pivot_table(index="measure", columns="generator", values="value", sort=False)
    return Exhibit(
        name="generators",
        title=title,
        alt="Kernel distance, precision, recall, density, coverage, class fidelity and copies of "
        "each generator, with intervals",
        caption="Generators of the run's seed beside val, in features of a random network.",
        draw=partial(draw_generators, frame),
        table=frame,
        cells=cells.round(3).reset_index(),
    )


def split(run: Run) -> Exhibit | None:
    """Show every trial at its place on the split; None where none has a value."""
    frame = points(run)
    if frame.empty:
        return None
    metric = str(run.objective.metric)
    return Exhibit(
        name="split",
        title="Trials along the split of authentic and synthetic images.",
        alt=f"{metric} of each trial over the share of synthetic images; filled: adversarial "
        "training; star: the winner",
        caption="Where each trial lies on the split. Trials differ in more than that.",
        draw=partial(draw_points, frame, metric),
        table=frame,
        cells=frame.drop(columns=["winner"]).round(3),
    )


def curve(file: Path) -> Figure:
    """Draw the curve of a comparison.

    Raises:
        UserError: If the file is damaged.
    """
    return draw_curve(read_curve(file))


EXTRAS = Extras(exhibits=(quality, split), experiments={CURVE: curve})
