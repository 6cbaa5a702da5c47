"""Convolutional networks."""

import math

import numpy as np
from scipy.sparse import issparse

from skscreen.estimators._docs import fill_docs
from skscreen.estimators.base import NetworkEstimator
from skscreen.estimators.images import image_shape_for, with_channels
from skscreen.estimators.mlp import dense_layers
from skscreen.estimators.parameters import CLASSIFIER_CHECKS, CNN_CHECKS
from skscreen.estimators.tasks import ClassifierTask, RegressorTask
from skscreen.nn import Conv, Network


class _CNN(NetworkEstimator):
    """A convolutional network for any task."""

    _parameter_checks = CNN_CHECKS

    def __init__(
        self,
        image_shape=None,
        *,
        conv_channels=(32, 64),
        kernel_size=3,
        stride=1,
        padding="same",
        pool_size=2,
        hidden_layer_sizes=(100,),
        activation="relu",
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        checkpoint_epoch=None,
        dropout=0.0,
        inference="auto",
        dtype="float32",
    ):
        self.image_shape = image_shape
        self.conv_channels = conv_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.pool_size = pool_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.checkpoint_epoch = checkpoint_epoch
        self.dropout = dropout
        self.inference = inference
        self.dtype = dtype

    def _flat_samples(self, probe, X, *, reset):
        """Flatten images, and set ``image_shape_`` or compare with it."""
        if issparse(X):
            raise ValueError(
                f"{type(self).__name__} needs images as a dense array, got a sparse matrix: use "
                "X.toarray(), or a fully connected network"
            )
        shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
        if reset:
            probe.image_shape_ = image_shape_for(shape, self.image_shape)
        elif len(shape) > 2 and with_channels(shape[1:]) != self.image_shape_:
            raise ValueError(
                f"X must hold images of shape {self.image_shape_}, got {tuple(shape[1:])}"
            )
        return np.asarray(X).reshape(shape[0], -1) if len(shape) > 2 else X

    def _dtypes(self, dtype):
        return [dtype, np.uint8]

    def _build_network(self, n_features, target, rng):
        layers, shape = self._conv_layers(target.input_attributes["image_shape_"], rng)
        layers += dense_layers(self, math.prod(shape), target.n_outputs, rng)
        return Network(layers, target.output)

    def _conv_layers(self, shape, rng):
        """Make the convolutions for images of a shape; also return the shape of their output."""
        layers = []
        channels = np.atleast_1d(self.conv_channels).tolist()
        geometry = [
            self._per_convolution(name, len(channels))
            for name in ("kernel_size", "stride", "pool_size")
        ]
        for number, (n_channels, kernel, stride, pool) in enumerate(
            zip(channels, *geometry, strict=True), 1
        ):
            if self.padding == "valid" and kernel > min(shape[:2]):
                raise ValueError(
                    f"kernel_size {kernel} of convolution {number} is larger than its input, "
                    f"{shape[0]} x {shape[1]}: use padding='same', smaller kernels or less pooling"
                )
            layer = Conv.initialise(
                n_channels,
                self.activation,
                rng,
                np.dtype(self.dtype),
                input_shape=shape,
                kernel_size=(kernel, kernel),
                stride=stride,
                padding=self.padding,
                pool_size=(pool, pool),
            )
            layers.append(layer)
            shape = layer.output_shape()
        return layers, shape

    def _per_convolution(self, name, n_convolutions):
        """Return a parameter's value for each convolution."""
        values = np.atleast_1d(getattr(self, name)).tolist()
        if len(values) == 1:
            values = values * n_convolutions
        if len(values) != n_convolutions:
            raise ValueError(
                f"{name} must be one number or one for each of {n_convolutions} convolutions, got "
                f"{getattr(self, name)}"
            )
        return values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = False
        return tags


@fill_docs
class CNNClassifier(ClassifierTask, _CNN):
    """Convolutional network classifier.

    Convolutions with max-pooling, then fully connected layers, trained with cross-entropy. The
    convolutions are matrix products of patches (im2col) on all cores.

    Parameters
    ----------
    {image_parameters}
    {training_parameters}
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, multiplied with the sample weights.

    Attributes
    ----------
    {fitted_attributes}
    image_shape_ : tuple of int
        (height, width, n_channels) of the samples.
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.

    See Also
    --------
    skscreen.ScreeningPruner : Prunes connections or channels of the trained network.
    CNNRegressor : The same for regression.

    Notes
    -----
    {image_notes}

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86, 1998.

    Examples
    --------
    LeNet-5 is ``CNNClassifier((28, 28), conv_channels=(20, 50), kernel_size=5, padding="valid",
    hidden_layer_sizes=(500,))``; two convolutions before each pooling are
    ``conv_channels=(32, 32, 64, 64), pool_size=(1, 2, 1, 2)``.

    >>> from sklearn.datasets import load_digits
    >>> from skscreen import CNNClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = CNNClassifier((8, 8), conv_channels=8, max_iter=5, tol=None, random_state=0)
    >>> net.fit(X / 16, y).score(X / 16, y) > 0.8
    True
    """

    _parameter_checks = CNN_CHECKS | CLASSIFIER_CHECKS

    def __init__(
        self,
        image_shape=None,
        *,
        conv_channels=(32, 64),
        kernel_size=3,
        stride=1,
        padding="same",
        pool_size=2,
        hidden_layer_sizes=(100,),
        activation="relu",
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        checkpoint_epoch=None,
        dropout=0.0,
        class_weight=None,
        inference="auto",
        dtype="float32",
    ):
        super().__init__(
            image_shape,
            conv_channels=conv_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            pool_size=pool_size,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            checkpoint_epoch=checkpoint_epoch,
            dropout=dropout,
            inference=inference,
            dtype=dtype,
        )
        self.class_weight = class_weight


@fill_docs
class CNNRegressor(RegressorTask, _CNN):
    """Convolutional network regressor, for one output or several.

    Trains with the squared error; otherwise as `CNNClassifier`.

    Parameters
    ----------
    {image_parameters}
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}
    image_shape_ : tuple of int
        (height, width, n_channels) of the samples.

    See Also
    --------
    skscreen.ScreeningPruner : Prunes connections or channels of the trained network.
    CNNClassifier : The same for classification.

    Notes
    -----
    {image_notes}

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
       document recognition", Proceedings of the IEEE 86, 1998.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skscreen import CNNRegressor
    >>> X, y = load_digits(return_X_y=True)
    >>> net = CNNRegressor((8, 8), conv_channels=8, max_iter=20, tol=None, random_state=0)
    >>> net.fit(X / 16, y / 9).score(X / 16, y / 9) > 0.5
    True
    """
