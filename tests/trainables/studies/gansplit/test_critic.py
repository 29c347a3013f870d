"""The critic: made of authentic images, once, and read back."""

import torch

from trainables.models.digests import tensors_digest
from trainables.saved.frozen import read, write
from trainables.studies.gansplit.critic import CRITIC, obtain_critic
from trainables.studies.gansplit.settings import GANSplitSettings

CPU = torch.device("cpu")


def digest(critic):
    return tensors_digest(critic.classifier.state_dict())


def test_it_is_trained_once_for_images_and_seed_and_read_back(train, tmp_path):
    settings = GANSplitSettings(epochs=1, cache=tmp_path, device="cpu")
    lines = []
    first, second = (obtain_critic(settings, train, 2, lines.append) for _ in range(2))
    assert digest(first) == digest(second)
    assert sum("training the critic" in line for line in lines) == 1
    variant = obtain_critic(settings.model_copy(update={"seed": 1}), train, 2, lines.append)
    assert digest(variant) != digest(first)
    write(CRITIC, first, tmp_path / "file")
    again = read(CRITIC, tmp_path / "file", CPU)
    assert digest(again) == digest(first)
    assert {**vars(again), "classifier": 0} == {**vars(first), "classifier": 0}
    assert not any(parameter.requires_grad for parameter in again.classifier.parameters())
