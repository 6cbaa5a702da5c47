"""The estimator that prunes networks."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin

from skscreen.estimators.callbacks import CallbackSupportMixin, fit_task
from skscreen.estimators.delegation import PrunedNetworkMixin, delegates
from skscreen.estimators.pruning_job import prepare
from skscreen.estimators.wrapping import unwrap
from skscreen.pruning import prune


class ScreeningPruner(CallbackSupportMixin, PrunedNetworkMixin, MetaEstimatorMixin, BaseEstimator):
    """Prune a neural network by a weighted F-statistic.

    Every connection is scored by its standardised weight and by the F-statistic (one-way analysis
    of variance across the classes, for a regressor that of the univariate linear regression) of
    the unit it leads to, or reads. Those with the lowest scores are cut, in rounds with training
    in between, and the lean network is fine-tuned.

    Parameters
    ----------
    estimator : estimator or None, default=None
        The network: an `MLPClassifier`, `MLPRegressor`, `CNNClassifier` or `CNNRegressor` of this
        package, or one of `sklearn.neural_network`, which scikit-learn fits and which is then
        converted. It is cloned and fitted, then pruned. A `sklearn.frozen.FrozenEstimator` around
        a fitted network prunes a copy of that network without training the dense one again. None
        takes the network of this package that comes before the pruner in a Pipeline. A Pipeline
        that ends in a network, a grid or randomised search over one, or a
        `sklearn.compose.TransformedTargetRegressor` is fitted as it is; then the network inside is
        pruned, and `wrapped_` is the same with the lean network.
    granularity : {"connection", "channel", "input"}, default="connection"
        What is cut: single weights; whole channels of convolutions and hidden units; or whole
        input features, where a convolution comes first the channels of the image. Inputs are
        judged jointly by "screening" and "partial-f": those go whose loss the others make up for
        best, so that of two that tell the same one is kept.
    sparsity : float in [0, 1), int or None, default=0.9
        Share to cut. Of single weights exactly ``round((1 - sparsity) * n_weights)`` are kept,
        unless `selection` or the inputs that are null leave fewer; of units as many as the budget
        allows; of inputs exactly ``round((1 - sparsity) * n_inputs)``, or as many as an integer
        of at least 1 says. Biases are not counted. None, together with a `selection`, makes the
        sparsity an outcome.
    budget : {"weights", "macs", "units"}, default="weights"
        What `sparsity` counts when channels are cut: weights, multiply-accumulates, or channels
        and hidden units. Of single connections it counts the weights, of inputs the inputs.
    criterion : str, Screening or callable, default="screening"
        What a connection, or a unit, is worth: "screening", or to compare with "magnitude",
        "wanda" (magnitude times activation), "taylor" and "snip" (weight times gradient),
        "partial-f" (what a refit cannot make up for; units by backward elimination) and "random".
        A `Screening` says in which form magnitude and F enter. A callable takes an
        `skscreen.pruning.Evidence` and returns scores of the shape ``evidence.shape``; the
        smallest are cut.
    f_weight : float in [0, 1] or "auto", default="auto"
        Weight of the F-statistic in the score of "screening": 1 is screening alone, 0 the weights
        alone (with ``Screening("product")`` that is magnitude pruning). "auto" goes by the share
        of source units that are null for sure in the dense network (see
        `skscreen.screening.certain_null_share` and `report_.pi0`): 0.05 where none is, as on
        images, and more, for F of the source, the more are. Where these are at least 0.3 of the
        inputs and 30 in number, single connections are cut and no `selection` says otherwise, the
        inputs that are not significant (false discovery rate of 0.05), neither by themselves nor
        in a pair, are cut before all else. With fewer samples than inputs F weighs less, down to
        nothing, and up to 0.7 of the inputs must be null. A `score_func` without p-values has
        0.05, and less with so few samples.
    score_func : str, Screen or callable, default="f"
        The statistic; see `skscreen.screening.screen` for the names. A `Screen` also says what it
        makes of the positions of a convolution, how many samples serve where not all do, and
        whether p-values come from shuffled labels. A function of (A, y) that returns scores, or
        scores and p-values, such as those of scikit-learn, will do.
    selection : {"fpr", "fdr", "fwe"}, Significance or None, default=None
        Cut by significance: the false positive rate, the false discovery rate or the family-wise
        error is held in each layer, all connections of units that are not significant are cut (for
        channels the units) and what does nothing without them, in each round. A `Significance`
        says the level and the least effect as well. With a `sparsity` the cut then goes on to
        that; with ``sparsity=None`` `budget`, `allocation` and `schedule` have no effect.
    allocation : {"auto", "erk", "lamp", "uniform", "global"}, default="auto"
        How the cuts are shared among the layers; see `skscreen.pruning.allocate`. "auto" is
        "uniform" for channels; for connections it is "lamp" in a network with convolutions and
        "erk" in one without.
    schedule : {"gradual", "linear", "annealing", "one-shot"} or callable, default="gradual"
        How sparsity grows over the rounds. A callable maps the share of the rounds done to the
        share of the sparsity reached.
    n_rounds : int >= 1, default=10
        Rounds of screening. There are never more than `pruning_epochs`, unless that is 0;
        then backward elimination ("partial-f" of units) takes one.
    pruning_epochs : int >= 0 or "auto", default="auto"
        Epochs of training spread over the rounds. "auto" is half the number of epochs that the
        dense network was trained for, at least 5. Where less than 0.8 % of the single connections
        are kept, each halving of what is kept adds as many as that whole number: three times the
        half at 99.6 %, five times at 99.8 %.
    fine_tune_epochs : int >= 0 or "auto", default="auto"
        Epochs after the last round, with a learning rate that falls to zero. "auto" is the other
        half, at least 5, and grows likewise.
    refit : {"least-squares"} or None, default=None
        Whether the kept weights are solved again after each cut, layer by layer, by least squares:
        so that the lean network, reading its own activations, gives the pre-activations of the
        dense one; after the last cut the last layer of a classifier also fits the dense network's
        probabilities. That takes seconds and no labels. It is for pruning without training
        (``pruning_epochs=0, fine_tune_epochs=0``), above all with few samples, and goes well with
        ``criterion="partial-f"``; where all training data are at hand a few epochs of training do
        better. With training between the rounds the refit comes first, towards the network as it
        was before that cut.
    learning_rate_init : float > 0, "auto" or None, default="auto"
        Learning rate between and after the rounds. "auto" is the network's; with Adam three times
        that, at most 0.003 (and no less than the network's). Both are doubled where less than
        0.8 % of the single connections are kept, and fewer than 0.07 per sample. None takes the
        network's.
    alpha : float >= 0, "auto" or None, default="auto"
        Strength of the L2 penalty between and after the rounds. "auto" is the network's, at least
        0.02 for connections and 0.05 for channels: it makes the weights of what is useless fall,
        and lean networks generalise better. None takes the network's.
    dropout : float in [0, 1), "auto" or None, default="auto"
        Dropout in the fully connected hidden layers between and after the rounds. "auto" is the
        network's, for single connections cut to a `sparsity` at least 0.2, 0.1 or 0.05 from 2, 0.2
        or 0.07 kept connections per sample on, provided that each hidden unit keeps 6 on average
        and that the samples are more than one minibatch, so that the training is random anyway.
        None takes the network's. "lbfgs" knows no dropout.
    distill : float in [0, 1] or Distillation, default=0.0
        Weight of the dense network's outputs, against that of the targets, in the loss of the
        training between and after the rounds [2]_. A `Distillation` says the temperature as well.
    rewind : bool, default=False
        Whether what is left after the last round gets the weights that it had in the dense
        training after `checkpoint_epoch` epochs, a parameter of the network (the lottery ticket,
        [3]_). The fine-tuning starts there.
    validation_fraction : float in (0, 1) or None, default=None
        Share of the samples that is held out from the pruning, but not from the dense training, to
        stop the fine-tuning when the score on them stalls, by `tol` and `n_iter_no_change` of the
        network, and to keep the best state. None trains on all samples to the last epoch.
    task : {"auto", "classification", "regression"}, default="auto"
        What the network of a Pipeline does; it matters before ``fit`` only, for example to
        stratify the folds of a grid search. "auto" follows `estimator`, and without one says
        classification.
    random_state : int, RandomState or None, default=None
        Seeds the training and random criteria, and `estimator` too if it has no seed itself.
        None takes the seed of the network estimator.
    verbose : bool or int >= 0, default=False
        1 prints a line for each round and draws a bar of the epochs, where tqdm is installed; 2
        prints a line for each epoch instead. The training of the dense network goes by the
        `verbose` of `estimator`.

    Attributes
    ----------
    estimator_ : estimator
        The network estimator with the pruned network.
    wrapped_ : estimator
        What `estimator` was, fitted, with the lean network inside; `estimator_` itself for a bare
        network.
    network_ : Network
        The pruned network, compacted: units that are constant or lead nowhere are gone, as are
        the inputs that nothing reads. It computes the same as the masked network.
    masks_ : list of ndarray of bool of shape (n_inputs, n_outputs)
        For each layer of the dense network, True where a connection was kept.
    scores_ : list of ndarray of shape (n_inputs, n_outputs)
        Scores of the last round; -inf where a connection had been cut in an earlier one, and the
        lowest, zero as a rule, where its unit was given up because it no longer did anything. With
        channel granularity of shape (n_units,), for each hidden layer; of inputs a list of one,
        of shape (n_inputs,).
    f_statistics_ : list of FStatistics
        F, p and eta2 of each layer's source units, with channel granularity of each hidden
        layer's units, of inputs theirs alone, in the last round.
    sparsity_ : float
        Share of the weights that are cut, whatever the `budget`; for multiply-accumulates see
        `skscreen.inspection.compare_costs`.
    report_ : ScreeningReport
        Analysis of variance behind each cut, with what was kept, in which round the rest went and
        by which rule; prints as a table.
    history_ : list of dict
        Weights left, sparsity and training loss of each round and of the fine-tuning.
    classes_ : ndarray of shape (n_classes,)
        The classes, if the network is a classifier.
    feature_deviations_ : ndarray of shape (n_features,)
        Standard deviations of the features among the samples, which enter
        `feature_importances_`.
    n_features_in_ : int
        Number of features that ``predict`` takes, those of the network.
    feature_names_in_ : ndarray of str of shape (n_features,)
        Their names, if the network saw names.

    See Also
    --------
    skscreen.MLPClassifier : The network.
    skscreen.screening.f_statistic : The statistic by itself.

    Notes
    -----
    The method follows [1]_; the formulas are this package's own reading, since the F-statistic
    is coupled there with "a weighted scheme". Cut weights are exactly zero and stay so through
    fine-tuning, copies, pickles and ``partial_fit``. Every layer keeps a connection, and a path
    leads from the inputs to the outputs. The network that is pruned is a copy: a step before the
    pruner and a frozen estimator stay as they were. Sample weights are relative in the
    statistics: multiplied by a constant they change nothing.

    References
    ----------
    .. [1] M. Wang, Y. Guo, S. Liu, Y. Xiao, "Exploring Neural Network Pruning with Screening
       Methods", arXiv 2502.07189, 2025.
    .. [2] G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network",
       arXiv 1503.02531, 2015.
    .. [3] J. Frankle, G. K. Dziugaite, D. Roy, M. Carbin, "Linear Mode Connectivity and the
       Lottery Ticket Hypothesis", ICML 2020, arXiv 1912.05671.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skscreen import MLPClassifier, ScreeningPruner
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPClassifier((40,), max_iter=60, tol=None, random_state=0)
    >>> pruner = ScreeningPruner(net, sparsity=0.8).fit(X / 16, y)
    >>> round(pruner.sparsity_, 3), pruner.score(X / 16, y) > 0.95
    (0.8, True)
    """

    def __init__(
        self,
        estimator=None,
        *,
        granularity="connection",
        sparsity=0.9,
        budget="weights",
        criterion="screening",
        f_weight="auto",
        score_func="f",
        selection=None,
        allocation="auto",
        schedule="gradual",
        n_rounds=10,
        pruning_epochs="auto",
        fine_tune_epochs="auto",
        refit=None,
        learning_rate_init="auto",
        alpha="auto",
        dropout="auto",
        distill=0.0,
        rewind=False,
        validation_fraction=None,
        task="auto",
        random_state=None,
        verbose=False,
    ):
        self.estimator = estimator
        self.granularity = granularity
        self.sparsity = sparsity
        self.budget = budget
        self.criterion = criterion
        self.f_weight = f_weight
        self.score_func = score_func
        self.selection = selection
        self.allocation = allocation
        self.schedule = schedule
        self.n_rounds = n_rounds
        self.pruning_epochs = pruning_epochs
        self.fine_tune_epochs = fine_tune_epochs
        self.refit = refit
        self.learning_rate_init = learning_rate_init
        self.alpha = alpha
        self.dropout = dropout
        self.distill = distill
        self.rewind = rewind
        self.validation_fraction = validation_fraction
        self.task = task
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the network, unless it is fitted already, and prune it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or HiddenActivations
            Training samples, or what the ``transform`` of a network before the pruner in a
            Pipeline gives.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. None will do for a fitted network if nothing needs them: no training (unless
            it follows the dense network alone, ``distill=1``), no `selection`, and a criterion
            without gradients. F then has no part in the scores, so `f_weight` has no effect, and
            `f_statistics_` and `report_` tell how units differ between the classes that the dense
            network predicts.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, for the statistics and for the training.
        **fit_params : dict
            Handed to the ``fit`` of `estimator`, for example `X_val` and `y_val`.

        Returns
        -------
        self : object
            The fitted pruner.

        Raises
        ------
        ValueError
            For a bad parameter or bad input; the pruner stays as it was.
        """
        with fit_task(self, X, y, sample_weight, n_parts=2) as task:
            job = prepare(self, X, y, sample_weight, fit_params, task=task)
            rounds = task.part("prune", job.plan.n_rounds + 1).begin()
            watch = rounds.watch(lambda network: job.as_of_now(network.copy()))
            result = prune(
                job.lean.network_,
                job.data,
                job.plan,
                job.options,
                job.rng,
                score=job.score,
                watch=watch,
            )
            vars(self).update(job.outcome(result))
            rounds.end(dict)
        return self

    @delegates("partial_fit")
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train the pruned network for one more epoch; what is cut stays cut.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever come.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        self : object
            The fitted pruner.

        Notes
        -----
        The first call is a ``fit``: without statistics nothing can be pruned. So the first
        samples should be many, and all classes must be among them.
        """
        if not self.__sklearn_is_fitted__():
            if classes is not None and np.setdiff1d(classes, y).size:
                raise ValueError(
                    "the first call of partial_fit prunes and needs samples of all classes, "
                    f"got none of {np.setdiff1d(classes, y)}"
                )
            return self.fit(X, y, sample_weight)
        known = {} if classes is None else {"classes": classes}
        wrapping = unwrap(self.wrapped_)
        X, y = wrapping.inputs(X), wrapping.targets(y)
        self.estimator_.partial_fit(X, y, sample_weight=sample_weight, **known)
        return self
