"""Spaces: named parameters, some of which are active only under a condition."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from searchspace.domains import Choice, Domain, Float, Int, Value
from searchspace.errors import UserError
from searchspace.names import lookup


@dataclass(frozen=True)
class When:
    """A condition: the parameter ``param`` is active and its value is one of ``options``."""

    param: str
    options: tuple[Value, ...]


@dataclass(frozen=True)
class Param:
    """A parameter with its values, its meaning and its condition.

    Attributes:
        name: As in configs; an identifier.
        domain: The values it may take.
        doc: What it does, and the paper's value.
        unit: Of the values; empty for none.
        when: The condition under which it is active; None for always.
    """

    name: str
    domain: Domain
    doc: str
    _: KW_ONLY
    unit: str = ""
    when: When | None = None


@dataclass(frozen=True)
class Space:
    """The parameters that vary in a study.

    Attributes:
        name: The study's name; part of every digest.
        params: In an order in which each condition is on an earlier parameter.
        arms: The name of a choice between methods that are compared: each option gets as many
            sampled trials as any other, and a search of its own. Empty for none.

    Raises:
        ValueError: If a name repeats or is not an identifier, a condition is not on the options of
            an earlier parameter, or ``arms`` names no choice that is always active.

    Example:
        >>> optimiser = Param("optimiser", Choice(("adam", "sgd")), "Optimiser of the classifier.")
        >>> condition = When("optimiser", ("sgd",))
        >>> momentum = Param("momentum", Float(0.0, 0.99), "Of SGD.", when=condition)
        >>> space = Space("toy", (optimiser, momentum))
        >>> space.contains({"optimiser": "sgd", "momentum": 0.9})
        True
        >>> space.contains({"optimiser": "adam", "momentum": 0.9})
        False
    """

    name: str
    params: tuple[Param, ...]
    arms: str = ""

    def __post_init__(self) -> None:
        earlier: dict[str, Param] = {}
        for param in self.params:
            if not param.name.isidentifier() or param.name in earlier:
                raise ValueError(f"parameter name '{param.name}' repeats or is no identifier")
            if param.when is not None:
                _check_condition(param.name, param.when, earlier)
            earlier[param.name] = param
        chosen = earlier.get(self.arms)
        is_choice = chosen is not None and isinstance(chosen.domain, Choice) and chosen.when is None
        if self.arms and not is_choice:
            raise ValueError(f"the arms '{self.arms}' are no choice that is always active")

    @property
    def arm_options(self) -> tuple[Value, ...]:
        """The options of the parameter that ``arms`` names; empty for none."""
        domains = [param.domain for param in self.params if param.name == self.arms]
        return domains[0].options if domains and isinstance(domains[0], Choice) else ()

    def of_arm(self, option: Value) -> "Space":
        """Return the space of one arm: without the choice of the arm, and what others switch on."""
        params: dict[str, Param] = {}
        for param in self.params:
            when = param.when
            if param.name == self.arms:
                continue
            if when is not None and when.param == self.arms:
                if option in when.options:
                    params[param.name] = replace(param, when=None)
            elif when is None or when.param in params:
                params[param.name] = param
        return Space(self.name, tuple(params.values()))

    def active(self, config: Mapping[str, Any]) -> tuple[Param, ...]:
        """Return the parameters whose condition a config meets, in declared order."""
        active: dict[str, Param] = {}
        for param in self.params:
            when = param.when
            if when is None or (when.param in active and config.get(when.param) in when.options):
                active[param.name] = param
        return tuple(active.values())

    def restrict(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the active parameters, in declared order; other keys are dropped."""
        names = (param.name for param in self.active(config))
        return {name: config[name] for name in names if name in config}

    def check(self, config: Mapping[str, Any]) -> None:
        """Check that a config is a point of the space.

        Raises:
            UserError: If a name is unknown, missing or inactive, or a value is outside its domain.
        """
        by_name = {param.name: param for param in self.params}
        for name in config:
            lookup(by_name, name, f"parameter of {self.name}")
        active = {param.name for param in self.active(config)}
        for param in self.params:  # in order, so that a wrong parent is reported before its child
            name = param.name
            if name in active and name not in config:
                raise UserError(f"{name} is missing: give a value from {_domain(param)}")
            if name in active and not param.domain.contains(config[name]):
                raise UserError(f"{name} is {config[name]!r}: choose from {_domain(param)}")
            if name in config and name not in active and param.when is not None:
                raise UserError(f"{name} exists only where {_describe(param.when)}: leave it out")

    def contains(self, config: Mapping[str, Any]) -> bool:
        """Return whether a config is a point of the space."""
        try:
            self.check(config)
        except UserError:
            return False
        return True


def _check_condition(name: str, when: When, earlier: Mapping[str, Param]) -> None:
    if when.param not in earlier:
        raise ValueError(f"{name} depends on '{when.param}', which is not declared before it")
    domain = earlier[when.param].domain
    listed = isinstance(when.options, tuple) and len(when.options) > 0  # a text is not a tuple
    if not listed or isinstance(domain, Float) or not all(map(domain.contains, when.options)):
        raise ValueError(f"{name} depends on {when}, which can never hold in {domain}")


def _describe(when: When) -> str:
    return f"{when.param} is {' or '.join(str(option) for option in when.options)}"


def _domain(param: Param) -> str:
    match param.domain:
        case Choice(options):
            return ", ".join(str(option) for option in options)
        case Int(low, high) | Float(low, high):
            return f"{low} to {high}{' ' + param.unit if param.unit else ''}"
