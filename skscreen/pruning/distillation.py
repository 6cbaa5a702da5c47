"""Following the dense network while what is left of it is trained."""

from sklearn.base import BaseEstimator

from skscreen._params import INFINITY, check_parameters, real
from skscreen.nn import Teacher


class Distillation(BaseEstimator):
    """Knowledge distillation: the lean network learns from the outputs of the dense one as well.

    Parameters
    ----------
    weight : float in [0, 1], default=0.5
        Weight of the dense network's outputs in the loss; the targets have the rest.
    temperature : float > 0, default=3.0
        Softens the class probabilities; without effect on a regressor.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network",
       arXiv 1503.02531, 2015.

    Examples
    --------
    >>> from skscreen import Distillation, ScreeningPruner
    >>> ScreeningPruner(distill=Distillation(0.7, temperature=4.0)).get_params()["distill__weight"]
    0.7
    """

    def __init__(self, weight=0.5, *, temperature=3.0):
        self.weight = weight
        self.temperature = temperature

    def check(self):
        """Raise a ValueError that names the parameter that is not what it must be."""
        check_parameters(
            self, {"weight": real(0, 1), "temperature": real(0, INFINITY, closed="neither")}
        )

    def teacher(self, network, X):
        """Return a network as it is now, as a `Teacher` on samples; None with a weight of 0."""
        if not self.weight:
            return None
        return Teacher(network.logits(X), self.weight, self.temperature)


def resolve_distillation(distill):
    """Return the checked `Distillation` that a number, its weight, or an object stands for."""
    chosen = distill if isinstance(distill, Distillation) else Distillation(distill)
    chosen.check()
    return chosen
