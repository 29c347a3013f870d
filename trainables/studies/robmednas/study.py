"""The RobMedNAS study: U-Nets that predict CT from MR, and how they are trained [robmednas].

The questions that the paper leaves open, and our choices, are listed in docs/robmednas.md.
"""

from dataclasses import replace
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
        if "depth" in point or "family" in point:
            network, norm = str(spaces.to_network(point)), point.get("norm", "batch")
        else:
            network, norm = _fixed(settings), "instance"
        return _config(network, norm, values, settings)

    def floor_reference(self, settings: RobMedNASSettings) -> str:
        """Return the plain U-Net, which nobody would give up for a worse one, where it trains."""
        return BASELINE if settings.protocol == PAPER_PRESET else PLAIN

    def robust_pilot(self, settings: RobMedNASSettings) -> str:
        """Return the plain U-Net trained against attacks, or the baseline where only that is."""
        if settings.protocol == PAPER_PRESET:
            return ADVERSARIAL_BASELINE
        return ADVERSARIAL_PLAIN

    def references(self, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the handcrafted U-Net, a plain one, both trained against attacks, and the paper's.

        All train by the run's own recipe. With the paper's preset, the plain ones are left out. One
        that is a point of the space may win: then the search found none that is better.
        """
        hand = handcrafted(settings.max_filters, min(HANDCRAFTED_DEPTH, settings.max_depth))
        trained = _config(str(hand), "batch", attacked(settings.recipe, settings), settings)
        references = [
            self._reference(BASELINE, hand, settings, essential=True),
            _control(ADVERSARIAL_BASELINE, trained),
        ]
        if settings.protocol != PAPER_PRESET:
            references += self._plain(settings)
        for text in settings.networks:
            config = self.config_of(text, settings)
            references.append(_control(text, config))
            references.append(_control(f"{text} w/AT", attacked(config, settings)))
        best = self._reference("paper's best", parse(PAPER_BEST), settings)
        if best.point is not None:
            references.append(best)
        return tuple(references)

    def starts(self, settings: RobMedNASSettings) -> tuple[Config, ...]:
        """Return what is to be beaten: the plain U-Net, and the same attacked in training.

        Which of them meets the clean floor is not known before.
        """
        if settings.protocol == PAPER_PRESET:
            return ()
        points = [reference.point for reference in reversed(self._plain(settings))]
        return tuple(point for point in points if point is not None)

    def controls(self, config: Config, settings: RobMedNASSettings) -> tuple[Reference, ...]:
        """List the plain U-Net with a trial's recipe, without and with its attack.

        Where the recipe is not searched, these are the plain references, which train by it already;
        with the paper's preset, which has no such references, they are trained.

        Args:
            config: Of the trial.
            settings: Of the run.
        """
        shared = [name for name in Recipe.model_fields if name not in ATTACKED]
        members = [*shared, *(ATTACKED if config["regime"] != "standard" else ())]
        network, twin = _plain_references(settings)
        return network.matched(config, shared), twin.matched(config, members)

    def config_of(self, network: str, settings: RobMedNASSettings) -> dict[str, Any]:
        """Return the config of any network trained by the run's recipe on clean slices.

        Args:
            network: One line, see `searchspace.unet.parse_network`.
            settings: Of the run.
        """
        norm = "batch" if isinstance(parse_network(network), Architecture) else "instance"
        return _config(network, norm, settings.recipe | {"regime": "standard"}, settings)

    def _reference(
        self,
        label: str,
        network: Architecture,
        settings: RobMedNASSettings,
        *,
        essential: bool = False,
    ) -> Reference:
        """Make a reference that trains one of the paper's networks by the run's recipe.

        Args:
            label: Its name in tables.
            network: The network.
            settings: Of the run.
            essential: Whether it stays when the user asks for few references.
        """
        scaled = any(
            getattr(settings, name) != settings.PAPER[name]
            for name in ("size", "max_filters", "epochs")
        )
        config = _config(str(network), "batch", settings.recipe, settings)
        point = {"family": spaces.BLOCKS, "full_skip": network.full_skip}
        point |= spaces.to_point(network)
        reference = Reference(label, config, scaled=scaled, essential=essential)
        return self._placed(reference, point, settings)

    def _plain(self, settings: RobMedNASSettings) -> tuple[Reference, Reference]:
        """Make the references of the plain U-Net, which may win where they are points."""
        point = spaces.plain_point(settings.max_filters, settings.max_depth)
        first, second = (
            self._placed(reference, point, settings) for reference in _plain_references(settings)
        )
        return replace(first, control=first.point is None), replace(
            second, control=second.point is None
        )

    def _placed(
        self, reference: Reference, network: Config, settings: RobMedNASSettings
    ) -> Reference:
        """Give a reference its point, where the space holds one that stands for its config.

        Args:
            reference: With its whole config.
            network: What makes the point of its network, if networks are searched.
            settings: Of the run.
        """
        space = self.space(settings)
        point = space.restrict({**reference.config, **network})
        if space.contains(point) and self.complete(point, settings) == reference.config:
            return replace(reference, point=point)
        return reference


def _fixed(settings: RobMedNASSettings) -> str:
    """Return the network of a run that searches the recipe alone."""
    return settings.architecture or str(plain(settings.max_filters, settings.max_depth))


def attacked(config: Config, settings: RobMedNASSettings) -> dict[str, Any]:
    """Return a config with an attack in training: the paper's in its protocol."""
    regime = "adversarial" if settings.protocol == PAPER_PRESET else "uniform"
    return {**config, "regime": regime}


def _plain_references(settings: RobMedNASSettings) -> tuple[Reference, Reference]:
    """Make the plain U-Net, trained by the run's recipe without and with an attack."""
    network = str(plain(settings.max_filters, settings.max_depth))
    recipes = {PLAIN: settings.recipe | {"regime": "standard"}}
    recipes[ADVERSARIAL_PLAIN] = attacked(settings.recipe, settings)
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
