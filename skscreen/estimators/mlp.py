"""Multi-layer perceptrons."""

import numpy as np

from skscreen.estimators._docs import fill_docs
from skscreen.estimators.base import NetworkEstimator
from skscreen.estimators.parameters import CLASSIFIER_CHECKS, MLP_CHECKS
from skscreen.estimators.tasks import ClassifierTask, RegressorTask
from skscreen.nn import Dense, Network


def dense_layers(estimator, n_inputs, n_outputs, rng):
    """Make the hidden layers that an estimator's parameters say, and a linear output layer."""
    dtype = np.dtype(estimator.dtype)
    layers = []
    for size in np.atleast_1d(np.asarray(estimator.hidden_layer_sizes, dtype=int)).tolist():
        layers.append(Dense.initialise(n_inputs, size, estimator.activation, rng, dtype))
        n_inputs = size
    layers.append(Dense.initialise(n_inputs, n_outputs, "identity", rng, dtype))
    return layers


class _MLP(NetworkEstimator):
    """An MLP for any task."""

    _parameter_checks = MLP_CHECKS

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
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

    def _build_network(self, n_features, target, rng):
        return Network(dense_layers(self, n_features, target.n_outputs, rng), target.output)


@fill_docs
class MLPClassifier(ClassifierTask, _MLP):
    """Multi-layer perceptron classifier.

    Trains with cross-entropy. Parameters and attributes are those of
    `sklearn.neural_network.MLPClassifier` where they mean the same; `dropout`, `class_weight`,
    `dtype`, the "cosine" schedule and held-out data of one's own are added. ``transform`` gives
    the last hidden layer and lets `ScreeningPruner` find the network in a Pipeline.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the hidden layers.
    {training_parameters}
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, multiplied with the sample weights.

    Attributes
    ----------
    {fitted_attributes}
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.

    See Also
    --------
    skscreen.ScreeningPruner : Prunes the trained network.
    MLPRegressor : The same for regression.

    Notes
    -----
    Two classes share one logistic output, more have one softmax output each.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    .. [2] N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from
       Overfitting", JMLR 15, 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skscreen import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((20,), solver="lbfgs", random_state=0)
    >>> make_pipeline(StandardScaler(), net).fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_checks = MLP_CHECKS | CLASSIFIER_CHECKS

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
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
class MLPRegressor(RegressorTask, _MLP):
    """Multi-layer perceptron regressor, for one output or several.

    Trains with the squared error. Parameters and attributes are those of
    `sklearn.neural_network.MLPRegressor` where they mean the same.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the hidden layers.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    skscreen.ScreeningPruner : Prunes the trained network.
    MLPClassifier : The same for classification.

    Notes
    -----
    The target is not scaled: with large values use
    `sklearn.compose.TransformedTargetRegressor`.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from skscreen import MLPRegressor
    >>> X, y = make_regression(n_features=5, random_state=0)
    >>> net = MLPRegressor((20,), solver="lbfgs", max_iter=500, tol=None, random_state=0)
    >>> net.fit(X, y).score(X, y) > 0.95
    True
    """
