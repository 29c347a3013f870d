"""Which hyperparameters mattered."""

from analysis.figures.settings import marks_of_slices
from analysis.load import Run
from analysis.numbers.frames import hyperparameters
from analysis.numbers.importance import LEAST, importance
from analysis.report.html import Section, join, tag
from analysis.report.sections.figure import show, show_panels


def settings(run: Run) -> Section | None:
    """Show importance, parallel coordinates and slices; nothing where nothing varied."""
    names = [str(name).replace("_", " ") for name in hyperparameters(run)["name"].unique()]
    if not names:
        return None
    frame = importance(run)
    sure = frame.loc[frame["importance"] > frame["chance"], "name"]
    beyond = ", ".join(str(name).replace("_", " ") for name in sure)
    verdict = (
        f"More than chance gives: {beyond}." if beyond else "None is beyond what chance gives."
    )
    if frame.empty:
        verdict = f"Importance is computed from {LEAST} sampled trials on: there are fewer."
    note = f"PED-ANOVA, as Optuna computes it: how the best's settings differ from all. {verdict}"
    every = f"Over {', '.join(names)}"
    scale = "Each axis from least to greatest setting, logarithmic where wide."
    alt = f"Importance of hyperparameters. {verdict}"
    figures = (
        tag("p", verdict) if frame.empty else show(run, "importance", alt, note),
        show(run, "parallel", f"{every}: one line a sampled trial.", scale, "hyperparameters"),
    )
    metric = run.vocabulary.describe(run.objective.metric)
    marks = f"{metric}. {marks_of_slices(run)}. A sampler looks longer where it was good."
    slices = show_panels(run, "hyperparameters", f"{metric} against", marks)
    body = join((tag("div", *figures, class_="figures"), slices))
    return Section("settings", "What mattered", body)
