"""What all network estimators share: from samples and parameters to a fitted network."""

import copy
import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, fields, replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, validate_data

from skscreen.estimators._docs import fill_docs
from skscreen.estimators._inputs import refuse_device_arrays
from skscreen.estimators._sklearn import check_sample_weight
from skscreen.estimators.callbacks import QUIET, CallbackSupportMixin, fit_task
from skscreen.estimators.fitted_network import FittedNetworkMixin
from skscreen.estimators.parameters import TRAINING_CHECKS, check_network_parameters
from skscreen.estimators.progress import epoch_report, say_epoch
from skscreen.estimators.samples import as_rows
from skscreen.estimators.training_set import TrainingSet, relative_weights
from skscreen.nn import Loss, TrainingOptions, train


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


class NetworkEstimator(CallbackSupportMixin, FittedNetworkMixin, BaseEstimator, metaclass=ABCMeta):
    """A network behind ``fit``; a subclass says how it is built, a task mixin what it learns.

    For the package (the pruner, the hand-over in a Pipeline, files) it has a face of its own:
    `training_set`, `hold_out`, `training_options` and `adopt` here, `validated_inputs`,
    `hidden_activations`, `detached_copy` and `with_network` of `FittedNetworkMixin`. The task
    mixin gives ``_encode_target``, ``_task_weight``, ``_stratify``, ``_output_kind`` and
    ``_score_held_out``; the subclass gives ``_build_network`` and ``_parameter_checks``.
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
        samples = self.training_set(X, y, sample_weight, reset=not go_on)
        held_out = self._held_out_set(samples, X_val, y_val)
        options = self.training_options()
        with fit_task(self, X, y, sample_weight, n_parts=options.max_iter) as task:
            self._train(samples, held_out, options, go_on, task=task)
        return self

    def _partial_fit(self, X, y, sample_weight, X_val, y_val, **target_options):
        """Run one epoch over a batch of data, going on with weights and optimiser state."""
        go_on = hasattr(self, "network_")
        samples = self.training_set(X, y, sample_weight, reset=not go_on, **target_options)
        held_out = self._held_out_set(samples, X_val, y_val)
        options = self.training_options(max_iter=1, tol=None)
        state = copy.deepcopy(getattr(self, "_training_state", None)) if go_on else None
        state = state or TrainingState(check_random_state(self.random_state))
        self._train(samples, held_out, options, go_on, state=state)
        return self

    def training_set(self, X, y, sample_weight=None, *, reset, named=True, **target_options):
        """Check the parameters and the data, changing nothing.

        Parameters
        ----------
        X, y, sample_weight
            As for ``fit``.
        reset : bool
            Whether the data say what features and classes there are, or must have those of the
            last ``fit``.
        named : bool, default=True
            False for samples that lost their feature names in an earlier check.
        **target_options : dict
            What ``partial_fit`` knows of the target.

        Returns
        -------
        samples : TrainingSet
        """
        check_network_parameters(self, self._parameter_checks)
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
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        with np.errstate(over="ignore"):
            weight = weight * self._task_weight(target)
        if not np.isfinite(weight).all():
            raise ValueError("sample_weight times class_weight must be finite")
        if not weight.any():
            raise ValueError("sample_weight must not be zero for all samples")
        return TrainingSet(X, target, relative_weights(weight), sample_weight is not None)

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

    def _held_out_set(self, samples, X_val, y_val):
        """Check held-out samples of the user's own; None where there are none."""
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together, got only one of them")
        if X_val is None:
            return None
        if not self.early_stopping:
            raise ValueError("X_val is given, which needs early_stopping=True, got False")
        target = samples.target
        probe = copy.copy(self)
        vars(probe).update(target.input_attributes)
        X_val, y_val = self._validate_pair(probe, X_val, y_val, reset=False)
        values = target.encode(y_val)
        check_consistent_length(X_val, values)
        return TrainingSet(X_val, replace(target, values=values), weight=None)

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

    def hold_out(self, samples, fraction, rng):
        """Hold out a share of the samples.

        Parameters
        ----------
        samples : TrainingSet
        fraction : float in (0, 1)
        rng : numpy.random.RandomState

        Returns
        -------
        others : TrainingSet
        score : callable
            From a `Network` to its score on the share.
        """
        rows, held = train_test_split(
            np.arange(len(samples)),
            test_size=fraction,
            random_state=rng,
            stratify=self._stratify(samples.target),
        )
        others = samples.part(rows)
        if not others.weight.any():
            raise ValueError("sample_weight is zero for all samples that are not held out")
        return others, self._score_on(samples.part(held))

    def _score_on(self, held_out):
        weight = held_out.weight
        if weight is not None and not weight.any():
            weight = None
        return lambda network: self._score_held_out(
            network, held_out.X, held_out.target.values, weight
        )

    def _train(self, samples, held_out, options, go_on, *, state=None, task=QUIET):
        """Train a network aside and, when all went well, set the fitted attributes.

        With a `TrainingState` the training goes on from it, and it is kept. A `FitTask` hears of
        the epochs.
        """
        rng = check_random_state(self.random_state) if state is None else state.rng
        score = None
        if held_out is not None:
            score = self._score_on(held_out)
        elif self.early_stopping:
            samples, score = self.hold_out(samples, self.validation_fraction, rng)
        target = samples.target
        if go_on:  # the checkpoint is one of the first training
            options = replace(options, checkpoint_epoch=None)
            network = self.network_.copy()
        else:
            network = self._build_network(samples.n_features, target, rng)
        if state is not None:
            optimizer = state.optimizer or options.new_optimizer(network.parameters())
            state = TrainingState(rng, optimizer)
        result = train(
            network,
            samples.X,
            Loss(network.output, target.values, samples.weight),
            options,
            rng,
            score=score,
            optimizer=None if state is None else state.optimizer,
            watch=task.watch(lambda network: self._facts(network.copy(), target)),
        )
        self._set_fitted(network, samples, result, go_on, state)
        if not result.converged:
            warnings.warn(
                f"training stopped at max_iter={options.max_iter} before it converged: raise "
                "max_iter, or set tol=None if that number of epochs is what you want",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _set_fitted(self, network, samples, result, go_on, state):
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
            **self._facts(network, samples.target),
            "checkpoint_": before.get("checkpoint_", result.checkpoint),
            "n_iter_": before.get("n_iter_", 0) + result.n_iter,
            "t_": before.get("t_", 0) + result.n_samples_seen,
            "loss_curve_": curve,
            "loss_": curve[-1],
            "validation_scores_": scores,
            "best_validation_score_": best_score,
            "best_loss_": best_loss,
            "_training_state": state,
            "_weighted": samples.is_weighted or before.get("_weighted", False),
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # the network's dtype, whatever comes in
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags
