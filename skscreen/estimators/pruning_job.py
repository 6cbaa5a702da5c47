"""From what a pruner's ``fit`` got to the pruned network: what is pruned, with what, and how."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.utils import check_random_state

from skscreen._params import check_parameters
from skscreen.estimators.callbacks import QUIET
from skscreen.estimators.dense_network import dense_network
from skscreen.estimators.handoff import find_handoff
from skscreen.estimators.parameters import require_minibatches
from skscreen.estimators.planning import make_plan, pruner_checks, training_options
from skscreen.estimators.progress import epoch_report
from skscreen.estimators.samples import feature_deviations
from skscreen.estimators.wrapping import Bare
from skscreen.pruning import ScreeningData, ScreeningReport, compact
from skscreen.pruning.masks import read_inputs


@dataclass
class PruningJob:
    """A dense network that is fitted, and all that its pruning takes.

    Parameters
    ----------
    lean : NetworkEstimator
        A copy of the dense network, to be pruned.
    data : ScreeningData
    plan : PruningPlan
    options : TrainingOptions
        Of the training between and after the rounds.
    rng : numpy.random.RandomState
    score : callable or None
        On held-out samples.
    wrapping : Bare
        What the network stood in.
    follows_network : bool
        Whether the network is the step before the pruner in a Pipeline.
    """

    lean: object
    data: ScreeningData
    plan: object
    options: object
    rng: object
    score: object
    wrapping: Bare
    follows_network: bool

    def outcome(self, result):
        """Return the fitted attributes of a pruner.

        Parameters
        ----------
        result : PruningResult
            Of `prune`, which has masked the network of ``lean``.

        Returns
        -------
        attributes : dict
        """
        network = self.lean.network_
        self.lean.adopt(self.options)
        lean = self.lean.with_network(compact(network))
        kept = sum(int(np.count_nonzero(mask)) for mask in result.masks)
        return {
            **self._predicting(lean),
            "masks_": result.masks,
            "scores_": result.scores,
            "f_statistics_": result.statistics,
            "sparsity_": 1 - kept / sum(mask.size for mask in result.masks),
            "history_": result.history,
            "report_": self._report(network, result),
            "feature_deviations_": feature_deviations(self.data.X),
            "_support": self._support(network, result.masks),
            "_importances": self._importances(network, result.importances),
        }

    def as_of_now(self, network):
        """Return the attributes by which a pruner predicts with a network of the way."""
        return self._predicting(self.lean.with_network(network))

    def _predicting(self, estimator):
        return {
            "estimator_": estimator,
            "wrapped_": self.wrapping.rewrap(estimator),
            "_follows_network": self.follows_network,
        }

    def _report(self, network, result):
        names = None
        n_rows = len(result.records[0].table)
        if self.plan.granularity.side != "unit" and n_rows == self.lean.n_features_in_:
            names = getattr(self.lean, "feature_names_in_", None)
        return ScreeningReport(result.records, self.plan.rule(network, result.inputs), names)

    def _support(self, network, masks):
        """Return which features the network reads, of shape (n_features,)."""
        rows = read_inputs(masks, network.source_units())
        return network.layers[0].features(rows, self.lean.n_features_in_)

    def _importances(self, network, importances):
        """Give each feature the importance of the input of the network that it belongs to."""
        if importances is None:
            return None
        first = network.layers[0]
        units = first.source_units(None)
        found = np.zeros(self.lean.n_features_in_)
        for number, importance in enumerate(importances):
            found[first.features(units == number, len(found))] = importance
        return found / (found.sum() or 1.0)


def prepare(pruner, X, y, sample_weight=None, fit_params=None, *, task=QUIET):
    """Check everything and fit the network; say what the pruning takes.

    Parameters
    ----------
    pruner : ScreeningPruner
    X, y, sample_weight
        What its ``fit`` got.
    fit_params : dict or None
        For the ``fit`` of its `estimator`.
    task : FitTask or QuietTask
        Hears of that ``fit``.

    Returns
    -------
    job : PruningJob
    """
    check_parameters(pruner, pruner_checks())
    dense = task.part("fit-estimator")
    wrapping, samples = dense_network(pruner, X, y, sample_weight, fit_params or {}, dense)
    dense.end()
    lean = wrapping.network.detached_copy()
    checkpoint = _checkpoint(wrapping.network) if pruner.rewind else None
    rng = check_random_state(
        lean.random_state if pruner.random_state is None else pruner.random_state
    )
    score = None
    if pruner.validation_fraction is not None:
        require_minibatches(lean.solver, "validation_fraction")
        samples, score = lean.hold_out(samples, pruner.validation_fraction, rng)
    target = samples.target
    data = ScreeningData(samples.X, target.values, target.n_classes, samples.weight)
    plan = make_plan(pruner, lean, rng, checkpoint, labelled=y is not None)
    n_epochs = plan.pruning_epochs + plan.fine_tune_epochs
    report = epoch_report(pruner.verbose, n_epochs, type(pruner).__name__)
    options = replace(training_options(pruner, lean, len(data.X)), report=report)
    follows_network = find_handoff(X) is not None
    return PruningJob(lean, data, plan, options, rng, score, wrapping, follows_network)


def _checkpoint(fitted):
    """Return the state of the dense training that a pruner rewinds to."""
    if fitted.checkpoint_ is None:
        raise ValueError(
            "rewind needs a network that kept an earlier state, got checkpoint_epoch="
            f"{fitted.checkpoint_epoch!r} and {fitted.n_iter_} epochs of training"
        )
    return fitted.checkpoint_
