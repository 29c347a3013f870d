"""What is fixed for a run, and what makes a trial."""

import pytest

from searchspace.errors import UserError
from searchspace.studies.tsynd import SPACE
from trainables.runtime.config import parse
from trainables.studies.tsynd.settings import TSynDConfig, TSynDSettings
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES


def test_the_papers_measurement():
    settings = parse(TSynDSettings, {"device": "cpu", "protocol": "paper"})
    assert (settings.epochs, settings.classifier) == (100, "resnet18")


def test_the_space_offers_the_measures_that_exist():
    (domain,) = (param.domain for param in SPACE.params if param.name == "uncertainty")
    assert domain.options == tuple(UNCERTAINTIES)


def test_every_parameter_of_the_space_is_a_field_of_the_config():
    assert {param.name for param in SPACE.params} < set(TSynDConfig.model_fields)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"regime": "tsind"}, "unknown regime 'tsind': did you mean tsynd?"),
        ({"uncertainty": "entropie"}, "unknown uncertainty 'entropie': did you mean entropy?"),
        ({"latent_iteration": 4}, "unknown setting 'latent_iteration': did you mean latent_iter"),
        ({"latent_lr": -0.1}, "latent_lr is -0.1: Input should be greater than 0"),
        ({"batch_size": 1}, "batch_size is 1: Input should be greater than or equal to 2"),
        ({"dropout": 1.0}, "dropout is 1.0: Input should be less than 1"),
        ({"lr": 0}, "lr is 0: Input should be greater than 0"),
        ({"lr": float("nan")}, "lr is nan: Input should be a finite number"),
    ],
)  # fmt: skip
def test_a_wrong_config_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as caught:
        parse(TSynDConfig, values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"autoencoder_step": 4}, "unknown setting 'autoencoder_step': did you mean autoenc"),
        ({"autoencoder_steps": 0}, "autoencoder_steps is 0: Input should be greater than"),
        ({"classifier": "cn"}, "unknown classifier 'cn': did you mean cnn?"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_said_in_one_line(values, message):
    with pytest.raises(UserError) as caught:
        parse(TSynDSettings, values)
    assert str(caught.value).startswith(message)
