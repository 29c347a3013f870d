"""Spaces in Hyperopt's terms.

A sample is nested: a parameter with dependents becomes a choice, whose branches contain the value
and the parameters that are active with it. So a whole number with dependents is a choice, and
Hyperopt's estimator does not know the order of its values.
"""

import math
from collections.abc import Mapping
from typing import Any

from hyperopt import hp

from searchspace.domains import Choice, Domain, Float, Int, Value
from searchspace.space import Param, Space

VALUE = "(value)"  # not an identifier, so no parameter can have this name


def expression(space: Space) -> dict[str, Any]:
    """Build the expression that Hyperopt samples."""
    nodes: dict[str, Any] = {}
    # In reverse order, so that a parameter's children exist before it. A child of several branches
    # is one node in all of them, which Hyperopt treats as one parameter.
    for param in reversed(space.params):
        children = _children(space, param)
        nodes[param.name] = _branches(param, children, nodes) if children else _leaf(param)
    return {param.name: nodes[param.name] for param in space.params if param.when is None}


def flatten(space: Space, sample: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a sample into a config of plain Python values."""
    values: dict[str, Any] = {}

    def visit(branch: Mapping[str, Any]) -> None:
        for name, node in branch.items():
            if isinstance(node, Mapping):
                values[name] = node[VALUE]
                visit({child: leaf for child, leaf in node.items() if child != VALUE})
            else:
                values[name] = node

    visit(sample)
    domains = {param.name: param.domain for param in space.params}
    return space.restrict({name: _plain(domains[name], value) for name, value in values.items()})


def to_vals(space: Space, config: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Turn a config into Hyperopt's record of it: for each label a list of one value, or none.

    A choice is recorded as the index of its option.

    Raises:
        UserError: If the config is not a point of the space.
    """
    space.check(config)
    active = {param.name for param in space.active(config)}
    return {
        param.name: [_record(space, param, config[param.name])] if param.name in active else []
        for param in space.params
    }


def _children(space: Space, parent: Param) -> list[Param]:
    return [child for child in space.params if child.when and child.when.param == parent.name]


def _options(domain: Domain) -> tuple[Value, ...]:
    match domain:
        case Choice(options):
            return options
        case Int(low, high, _):
            return tuple(range(low, high + 1))
        case Float():
            raise ValueError("a real number cannot have branches")


def _branches(param: Param, children: list[Param], nodes: Mapping[str, Any]) -> Any:  # noqa: ANN401
    branches = []
    for option in _options(param.domain):
        active = [child for child in children if child.when and option in child.when.options]
        branches.append({VALUE: option, **{child.name: nodes[child.name] for child in active}})
    if isinstance(param.domain, Int) and param.domain.log:
        edges = math.log(param.domain.low - 0.5), math.log(param.domain.high + 0.5)
        shares = [
            math.log((k + 0.5) / (k - 0.5)) / (edges[1] - edges[0])
            for k in range(param.domain.low, param.domain.high + 1)
        ]
        return hp.pchoice(param.name, list(zip(shares, branches, strict=True)))
    return hp.choice(param.name, branches)


def _leaf(param: Param) -> Any:  # noqa: ANN401 - hyperopt is untyped
    name = param.name
    match param.domain:
        case Choice(options):
            return hp.choice(name, list(options))
        case Int(low, high, True):
            return hp.qloguniform(name, math.log(low - 0.5), math.log(high + 0.5), 1)
        case Int(low, high, False):
            return hp.quniform(name, low - 0.5, high + 0.5, 1)
        case Float(low, high, True):
            return hp.loguniform(name, math.log(low), math.log(high))
        case Float(low, high, False):
            return hp.uniform(name, low, high)


def _plain(domain: Domain, value: Any) -> Value:  # noqa: ANN401
    """Convert NumPy's types, and bring a rounding error beyond a bound back to it."""
    match domain:
        case Int(low, high, _):
            return min(max(round(float(value)), low), high)
        case Float(low, high, _):
            return min(max(float(value), low), high)
        case Choice(options):
            kinds = (type(value), value)
            return next(option for option in options if (type(option), option) == kinds)


def _record(space: Space, param: Param, value: Value) -> Any:  # noqa: ANN401
    if isinstance(param.domain, Choice) or _children(space, param):
        return _options(param.domain).index(value)
    return value
