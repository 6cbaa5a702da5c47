"""Parameter text that several estimators share, written once."""

TRAINING_PARAMETERS = """\
solver : {"adam", "sgd", "lbfgs"}, default="adam"
        "lbfgs" takes the whole data set in each step and suits up to a few thousand samples.
    alpha : float >= 0, default=0.0001
        Strength of the L2 penalty. As in scikit-learn it is divided by the number of samples of
        the batch.
    batch_size : int or "auto", default="auto"
        Samples in a minibatch; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "cosine", "invscaling", "adaptive"}, default="constant"
        Schedule of the learning rate, for "sgd" and "adam" alike. "cosine" falls from
        `learning_rate_init` to zero over `max_iter` epochs, all of which are run; "invscaling"
        divides by the number of samples seen to the power of `power_t`; "adaptive" divides by 5
        when training has stalled and stops below 1e-6.
    learning_rate_init : float > 0, default=0.001
        Learning rate at the start.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int >= 1, default=200
        Largest number of epochs, or of iterations of "lbfgs".
    shuffle : bool, default=True
        Whether the samples are shuffled in each epoch.
    random_state : int, RandomState or None, default=None
        Seeds the initial weights, the shuffling, the dropout and the held-out part.
    tol : float >= 0 or None, default=0.0001
        Training has stalled when the loss (with early stopping: the validation score) has not
        improved by `tol` for more than `n_iter_no_change` epochs. None runs all `max_iter`
        epochs and never warns; with early stopping it is as good as 0 (any gain counts), but for
        the warning.
    verbose : bool or int >= 0, default=False
        1 draws a bar of the epochs where tqdm is installed, and else prints the loss of each
        epoch; 2 prints it anyway.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights of the last fit.
    momentum : float in [0, 1], default=0.9
        Momentum of "sgd".
    nesterovs_momentum : bool, default=True
        Nesterov's momentum instead of the classical one, for "sgd".
    early_stopping : bool, default=False
        Stop when the score on held-out samples has stalled, and keep the network of the best
        epoch. The held-out samples are those given to ``fit`` as `X_val`, or else a stratified
        part of the training data.
    validation_fraction : float in (0, 1), default=0.1
        Share of the training data that early stopping holds out.
    beta_1, beta_2 : float in [0, 1), default=0.9, 0.999
        Decay of Adam's moment estimates.
    epsilon : float > 0, default=1e-8
        Adam's constant for numerical stability.
    n_iter_no_change : int >= 1, default=10
        Patience in epochs; see `tol`.
    max_fun : int >= 1, default=15000
        Largest number of objective evaluations of "lbfgs".
    checkpoint_epoch : int >= 0 or None, default=None
        After so many epochs of training a copy of the network is kept as `checkpoint_`, for a
        pruner that rewinds to it; 0 keeps the initial weights. Training that goes on, by
        ``partial_fit`` or `warm_start`, leaves it as it is.
    dropout : float in [0, 1), default=0.0
        Share of each fully connected hidden layer's units set to zero in a training step
        (Srivastava et al. 2014).
    inference : {"auto", "dense", "sparse"}, default="auto"
        Whether predictions compute each layer from its whole weight or from the weights that are
        left after pruning. "auto" takes for each what costs less for the number of samples, by
        a model; see `skscreen.inspection.network_costs`.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network and of all that is computed with it."""

FITTED_ATTRIBUTES = """\
network_ : Network
        The trained network: layers with ``weight``, ``bias``, ``mask``.
    checkpoint_ : Network or None
        The network after `checkpoint_epoch` epochs; None if ``fit`` did not come so far.
    coefs_ : list of ndarray
        Weight of each layer, of shape (n_inputs, n_outputs).
    intercepts_ : list of ndarray
        Bias of each layer, of shape (n_outputs,).
    n_iter_ : int
        Epochs (for "lbfgs" iterations) run so far.
    loss_, best_loss_ : float
        Training loss of the last epoch, and the smallest one. `best_loss_` is None with early
        stopping.
    loss_curve_ : list of float
        Training loss of each epoch, the L2 penalty included.
    validation_scores_ : list of float or None
        Score on the held-out samples after each epoch, with early stopping.
    best_validation_score_ : float or None
        The largest of them.
    t_ : int
        Samples seen in training.
    n_layers_ : int
        Layers, the input counted.
    n_outputs_ : int
        Units of the last layer.
    out_activation_ : {"softmax", "logistic", "identity"}
        What the last layer's outputs mean.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of str of shape (n_features,)
        Their names, where ``X`` had names that are all strings."""

IMAGE_PARAMETERS = """\
image_shape : tuple (height, width) or (height, width, n_channels) or None, default=None
        Shape of one sample; channels come last. None takes it from samples that are images
        already (3 or 4 axes). Flat samples are then taken for square images of one channel, or
        if their number of features is no square, for one row of pixels.
    conv_channels : int or sequence of int, default=(32, 64)
        Channels of each convolution.
    kernel_size : int or sequence of int, default=3
        Height and width of the kernels; one number for all convolutions or one for each.
    stride : int or sequence of int, default=1
        Step between the positions of the kernels.
    padding : {"same", "valid"}, default="same"
        "same" puts zeros around the image, so that its size is kept (divided by the stride);
        "valid" uses only positions within the image.
    pool_size : int or sequence of int, default=2
        Height and width of the windows of the max-pooling after each convolution; 1 for none. A
        window is cut to the size of the image.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each fully connected hidden layer.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the convolutions and hidden layers."""

IMAGE_NOTES = """\
Images of dtype uint8 are divided by 255 as they are read, minibatch by minibatch, without a
    floating-point copy of the data set. Samples of any other dtype are taken as they are.

    A minibatch is split into shards of 32 samples, which run on as many threads as BLAS may use;
    their gradients are added in a fixed order, so that the number of threads changes no bit of
    the result."""

FIT_PARAMETERS = """\
sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.
        X_val : array-like of shape (n_val, n_features), default=None
            Held-out samples for early stopping, instead of a part of ``X``.
        y_val : array-like of shape (n_val,), default=None
            Their targets."""

SHARED = {
    "{image_parameters}": IMAGE_PARAMETERS,
    "{image_notes}": IMAGE_NOTES,
    "{training_parameters}": TRAINING_PARAMETERS,
    "{fitted_attributes}": FITTED_ATTRIBUTES,
    "{fit_parameters}": FIT_PARAMETERS,
}


def fill_docs(target):
    """Replace the placeholders in the docstring of a class or function by the shared text."""
    if target.__doc__ is not None:  # None under python -OO
        for placeholder, text in SHARED.items():
            target.__doc__ = target.__doc__.replace(placeholder, text)
    return target
