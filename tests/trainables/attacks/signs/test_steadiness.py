import pytest
import torch
from torch import nn

from trainables.attacks.signs.steadiness import UnsteadyError, require_steady

IMAGES = torch.rand((6, 1, 4, 4), generator=torch.Generator().manual_seed(0))


class Answers(nn.Module):
    """Gives its answers in turn."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)

    def forward(self, images):
        return images.flatten(1) + self.answers.pop(0)


def test_a_steady_model_passes_and_training_mode_comes_back():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2), nn.Dropout(0.5)).train()
    require_steady(model, IMAGES)
    assert model.training


@pytest.mark.parametrize("calls", [1, 2, 4])
def test_an_answer_that_differs_once_is_refused(calls):
    model = Answers(*[0.0] * calls, 0.01, *[0.0] * 4)
    with pytest.raises(UnsteadyError, match=r"differently, by up to 0.01: its answers are random"):
        require_steady(model, IMAGES)


def test_the_order_of_a_sum_on_a_gpu_is_no_chance():
    require_steady(Answers(0.0, 1e-5, -1e-5, 0.0, 0.0), IMAGES)


def test_the_refusal_is_one_line():
    with pytest.raises(UnsteadyError) as error:
        require_steady(Answers(0.0, 1.0, 0.0, 0.0, 0.0), IMAGES)
    assert "\n" not in str(error.value)


def test_the_size_of_the_outputs_does_not_hide_chance():
    """Only what tells the images apart counts, and the rounding of what is added to all."""
    with pytest.raises(UnsteadyError):
        require_steady(Answers(15000.0, 15000.1, *[15000.0] * 3), IMAGES)
    require_steady(Answers(15000.0, 15000.0 + 2**-10, *[15000.0] * 3), IMAGES)


def test_a_constant_may_be_rounded():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    nn.init.zeros_(model[1].weight)
    require_steady(model, IMAGES)
