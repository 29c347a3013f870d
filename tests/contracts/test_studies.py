"""What every study must keep: run over the table of studies and over the template.

A new study is covered by its row. The smallest run of each, `StudySettings.SMALL`, is prepared
once.
"""

import json
import re

import numpy as np
import pytest
import torch
from study_cases import NAMES, SPLITS, Case, make_case, rung, timeless

from search.engine.trial import Failure
from search.execution.worker import Worker, WorkerJob
from search.studies import STUDIES, about
from searchspace.errors import UserError
from searchspace.random import sample
from trainables.metrics.alarms import ALARMS, COARSE, GRADIENT
from trainables.runtime.config import offer_of
from trainables.runtime.snapshot import read_snapshot, write_snapshot
from trainables.study.about import About
from trainables.study.examination import CLEAN, Exam
from trainables.study.report import Level
from trainables.study.settings import PANELS
from trainables.study.study import Study

POINTS = 12  # of each space that are built


@pytest.fixture(scope="session", params=NAMES)
def case(request, tmp_path_factory) -> Case:
    return make_case(request.param, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def trained(case):
    """A trial at the end of its budget, measured as the last rung says, and its report."""
    trial = case.trial()
    return trial, trial.advance(case.settings.rungs[-1])


def training_state(trial):
    """What training goes on from: all but the best epoch so far, as text of exact numbers."""
    state = {name: value for name, value in trial.state().items() if name != "best"}
    return json.dumps(state, default=lambda tensor: tensor.tolist(), sort_keys=True)


# The study as a whole


def test_it_describes_itself_and_the_description_survives_json(case):
    description = case.study.about
    again = About.from_json(json.loads(json.dumps(description.as_json())))
    assert again == description
    assert description.threat.unit
    assert description.threat.words
    assert description.kept in description.scores
    assert not description.title.endswith(".")


def test_the_row_says_what_the_study_says_and_loads_no_more_than_it_needs(case):
    row = STUDIES.get(case.study.about.name)
    if row is None:
        pytest.skip("a guest has no row")
    assert about(row.name) == case.study.about
    assert row.title == case.study.about.title
    assert row.load_settings() is case.study.settings


def test_directions_of_metrics_are_those_of_their_scores(case):
    description = case.study.about
    names = "|".join(description.scores)
    pattern = re.compile(rf"[a-z]+_.+?_(?P<score>{names})(_(curve|eps.+))?")
    matched = 0
    for metric, direction in case.study.metrics(case.settings).items():
        if match := pattern.fullmatch(metric):
            assert direction == description.scores[match["score"]].direction, metric
            matched += 1
    assert matched > 0


def test_every_option_has_a_panel_and_help(case):
    offers = {
        name: (field, offer)
        for name, field in case.study.settings.model_fields.items()
        if (offer := offer_of(field))
    }
    assert "epochs" in offers
    for field, offer in offers.values():
        assert offer["panel"] in PANELS
        assert field.description
        assert field.description.endswith(".")


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0}, {"epochs": "many"}, {"nonsense": 1}, {"seed": -1}, {"device": "tpu"},
        {"max_memory": "much"},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line_that_names_it(case, values):
    with pytest.raises(UserError) as error:
        case.study.parse_settings({"device": "cpu"} | values)
    assert "\n" not in str(error.value)
    (name,) = values
    assert name.replace("_", "-") in str(error.value)


def test_settings_survive_the_manifest(case):
    written = json.loads(case.settings.model_dump_json())
    assert case.study.parse_settings(written) == case.settings


# Space and references


def test_every_point_of_the_space_is_a_config_that_builds(case):
    space, random = case.study.space(case.settings), np.random.default_rng(0)
    for _ in range(POINTS):
        config = case.study.complete(sample(space, random), case.settings)
        assert json.loads(json.dumps(config)) == config
        limits = case.study.limits(config, case.settings)
        assert all(np.isfinite(value) for value in limits.values())
        case.trial(config)


def test_a_config_with_an_unknown_name_is_one_line(case):
    with pytest.raises(UserError, match="nonsense") as error:
        case.trial(case.cheapest | {"nonsense": 1})
    assert "\n" not in str(error.value)


def test_references_build_and_lie_in_the_space_where_they_say_so(case):
    space = case.study.space(case.settings)
    references = case.study.references(case.settings)
    labels = [reference.label for reference in references]
    assert len(set(labels)) == len(labels) > 0
    for reference in references:
        case.trial(reference.config)
        if reference.point is not None:
            space.check(reference.point)
            assert case.study.complete(reference.point, case.settings) == reference.config


def test_beside_arms_no_reference_is_a_candidate(case):
    """Each arm has its sampled trials alone; where there are no arms, a reference may win."""
    references = case.study.references_of_run(case.settings)
    plain = case.study.references(case.settings)
    assert [item.config for item in references] == [item.config for item in plain]
    if not case.study.space(case.settings).arms:
        assert references == plain
        return
    assert all(item.control and item.point is None for item in references)
    kept = [(item.label, item.essential, item.scaled) for item in references]
    assert kept == [(item.label, item.essential, item.scaled) for item in plain]


def test_a_search_starts_at_points_of_the_space(case):
    space = case.study.space(case.settings)
    for point in case.study.starts(case.settings):
        space.check(point)
        case.trial(case.study.complete(point, case.settings))


TRAINING = ("lr", "weight_decay", "batch_size", "dropout")  # by which any method trains


def test_the_controls_of_a_winner_train_with_its_values(case):
    """Without them a tuned learning rate would count as the method."""
    space, random = case.study.space(case.settings), np.random.default_rng(1)
    references = {item.label for item in case.study.references(case.settings)}
    for _ in range(POINTS):
        config = case.study.complete(sample(space, random), case.settings)
        controls = {item.label: item for item in case.study.controls(config, case.settings)}
        assert controls
        for label, control in controls.items():
            assert label.removeprefix("matched ") in references
            assert control.control
            assert control.point is None
            assert json.loads(json.dumps(control.config)) == control.config
            for name in {*TRAINING} & config.keys() & control.config.keys():
                assert control.config[name] == config[name], (label, name)
    for control in controls.values():
        case.trial(control.config)


def test_the_floor_rests_on_an_essential_reference_and_an_announced_metric(case):
    floor = case.study.floor(case.settings)
    if floor is None:
        pytest.skip("the study demands nothing")
    essential = {item.label for item in case.study.references(case.settings) if item.essential}
    assert floor.reference in essential
    assert floor.metric in case.study.metrics(case.settings)
    assert floor.slack >= 0


def test_the_ladder_rises_to_the_budget_by_announced_metrics(case):
    rungs = case.study.ladder(case.settings)
    epochs = [step.epochs for step in rungs]
    assert epochs == sorted(epochs)
    assert epochs[-1] == case.settings.epochs
    assert {step.metric for step in rungs} <= set(case.study.metrics(case.settings))
    assert case.facts.default_metric in case.study.metrics(case.settings)


# Preparing, and who may see what


def test_preparing_says_what_it_did(case):
    assert case.facts.lines
    assert all(line and "\n" not in line for line in (*case.facts.lines, *case.sentences))
    assert {"splits"} < set(case.facts.digests)
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in case.facts.digests.values())
    json.dumps(case.facts.details)


def test_that_test_can_be_opened_is_known_before_and_leaves_no_trace(case, tmp_path):
    case.study.check_test(case.settings, case.assets, tmp_path / "test", lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_its_record_of_test_is_refused_before_anything_is_trained(case, tmp_path):
    """A study that checks nothing would train for hours first."""
    with pytest.raises(UserError) as caught:
        case.study.check_test(case.settings, tmp_path, tmp_path / "test", lambda _: None)
    assert "\n" not in str(caught.value)


def test_a_run_may_start_from_one_of_the_same_splits(case):
    case.study.check_apart(case.assets, case.study.used_items(case.assets))


def test_splits_are_disjoint_by_content_and_no_test_image_is_among_the_assets(case, tmp_path):
    case.study.open_test(case.settings, case.assets, tmp_path / "test", lambda _: None)
    contents = [case.contents(case.assets, split) for split in SPLITS]
    contents.append(case.contents(tmp_path / "test", "test"))
    assert all(contents)
    assert len(set.union(*contents)) == sum(map(len, contents))


def test_ranking_touches_neither_weights_nor_the_choice_of_the_epoch(case, tmp_path):
    """Evaluated on the way, too: nothing of it may remain."""
    trials, reports = [], []
    for assets in (case.assets, case.spoilt(tmp_path / "assets", "ranking")):
        trial = case.trial(assets=assets)
        trial.advance(rung(1))
        reports.append(trial.advance(rung(3)))
        trials.append(trial)
    assert training_state(trials[0]) == training_state(trials[1])
    assert reports[0].best_epoch == reports[1].best_epoch
    ranked = {name for name in reports[0].metrics if name.startswith("ranking_")}
    for name in set(reports[0].metrics) - ranked:
        assert reports[0].metrics[name] == reports[1].metrics[name], name
    assert any(reports[0].metrics[name] != reports[1].metrics[name] for name in ranked)


def test_val_chooses_the_epoch_and_touches_no_weight(case, tmp_path):
    trials = []
    for assets in (case.assets, case.spoilt(tmp_path / "assets", "val")):
        trial = case.trial(assets=assets)
        report = trial.advance(rung(3))
        trials.append((trial, report.metrics["val_loss"]))
    assert training_state(trials[0][0]) == training_state(trials[1][0])
    assert trials[0][1] != trials[1][1]


def test_training_images_do_reach_the_weights(case, tmp_path):
    """The two tests above could see a leak: this one does."""
    trials = [case.trial(), case.trial(assets=case.spoilt(tmp_path / "assets", "train"))]
    for trial in trials:
        trial.train(1)
    assert training_state(trials[0]) != training_state(trials[1])


# A trial


def test_all_that_is_announced_is_reported_and_nothing_else(case, trained):
    _, report = trained
    assert set(report.metrics) == set(case.study.metrics(case.settings))
    assert set(report.intervals) <= set(report.metrics)
    assert 1 <= report.best_epoch <= report.epoch == case.settings.epochs


def test_the_same_seed_gives_the_same_records_and_another_seed_others(case):
    reports, states = [], []
    for number, seed in enumerate((0, 0, 1)):
        torch.manual_seed(number)  # what others draw must not matter
        trial = case.trial(case.baseline, seed=seed)
        reports.append(timeless(trial.advance(rung(2))))
        states.append(training_state(trial))
    assert reports[0] == reports[1] != reports[2]
    assert states[0] == states[1] != states[2]


def test_a_trial_leaves_global_randomness_alone(case):
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    case.trial().advance(rung(1))
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_an_untrained_trial_refuses_to_be_measured_and_saved(case, tmp_path):
    trial = case.trial()
    with pytest.raises(ValueError, match="no epoch was trained"):
        trial.evaluate(rung(0))
    with pytest.raises(ValueError, match=r"no epoch was trained|nothing was evaluated"):
        trial.save(tmp_path)


def test_rungs_on_the_way_change_nothing(case):
    straight, stopping = case.trial(), case.trial()
    expected = timeless(straight.advance(rung(3)))
    for epochs in (1, 2, 2):
        stopping.advance(rung(epochs))
    assert timeless(stopping.advance(rung(3))) == expected
    assert training_state(stopping) == training_state(straight)


def test_evaluation_leaves_training_as_it_was(case):
    plain, measured = case.trial(), case.trial()
    for trial in (plain, measured):
        trial.train(1)
    measured.evaluate(rung(1))
    for trial in (plain, measured):
        trial.train(2)
    assert training_state(plain) == training_state(measured)


@pytest.mark.parametrize("epoch", [1, 2])
def test_an_interrupted_trial_goes_on_bit_for_bit(case, tmp_path, epoch):
    straight, begun = case.trial(), case.trial()
    expected = timeless(straight.advance(rung(3)))
    begun.advance(rung(epoch))
    write_snapshot(tmp_path / "checkpoint", begun.checkpoint())
    again = case.trial()
    again.resume(read_snapshot(tmp_path / "checkpoint"))
    assert again.epoch == epoch
    assert timeless(again.advance(rung(3))) == expected
    assert training_state(again) == training_state(straight)


def test_a_level_is_as_strong_as_it_says(case, trained, tmp_path):
    trial, _ = trained
    eps = case.settings.eps
    epochs, metric = case.settings.epochs, case.settings.rungs[-1].metric
    weak = trial.advance(rung(epochs, Level("pgd", 1, 1, eps))).metrics[metric]
    strong = trial.advance(rung(epochs, Level("pgd", 20, 2, eps))).metrics[metric]
    sign = 1 if case.study.metrics(case.settings)[metric] == "max" else -1
    assert sign * weak >= sign * strong
    trial.advance(rung(epochs, Level("pgd", 1, 1, (0.0, eps[-1] / 2), images=2)))
    trial.save(tmp_path)
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as arrays:
        assert arrays["scores"].shape[:2] == (2, 2)
        assert arrays["eps"].tolist() == [0.0, eps[-1] / 2]


COMMON = set(ALARMS) - {GRADIENT, COARSE}  # those two read logits


def test_alarms_are_constraints_and_an_audit_raises_them_all(case, trained):
    trial, report = trained
    assert COMMON <= set(report.constraints) <= set(ALARMS)  # the last rung is audited
    plain = trial.advance(rung(case.settings.epochs))
    assert set(plain.constraints) < set(report.constraints)
    assert all(np.isfinite(value) for value in report.constraints.values())


def test_a_saved_model_answers_as_it_was_ranked(case, trained, tmp_path):
    trial, _ = trained
    trial.advance(case.settings.rungs[-1])
    trial.save(tmp_path)
    exam = Exam("quick", "ranking", corruptions=False, images=None, seed=0)
    examination = case.study.examine(tmp_path, case.assets, case.settings, exam)
    assert examination.conditions[0] == (CLEAN, 0.0)
    with np.load(tmp_path / "ranking.npz", allow_pickle=False) as arrays:
        expected = arrays["scores"][0].astype(float)
    np.testing.assert_allclose(np.sort(examination.scores[0]), np.sort(expected), rtol=1e-3)


def test_what_a_guest_raises_is_one_line_and_no_end_of_the_search(case, tmp_path, monkeypatch):
    def fail(study: Study, *_: object) -> None:
        raise RuntimeError("out of [paint]\nin line two")

    monkeypatch.setattr(type(case.study), "build", fail)
    path = f"{type(case.study).__module__}:{type(case.study).__name__}"
    job = WorkerJob(path, case.settings, case.settings.rungs, tmp_path, case.assets, threads=1)
    outcome = Worker(job, "t001", {}).advance()
    assert isinstance(outcome, Failure)
    assert outcome.reason == "RuntimeError: out of [paint]"
    assert not outcome.ends_run
