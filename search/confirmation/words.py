"""What a confirmation came to, in words; needs neither torch nor Ray."""

import math

from search.confirmation.plan import GUESS_LITTLE
from search.confirmation.record import Comparison, Condition, ConfirmationResult
from search.results.controls import NOT_OF_METHOD, UNMATCHED, UNSHOWN, UNSURE
from search.results.tables import interval, number, percent
from search.storage.openings import in_earlier
from searchspace.words import plural
from trainables.metrics.welch import at_look
from trainables.study.about import About, Threat
from trainables.study.examination import ENSEMBLE

WITHOUT_NEAR = "  without near copies"  # the second line of a finalist
EXCEEDED = "no control explains the gain: the winner is better than all {} that might"
GUESSED = 0.01  # share of the winner's test items above which the black box raises an alarm


def heading(condition: Condition, threat: Threat) -> str:
    """Name a condition in a few letters; a radius as the study's threat model writes it."""
    if condition.kind == ENSEMBLE:
        return f"{threat.scale * condition.strength:g}{threat.suffix}"
    # Without a strength nothing is done to the images: "clean", or clean and looked at otherwise.
    return f"{condition.kind} {condition.strength:g}" if condition.strength else condition.kind


def other_metric(ranked: str, compared: str) -> str:
    """Say that a run was ranked by something else than its finalists are compared by."""
    return (
        f"the run was ranked by {ranked}, the confirmation ranks by {compared} under the ensemble: "
        "how far the search misled is not said"
    )


def place_in_search(promised: float, number_in_search: int) -> str:
    """Write a finalist's value in the search and its place; the place alone without a value."""
    rank = f"#{number_in_search}"
    return rank if math.isnan(promised) else f"{number(promised)} ({rank})"


def level_name(about: About) -> str:
    """Name an answer that never looks at the input, also for a run that describes no study."""
    return about.level or "a constant answer"


def sentences(record: ConfirmationResult, items: str = "images") -> list[str]:
    """Say what a confirmation came to.

    Args:
        record: Of the confirmation.
        items: What a split counts, see `About`.
    """
    names, select, value = record.names, record.selection, record.first.value.value
    lines = [f"winner: {names[record.winner]}", *_doubt(record)]
    lines += [*_comparisons(record), *_explanation(record)]
    if select.ranked_by:
        lines.append(other_metric(select.ranked_by, record.summary))
    else:
        lines += _trust(record)
    lines.append(
        f"optimism of having chosen on the ranking split: {number(select.optimism)} estimated; "
        f"ranking {number(value)}, test {number(record.test[record.winner].value)}"
    )
    lines += [*_fewer(record), *_without_near(record, items), *_missed(record)]
    return lines + _alarms(record, items)


def _trust(record: ConfirmationResult) -> list[str]:
    """Say how far the search's ranking could be trusted."""
    select, lines = record.selection, _misled(record)
    if not math.isnan(select.tau_low):  # else it says nothing, or rests on references
        bounds = interval((select.tau_low, select.tau_high))
        lines.append(
            f"search and ensemble rank the {select.sampled} sampled finalists with Kendall's tau "
            f"{select.tau:.2f} {bounds}"
        )
    return lines


def _misled(record: ConfirmationResult) -> list[str]:
    """Say what became of the trial that the search had first."""
    select = record.selection
    promise = f"the search promised {number(select.promised)} for {record.names[select.winner]}"
    rank = f"the confirmed winner was #{select.best_place} in the search"
    if math.isnan(select.left):
        failed = "of which each training that should name the winner failed"
        return [f"{promise}, {failed}: how far the search misled is not known; {rank}"]
    lines = [f"{promise}; the ensemble left {number(select.left)} on other seeds"]
    if select.winner == record.winner:
        lines.append("the search's winner is the confirmed one: no selection regret")
    elif select.barred:
        lines.append(
            f"the search's winner cannot win: half of its trainings or more missed "
            f"{', '.join(select.barred)}; {rank}"
        )
    else:
        regret = record.regret and f"{_regret(record, record.regret)}; "
        lines.append(f"{regret or ''}{rank}")
    return lines


def _regret(record: ConfirmationResult, rival: Comparison) -> str:
    """Say by how much the confirmed winner is better than the search's, where neither was chosen.

    Args:
        record: Of the confirmation.
        rival: The search's winner beside the confirmed one, on test.
    """
    gap = rival.difference
    ends = sorted(record.sign * end for end in gap.bounds)
    certainty = f", with no interval: {_silence(rival)}"
    if not math.isnan(rival.p_adjusted):
        certainty = f" {interval((ends[0], ends[1]), signed=True)} at {percent(rival.level)}"
    value = number(record.sign * gap.value, signed=True)
    return f"selection regret {value}{certainty}, on test and trainings that chose neither"


def _fewer(record: ConfirmationResult) -> list[str]:
    """Say which finalists are judged by those of their trainings alone that did not fail."""
    seeds = record.plan.seeds
    lost = [record.names[name] for name, count in record.trainings.items() if not count]
    return [
        f"{record.names[name]} has {count} of {plural(seeds, 'training')} on test: the others "
        "failed, and those that did not may be the better"
        for name, count in record.trainings.items()
        if 0 < count < seeds
    ] + [f"{name} is not on test: each of its trainings failed" for name in lost]


def _doubt(record: ConfirmationResult) -> list[str]:
    """Say where the luck of a seed named the winner, or its gradient may be masked unseen."""
    attacks, lines = record.plan.attacks, []
    if record.plan.choosing == 1 and sum(item.candidate for item in record.finalists) > 1:
        lines.append(
            "a single training of each finalist named the winner: by another seed it may be another"
        )
    if attacks in GUESS_LITTLE:
        line = f"{attacks} guesses too little to rule out a masked gradient: confirm with --attacks"
        lines.append(f"{line} standard")
    return lines


def _comparisons(record: ConfirmationResult) -> list[str]:
    lines = []
    for comparison in record.comparisons:
        beside = "from" if comparison.verdict == "not distinguishable" else "than"
        gap = comparison.difference
        lines.append(
            f"on test {comparison.verdict} {beside} {comparison.over}: "
            f"{number(gap.value, signed=True)}{_certainty(comparison)}"
        )
    if record.openings > 1:
        lines.append(
            f"test was opened {record.openings} times{in_earlier(record.earlier_openings)}: these "
            "levels pay for "
            f"{at_look(1, record.openings)} times as many comparisons"
        )
    return lines


def _explanation(record: ConfirmationResult) -> list[str]:
    """Say whether a control explains the winner's gain; nothing where no one looked for any.

    Whoever trains with the winner's values by another method, or is the best by another method
    that was searched as well, and does better: then the gain is not the winner's method's. Where
    the winner is not told apart from it, the gain is not shown to be the method's. The
    trial that the search had first, where it is of the winner's method, explains nothing.
    """
    rivals = [rival for rival in record.comparisons if rival.role in ("control", "arm")]
    if record.matched is None:
        return []
    equals = [rival for rival in rivals if rival.verdict != "better"]
    if not equals:
        lost = [each.name for each in record.matched if not record.trainings.get(each.id, 1)]
        if lost:
            return [f"how much of the gain {', '.join(lost)} would explain is not known"]
        matched = [rival for rival in rivals if rival.role == "control"]
        return [EXCEEDED.format(len(rivals))] if matched else [UNMATCHED]
    certain = [rival for rival in equals if not math.isnan(rival.p_adjusted)]
    better = [rival for rival in certain if rival.verdict == "worse"]
    strongest = better or certain or equals
    *first, last = (rival.over for rival in strongest)
    names = f"{', '.join(first)} and {last}" if first else last
    if not certain:
        return [f"how much of the gain over {names} {UNSURE}"]
    if not better:
        return [f"over {names} no gain is shown beyond chance: {UNSHOWN}"]
    verb = "do" if len(strongest) > 1 else "does"
    roles = {rival.role for rival in strongest}
    if len(roles) > 1:
        by = "other methods"
    else:
        by = "a control" if "control" in roles else "another method"
    return [f"this gain is explained by {by}: {names} {verb} better: {NOT_OF_METHOD}"]


def _without_near(record: ConfirmationResult, items: str) -> list[str]:
    """Say what remains of the winner where no item of test has a near copy."""
    if record.without_near is None:
        return []
    value = record.without_near.test[record.winner]
    line = (
        f"without the {record.near_images} of {record.images.test} test {items} that have near "
        f"copies among those that trained, chose or ranked: {number(value.value)} "
        f"{interval(value.bounds)} for {record.names[record.winner]}"
    )
    return [line]


def _silence(comparison: Comparison) -> str:
    """Say why a comparison has no interval."""
    if comparison.seeds is not None and min(comparison.seeds) > 1:
        return f"with {comparison.n} on test there is no interval over others"
    return "a single training says nothing of other seeds"


def _certainty(comparison: Comparison) -> str:
    """Write the interval at its level and p, both corrected for the number of comparisons."""
    if math.isnan(comparison.p_adjusted):
        return f", and {_silence(comparison)}"
    bounds = interval(comparison.difference.bounds, signed=True)
    return f" {bounds} at {percent(comparison.level)}, adjusted p = {comparison.p_adjusted:.2g}"


def _missed(record: ConfirmationResult) -> list[str]:
    """Say which constraints trainings of the winner miss that met the test split."""
    trainings = record.trainings.get(record.winner, record.plan.seeds)
    return [
        f"{count} of the winner's {plural(trainings, 'training')} on test miss {name}"
        for name, count in record.missed.items()
    ]


def _alarms(record: ConfirmationResult, items: str) -> list[str]:
    """Say whether attacks without the winner's gradient did what those with it could not."""
    share = record.guessed
    if share is None or share.low <= GUESSED:
        return []
    bounds = f"[{100 * share.low:.1f}, {100 * share.high:.1f}]"
    line = (
        "alarm: only attacks without the winner's gradient succeed on "
        f"{100 * share.value:.1f} % {bounds} of the test {items}: its gradient may be masked"
    )
    return [line]
