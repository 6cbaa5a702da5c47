"""What a fitted network estimator is to those who predict with it, copy it or keep it."""

import copy
import warnings

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skscreen._version import __version__
from skscreen.estimators._inputs import refuse_device_arrays
from skscreen.estimators.callbacks import without_callbacks
from skscreen.estimators.handoff import Handoff, HiddenActivationsMixin
from skscreen.estimators.samples import as_rows, flat_copy

# So many samples are checked in a shorter way where nothing is unusual about them.
FEW = 256


class FittedNetworkMixin(HiddenActivationsMixin):
    """Inputs, outputs, weights, copies and pickles of an estimator with a ``network_``.

    The estimator has the parameter `inference`. One whose samples are not plain rows of features
    overrides ``_flat_samples`` and ``_dtypes``.
    """

    def validated_inputs(self, X):
        """Check samples to predict for; return them as the network reads them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or Handoff

        Returns
        -------
        inputs : ndarray or SparseRows of shape (n_samples, n_features)
        """
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

    def _flat_samples(self, probe, X, *, reset):
        """Return samples of one axis; ``probe`` gets attributes on their shape."""
        return X

    def _dtypes(self, dtype):
        """Dtypes of samples that the network reads without conversion, the first by default."""
        return dtype

    def network_output(self, X):
        """Return the logits, of shape (n_samples, n_outputs), of unchecked samples."""
        inputs = self.validated_inputs(X)
        return self.network_.logits(inputs, inference=self.inference)

    def hidden_activations(self, inputs):
        """Return the activations of the last hidden layer for validated samples.

        Parameters
        ----------
        inputs : ndarray or SparseRows of shape (n_samples, n_features)

        Returns
        -------
        activations : ndarray of shape (n_samples, n_hidden_units)
        """
        depth = len(self.network_.layers) - 1
        if depth == 0:
            return flat_copy(inputs)
        return self.network_.logits(inputs, depth=depth, inference=self.inference).reshape(
            len(inputs), -1
        )

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
