"""Networks with names: MONAI's, and code that only the command line may name."""

import pytest
import torch
from torch import nn

from searchspace.errors import UserError
from searchspace.unet import MONAI_TEXTS, parse_network
from trainables.models.ct import named
from trainables.models.ct.named import MONAI, Named, allow
from trainables.models.ct.networks import build_network, network_cost
from trainables.saved.checkpoint import UNetCard, load_unet, save_model

CODE = "from torch import nn\n\ndef small():\n    return nn.Conv2d(1, 1, 3, padding=1)\n"


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch):
    monkeypatch.setattr(named, "_allowed", {})


def test_code_in_a_file_is_not_imported_unless_the_command_names_it(tmp_path, monkeypatch):
    file = tmp_path / "mine.py"
    file.write_text(
        f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n{CODE}", encoding="utf-8"
    )
    text = f"{file}:small"
    with pytest.raises(UserError, match="name it on the command line with --network"):
        build_network(text, "square", "instance")
    assert not (tmp_path / "ran").exists()
    assert allow(text) == text
    network = build_network(text, "square", "instance")
    assert isinstance(network, Named)
    card = UNetCard(architecture=text, kernels="square", size=8, field_mm=8.0)
    save_model(tmp_path / "model", network, card)
    assert isinstance(load_unet(tmp_path / "model")[0], Named)
    monkeypatch.setattr(named, "_allowed", {})
    with pytest.raises(UserError, match=r"^network .* is code, which no file of a run may name"):
        load_unet(tmp_path / "model")
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 1, 8, 8)
    assert str(network.architecture) == text


def test_the_cost_of_code_is_measured(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(CODE, encoding="utf-8")
    cost = network_cost(allow(f"{file}:small"), "square", 8)
    assert (cost.parameters, cost.multiply_adds, cost.activations) == (10, 9 * 64, 64)
    plain = network_cost("plain 4 8", "square", 8)
    assert plain.parameters == sum(
        p.numel() for p in build_network("plain 4 8", "square", "instance").parameters()
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def small():\n    return 3\n", "returns a int"),
        ("small = 3\n", "give a class or function"),
    ],
)
def test_what_makes_no_network_is_one_line(tmp_path, code, message):
    file = tmp_path / "mine.py"
    file.write_text(code, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        network_cost(allow(f"{file}:small"), "square", 8)


def test_another_shape_is_said():
    network = Named(parse_network("a:b"), nn.Conv2d(1, 2, 1))
    with pytest.raises(ValueError, match=r"returns \(1, 2, 8, 8\)"):
        network(torch.zeros(1, 1, 8, 8))


def test_names_of_monai_are_those_that_are_built_and_others_are_said():
    assert tuple(MONAI) == MONAI_TEXTS
    with pytest.raises(UserError, match="unknown network 'monai unit': did you mean"):
        parse_network("monai unit")


@pytest.mark.slow
@pytest.mark.parametrize("text", MONAI_TEXTS)
def test_networks_of_monai_predict_one_ct(text):
    pytest.importorskip("monai")
    network = build_network(text, "square", "instance").eval()
    assert network(torch.zeros(1, 1, 32, 32)).shape == (1, 1, 32, 32)
    cost = network_cost(text, "square", 32)
    assert cost.parameters == sum(p.numel() for p in network.parameters())
    assert cost.multiply_adds > 1e6
