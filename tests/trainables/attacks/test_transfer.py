import torch

from trainables.attacks.gradient import PGD
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import Transfer


def test_images_are_made_on_the_source_whatever_the_batches(trained, source):
    threat = pixels(0.05)
    expected = PGD()(source, trained.images, trained.labels, threat, seed=3)
    transfer = Transfer(source=source, attack=PGD(), batch_size=40)
    result = transfer(trained.model, trained.images, trained.labels, threat, seed=3)
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)


def test_a_transferred_attack_is_weaker_than_a_direct_one_but_harms(trained, source):
    def n_right(attack):
        adversarials = attack(trained.model, trained.images, trained.labels, pixels(0.08), seed=3)
        return int((trained.model(adversarials).argmax(dim=1) == trained.labels).sum())

    assert n_right(PGD()) < n_right(Transfer(source=source, attack=PGD())) < len(trained.labels)


def test_the_source_s_modes_are_restored(trained, source):
    source.train()
    try:
        Transfer(source=source, attack=PGD(steps=1))(
            trained.model, trained.images, trained.labels, pixels(0.1), seed=0
        )
        assert source.training
        assert all(parameter.requires_grad for parameter in source.parameters())
    finally:
        source.eval()
