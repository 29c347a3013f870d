"""cluster.yaml passes the checks that `ray up` makes before it touches a cloud."""

from pathlib import Path

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

CLUSTER = Path(__file__).parents[1] / "cluster.yaml"


def load() -> dict[str, object]:
    return yaml.safe_load(CLUSTER.read_text())


def test_it_is_valid():
    validate_config(prepare_config(load()))


def test_the_check_notices_a_mistake():
    broken = load() | {"head_node_type": "nobody"}
    with pytest.raises(ValueError, match="head_node_type"):
        validate_config(prepare_config(broken))


def test_every_node_gets_the_token_and_asks_for_it():
    cluster = load()
    assert "~/.ray/auth_token" in cluster["file_mounts"]
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        starts = [command for command in cluster[commands] if "ray start" in command]
        assert starts
        assert all("RAY_AUTH_MODE=token" in command for command in starts)
