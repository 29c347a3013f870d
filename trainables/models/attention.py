"""Where a classifier looks: EigenGradCAM, of the library grad-cam, which imports torchvision."""

import torch
from torch import Tensor
from torch.nn import functional

from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen

COARSEST = 7  # pixels: maps smaller than that say nothing of where
INTERPOLATION = {2: "bilinear", 3: "trilinear"}  # by spatial dimensions
TINY = 1e-12


def eigen_grad_cam(classifier: Classifier, images: Tensor, targets: Tensor) -> Tensor:
    """Map what speaks for a class: activations times gradients, their first principal component.

    The maps are those of the deepest layer that has at least 7 by 7 pixels, or the first layer's.
    A principal component has no sign of its own: it gets the one that agrees with the sum over
    channels, which is Grad-CAM taken pixel by pixel; what then is negative is left out. [tsynd]
    names EigenGradCAM and cites Eigen-CAM, which knows no class; this is the former.

    Args:
        classifier: Any; held in eval mode.
        images: Images or volumes, (N, C, *shape) in [0, 1].
        targets: Number of the logit that is explained, for each image, (N,).

    Returns:
        (N, *shape) in [0, 1]; 0 everywhere where nothing speaks for the class.
    """
    with frozen(classifier):
        maps, gradients = _differentiate(classifier, images, targets)
    speaking = (maps * gradients).flatten(2).double()  # (N, C, hw)
    total = speaking.sum(dim=1)
    centred = (speaking - speaking.mean(dim=2, keepdim=True)).transpose(1, 2)  # (N, hw, C)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    first = (centred @ components[:, :1].transpose(1, 2)).squeeze(2)  # (N, hw)
    aligned = (first * (total - total.mean(dim=1, keepdim=True))).sum(dim=1, keepdim=True)
    evidence = torch.where(aligned < 0, -first, first).clamp(min=0)
    evidence = evidence / evidence.amax(dim=1, keepdim=True).clamp(min=TINY)
    shaped = evidence.unflatten(1, tuple(maps.shape[2:])).unsqueeze(1).float()
    size = tuple(images.shape[2:])
    mode = INTERPOLATION[len(size)]
    return functional.interpolate(shaped, size=size, mode=mode, align_corners=False)[:, 0]


def _differentiate(
    classifier: Classifier, images: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the maps (N, C, *shape) of the layer that is looked at, and the logits' gradient."""
    outputs: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda _, __, maps: outputs.append(maps))
        for layer in classifier.body.layers
    ]
    try:
        logits = classifier(images.detach().requires_grad_())
    finally:
        for hook in hooks:
            hook.remove()
    fine = [maps for maps in outputs if min(maps.shape[2:]) >= COARSEST]
    maps = fine[-1] if fine else outputs[0]
    (gradient,) = torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), maps)
    return maps.detach(), gradient
