"""What all network estimators share: checking, training, predicting."""

import copy
import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, fields, replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skscreen._params import (
    INFINITY,
    boolean,
    check_parameters,
    integer,
    none,
    one_of,
    random_state,
    real,
)
from skscreen._version import __version__
from skscreen.estimators._docs import fill_docs
from skscreen.estimators._inputs import refuse_device_arrays
from skscreen.estimators._sklearn import check_sample_weight
from skscreen.estimators.callbacks import (
    QUIET,
    CallbackSupportMixin,
    fit_task,
    without_callbacks,
)
from skscreen.estimators.handoff import Handoff, HiddenActivationsMixin
from skscreen.estimators.progress import epoch_report, say_epoch
from skscreen.estimators.samples import as_rows, flat_copy, subset
from skscreen.nn import Loss, TrainingOptions, train

# So many samples are checked in a shorter way where nothing is unusual about them.
FEW = 256

TRAINING_CHECKS = {
    "solver": one_of("adam", "sgd", "lbfgs"),
    "alpha": real(0, INFINITY, closed="left"),
    "batch_size": integer(1) | one_of("auto"),
    "learning_rate": one_of("constant", "cosine", "invscaling", "adaptive"),
    "learning_rate_init": real(0, INFINITY, closed="neither"),
    "power_t": real(0, INFINITY, closed="left"),
    "max_iter": integer(1),
    "shuffle": boolean,
    "random_state": random_state,
    "tol": real(0, INFINITY, closed="left") | none,
    "verbose": boolean | integer(0),
    "warm_start": boolean,
    "momentum": real(0, 1),
    "nesterovs_momentum": boolean,
    "early_stopping": boolean,
    "validation_fraction": real(0, 1, closed="neither"),
    "beta_1": real(0, 1, closed="left"),
    "beta_2": real(0, 1, closed="left"),
    "epsilon": real(0, INFINITY, closed="neither"),
    "n_iter_no_change": integer(1),
    "max_fun": integer(1),
    "checkpoint_epoch": integer(0) | none,
    "dropout": real(0, 1, closed="left"),
    "inference": one_of("auto", "dense", "sparse"),
    "dtype": one_of("float32", "float64"),
}


# Larger floating-point numbers are whole by their nature more often than as counts.
LARGEST_COUNT = 2**31


def relative_weights(weight):
    """Give weights a mean of one, unless they are whole numbers, which count repetitions.

    What they add up to would else decide how much the L2 penalty counts, and very small ones
    would leave nothing but the penalty.
    """
    if weight.max() < LARGEST_COUNT and (weight == np.round(weight)).all():
        return weight
    weight = weight / weight.max()  # the mean of equal weights is then exactly one
    return weight / weight.mean()


@dataclass
class TrainingState:
    """What ``partial_fit`` goes on from, beside the network.

    Parameters
    ----------
    rng : numpy.random.RandomState
    optimizer : SGD, Adam or None
    """

    rng: object
    optimizer: object = None


class NetworkEstimator(
    CallbackSupportMixin, HiddenActivationsMixin, BaseEstimator, metaclass=ABCMeta
):
    """A network behind ``fit``; a subclass says how it is built, a task mixin what it learns.

    For the package (the pruner, the hand-over in a Pipeline, files) it has a face of its own:
    `training_data`, `training_weight`, `hold_out`, `training_options`, `validated_inputs`,
    `hidden_activations`, `detached_copy` and `adopt`. The task mixin gives ``_encode_target``,
    ``_task_weight``, ``_stratify``, ``_output_kind`` and ``_score_held_out``; the
    subclass gives ``_build_network`` and ``_parameter_checks``.
    """

    _parameter_checks = TRAINING_CHECKS

    @abstractmethod
    def _build_network(self, n_features, target, rng):
        """Return a freshly initialised `Network` for a `Target`."""

    @fill_docs
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        {fit_parameters}

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For a bad parameter or bad input; the estimator stays as it was.
        FloatingPointError
            When the loss is no longer finite; the estimator stays as it was.
        """
        go_on = self.warm_start and hasattr(self, "network_")
        inputs, target = self.training_data(X, y, reset=not go_on)
        options = self.training_options()
        with fit_task(self, X, y, sample_weight, n_parts=options.max_iter) as task:
            self._train(
                inputs,
                target,
                sample_weight,
                X_val,
                y_val,
                options=options,
                go_on=go_on,
                task=task,
            )
        return self

    def _partial_fit(self, X, y, sample_weight, X_val, y_val, **target_options):
        """Run one epoch over a batch of data, going on with weights and optimiser state."""
        go_on = hasattr(self, "network_")
        X, target = self.training_data(X, y, reset=not go_on, **target_options)
        options = self.training_options(max_iter=1, tol=None)
        state = copy.deepcopy(getattr(self, "_training_state", None)) if go_on else None
        self._train(
            X,
            target,
            sample_weight,
            X_val,
            y_val,
            options=options,
            go_on=go_on,
            state=state or TrainingState(check_random_state(self.random_state)),
        )
        return self

    def training_data(self, X, y, *, reset, named=True, **target_options):
        """Check the parameters and the data; return ``X`` and a ``Target``, changing nothing.

        ``named=False`` is for samples that lost their feature names in an earlier check.
        """
        check_parameters(self, self._parameter_checks)
        stochastic = {
            "early_stopping": self.early_stopping,
            "dropout": self.dropout,
            "checkpoint_epoch": self.checkpoint_epoch is not None,
        }
        wanted = [name for name, value in stochastic.items() if value]
        if self.solver == "lbfgs" and wanted:
            raise ValueError(f"{wanted[0]} needs solver 'adam' or 'sgd', got solver='lbfgs'")
        probe = copy.copy(self)  # validate_data sets n_features_in_ before all checks are done
        if not named:
            vars(probe).pop("feature_names_in_", None)
        X, y = self._validate_pair(probe, X, y, reset=reset)
        target = self._encode_target(y, reset=reset, **target_options)
        target.input_attributes = {
            name: value
            for name, value in vars(probe).items()
            if name in ("n_features_in_", "feature_names_in_", "image_shape_")
        }
        return X, target

    def _validate_pair(self, probe, X, y, *, reset):
        refuse_device_arrays(X=X, y=y)
        X, y = validate_data(
            probe,
            self._flat_samples(probe, X, reset=reset),
            y,
            reset=reset,
            dtype=self._dtypes(np.dtype(self.dtype)),
            order="C",
            accept_sparse="csr",
            multi_output=True,
            y_numeric=self._output_kind == "regressor",
        )
        return as_rows(X), y

    def validated_inputs(self, X):
        """Check samples to predict for; return them as the network reads them."""
        if not hasattr(self, "network_"):
            check_is_fitted(self, "network_")
        if isinstance(X, Handoff):
            return X.inputs  # checked when it was made
        if self._is_plainly_valid(X):
            return X
        refuse_device_arrays(X=X)
        X = self._flat_samples(self, X, reset=False)
        dtypes = self._dtypes(self.network_.dtype)
        X = validate_data(self, X, reset=False, dtype=dtypes, order="C", accept_sparse="csr")
        return as_rows(X)

    def _is_plainly_valid(self, X):
        """Return whether these are a few samples that every check would hand on as they are.

        The checks cost more than a small batch does. Whatever is unusual goes through them.
        """
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and 0 < len(X) <= FEW
            and X.shape[1] == self.n_features_in_
            and X.dtype == self.network_.dtype
            and X.flags.c_contiguous
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X).all())
        )

    def network_output(self, X):
        """Return the logits, of shape (n_samples, n_outputs), of unchecked samples."""
        inputs = self.validated_inputs(X)
        return self.network_.logits(inputs, inference=self.inference)

    def _flat_samples(self, probe, X, *, reset):
        """Return samples of one axis; ``probe`` gets attributes on their shape."""
        return X

    def _dtypes(self, dtype):
        """Dtypes of samples that the network reads without conversion, the first by default."""
        return dtype

    def training_options(self, **changes):
        """Collect the training parameters, with ``changes``, into `TrainingOptions`."""
        names = {field.name for field in fields(TrainingOptions)}
        values = {
            name: value for name, value in self.get_params(deep=False).items() if name in names
        }
        values |= changes
        total = values["max_iter"]
        # a bar of one epoch, as partial_fit has, would tell nothing
        level = 2 * bool(self.verbose) if total == 1 else self.verbose
        report = epoch_report(level, total, type(self).__name__, otherwise=say_epoch)
        return TrainingOptions(report=report, **values)

    def _train(
        self,
        X,
        target,
        sample_weight,
        X_val,
        y_val,
        *,
        options,
        go_on,
        state=None,
        task=QUIET,
    ):
        """Train a network aside and, when all went well, set the fitted attributes.

        With a `TrainingState` the training goes on from it, and it is kept. A `FitTask` hears of
        the epochs.
        """
        rng = check_random_state(self.random_state) if state is None else state.rng
        weight = self.training_weight(X, target, sample_weight)
        rows, score = self._held_out(X, target, weight, X_val, y_val, rng)
        fresh = None if go_on else self._build_network(X.shape[1], target, rng)
        network = fresh or self.network_.copy()
        if go_on:  # the checkpoint is one of the first training
            options = replace(options, checkpoint_epoch=None)
        optimizer = None
        if state is not None:
            optimizer = state.optimizer or options.new_optimizer(network.parameters())
            state = TrainingState(rng, optimizer)
        loss = Loss(network.output, target.values[rows], weight[rows])
        result = train(
            network,
            subset(X, rows),
            loss,
            options,
            rng,
            score=score,
            optimizer=optimizer,
            watch=task.watch(lambda network: self._facts(network.copy(), target)),
        )
        weighted = sample_weight is not None
        self._set_fitted(network, target, result, go_on, state, weighted)
        if not result.converged:
            warnings.warn(
                f"training stopped at max_iter={options.max_iter} before it converged: raise "
                "max_iter, or set tol=None if that number of epochs is what you want",
                ConvergenceWarning,
                stacklevel=3,
            )

    def training_weight(self, X, target, sample_weight):
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        with np.errstate(over="ignore"):
            weight = weight * self._task_weight(target)
        if not np.isfinite(weight).all():
            raise ValueError("sample_weight times class_weight must be finite")
        if not weight.any():
            raise ValueError("sample_weight must not be zero for all samples")
        return relative_weights(weight)

    def _held_out(self, X, target, weight, X_val, y_val, rng):
        """Return the rows to train on and, with early stopping, the score on the others."""
        everything = slice(None)
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, got only one of them")
        if not self.early_stopping:
            if X_val is not None:
                raise ValueError("X_val is given, which needs early_stopping=True, got False")
            return everything, None
        if X_val is not None:
            probe = copy.copy(self)
            vars(probe).update(target.input_attributes)
            X_val, y_val = self._validate_pair(probe, X_val, y_val, reset=False)
            values = target.encode(y_val)
            check_consistent_length(X_val, values)
            return everything, self._held_out_score(X_val, values, None)
        return self.hold_out(X, target, weight, self.validation_fraction, rng)

    def hold_out(self, X, target, weight, fraction, rng):
        """Hold out a share of the samples; return the other rows and the score on the share."""
        rows, held = train_test_split(
            np.arange(len(X)),
            test_size=fraction,
            random_state=rng,
            stratify=self._stratify(target),
        )
        if not weight[rows].any():
            raise ValueError("sample_weight is zero for all samples that are not held out")
        return rows, self._held_out_score(subset(X, held), target.values[held], weight[held])

    def _held_out_score(self, X, values, weight):
        if weight is not None and not weight.any():
            weight = None
        return lambda network: self._score_held_out(network, X, values, weight)

    def _set_fitted(self, network, target, result, go_on, state, weighted):
        """Set every fitted attribute at once, so that an interrupt cannot part them."""
        before = vars(self) if go_on else {}
        curve = [*before.get("loss_curve_", []), *result.loss_curve]
        scores = best_score = best_loss = None
        if self.early_stopping:
            scores = [*(before.get("validation_scores_") or []), *result.validation_scores]
            best_score = max(scores)
        else:
            best_loss = min(curve)
        fitted = {
            **self._facts(network, target),
            "checkpoint_": before.get("checkpoint_", result.checkpoint),
            "n_iter_": before.get("n_iter_", 0) + result.n_iter,
            "t_": before.get("t_", 0) + result.n_samples_seen,
            "loss_curve_": curve,
            "loss_": curve[-1],
            "validation_scores_": scores,
            "best_validation_score_": best_score,
            "best_loss_": best_loss,
            "_training_state": state,
            "_weighted": weighted or before.get("_weighted", False),
        }
        if not go_on:  # names of an earlier fit
            vars(self).pop("feature_names_in_", None)
        vars(self).update(fitted)

    @staticmethod
    def _facts(network, target):
        """Return the fitted attributes that predictions need."""
        return {
            **target.input_attributes,
            **target.fitted_attributes,
            "network_": network,
            "n_outputs_": target.n_outputs,
            "out_activation_": target.output,
        }

    @property
    def was_weighted(self):
        """Whether the network was trained with sample weights."""
        return getattr(self, "_weighted", False)

    def adopt(self, options):
        """Let ``partial_fit`` go on with the penalty that the network was trained with last."""
        self.alpha = options.alpha

    def detached_copy(self):
        """Return a fitted copy that shares nothing with this one, for others to change.

        It has neither callbacks, nor the checkpoint, nor the state that ``partial_fit`` goes on
        from.
        """
        twin = without_callbacks(self)
        for name in ("checkpoint_", "_training_state"):
            vars(twin).pop(name, None)
        return copy.deepcopy(twin)

    def with_network(self, network):
        """Return a copy that predicts with another network, and shares the rest with this one."""
        twin = copy.copy(self)
        twin.network_ = network
        return twin

    @property
    def coefs_(self):
        """Weight of each layer, a list of arrays of shape (n_inputs, n_outputs)."""
        return [layer.weight for layer in self._fitted_network().layers]

    @property
    def intercepts_(self):
        """Bias of each layer, a list of arrays of shape (n_outputs,)."""
        return [layer.bias for layer in self._fitted_network().layers]

    @property
    def n_layers_(self):
        """Number of layers, the input counted."""
        return len(self._fitted_network().layers) + 1

    def _fitted_network(self):
        # hasattr must be False before fit, so this is an AttributeError, not a NotFittedError
        return self.__getattribute__("network_")

    def hidden_activations(self, inputs):
        """Activations of the last hidden layer for validated samples."""
        depth = len(self.network_.layers) - 1
        if depth == 0:
            return flat_copy(inputs)
        return self.network_.logits(inputs, depth=depth, inference=self.inference).reshape(
            len(inputs), -1
        )

    def __getstate__(self):
        # the stamp makes a joblib cache of another version's networks miss
        return {**super().__getstate__(), "_skscreen_version": __version__}

    def __setstate__(self, state):
        state = dict(state)
        stamp = state.pop("_skscreen_version", None)
        if stamp != __version__ and "network_" in state:
            warnings.warn(
                f"the network was saved by skscreen {stamp} and is read by {__version__}",
                UserWarning,
                stacklevel=2,
            )
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # the network's dtype, whatever comes in
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags
