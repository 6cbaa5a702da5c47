"""What a fitted pruner hands on to the pruned network."""

import numpy as np
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skscreen.estimators.adapt_sklearn import unfitted_counterpart
from skscreen.estimators.facts import PrunedFactsMixin
from skscreen.estimators.handoff import HiddenActivationsMixin, find_handoff
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor
from skscreen.estimators.wrapping import unwrap


def delegates(name):
    """Build the condition that the network estimator has the method ``name``."""

    def holds(pruner):
        fitted = getattr(pruner, "estimator_", None)
        if fitted is not None:
            getattr(fitted, name)
            return True
        estimator = pruner.estimator
        if estimator is None:  # in a Pipeline, before fit: what the network is, is not known yet
            return pruner.task != "regression" or name in ("predict", "score")
        getattr(unfitted_counterpart(estimator), name)  # its AttributeError says what is missing
        return True

    return available_if(holds)


class PrunedNetworkMixin(PrunedFactsMixin, HiddenActivationsMixin):
    """Predictions, activations and facts of the network in ``estimator_``."""

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def get_feature_names_out(self, input_features=None):
        """Names of the hidden activations that ``transform`` gives.

        Parameters
        ----------
        input_features : array-like of str or None
            Checked against the names seen in ``fit``; but in a Pipeline they are those of the
            network step's activations, which the pruner does not read, and are not checked.

        Returns
        -------
        names : ndarray of str
        """
        check_is_fitted(self)
        return super().get_feature_names_out(None if self._follows_network else input_features)

    @delegates("predict")
    def predict(self, X):
        """Predict with the pruned network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Samples; in a Pipeline what the network step hands over, of which only the samples
            are read.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._ask("predict", X)

    @delegates("predict_proba")
    def predict_proba(self, X):
        """Predict class probabilities with the pruned network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self._ask("predict_proba", X)

    @delegates("predict_log_proba")
    def predict_log_proba(self, X):
        """Predict the logarithms of class probabilities with the pruned network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        return self._ask("predict_log_proba", X)

    @delegates("decision_function")
    def decision_function(self, X):
        """Return the logits of the pruned network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Samples.

        Returns
        -------
        logits : ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
        """
        return self._ask("decision_function", X)

    @delegates("score")
    def score(self, X, y, sample_weight=None):
        """Return the accuracy, or for a regressor the R2 score, of the pruned network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        score : float
        """
        return self._ask("score", X, y, sample_weight=sample_weight)

    def _ask(self, method, X, *args, **kwargs):
        """Call a method of the pruned estimator on samples or on what carries them."""
        if not hasattr(self, "estimator_"):  # the check takes longer than a sample
            check_is_fitted(self)
        return getattr(self.wrapped_, method)(find_handoff(X) or X, *args, **kwargs)

    def validated_inputs(self, X):
        return self.estimator_.validated_inputs(find_handoff(X) or unwrap(self.wrapped_).inputs(X))

    @property
    def _network_estimator(self):
        return self.estimator_

    def get_support(self, indices=False):
        """Say which input features the pruned network still reads.

        Of a network in a Pipeline they are the features that the steps before it give.

        Parameters
        ----------
        indices : bool, default=False
            Return indices instead of a mask.

        Returns
        -------
        support : ndarray of bool of shape (n_features,), or of int
        """
        check_is_fitted(self)
        return np.flatnonzero(self._support) if indices else self._support.copy()

    @property
    def network_(self):
        """The pruned network, compacted."""
        return self._fitted_estimator().network_

    @property
    def classes_(self):
        """The classes, sorted."""
        return self._fitted_estimator().classes_

    @property
    def n_features_in_(self):
        """Number of features that ``predict`` takes."""
        self._fitted_estimator()
        return self.wrapped_.n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the features that ``predict`` takes."""
        self._fitted_estimator()
        return self.wrapped_.feature_names_in_

    def _fitted_estimator(self):
        # hasattr must be False before fit, so this is an AttributeError, not a NotFittedError
        return self.__getattribute__("estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        network = self.wrapped_ if hasattr(self, "estimator_") else self.estimator
        if network is None:
            network = MLPRegressor() if self.task == "regression" else MLPClassifier()
        inner = get_tags(unfitted_counterpart(network))
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags = inner.classifier_tags
        tags.regressor_tags = inner.regressor_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        tags.transformer_tags = inner.transformer_tags
        return tags
