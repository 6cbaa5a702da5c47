"""The lazy hidden activations that carry a fitted network from one Pipeline step to the next."""

import hashlib

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skscreen.estimators._sklearn import get_output_config, wrap_data_with_container
from skscreen.estimators.samples import subset

# Where a DataFrame of activations keeps its Handoff.
ATTRS_KEY = "skscreen_handoff"


class Handoff:
    """A fitted network estimator and the samples its activations were asked for.

    Parameters
    ----------
    estimator : estimator
        Fitted; whoever prunes it takes a copy first.
    inputs : ndarray or SparseRows of shape (n_samples, n_features)
        Validated samples.
    digest : bytes or None, default=None
        Of the activations in a DataFrame, to notice when that is changed.
    """

    def __init__(self, estimator, inputs, digest=None):
        self.estimator = estimator
        self.inputs = inputs
        self.digest = digest

    def __deepcopy__(self, memo):
        # pandas copies ``attrs`` deeply with every operation; the network need not follow
        return self


class HiddenActivations(np.lib.mixins.NDArrayOperatorsMixin):
    """The last hidden layer of a fitted network for given samples, computed when read.

    Read as an array (``np.asarray``, indexing, arithmetic, any ndarray method) it is the matrix
    of hidden features. Handed to `ScreeningPruner` it is a reference to the network and the
    samples, and the activations are never computed. Rows taken by a slice or an index array stay
    lazy.

    Parameters
    ----------
    handoff : Handoff
        The network estimator and its samples.
    shape : tuple of int
        (n_samples, n_hidden_units).
    dtype : dtype
        Of the activations.

    Examples
    --------
    >>> import hashlib

    import numpy as np
    >>> from skscreen import MLPClassifier
    >>> X, y = np.eye(6), [0, 1, 0, 1, 0, 1]
    >>> hidden = MLPClassifier((4,), solver="lbfgs", max_iter=5, tol=None).fit_transform(X, y)
    >>> hidden.shape, np.asarray(hidden[:2]).shape
    ((6, 4), (2, 4))
    """

    def __init__(self, handoff, shape, dtype):
        self.handoff = handoff
        self.shape = shape
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self):
        """Number of axes, 2."""
        return len(self.shape)

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return iter(np.asarray(self))

    def __repr__(self):
        return f"HiddenActivations(shape={self.shape}, dtype={self.dtype}, lazy)"

    def __reduce__(self):
        return type(self), (self.handoff, self.shape, self.dtype)

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("HiddenActivations are computed when read: copy=False is impossible")
        hidden = self.handoff.estimator.hidden_activations(self.handoff.inputs)
        return hidden if dtype is None else hidden.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(isinstance(x, HiddenActivations) for x in kwargs.get("out", ())):
            return NotImplemented  # computed anew when read, they cannot be written to
        arrays = [np.asarray(x) if isinstance(x, HiddenActivations) else x for x in inputs]
        return getattr(ufunc, method)(*arrays, **kwargs)

    def __getitem__(self, key):
        rows_only = isinstance(key, slice | list | range) or (
            isinstance(key, np.ndarray) and key.ndim == 1
        )
        if not rows_only:
            return np.asarray(self)[key]
        inputs = subset(self.handoff.inputs, key)
        shape = (len(inputs), *self.shape[1:])
        return HiddenActivations(Handoff(self.handoff.estimator, inputs), shape, self.dtype)

    def __getattr__(self, name):
        # Only what an ndarray has: a probe such as hasattr(X, "iloc") must not compute anything.
        # Dunders are looked up by protocols (copy, pickle, interfaces) that must not see an array.
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"HiddenActivations has no attribute {name!r}")
        return getattr(np.asarray(self), name)


def find_handoff(X):
    """Return the `Handoff` that ``X`` carries, or None.

    Parameters
    ----------
    X : HiddenActivations, DataFrame or anything else

    Raises
    ------
    ValueError
        For a DataFrame with other rows than those its network saw, or in another order, or with
        other values: the pruner reads the samples, so that changes would be ignored.
    """
    if isinstance(X, HiddenActivations):
        return X.handoff
    attrs = getattr(X, "attrs", None)
    handoff = attrs.get(ATTRS_KEY) if isinstance(attrs, dict) else None
    if handoff is not None and len(handoff.inputs) != len(X):
        raise ValueError(
            f"the DataFrame of hidden activations has {len(X)} rows, but the network that made it "
            f"saw {len(handoff.inputs)} samples: select samples before the network, not after it"
        )
    if handoff is not None and handoff.digest != _digest(X):
        raise ValueError(
            "the DataFrame of hidden activations was changed, or its rows were moved, after the "
            "network made it: the pruner prunes the network, and such changes would be ignored. "
            "Leave out what stands between the two"
        )
    return handoff


def _digest(frame):
    """Fingerprint of the values of a DataFrame; the same in every process."""
    return hashlib.blake2b(np.ascontiguousarray(frame.to_numpy())).digest()


class HiddenActivationsMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Adds ``transform`` to an estimator that is, or holds, a network estimator.

    The estimator gives ``validated_inputs(X)`` and ``network_``; one that only holds the network
    estimator gives that as ``_network_estimator``, which gives ``hidden_activations(inputs)``.
    """

    @property
    def _network_estimator(self):
        """The estimator that computes the activations."""
        return self

    @property
    def _n_features_out(self):
        """Number of units of the last hidden layer."""
        return self.network_.layers[-1].n_inputs


def transform(self, X):
    """Return the activations of the last hidden layer, computed when read.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or HiddenActivations
        Samples.

    Returns
    -------
    activations : HiddenActivations of shape (n_samples, n_hidden_units)
        Under ``set_output(transform="pandas")`` a DataFrame, computed at once, whose ``attrs``
        hold the reference that `ScreeningPruner` reads.
    """
    check_is_fitted(self, "network_")
    inputs = self.validated_inputs(X)
    handoff = Handoff(self._network_estimator, inputs)
    if get_output_config("transform", self)["dense"] == "default":
        return HiddenActivations(handoff, (len(inputs), self._n_features_out), self.network_.dtype)
    activations = handoff.estimator.hidden_activations(inputs)
    frame = wrap_data_with_container("transform", activations, X, self)
    if hasattr(frame, "attrs"):
        frame.attrs[ATTRS_KEY] = Handoff(handoff.estimator, inputs, _digest(frame))
    return frame


# Set from outside the class: scikit-learn wraps what it finds in a class body for set_output, and
# that wrapper computes the array and drops ``attrs``.
HiddenActivationsMixin.transform = transform
