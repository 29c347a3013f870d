"""The RobMedNAS study: U-Nets that predict CT from MR, and how they are trained [robmednas].

The questions that the paper leaves open, and our choices, are listed in docs/robmednas.md.
"""

from typing import Any, final

from searchspace.space import Space
from searchspace.studies import robmednas as spaces
from searchspace.unet import PAPER_BEST, Architecture, handcrafted, parse, parse_network, plain
from trainables.runtime.config import parse as parse_config
from trainables.studies.robmednas.settings import RobMedNASConfig, RobMedNASSettings
from trainables.study.settings import PAPER_PRESET
from trainables.study.study import BASELINE, Config, Reference
from trainables.synthesis.study import SynthesisStudy
from trainables.synthesis.training.recipe import Recipe

ADVERSARIAL_BASELINE = "baseline w/AT"
PLAIN = "plain U-Net"
ADVERSARIAL_PLAIN = "plain U-Net w/AT"
HANDCRAFTED_DEPTH = 4  # as of the classic U-Net; the paper does not give the depth of its own
ATTACKED = ("regime", "attack_eps", "attack_steps")  # what makes a recipe adversarial


@final
class RobMedNAS(SynthesisStudy[RobMedNASSettings, RobMedNASConfig]):
    """Searches the blocks of a U-Net, its depth, and how it is trained."""

    settings = RobMedNASSettings
    config = RobMedNASConfig

    @property
    def shown(self) -> tuple[str, ...]:
        """Labels of the references whose predictions are shown beside the winner's."""
        return (BASELINE, PLAIN, ADVERSARIAL_PLAIN)

    def space(self, settings: RobMedNASSettings) -> Space:
        """Return what varies, limited to the run's greatest number of filters and depth."""
        if settings.protocol == PAPER_PRESET:
            return spaces.space(settings.max_filters, settings.max_depth)
        return spaces.wide_space(settings.max_filters, settings.max_depth, settings.space)

    def complete(self, point: Config, settings: RobMedNASSettings) -> dict[str, Any]:
        """Turn a point of the space into a whole config: the settings fill what it leaves out."""
        values = settings.recipe | {
            name: point[name] for name in Recipe.model_fields if name in point
        }
        if "depth" in point:
            network, norm = str(spaces.to_architecture(point)), point.get("norm", "batch")
        else:
            network, norm = _fixed(settings), "instance"
        return _config(network, norm, values, settings)

    def references(self, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the handcrafted U-Net, a plain one, both trained against attacks, and the paper's.

        All train by the run's own recipe. With the paper's preset, the plain ones are left out.
        """
        hand = handcrafted(settings.max_filters, min(HANDCRAFTED_DEPTH, settings.max_depth))
        trained = _config(str(hand), "batch", _against(settings), settings)
        references = [
            self._reference(BASELINE, hand, settings, essential=True),
            _control(ADVERSARIAL_BASELINE, trained),
        ]
        if settings.protocol != PAPER_PRESET:
            references += _plain_references(settings)
        for text in settings.networks:
            config = self.config_of(text, settings)
            references.append(_control(text, config))
            attacked = config | {"regime": _against(settings)["regime"]}
            references.append(_control(f"{text} w/AT", attacked))
        best = parse(PAPER_BEST)
        if self.space(settings).contains(self._point(best, settings)):
            references.append(self._reference("paper's best", best, settings))
        return tuple(references)

    def controls(self, config: Config, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the plain U-Net with a trial's recipe, without and with its attack.

        Where the recipe is not searched, these are the plain references, which train by it already;
        with the paper's preset, which has no such references, they are trained.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        shared = [name for name in Recipe.model_fields if name not in ATTACKED]
        attacked = [*shared, *(ATTACKED if config["regime"] != "standard" else ())]
        network, twin = _plain_references(settings)
        return network.matched(config, shared), twin.matched(config, attacked)

    def config_of(self, network: str, settings: RobMedNASSettings) -> dict[str, Any]:
        """Return the config of any network trained by the run's recipe on clean slices.

        Args:
            network: One line, see `searchspace.unet.parse_network`.
            settings: Of the run.
        """
        norm = "batch" if isinstance(parse_network(network), Architecture) else "instance"
        return _config(network, norm, settings.recipe | {"regime": "standard"}, settings)

    def _reference(
        self, label: str, network: Architecture, settings: RobMedNASSettings, **fields: bool
    ) -> Reference:
        """Make a reference that is a point of the space where it holds one."""
        scaled = any(
            getattr(settings, name) != settings.PAPER[name]
            for name in ("size", "max_filters", "epochs")
        )
        point = self._point(network, settings)
        inside = self.space(settings).contains(point)
        config = _config(str(network), "batch", settings.recipe, settings)
        return Reference(label, config, scaled=scaled, point=point if inside else None, **fields)

    def _point(self, network: Architecture, settings: RobMedNASSettings) -> dict[str, Any]:
        """Return the point of a network trained by the run's recipe; the space may lack it."""
        space = self.space(settings)
        values = spaces.to_point(network) | settings.recipe
        values |= {"full_skip": network.full_skip, "norm": "batch"}
        names = {param.name for param in space.params}
        return space.restrict({name: value for name, value in values.items() if name in names})


def _fixed(settings: RobMedNASSettings) -> str:
    """Return the network of a run that searches the recipe alone."""
    return settings.architecture or str(plain(settings.max_filters))


def _against(settings: RobMedNASSettings) -> dict[str, Any]:
    """Return the run's recipe with an attack in training."""
    regime = "adversarial" if settings.protocol == PAPER_PRESET else "uniform"
    return settings.recipe | {"regime": regime}


def _plain_references(settings: RobMedNASSettings) -> tuple[Reference, Reference]:
    """Make the plain U-Net, trained by the run's recipe without and with an attack."""
    network = str(plain(settings.max_filters))
    recipes = {PLAIN: settings.recipe | {"regime": "standard"}}
    recipes[ADVERSARIAL_PLAIN] = _against(settings)
    first, second = (
        _control(label, _config(network, "instance", recipe, settings))
        for label, recipe in recipes.items()
    )
    return first, second


def _control(label: str, config: dict[str, Any]) -> Reference:
    return Reference(label, config, scaled=True, essential=True, control=True)


def _config(network: str, norm: str, recipe: Config, settings: RobMedNASSettings) -> dict[str, Any]:
    values = {"architecture": network, "kernels": settings.kernels, "norm": norm}
    return parse_config(RobMedNASConfig, values | dict(recipe)).model_dump()
