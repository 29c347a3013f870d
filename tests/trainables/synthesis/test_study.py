"""What all synthesis studies share: limits, floor, and the facts of preparing."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from searchspace.errors import UserError
from searchspace.unet import cost
from searchspace.unet import parse as parse_architecture
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.examination import Exam
from trainables.study.report import Rung
from trainables.synthesis.preparation.record import FILE
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.study import read_shared
from trainables.synthesis.trial import need_of

robmednas = RobMedNAS()

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


def settings_of(**values) -> SynthesisSettings:
    return robmednas.parse_settings({"device": "cpu"} | values)


def test_limits_are_shares_beyond_the_prediction():
    config = {"architecture": TINY, "kernels": "square", "batch_size": 6}
    size = cost(parse_architecture(TINY), "square", 64, 64)
    assert robmednas.limits(config, settings_of()) == {}
    exact = robmednas.limits(config, settings_of(max_params=size.parameters))
    assert exact == {"max_params": 0.0}
    half = robmednas.limits(config, settings_of(max_params=size.parameters // 2))
    assert half["max_params"] == pytest.approx(1.0, rel=0.01)
    gib = (2**27 + 1.2 * 4 * (8 * size.parameters + 6 * size.activations)) / 2**30
    memory = robmednas.limits(config, settings_of(max_memory=gib / 3))
    assert memory["max_memory"] == pytest.approx(2.0)


def test_without_a_known_limit_of_memory_nothing_is_refused():
    config = {"architecture": TINY, "kernels": "square", "batch_size": 6}
    for limit in ("auto", "none", None):
        assert robmednas.limits(config, settings_of(max_memory=limit)) == {}
    assert settings_of().max_memory == "auto"
    assert settings_of(max_memory="none").max_memory is None
    assert settings_of(max_memory="1.5").max_memory == 1.5


def test_the_floor_is_a_references_clean_error_at_the_same_epoch():
    floor = robmednas.floor(settings_of(floor=0.2))
    assert floor.slack == 0.2
    assert robmednas.metrics(settings_of())[floor.metric] == "min"
    assert floor.above_constant


def test_preparing_says_what_a_reader_needs(heads):
    text = " ".join(heads.facts.lines)
    assert "not real data" in text
    assert "standard deviations" in text
    assert "mean CT by MR intensity" in text
    assert set(heads.facts.digests) == {"train", "val", "ranking", "splits", "subjects"}
    lookup = heads.facts.details["lookup_mae_head"]
    assert 10 < lookup < heads.facts.constant["ranking_clean_mae_head"] < 1000


def test_assets_of_an_earlier_version_are_not_trained_on(heads, tmp_path):
    assets = shutil.copytree(heads.assets, tmp_path / "assets")
    assert len(read_shared(assets).train.subjects) == len(heads.data.train.subjects)
    read_shared.cache_clear()
    (assets / FILE).unlink()
    with pytest.raises(UserError, match="of an earlier version"):
        robmednas.build({"architecture": TINY}, heads.settings, assets)


def test_an_examination_takes_as_many_slices_at_a_time_as_the_memory_has_room_for(
    heads, tmp_path, monkeypatch
):
    sizes = []

    def examine_synthesis(*_, batch_size):
        sizes.append(batch_size)
        return SimpleNamespace(score="MAE")

    monkeypatch.setattr("trainables.synthesis.study.examine_synthesis", examine_synthesis)
    monkeypatch.setattr("trainables.synthesis.study.replace", lambda outcome, **_: outcome)
    for mirrored in (False, True):
        trial = heads.trial(mirrored=mirrored)
        trial.advance(Rung(1, "m"))
        trial.save(tmp_path / str(mirrored))
    plain, mirrored = tmp_path / "False", tmp_path / "True"
    gib = need_of(trial.cost).gib(10) + 1e-6
    small = heads.settings.model_copy(update={"max_memory": gib})
    exam = Exam("quick", "ranking", corruptions=False, images=None, seed=0)
    for model, sources in ((plain, {}), (mirrored, {}), (plain, {"another": mirrored})):
        robmednas.examine(model, heads.assets, small, replace(exam, sources=sources))
    assert sizes == [10, 5, 5]
