"""Settings and configs that cannot be, each in one line."""

import pytest

from searchspace.errors import UserError
from trainables.runtime.config import parse
from trainables.studies.gansplit.settings import AUTHENTIC, GANSplitConfig, GANSplitSettings


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"generators": "hing"}, "hinge"),
        ({"generators": "hinge, hinge"}, "named twice"),
        ({"generators": ""}, "generator"),
        ({"dataset": "chestmnist"}, "several labels"),
        ({"dataset": "adrenalmnist3d"}, "volumes"),
        ({"size": 128}, "less than or equal to 64"),
        ({"generator_steps": 0}, "generator-steps"),
    ],
)
def test_a_wrong_setting_is_one_line(values, words):
    with pytest.raises(UserError, match=words) as error:
        parse(GANSplitSettings, values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": "gan"}, "source"),
        ({"share": 1.2}, "share"),
        ({"share": 0.0}, "share"),
        ({"ratio": -1.0}, "ratio"),
        *(
            ({"source": source, "mix": "replace", "share": 1.0}, "leaves no authentic image")
            for source in AUTHENTIC
        ),
    ],
)
def test_a_wrong_config_is_one_line(values, words):
    with pytest.raises(UserError, match=words) as error:
        parse(GANSplitConfig, values)
    assert "\n" not in str(error.value)


def test_names_are_listed_without_spaces():
    settings = GANSplitSettings(generators="dcgan , wgan-gp")
    assert settings.generator_names == ("dcgan", "wgan-gp")


def test_images_come_from_a_generator_or_not():
    assert GANSplitConfig(source="r1").is_generated
    assert not any(GANSplitConfig(source=source).is_generated for source in (*AUTHENTIC, "none"))
