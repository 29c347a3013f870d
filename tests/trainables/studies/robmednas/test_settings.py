"""What is fixed for a run, and what makes a trial."""

import pytest

from searchspace.errors import UserError
from searchspace.studies import robmednas as spaces
from searchspace.unet import parse as parse_architecture
from trainables.runtime.config import parse
from trainables.studies.robmednas.settings import RobMedNASConfig, RobMedNASSettings
from trainables.studies.robmednas.study import RobMedNAS
from trainables.study.ladder import format_ladder

TINY = "0110x8s4 0100x8 | 0100x8 1000x8"


def settings_of(**values) -> RobMedNASSettings:
    return parse(RobMedNASSettings, {"device": "cpu"} | values)


def test_the_papers_measurement():
    paper = settings_of(protocol="paper")
    assert (paper.size, paper.epochs, paper.lr, paper.batch_size) == (256, 10, 1e-4, 6)
    assert (paper.attack, paper.eps, paper.subset) == ("fgsm", (0.0, 0.2), "paper")
    assert settings_of(protocol="paper", epochs=3).epochs == 3
    assert RobMedNAS().space(paper) == spaces.SPACE


def test_the_paper_ranks_by_fgsm_at_every_rung():
    assert format_ladder(settings_of(protocol="paper").rungs) == "4:fgsm,10:fgsm"
    assert format_ladder(settings_of().rungs) == "10:pgd-5,30:pgd-10,30:pgd-20!"


@pytest.mark.parametrize("wrong", ["much", "0", -1, "nan", "inf"])
def test_a_limit_of_memory_that_is_none_is_refused(wrong):
    with pytest.raises(UserError, match=f"max-memory is '{wrong}': give GiB"):
        settings_of(max_memory=wrong)


def test_an_architecture_is_written_in_one_way():
    config = parse(RobMedNASConfig, {"architecture": f"  {TINY.replace(' | ', '  |  ')} "})
    assert config.architecture == str(parse_architecture(TINY)) == TINY


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"architecture": "0110y8 | 0100x8"}, "0110y8"),
        ({"architecture": TINY, "kernels": "squares"}, "did you mean square?"),
        ({"architecture": TINY, "regime": "adverse"}, "did you mean adversarial?"),
        ({"architecture": TINY, "attack_eps": 0}, "attack_eps is 0"),
        ({"architecture": TINY, "batch_size": 1}, "batch_size is 1"),
        ({}, "architecture is missing"),
    ],
)
def test_a_wrong_config_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as error:
        parse(RobMedNASConfig, values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
