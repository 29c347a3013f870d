import math

import pytest
import torch

from searchspace.errors import UserError
from trainables.runtime.snapshot import read_snapshot, write_snapshot


def test_what_is_written_comes_back(tmp_path):
    tied = torch.arange(6.0).reshape(2, 3)
    state = {
        "weights": {"a.b": tied, "same": tied, "part": tied[:, 1]},
        "moments": {0: {"step": torch.tensor(3.0)}, 1: {"half": torch.ones(2).bfloat16()}},
        "groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0, 1], "fused": None}],
        "key": (-math.inf, math.inf),
        "text": "a: b",
        "#odd": True,
        "empty": {},
    }
    write_snapshot(tmp_path / "x", state)
    result = read_snapshot(tmp_path / "x")
    assert torch.equal(result["weights"]["part"], tied[:, 1])
    assert torch.equal(result["weights"]["same"], tied)
    assert result["moments"][0]["step"] == 3.0
    assert result["moments"][1]["half"].dtype == torch.bfloat16
    assert result["groups"] == [
        {"lr": 1e-3, "betas": [0.9, 0.999], "params": [0, 1], "fused": None}
    ]
    assert result["key"] == [-math.inf, math.inf]
    assert result["text"] == "a: b"
    assert result["#odd"] is True
    assert result["empty"] == {}
    assert list(tmp_path.iterdir()) == [tmp_path / "x"], "nothing else is left"


def test_nan_comes_back_as_nan(tmp_path):
    write_snapshot(tmp_path / "x", {"loss": math.nan})
    assert math.isnan(read_snapshot(tmp_path / "x")["loss"])


@pytest.mark.parametrize("wrong", [{"a": object()}, {"a": {1.5: 2}}])
def test_what_it_cannot_hold_is_refused_and_leaves_the_old(tmp_path, wrong):
    write_snapshot(tmp_path / "x", {"a": 1})
    with pytest.raises(TypeError, match="a checkpoint cannot hold"):
        write_snapshot(tmp_path / "x", wrong)
    assert read_snapshot(tmp_path / "x") == {"a": 1}


@pytest.mark.parametrize("cut", [0, 5, 60, -1])
def test_a_damaged_file_is_told_in_one_line(tmp_path, cut):
    file = tmp_path / "x"
    write_snapshot(file, {"a": torch.ones(9)})
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(UserError, match="is damaged") as caught:
        read_snapshot(file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match="is damaged"):
        read_snapshot(tmp_path / "none")
