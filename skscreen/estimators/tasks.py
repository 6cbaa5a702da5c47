"""What a network learns: classes or numbers."""

import numpy as np
from scipy.special import expit
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from skscreen._params import real
from skscreen.estimators._docs import fill_docs
from skscreen.estimators.training_set import Target


def is_stochastic(estimator):
    """Return True, or raise the AttributeError that makes ``hasattr`` False for "lbfgs"."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit needs solver 'adam' or 'sgd', got solver='lbfgs'")
    return True


class ClassifierTask(ClassifierMixin):
    """Classification with cross-entropy; to be mixed into a `NetworkEstimator`."""

    _output_kind = "classifier"

    @available_if(is_stochastic)
    @fill_docs
    def partial_fit(self, X, y, classes=None, sample_weight=None, *, X_val=None, y_val=None):
        """Train for one epoch over a batch of the data, going on from the present state.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Their classes.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come; needed at the first call.
        {fit_parameters}

        Returns
        -------
        self : object
            The fitted estimator. With early stopping `validation_scores_` has one more score;
            whether to stop is up to the caller.
        """
        return self._partial_fit(X, y, sample_weight, X_val, y_val, classes=classes, partial=True)

    def _encode_target(self, y, *, reset, classes=None, partial=False):
        y = column_or_1d(y, warn=True)
        check_order(y)
        check_classification_targets(y)
        known = np.unique(y) if reset else self.classes_
        if partial:
            known = self._declared_classes(classes, reset)
        if len(known) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes, "
                f"got 1 class: {known[0]!r}"
            )
        n_outputs = 1 if len(known) == 2 else len(known)
        return Target(
            values=encode_classes(y, known),
            n_outputs=n_outputs,
            output="logistic" if n_outputs == 1 else "softmax",
            encode=lambda other: encode_classes(column_or_1d(other), known),
            fitted_attributes={"classes_": known},
        )

    def _declared_classes(self, classes, reset):
        if classes is None:
            if reset:
                raise ValueError("classes must be given at the first call of partial_fit")
            return self.classes_
        classes = np.unique(column_or_1d(classes))
        if not reset and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes must stay those of the first call, {self.classes_}, got {classes}"
            )
        return classes

    def _task_weight(self, target):
        if self.class_weight is None:
            return 1.0
        classes = target.fitted_attributes["classes_"]
        if isinstance(self.class_weight, dict):
            check = real(0, float("inf"), closed="left")
            bad = {k: w for k, w in self.class_weight.items() if not check.holds(w)}
            if bad:
                raise ValueError(
                    f"class_weight of {type(self).__name__} must hold finite numbers of at least "
                    f"0, got {bad}"
                )
        return compute_sample_weight(self.class_weight, classes[target.values])

    def _stratify(self, target):
        return target.values

    def _score_held_out(self, network, X, codes, weight):
        return accuracy_score(codes, class_codes(network.logits(X)), sample_weight=weight)

    def predict(self, X):
        """Predict the class of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes, of the type of ``classes_``.
        """
        logits = self.network_output(X)  # first: it says so where nothing is fitted
        return self.classes_[class_codes(logits)]

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; rows sum to 1.
        """
        inputs = self.validated_inputs(X)
        return self.network_.probabilities(inputs, inference=self.inference)

    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        return np.log(self.predict_proba(X))

    def decision_function(self, X):
        """Return the logits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        logits : ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
        """
        logits = self.network_output(X)
        return logits[:, 0] if logits.shape[1] == 1 else logits


class RegressorTask(RegressorMixin):
    """Regression with the squared error; to be mixed into a `NetworkEstimator`."""

    _output_kind = "regressor"

    @available_if(is_stochastic)
    @fill_docs
    def partial_fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None):
        """Train for one epoch over a batch of the data, going on from the present state.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        {fit_parameters}

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight, X_val, y_val)

    def _encode_target(self, y, *, reset):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        columns = y.reshape(len(y), -1)
        if not reset and columns.shape[1] != self.n_outputs_:
            raise ValueError(f"y must have {self.n_outputs_} outputs, got {columns.shape[1]}")

        def encode(other):
            return _in_dtype(np.asarray(other), self.dtype).reshape(len(other), -1)

        return Target(
            values=encode(columns),
            n_outputs=columns.shape[1],
            output="identity",
            encode=encode,
            fitted_attributes={},
        )

    def _task_weight(self, target):
        return 1.0

    def _stratify(self, target):
        return None

    def _score_held_out(self, network, X, values, weight):
        return r2_score(values, network.logits(X), sample_weight=weight)

    def predict(self, X):
        """Predict the target of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        outputs = self.network_output(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs


def check_order(y):
    """Raise a TypeError for labels that have no order, such as text beside numbers."""
    if y.dtype == object:
        try:
            np.sort(y)
        except TypeError as error:
            kinds = ", ".join(sorted({type(label).__name__ for label in y}))
            raise TypeError(f"y must hold classes of one kind, got {kinds}") from error


def _in_dtype(y, dtype):
    """Convert numbers to the dtype of a network, or raise a ValueError if it is too narrow."""
    with np.errstate(over="ignore"):
        values = y.astype(dtype)
    if not np.isfinite(values).all():
        raise ValueError(
            f"y must hold numbers that are finite in {dtype}, got up to {np.abs(y).max():.4g}: "
            "scale the targets, or take dtype='float64'"
        )
    return values


def encode_classes(y, classes):
    """Return the index of each label in the sorted ``classes``; raise for an unknown one."""
    unknown = np.setdiff1d(y, classes)
    if unknown.size:
        raise ValueError(f"y holds classes that are not among {classes}: {unknown}")
    return np.searchsorted(classes, y)


def class_codes(logits):
    """Return the number of the class with the largest logit."""
    if logits.shape[1] == 1:
        return (expit(logits[:, 0]) > 0.5).astype(np.intp)
    return logits.argmax(axis=1)


def check_task(task, network):
    """Raise a ValueError where a pruner's ``task`` contradicts its network.

    Parameters
    ----------
    task : {"auto", "classification", "regression"}
    network : estimator
        Anything that is no classifier or regressor is left to other checks.
    """
    known = {"classification": is_regressor, "regression": is_classifier}
    if task in known and known[task](network):
        raise ValueError(
            f"task={task!r} contradicts the network, which is a {type(network).__name__}: leave "
            "it out, or give another network"
        )


def looks_like_classes(y):
    """Return whether the folds of a search would be stratified for these targets."""
    return type_of_target(y) in ("binary", "multiclass")
