import torch
from torch import nn

from trainables.classification.assets import LabelledImages
from trainables.classification.measurement import Measurement
from trainables.classification.pilot import choose_eps

GREYS = torch.tensor([96, 112, 120, 124, 131, 135, 143, 159])  # 4, 8, 16 and 32 off the middle
PROTOCOL = Measurement("binary-class", "pgd", (0.0, 0.5), seed=0)


class Brightness(nn.Module):
    """Tells light images from dark ones, the wrong way round if asked to."""

    def __init__(self, sign=1.0):
        super().__init__()
        self.sign = sign

    def forward(self, images):
        light = 50 * (images.mean(dim=(1, 2, 3)) - 127.5 / 255) * self.sign
        return torch.stack([-light, light], dim=1)


def val():
    images = GREYS.to(torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return LabelledImages(images.contiguous(), (GREYS > 127).long())


def test_radii_lie_where_images_are_lost():
    """Of a margin of 3.5 / 255 one step of radius 4 / 255 leaves nothing, of 2 / 255 something."""
    choice = choose_eps(Brightness(), val(), PROTOCOL, "baseline")
    radii, shares = choice.details["tried"], choice.details["kept"]
    expected = []
    for eps in radii:
        right = (torch.tensor([3.5, 7.5, 15.5, 31.5]) > 255 * eps).double().mean()
        expected.append(float(2 * (right - 0.5)))  # of 8 images each side loses alike
    assert shares == expected
    assert [round(255 * eps, 1) for eps in choice.eps] == [0.0, 2.8, 4.0, 5.7, 11.0]
    assert "0, 2.8, 4, 5.7, 11 (/255)" in choice.line


def test_a_pilot_at_chance_chooses_nothing():
    choice = choose_eps(Brightness(-1.0), val(), PROTOCOL, "baseline")
    assert choice.eps == PROTOCOL.eps
    assert "at chance" in choice.line
