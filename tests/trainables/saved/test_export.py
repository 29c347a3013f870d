import numpy as np
import pytest
import torch

from trainables.saved import export as module
from trainables.saved.checkpoint import ModelCard, UNetCard, load_network, save_model
from trainables.saved.export import export

CARDS = {
    "classifier": ModelCard(
        classifier="cnn", channels=1, shape=(28, 28), task="binary", classes=("a", "b"), dropout=0.5
    ),
    "unet": UNetCard(architecture="1111x8s8 | 1001x8", kernels="square", size=32, field_mm=256.0),
    "mirrored": UNetCard(
        architecture="plain 4 8", kernels="square", size=32, field_mm=256.0, mirrored="first"
    ),
    **{
        f"slices by {kind}": UNetCard(
            architecture="plain 4 8", kernels="square", size=32, field_mm=256.0, slice_norm=kind
        )
        for kind in ("whole", "tissue", "percentiles")
    },
}


@pytest.fixture(params=CARDS)
def saved(request, tmp_path):
    torch.manual_seed(0)
    card = CARDS[request.param]
    model = card.build()
    save_model(tmp_path / "model", model, card)
    return tmp_path / "model"


def test_every_form_answers_as_the_model_does(saved, tmp_path):
    forms = export(saved, tmp_path / "out")
    network, shape = load_network(saved)
    images = torch.rand((5, *shape))
    with torch.no_grad():
        expected = network(images).numpy()
        program = torch.export.load(tmp_path / "out" / forms["torch.export"]).module()
        np.testing.assert_allclose(program(images).numpy(), expected, rtol=1e-3, atol=1e-4)
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(tmp_path / "out" / forms["onnx"])
    (answers,) = session.run(None, {"images": images.numpy()})
    np.testing.assert_allclose(answers, expected, rtol=1e-3, atol=1e-4)
    copy, _ = load_network(tmp_path / "out")
    with torch.no_grad():
        np.testing.assert_array_equal(copy(images).numpy(), expected)


def test_a_form_that_answers_otherwise_is_refused(tmp_path):
    file = tmp_path / "model.pt2"
    file.touch()
    with pytest.raises(ValueError, match="answers otherwise"):
        module._check(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]), file)
    assert not file.exists()


def test_without_the_extra_it_says_what_is_missing(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    assert "not installed" in export(saved, tmp_path / "out")["onnx"]


def test_a_folder_without_a_network_is_only_copied(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    assert export(tmp_path / "model", tmp_path / "out") == {}
    assert (tmp_path / "out" / "model.json").is_file()
