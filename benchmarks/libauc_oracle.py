"""Compare our losses and optimisers with LibAUC 2.0.1's, where its code is right.

LibAUC needs torchvision and more to be installed; its losses alone do not. So its wheel is read:

    pip download libauc==2.0.1 --no-deps --dest DIR
    python benchmarks/libauc_oracle.py DIR/libauc-2.0.1-py3-none-any.whl

Each line has the greatest difference of values, and of gradients or weights. LibAUC starts
estimates at 0 and reference weights near 0; both are set to ours here, and compared from there on.
"""

import argparse
import importlib
import sys
import tempfile
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from trainables.losses.auc_margin import Saddle, auc_margin
from trainables.losses.rank_losses import (
    SURROGATES,
    AveragePrecision,
    Pairwise,
    PartialAUC,
    SmoothPartialAUC,
)
from trainables.studies.deepauc.proximal import Proximal

N, CPU = 24, torch.device("cpu")
ROWS = torch.arange(N)
LR, DECAYS = 0.3, {"epoch_decay": 0.05, "weight_decay": 0.01}


def read_libauc(wheel: Path, folder: Path) -> tuple[Any, Any, Any]:
    """Unpack a wheel, and import its losses, PESG and PDSCA without the rest of the package.

    Args:
        wheel: Of LibAUC.
        folder: To unpack it into.
    """
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in ("libauc", "libauc.losses", "libauc.optimizers", "libauc.utils"):
        package: Any = types.ModuleType(name)
        package.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[name] = package
    helpers: Any = types.ModuleType("libauc.utils.utils")
    helpers.check_tensor_shape = lambda tensor, shape: tensor.reshape(shape)
    helpers.is_distributed = lambda: False
    helpers.select_mean = None
    sys.modules["libauc.utils.utils"] = helpers
    vars(sys.modules["libauc.utils"]).update(vars(helpers) | {"__path__": []})
    names = ("losses.auc", "optimizers.pesg", "optimizers.pdsca")
    losses, pesg, pdsca = (importlib.import_module(f"libauc.{name}") for name in names)
    return losses, pesg, pdsca


def compare_losses(losses: Any, scores: Tensor, positive: Tensor) -> None:  # noqa: ANN401
    """Print how much values and gradients of a batch differ.

    Args:
        losses: LibAUC's module.
        scores: (N, 1).
        positive: bool (N, 1).
    """
    labels, earlier = positive.double(), torch.rand(N, 1)

    def line(name: str, *functions: Callable[[Tensor], Tensor]) -> None:
        values, slopes = [], []
        for function in functions:
            leaf = scores.clone().requires_grad_()
            value = function(leaf).sum()
            values.append(value.item())
            slopes.append(torch.autograd.grad(value, leaf)[0])
        report(name, abs(values[0] - values[1]), float((slopes[0] - slopes[1]).abs().max()))

    saddle = saddle_at(0.4, 0.3, 0.2)
    margin = losses.AUCMLoss(margin=1.0, version="v1", device="cpu")
    for name, value in saddle.state_dict().items():
        getattr(margin, name).data = value.clone()
    line(
        "AUC margin, first version",
        lambda x: margin(x, labels),
        lambda x: auc_margin(x, positive, saddle, class_factor=True),
    )
    for name in SURROGATES:
        pairs, own = losses.PairwiseAUCLoss(surr_loss=name, hparam=0.6), Pairwise(0.6, name)
        line(f"pairs, {name}", lambda x: pairs(x, labels), lambda x: own(x, positive, ROWS))  # noqa: B023
    precision = losses.APLoss(data_len=N, gamma=1.0, margin=0.6, device="cpu")
    own_precision = in_double(AveragePrecision(N, 1, 0.6, 0.4, CPU))
    smooth = losses.pAUC_DRO_Loss(data_len=N, gamma=1.0, margin=0.8, Lambda=0.5, device="cpu")
    own_smooth = in_double(SmoothPartialAUC(N, 1, 0.8, 0.5, 0.4, CPU))
    partial = losses.pAUC_CVaR_Loss(
        data_len=N, pos_len=int(positive.sum()), margin=0.8, beta=0.3, eta=0.1, device="cpu"
    )
    own_partial = in_double(PartialAUC(N, 1, 0.8, 0.3, 0.1, CPU))
    for loss in (precision, smooth):
        loss(earlier, positive.long(), ROWS)  # a first visit at full weight: the batch's own values
        loss.gamma = 0.4
    for loss in (own_precision, own_smooth, own_partial):
        loss(earlier, positive, ROWS)
    partial.u_pos = own_partial.estimates["quantile"].nan_to_num().clone()
    for name, loss, own in (
        ("average precision (SOAP)", precision, own_precision),
        ("partial AUC (SOPA)", partial, own_partial),
        ("partial AUC, smooth (SOPAs)", smooth, own_smooth),
    ):
        for visit in (2, 3):
            line(
                f"{name}, visit {visit}",
                lambda x: loss(x, positive.long(), ROWS),  # noqa: B023
                lambda x: own(x, positive, ROWS),  # noqa: B023
            )


def compare_descent(losses: Any, make: Any, positive: Tensor, inner_steps: int) -> None:  # noqa: ANN401
    """Print how much a linear score's weights differ after 12 steps, with a stage's end.

    Args:
        losses: LibAUC's module.
        make: Its optimiser.
        positive: bool (N, 1).
        inner_steps: Of cross-entropy before each step of the AUC margin, 0 or 1.
    """
    inputs, start, labels = torch.randn(N, 5), torch.randn(5, 1), positive.double()
    kind = losses.CompositionalAUCLoss if inner_steps else losses.AUCMLoss
    loss, weights = kind(margin=1.0, version="v1", device="cpu"), start.clone().requires_grad_()
    for name in ("a", "b", "alpha"):
        getattr(loss, name).data = torch.zeros(1)
    new = {"beta1": 0.9, "beta2": 0.9} if inner_steps else {"momentum": 0.9}
    theirs = make([weights], loss, lr=LR, device="cpu", verbose=False, **DECAYS, **new)
    for reference, variable in zip(theirs.model_ref, (start, loss.a, loss.b), strict=True):
        reference.data = variable.detach().clone()
    saddle, own_weights = saddle_at(0.0, 0.0, 0.0), start.clone().requires_grad_()
    own = Proximal([own_weights, saddle.a, saddle.b], kind="pesg", lr=LR, **DECAYS)
    for step in range(12):
        if step == 6 and not inner_steps:  # PDSCA's code halves the references of a and b
            theirs.update_regularizer(10)
            own.end_stage(10)
        theirs.zero_grad()
        loss.alpha.grad = None
        loss((inputs @ weights).sigmoid(), labels).sum().backward()
        theirs.step()
        own.zero_grad()
        scores = (inputs @ own_weights).sigmoid()
        if step % (inner_steps + 1) < inner_steps:
            functional.binary_cross_entropy(scores, labels).backward()
            own.inner_step()
        else:
            auc_margin(scores, positive, saddle, class_factor=True).backward()
            own.step()
            saddle.ascend(own.lr)
    dual = max(abs(float(getattr(loss, name) - saddle.state_dict()[name])) for name in ("a", "b"))
    gap = float((weights - own_weights).abs().max())
    report("PDSCA, 12 steps" if inner_steps else "PESG, 12 steps", dual, gap)


def saddle_at(a: float, b: float, alpha: float) -> Saddle:
    """Return variables of the min-max problem, in double precision.

    Args:
        a: Mean score of positives.
        b: Mean score of negatives.
        alpha: The dual variable.
    """
    first, second, dual = (torch.tensor([value]) for value in (a, b, alpha))
    return Saddle(first.requires_grad_(), second.requires_grad_(), dual, 1.0)


def in_double(loss: Any) -> Any:  # noqa: ANN401
    """Keep the estimates of a loss in double precision."""
    loss.estimates = {name: value.double() for name, value in loss.estimates.items()}
    return loss


def report(name: str, value: float, slope: float) -> None:
    """Print a line."""
    print(f"| {name} | {value:.0e} | {slope:.0e} |")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="of LibAUC 2.0.1")
    wheel = parser.parse_args().wheel
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    scores, positive = torch.rand(N, 1), torch.rand(N, 1) < 0.35
    print("| loss or optimiser | value, or a and b | gradient, or weights |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        losses, pesg, pdsca = read_libauc(wheel, Path(folder))
        compare_losses(losses, scores, positive)
        compare_descent(losses, pesg.PESG, positive, inner_steps=0)
        compare_descent(losses, pdsca.PDSCA, positive, inner_steps=1)


if __name__ == "__main__":
    main()
