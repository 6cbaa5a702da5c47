"""What a network costs: weights, multiply-accumulates, bytes."""

import pickle
from typing import NamedTuple

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.tables import format_table
from skscreen.nn import Network


class LayerCosts(NamedTuple):
    """Costs of one layer, or of a whole network.

    Parameters
    ----------
    name : str
        Number and kind of the layer.
    shape : str
        Inputs and outputs.
    n_weights : int
        Connections that are not cut; biases are not counted.
    macs : int
        Multiply-accumulates for one sample, those of cut connections left out.
    n_bytes : int
        Size of the pickled layer in bytes.
    form : str
        What predictions compute it from: "dense", the whole weight, or "sparse", the kept weights
        alone. "dense/sparse" where one sample and many, 1,000, differ.
    """

    name: str
    shape: str
    n_weights: int
    macs: int
    n_bytes: int
    form: str


class Costs(NamedTuple):
    """Costs of a network; prints as a table.

    Parameters
    ----------
    layers : list of LayerCosts
    total : LayerCosts
    """

    layers: list
    total: LayerCosts

    def __str__(self):
        header = ["layer", "shape", "weights", "MACs", "bytes", "form"]
        rows = [
            [c.name, c.shape, f"{c.n_weights:,}", f"{c.macs:,}", f"{c.n_bytes:,}", c.form]
            for c in [*self.layers, self.total]
        ]
        return format_table(header, rows)


def network_costs(network: Network | BaseEstimator) -> Costs:
    """Count what a network costs, layer by layer.

    Parameters
    ----------
    network : Network or fitted estimator
        An estimator's `network_` is counted.

    Returns
    -------
    costs : Costs
        ``costs.layers`` and ``costs.total``; ``print(costs)`` shows a table.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier
    >>> from skscreen.inspection import network_costs
    >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=5, tol=None)
    >>> net.fit(*load_iris(return_X_y=True)).n_layers_
    3
    >>> network_costs(net).total.macs
    56
    """
    inference = "auto"
    if isinstance(network, BaseEstimator):
        check_is_fitted(network, "network_")
        inference = getattr(network, "estimator_", network).inference
        network = network.network_
    plan = network.plan(inference)
    forms = [
        "/".join(dict.fromkeys(pair)) for pair in zip(plan.forms(1), plan.forms(1000), strict=True)
    ]
    layers = [
        LayerCosts(
            name=f"{number} {layer.kind}",
            shape=f"{layer.n_inputs}-{layer.n_outputs}",
            n_weights=layer.n_weights,
            macs=layer.n_macs,
            n_bytes=len(pickle.dumps(layer)),
            form=form,
        )
        for number, (layer, form) in enumerate(zip(network.layers, forms, strict=True), 1)
    ]
    total = LayerCosts(
        name="all",
        shape="",
        n_weights=sum(c.n_weights for c in layers),
        macs=sum(c.macs for c in layers),
        n_bytes=len(pickle.dumps(network)),
        form="",
    )
    return Costs(layers, total)


class CostComparison(NamedTuple):
    """Costs of a network before and after pruning; prints as a table.

    Parameters
    ----------
    before, after : Costs
    """

    before: Costs
    after: Costs

    def __str__(self):
        header = ["layer", "shape", "", "weights", "", "MACs", "", "bytes", ""]
        pairs = zip(
            [*self.before.layers, self.before.total],
            [*self.after.layers, self.after.total],
            strict=True,
        )
        rows = []
        for old, new in pairs:
            row = [old.name, old.shape, new.shape and f"-> {new.shape}"]
            for name in ("n_weights", "macs", "n_bytes"):
                row += [f"{getattr(old, name):,}", f"-> {getattr(new, name):,}"]
            rows.append(row)
        return format_table(header, rows)


def compare_costs(
    before: Network | BaseEstimator, after: Network | BaseEstimator
) -> CostComparison:
    """Count what a network costs before and after pruning, layer by layer.

    Parameters
    ----------
    before, after : Network or fitted estimator
        Of the same number of layers.

    Returns
    -------
    comparison : CostComparison
        ``comparison.before`` and ``comparison.after`` are `Costs`; printed it is a table.

    Raises
    ------
    ValueError
        For networks of different depth.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skscreen import MLPClassifier, ScreeningPruner
    >>> from skscreen.inspection import compare_costs
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0).fit(X, y)
    >>> lean = ScreeningPruner(FrozenEstimator(net), sparsity=0.5).fit(X, y)
    >>> compare_costs(net, lean).before.total.n_weights
    56
    """
    found = CostComparison(network_costs(before), network_costs(after))
    depths = len(found.before.layers), len(found.after.layers)
    if depths[0] != depths[1]:
        raise ValueError(
            "before and after must be networks of the same number of layers, got "
            f"{depths[0]} and {depths[1]}"
        )
    return found
