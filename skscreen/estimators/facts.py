"""What a pruned network and its training look like from outside."""

import html

import numpy as np
from sklearn.utils import estimator_html_repr


class PrunedFactsMixin:
    """Weights, losses, importances and the picture of an estimator with ``estimator_``."""

    @property
    def coefs_(self):
        """Weights of the layers of the pruned network, a list of arrays (n_inputs, n_outputs).

        The pruned network is smaller: of a fully connected network row ``i`` of ``coefs_[0]``
        belongs to the feature ``get_support(indices=True)[i]``, and rows of later layers to the
        hidden units that are left. The shapes of the dense network are those of `masks_`.
        """
        return self._fitted_estimator().coefs_

    @property
    def intercepts_(self):
        """Biases of the layers of the pruned network, a list of arrays (n_outputs,)."""
        return self._fitted_estimator().intercepts_

    @property
    def loss_curve_(self):
        """Training loss of each epoch of the pruning and fine-tuning.

        That of the dense network is ``estimator_.loss_curve_``.
        """
        self._fitted_estimator()
        return [loss for entry in self.history_ for loss in entry["loss_curve"]]

    @property
    def n_iter_(self):
        """Epochs of training between and after the rounds."""
        return len(self.loss_curve_)

    @property
    def feature_importances_(self):
        """Importance of each feature, of shape (n_features,); they sum to 1.

        Where whole inputs were cut, how long each was kept. Otherwise the root of the sum of the
        squared weights with which the pruned network reads the feature, times the standard
        deviation of the feature among the samples of the fit: 0 for features that it does not
        read. A weight of a convolution counts at each position at which it reads the feature, so
        that of an image the border is read less than what lies within.
        """
        first = self._fitted_estimator().network_.layers[0]
        if self._importances is not None:
            return self._importances.copy()
        squares = first.feature_squares(len(self._support))
        importances = np.sqrt(squares) * self.feature_deviations_
        total = importances.sum()
        return importances / total if total > 0 else importances

    def _repr_mimebundle_(self, **kwargs):
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _repr_html_(self):
        """Diagram of the estimator and, once fitted, a table of what is left of the network."""
        diagram = estimator_html_repr(self)
        return diagram + network_table(self) if self.__sklearn_is_fitted__() else diagram


def network_table(pruner):
    """Lay out the layers of a fitted pruner's network as an HTML table.

    Parameters
    ----------
    pruner : ScreeningPruner
        Fitted.

    Returns
    -------
    text : str
    """
    header = ["layer", "units", "of", "connections", "of", "kept"]
    rows = []
    for number, (layer, mask) in enumerate(
        zip(pruner.network_.layers, pruner.masks_, strict=True), 1
    ):
        kept = np.count_nonzero(mask)
        rows.append(
            [
                f"{number} {layer.kind}",
                f"{layer.n_outputs:,}",
                f"{mask.shape[1]:,}",
                f"{kept:,}",
                f"{mask.size:,}",
                f"{kept / mask.size:.1%}",
            ]
        )
    cells = "".join(
        "<tr>" + "".join(f"<td style='text-align:right'>{cell}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    caption = html.escape(
        f"{pruner.sparsity_:.2%} of the weights cut; {pruner.report_.rule}; "
        f"{np.count_nonzero(pruner.get_support())} of {len(pruner.get_support())} features read"
    )
    head = "".join(f"<th>{name}</th>" for name in header)
    return (
        f"<table class='skscreen-layers'><caption>{caption}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"
    )
