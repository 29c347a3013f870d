"""What is fixed for a run of any synthesis study."""

from pathlib import Path

import pytest

from searchspace.errors import UserError
from trainables.runtime.config import parse
from trainables.study.report import Level, Rung
from trainables.synthesis.settings import SynthesisSettings


def settings_of(**values) -> SynthesisSettings:
    return parse(SynthesisSettings, {"device": "cpu"} | values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 100}, "size 100 cannot be halved 5 times: give a multiple of 32 such as 96"),
        ({"size": 8, "max_depth": 4}, "multiple of 16 such as 16"),
        ({"kernels": "round"}, "kernels"),
        ({"attack": "fgsn"}, "fgsm"),
        ({"eps": "0,zero"}, "zero"),
        ({"max_filters": 33}, "max-filters"),
        ({"subjects": 3}, "subjects"),
        ({"max_disturbed": "nil"}, "max-disturbed is 'nil': give a share such as 0.1, or none"),
        ({"max_disturbed": 0}, "max-disturbed is '0'"),
        ({"max_disturbed": 20}, "max-disturbed is '20'"),  # HU, of an earlier version
        ({"ladder": "30:square-100x2"}, "square has no such strength"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as error:
        settings_of(**values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("radii", "eps"), [("0.2,0.1", (0.0, 0.1, 0.2)), ([0.1, 2], (0.0, 0.1, 2.0)), (0.3, (0.0, 0.3))]
)
def test_radii_rise_from_0_and_have_no_greatest(radii, eps):
    """Standard deviations, unlike pixels, may exceed 1."""
    assert settings_of(eps=radii).eps == eps


@pytest.mark.parametrize(("value", "limit"), [("0.2", 0.2), (1, 1.0), ("none", None), (None, None)])
def test_the_limit_on_disturbances_is_a_share_or_none(value, limit):
    assert settings_of(max_disturbed=value).max_disturbed == limit


def test_every_rung_sees_all_subjects_and_ranks_by_head_mae():
    first, second, last = settings_of(epochs=6, eps="0,0.1").rungs
    metric, eps = "ranking_pgd_mae_head_skill", (0.0, 0.1)
    assert first == Rung(2, metric, Level("pgd", 5, 1, eps))
    assert second == Rung(6, metric, Level("pgd", 10, 1, eps))
    assert last == Rung(6, metric, Level("pgd", 20, 1, eps, audit=True))


def test_the_data_are_named_by_their_folder():
    assert settings_of().data_name == "phantom"
    assert settings_of(data=Path("/some/where/heads")).data_name == "heads"


def test_settings_survive_a_round_through_json():
    settings = settings_of(eps="auto", data="/some/where")
    assert settings.eps_auto
    assert SynthesisSettings.model_validate_json(settings.model_dump_json()) == settings
