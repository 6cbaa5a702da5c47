"""Criteria: what a connection or a unit is worth.

A criterion is a function of an `Evidence` that returns scores of the shape ``evidence.shape``;
what has the smallest scores is cut first.
"""

import numpy as np
from sklearn.base import BaseEstimator

from skscreen._params import check_parameters, one_of


class Screening(BaseEstimator):
    """Magnitude weighted with the F-statistic.

    All connections that leave a unit share its F, because F does not change when its activation
    is multiplied by a weight; all that lead to a unit share that unit's F. So F alone cannot rank
    connections, and the magnitude must enter. How much F weighs, ``f_weight``, is a parameter of
    the pruner: 0 is a magnitude alone, 1 screening alone.

    Parameters
    ----------
    weighting : {"standardized", "product", "convex"}, default="standardized"
        - "standardized": ``(|w| * s)**(1 - f_weight) * F**f_weight`` with the standard deviation
          ``s`` of the activation, and for a unit the norm of the weights that read it.
          ``w * s`` is the standardised weight of regression; the score does not depend on the
          scale of an activation, since F does not either.
        - "product": ``|w|**(1 - f_weight) * F**f_weight``; with ``f_weight=0`` magnitude pruning.
        - "convex": ``(1 - f_weight) * |w| / max|w| + f_weight * F / max F`` within the layer.
    side : {"source", "target", "both"}, default="target"
        Whose F enters the score of a connection: that of the unit it reads, that of the unit it
        leads to, or the geometric mean of the two. A unit has its own F.

    Examples
    --------
    >>> from skscreen import Screening, ScreeningPruner
    >>> pruner = ScreeningPruner(criterion=Screening("product", side="source"), f_weight=0.2)
    >>> pruner.set_params(criterion__side="both").criterion
    Screening(side='both', weighting='product')
    """

    def __init__(self, weighting="standardized", *, side="target"):
        self.weighting = weighting
        self.side = side

    def check(self):
        """Raise a ValueError that names the parameter that is not what it must be."""
        check_parameters(self, {"weighting": one_of(*WEIGHTINGS), "side": one_of(*SIDES)})

    def __call__(self, evidence):
        """Return the scores, of shape ``evidence.shape``."""
        weight = evidence.f_weight
        if self.weighting == "standardized":
            magnitude = evidence.outgoing * evidence.spread ** (1 - weight.noise)
        else:
            magnitude = evidence.magnitude
        magnitude = np.broadcast_to(magnitude, evidence.shape)
        f_weight = weight.side + weight.source
        if f_weight == 0:  # spares the forward pass that F would need
            return evidence.screened(magnitude.astype(np.float64), lambda sizes, index: sizes)
        F = evidence.statistic(self.side)
        if weight.source > 0:
            F = product(F, evidence.statistic("source"), weight.source / f_weight)
        weighting = WEIGHTINGS[self.weighting]
        return evidence.screened(
            magnitude, lambda sizes, index: weighting(sizes, F[index], f_weight)
        )


def product(magnitude, F, f_weight):
    """Weighted geometric mean of magnitude and F, or of two F.

    A zero factor with a positive weight gives zero, also beside an infinite F.
    """
    with np.errstate(invalid="ignore"):  # 0 * inf
        scores = magnitude ** (1 - f_weight) * F**f_weight
    return np.where(np.isnan(scores), 0.0, scores)


def convex(magnitude, F, f_weight):
    """Weighted arithmetic mean of magnitude and F, each divided by its largest value."""
    return (1 - f_weight) * _relative(magnitude) + f_weight * _relative(F)


def _relative(values):
    """Divide by the largest value; infinite ones become 1 and finite ones beside them 0."""
    top = values.max()
    if np.isinf(top):
        return np.isinf(values).astype(np.float64)
    return values / top if top > 0 else np.zeros_like(values)


#: name -> function of (magnitude, F, f_weight); "standardized" differs in the magnitude it gets
WEIGHTINGS = {"standardized": product, "product": product, "convex": convex}


def magnitude(evidence):
    """Absolute weight (Han et al. 2015)."""
    return np.broadcast_to(evidence.magnitude, evidence.shape).astype(np.float64)


def random(evidence):
    """Pure chance, the floor that every criterion has to beat."""
    return evidence.rng.random_sample(evidence.shape)


def wanda(evidence):
    """Absolute weight times the root mean square of the activation (Sun et al. 2024).

    For units the norm of the weights that read it. Reference: arXiv 2306.11695.
    """
    return np.broadcast_to(evidence.outgoing * evidence.rms, evidence.shape)


def taylor(evidence):
    """First-order change of the loss, root mean square over minibatches (Molchanov et al. 2019).

    Reference: arXiv 1906.10771.
    """
    return evidence.saliency_rms


def snip(evidence):
    """Connection sensitivity, ``|weight * mean gradient|`` (Lee, Ajanthan & Torr 2019).

    Reference: arXiv 1810.02340. It was made for networks before training; with
    ``n_rounds=1, pruning_epochs=0`` on a hardly trained network this is that method.
    """
    return np.abs(evidence.saliency)


def partial_f(evidence):
    """What the output loses without it, if the layer that reads it is fitted again.

    The F to remove of stepwise regression, for every single connection: ``w**2 / [S^-1]_jj`` with
    the inverse covariance of what the unit reads, times how much an error in that unit matters for
    what the network says; the root of it. It is the saliency of the optimal brain surgeon (Hassibi
    & Stork 1993), layer by layer. Units and channels are eliminated backward, the cheapest first.
    It needs no labels; it goes with ``refit="least-squares"``.
    """
    return evidence.partial_f


SIDES = ("source", "target", "both")

#: name -> criterion
CRITERIA = {
    "screening": Screening(),
    "magnitude": magnitude,
    "wanda": wanda,
    "taylor": taylor,
    "snip": snip,
    "random": random,
    "partial-f": partial_f,
}


#: criteria that look at the loss
NEED_LABELS = ("taylor", "snip")


def resolve_criterion(criterion):
    """Return the function that ``criterion`` names, or the callable itself, checked.

    Raises
    ------
    ValueError
        For a `Screening` with a bad parameter.
    """
    if isinstance(criterion, Screening):
        criterion.check()
    return CRITERIA[criterion] if isinstance(criterion, str) else criterion


def checked_scores(criterion, evidence):
    """Apply a criterion and make sure of what it returns.

    Raises
    ------
    ValueError
        If the scores have another shape, or hold NaN.
    """
    scores = np.array(criterion(evidence), dtype=np.float64)  # a copy, to be changed
    if scores.shape != evidence.shape:
        raise ValueError(
            f"criterion must return scores of shape {evidence.shape} for layer "
            f"{evidence.layer}, got {scores.shape}"
        )
    if np.isnan(scores).any():
        raise ValueError(f"criterion returned NaN for layer {evidence.layer}")
    return scores
