import pytest
import torch

from trainables.losses.likelihood import cross_entropy
from trainables.models.modes import frozen
from trainables.runtime.seeding import generator
from trainables.studies.tsynd.regimes import REGIMES, Batch
from trainables.studies.tsynd.uncertainty import mutual_information

MAKERS = ["reconstruction", "noise", "tsynd", "adversarial"]
EPS = 4 / 255


def test_the_baseline_adds_nothing(synthesis, batch):
    assert REGIMES["baseline"](synthesis(), batch) is None
    assert list(REGIMES) == ["baseline", *MAKERS]


@pytest.mark.parametrize("regime", MAKERS)
def test_one_image_in_range_is_made_of_each(synthesis, batch, regime):
    images = REGIMES[regime](synthesis(sigma=2.0), batch)
    assert images.shape == batch.images.shape
    assert not images.requires_grad
    assert 0 <= float(images.min()) <= float(images.max()) <= 1
    # Each resembles its own original more than any other, on average over the batch.
    gaps = (images[:, None] - batch.images[None]).square().mean(dim=(2, 3, 4))
    assert float(gaps.diagonal().mean()) < float(gaps.mean())


@pytest.mark.parametrize("regime", MAKERS)
def test_the_same_generator_makes_the_same_images(synthesis, batch, regime):
    first, again, another = (REGIMES[regime](synthesis(seed), batch) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert torch.equal(first, another) == (regime == "reconstruction")


@pytest.mark.parametrize("regime", MAKERS)
def test_global_randomness_is_left_alone(synthesis, batch, regime):
    before = torch.random.get_rng_state()
    REGIMES[regime](synthesis(), batch)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("training", [True, False])
def test_networks_are_left_as_they_were(synthesis, batch, regime, training):
    """No gradient reaches a parameter, no flag changes, no running average moves."""
    made_with = synthesis()
    networks = [made_with.classifier, made_with.autoencoder]
    made_with.classifier.train(training)
    made_with.classifier.zero_grad(set_to_none=True)

    def state():
        modes = [module.training for network in networks for module in network.modules()]
        parameters = [p for network in networks for p in network.parameters()]
        return modes, [p.requires_grad for p in parameters], [p.grad for p in parameters]

    before, weights = state(), [v.clone() for n in networks for v in n.state_dict().values()]
    REGIMES[regime](made_with, batch)
    assert state() == before
    assert any(before[1])
    after = [value for network in networks for value in network.state_dict().values()]
    assert all(torch.equal(a, b) for a, b in zip(after, weights, strict=True))
    made_with.classifier.eval()


def test_reconstruction_decodes_the_codes(synthesis, batch, autoencoder):
    images = REGIMES["reconstruction"](synthesis(), batch)
    assert torch.equal(images, autoencoder.model.decode(batch.latents))


@pytest.mark.parametrize(("sigma", "latent_std"), [(0.5, 0.7), (2.0, 0.1)])
def test_noise_is_in_units_of_the_codebook(
    synthesis, batch, autoencoder, monkeypatch, sigma, latent_std
):
    decoded = []
    monkeypatch.setattr(autoencoder.model, "decode", decoded.append)
    zeros = Batch(batch.images, torch.zeros(200, 16, 7, 7), batch.labels)
    REGIMES["noise"](synthesis(sigma=sigma, latent_std=latent_std), zeros)
    # 156 800 draws: relative standard error 0.002.
    assert float(decoded[0].std()) == pytest.approx(sigma * latent_std, rel=0.01)
    assert float(decoded[0].mean()) == pytest.approx(0, abs=0.01 * sigma * latent_std)


def test_without_noise_and_ascent_all_regimes_of_latents_reconstruct(synthesis, batch):
    still = synthesis(sigma=0.0, iterations=0)
    expected = REGIMES["reconstruction"](still, batch)
    for regime in ("noise", "tsynd"):
        assert torch.equal(REGIMES[regime](still, batch), expected)


def test_tsynd_starts_where_noise_ends(synthesis, batch, trained, autoencoder):
    """Masks are drawn before noise; then no step leaves the noisy image, and steps raise the MI."""
    random = generator(torch.device("cpu"), 0)
    masks = trained.draw_masks(8, random)
    noisy = batch.latents + 0.5 * autoencoder.latent_std * torch.randn(
        batch.latents.shape, generator=random
    )
    start = REGIMES["tsynd"](synthesis(iterations=0), batch)
    assert torch.equal(start, autoencoder.model.decode(noisy))
    moved = REGIMES["tsynd"](synthesis(iterations=10), batch)
    with frozen(trained):
        features = torch.stack([trained.features(images) for images in (start, moved)])
    logits = trained.masked_logits(features.flatten(0, 1), trained.fold_masks(masks))
    before, after = mutual_information(logits.detach(), False).split(len(batch.images))
    assert bool((after >= before).all())
    assert float(after.mean()) > 1.2 * float(before.mean())


@pytest.mark.parametrize("unit", [0.5, 2.0])
def test_tsynds_step_is_in_units_of_the_codebook(synthesis, batch, autoencoder, monkeypatch, unit):
    """Adam's first step is the learning rate, wherever the gradient is not almost 0."""
    codes, decode = [], autoencoder.model.decode
    monkeypatch.setattr(
        autoencoder.model,
        "decode",
        lambda latents: codes.append(latents.detach()) or decode(latents),
    )
    REGIMES["tsynd"](synthesis(lr=0.2, latent_std=unit, sigma=0.0, iterations=1), batch)
    step = (codes[1] - codes[0]).abs()
    assert float(step.median()) == pytest.approx(0.2 * unit, rel=0.01)
    assert float(step.max()) <= 0.2 * unit * 1.001


def test_tsynd_heeds_the_greatest_shift(synthesis, batch):
    start = REGIMES["tsynd"](synthesis(iterations=0), batch)

    def farthest(max_shift):
        images = REGIMES["tsynd"](synthesis(lr=0.2, iterations=8, max_shift=max_shift), batch)
        return float((images - start).square().mean(dim=(1, 2, 3)).sqrt().max())

    assert farthest(1.0) > 0.03
    assert 0.01 < farthest(0.03) <= 0.03


def test_tsynd_maximises_what_it_is_told(synthesis, batch):
    images = [REGIMES["tsynd"](synthesis(uncertainty=name), batch) for name in ("mi", "entropy")]
    assert not torch.equal(*images)


def test_adversarial_images_are_near_and_harmful(synthesis, batch, trained):
    images = REGIMES["adversarial"](synthesis(), batch)
    assert 0.9 * EPS < float((images - batch.images).abs().max()) <= EPS + 1e-6
    with torch.no_grad():
        before, after = (cross_entropy(trained(x), batch.labels) for x in (batch.images, images))
    assert bool((after > before).all())
