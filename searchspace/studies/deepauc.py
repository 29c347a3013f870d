"""The space of the deep AUC study [libauc]."""

from searchspace.domains import Choice, Float
from searchspace.space import Param, Space, When

PESG, ADAM = "pesg", "adam"
CROSS_ENTROPY = "cross_entropy"
AUCM, PAIRWISE, PAUC, PAUC_KL = "aucm", "pairwise", "pauc", "pauc_kl"
ORDERS = (AUCM, PAIRWISE, "ap", PAUC, PAUC_KL)
LOSSES = (CROSS_ENTROPY, *ORDERS)
"""Cross-entropy has the same chance as the losses of an order: what is tuned wins by tuning."""

GREY_LEVELS = "255ths of the pixel range"

_OTHER_THAN_AUCM = tuple(loss for loss in LOSSES if loss != AUCM)
_LOSS = (
    Param(
        "loss",
        Choice(LOSSES),
        "What training minimises: cross-entropy, the AUC margin, pairs, average precision (SOAP), "
        "or partial AUC by its hardest negatives (SOPA) or smoothly (SOPAs).",
    ),
    Param(
        "optimiser",
        Choice((PESG, ADAM)),
        "PESG for other losses too, so that loss and decay can be told apart.",
        when=When("loss", _OTHER_THAN_AUCM),
    ),
    Param(
        "margin",
        Float(0.3, 1.0),
        "Difference of scores from which on a pair costs nothing; LibAUC tunes 0.1 to 1.",
        when=When("loss", ORDERS),
    ),
    Param(
        "surrogate",
        Choice(("squared_hinge", "squared", "hinge")),
        "What a pair below the margin costs; at its saddle the AUC margin is squared.",
        when=When("loss", (PAIRWISE,)),
    ),
    Param(
        "aucm_lr",
        Float(1e-3, 0.3, log=True),
        "Learning rate of PESG on the AUC margin; the document took 0.1.",
        when=When("loss", (AUCM,)),
    ),
    Param(
        "pesg_lr",
        Float(1e-3, 0.3, log=True),
        "Learning rate of PESG on another loss.",
        when=When("optimiser", (PESG,)),
    ),
    Param(
        "adam_lr",
        Float(1e-4, 1e-2, log=True),
        "Learning rate of Adam.",
        when=When("optimiser", (ADAM,)),
    ),
    Param(
        "epoch_decay",
        Float(1e-4, 0.3, log=True),
        "Pull towards the reference weights; the document took 0.1, LibAUC takes 2e-3.",
    ),
    Param(
        "weight_decay",
        Float(1e-6, 1e-2, log=True),
        "Pull towards zero; the document took 1e-3, LibAUC takes 1e-5.",
    ),
    Param(
        "gamma",
        Float(0.1, 1.0),
        "Weight of the batch in the estimates of average precision.",
        when=When("loss", ("ap",)),
    ),
    Param(
        "kl_gamma",
        Float(0.1, 1.0),
        "Weight of the batch in the estimates of smooth partial AUC.",
        when=When("loss", (PAUC_KL,)),
    ),
    Param(
        "temperature",
        Float(0.1, 10.0, log=True),
        "Of smooth partial AUC: the smaller, the more the hardest negatives count.",
        when=When("loss", (PAUC_KL,)),
    ),
    Param(
        "share",
        Float(0.05, 0.5),
        "Of the negatives, the hardest that partial AUC looks at.",
        when=When("loss", (PAUC,)),
    ),
    Param(
        "eta",
        Float(0.01, 1.0, log=True),
        "Step of the quantile of partial AUC.",
        when=When("loss", (PAUC,)),
    ),
)
_TRAINING = (
    Param(
        "start",
        Choice(("pretrained", "scratch")),
        "Weights that training starts from: of cross-entropy, or random ones.",
    ),
    Param("batch_size", Choice((32, 64, 128)), "Images of a step; the document took 128."),
    Param("dropout", Choice((0.0, 0.2, 0.5)), "Before the last layer; the document found no use."),
    Param(
        "augmentation",
        Choice(("none", "flips", "affine")),
        "Flips; or flips, with a rotation by at most 15 degrees (volumes: a shift of 2 voxels).",
    ),
    Param(
        "train_eps",
        Choice((0.0, 1.0, 2.0, 4.0)),
        "Radius of adversarial training; 0 for none.",
        unit=GREY_LEVELS,
    ),
)
_SHARE = Param(
    "positive_share",
    Float(0.1, 0.9),
    "Of positives in each batch; the document took 0.25.",
)

BINARY = Space("deepauc", (*_LOSS, _SHARE, *_TRAINING), arms="loss")
MANY_CLASSES = Space("deepauc", (*_LOSS, *_TRAINING), arms="loss")
"""For several classes or labels, of which no single one has a share of a batch."""
