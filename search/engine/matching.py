"""Controls that are matched to a trial: the trials of a run that they are, or are to become."""

from collections.abc import Iterable, Mapping

from search.engine.trial import Trial
from trainables.study.study import Reference


def match(
    trial: Trial, references: Iterable[Reference], trials: Mapping[str, Trial]
) -> dict[str, Trial]:
    """Return the trial of each matched control, by the control's label.

    A control that has the config of a trial of the run is that trial; the trial itself is none.
    The others are new trials, ``c01`` and on, which the run has yet to train.

    Args:
        trial: What the controls are matched to.
        references: The controls, see `trainables.study.study.Study.controls`.
        trials: Of the run, by id.
    """
    controls: dict[str, Trial] = {}
    number = sum(member.is_matched for member in trials.values())
    for reference in references:
        same = (member for member in trials.values() if _is_same(member, reference))
        control = next(same, None)
        if control is None:
            number += 1
            control = Trial(
                f"c{number:02d}",
                dict(reference.config),
                f"{reference.label} of {trial.id}",
                reference.scaled,
                control=True,
            )
        if control is not trial:
            controls[reference.label] = control
    return controls


def _is_same(trial: Trial, reference: Reference) -> bool:
    return not trial.repeats and trial.config == reference.config
