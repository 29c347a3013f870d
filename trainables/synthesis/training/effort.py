"""The computing time of a training, predicted, so that trials can be given the same.

It is counted in multiply-adds. What else takes time is counted as so many of them, fitted to eight
U-Nets of 129,049 to 2,072,625 parameters on one core of a CPU with AVX-512, slices of 64 pixels,
batches of 3 and 6, within a sixth of all but one (a quarter): reading and writing the maps weighs
more than the arithmetic.
"""

from searchspace.unet import Cost, plain
from trainables.models.ct.networks import network_cost
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.training.recipe import NetworkConfig, Recipe

ACTIVATION = 250  # multiply-adds that each value of the maps is worth
PARAMETER = 300  # and each parameter, once a step
ATTACK = 0.75  # of a slice's training, that each step of an attack on it takes
ATTACKED = {"standard": 0.0, "adversarial": 0.5, "uniform": 1.0}  # share of the slices, by regime


def work_of(config: NetworkConfig, size: int, channels: int = 1) -> float:
    """Predict what training on one slice takes, in multiply-adds of its forward pass.

    Args:
        config: The network and its recipe.
        size: Of a slice, in pixels.
        channels: Slices of the MR that the network sees.
    """
    cost = network_cost(config.architecture, config.kernels, size, channels)
    passes = 1 + ATTACK * config.attack_steps * ATTACKED[config.regime]
    return passes * _each(cost) + PARAMETER * cost.parameters / config.batch_size


def work_of_network(text: str, kernels: str, size: int, channels: int = 1) -> float:
    """Predict what training a network on a clean slice takes, as `work_of` counts it.

    Args:
        text: The network, see `searchspace.unet.parse_network`.
        kernels: Of the branches of a configurable one.
        size: Of a slice, in pixels.
        channels: Slices of the MR that the network sees.
    """
    return _each(network_cost(text, kernels, size, channels))


def _each(cost: Cost) -> float:
    return cost.multiply_adds + ACTIVATION * cost.activations


def speed(config: NetworkConfig, settings: SynthesisSettings) -> float:
    """Predict on how many slices a config trains while the plain U-Net trains on one.

    Args:
        config: The network and its recipe.
        settings: Of the run, by whose recipe the plain U-Net trains on clean slices.
    """
    recipe = {name: settings.recipe[name] for name in Recipe.model_fields} | {"regime": "standard"}
    network = str(plain(settings.max_filters, settings.max_depth))
    usual = NetworkConfig(architecture=network, norm="instance", **recipe)
    image = settings.size, settings.channels
    return work_of(usual, *image) / work_of(config, *image)
