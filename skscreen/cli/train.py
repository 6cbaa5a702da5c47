"""The main job: load, train, prune, compare, save."""

import sys
import time
from itertools import pairwise

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skscreen import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPRegressor,
    ScreeningPruner,
    ScreeningPrunerCV,
)
from skscreen.cli.arguments import CNNS
from skscreen.cli.comparison import compare
from skscreen.cli.models import SavedModel, save_model
from skscreen.cli.picture import draw
from skscreen.cli.preparation import PlainPreparation, TargetScaler, make_preparation
from skscreen.datasets import DataError, load_dataset
from skscreen.estimators.progress import find_tqdm
from skscreen.inspection import compare_costs, format_table

# By default so many epochs, and as many more as it takes for so many minibatches of 200 samples.
USUAL_EPOCHS, LEAST_MINIBATCHES, MINIBATCH = 30, 200, 200
# A network of fewer weights than that in each layer is not tried by --cv.
WEIGHTS_PER_LAYER = 5

NETWORKS = {
    "classification": (MLPClassifier, CNNClassifier),
    "regression": (MLPRegressor, CNNRegressor),
}


def run(arguments):
    """Do what the arguments of `build_parser` say."""
    data = load_dataset(
        arguments.data,
        target=arguments.target,
        task=arguments.task,
        categories=arguments.categories,
        ignore=arguments.ignore,
        random_state=arguments.seed,
    )
    preparation, words = make_preparation(data.X_train)
    scaler = TargetScaler.of(data.y_train) if data.task == "regression" else TargetScaler()
    net = build_network(arguments, data)
    pruner = ScreeningPruner(
        sparsity=arguments.sparsity, granularity=arguments.granularity, task=data.task
    )
    start = time.perf_counter()
    search = None
    if arguments.cv is not None:
        search = choose_sparsity(preparation, net, pruner, data, arguments)
        pruner.set_params(sparsity=search.best_sparsity_)
    for part in (net, pruner):
        part.set_params(verbose=int(is_watched()))
    pipe = Pipeline([("prepare", preparation), ("net", net), ("prune", pruner)])
    pipe.fit(data.X_train, scaler.standardise(data.y_train))
    seconds = time.perf_counter() - start
    X_test = np.asarray(pipe["prepare"].transform(data.X_test), dtype=np.float32)
    print(describe(arguments, data, words, net, pruner))
    print(f"trained and pruned in {seconds:.1f} s\n")
    if search is not None:
        print(f"{sparsity_table(search)}\n")
    print(compare(net, pruner.estimator_, X_test, scaler.standardise(data.y_test)))
    print(f"\n{compare_costs(net.network_, pruner.network_)}")
    print(f"\n{inputs_read(pipe)}")
    if arguments.plot is not None:
        draw(pruner, arguments.plot, search)
        print(f"drawn into {arguments.plot}")
    if arguments.save is not None:
        save(arguments, data, pipe, scaler)


def is_watched():
    """Return whether somebody waits before a terminal, and tqdm can show how far it is."""
    return sys.stdout.isatty() and sys.stderr.isatty() and find_tqdm() is not None


def choose_sparsity(preparation, net, pruner, data, arguments):
    """Search for the sparsity on the training data; return the `ScreeningPrunerCV`.

    The features are prepared in each fold anew, from its training part alone.
    """
    if arguments.cv < 2:
        raise DataError(f"--cv needs 2 folds or more, got {arguments.cv}")
    pipe = make_pipeline(preparation, net)
    if data.task == "regression":
        pipe = TransformedTargetRegressor(pipe, transformer=StandardScaler())
    search = ScreeningPrunerCV(
        clone(pruner).set_params(estimator=pipe),
        cv=arguments.cv,
        refit=False,
        verbose=int(is_watched()),
    )
    if arguments.network not in CNNS:
        n_inputs = len(clone(preparation).fit(data.X_train).get_feature_names_out())
        sizes = [n_inputs, *arguments.network]
        n_weights = sum(a * b for a, b in pairwise(sizes))
        least = WEIGHTS_PER_LAYER * len(sizes)
        possible = [s for s in search.sparsities if (1 - s) * n_weights >= least]
        search.set_params(sparsities=possible or [pruner.sparsity])
    return search.fit(data.X_train, data.y_train)


def sparsity_table(search):
    """Lay out the scores of a `ScreeningPrunerCV`."""
    results = search.cv_results_
    errors = results["std_test_score"] / np.sqrt(search.n_splits_ - 1)
    rows = [["0 %", f"{search.dense_scores_.mean():.4f}", "", "", "dense"]]
    for number, sparsity in enumerate(results["param_sparsity"]):
        rows.append(
            [
                f"{100 * sparsity:g} %",
                f"{results['mean_test_score'][number]:.4f}",
                f"{errors[number]:.4f}",
                f"{results['mean_weights'][number]:,.0f}",
                "chosen" if number == search.best_index_ else "",
            ]
        )
    return format_table(["sparsity", "score", "standard error", "weights", ""], rows)


def build_network(arguments, data):
    """Make the network estimator that the arguments ask for."""
    epochs = arguments.epochs
    if epochs is None:
        n_minibatches = -(-len(data.X_train) // MINIBATCH)
        epochs = max(USUAL_EPOCHS, -(-LEAST_MINIBATCHES // n_minibatches))
    training = {"max_iter": epochs, "tol": None, "random_state": arguments.seed}
    mlp, cnn = NETWORKS[data.task]
    if arguments.network not in CNNS:
        return mlp(arguments.network, **training)
    if data.image_shape is None:
        raise DataError(f"network {arguments.network} needs images, but {data.name} has none")
    return cnn(data.image_shape, **CNNS[arguments.network], **training)


def describe(arguments, data, words, net, pruner):
    """Say in some lines what was read and what is trained."""
    name = arguments.network
    if name not in CNNS:
        name = "-".join(map(str, [net.n_features_in_, *name, net.n_outputs_]))
    n_features = data.X_train.shape[1]
    what = f"{len(net.classes_)} classes" if data.task == "classification" else "a regression"
    lines = [
        f"{data.name}: {len(data.X_train):,} training and {len(data.X_test):,} test samples, "
        f"{n_features} features, {what}",
        *data.notes,
        f"features: {words}",
        f"network {name}, sparsity {pruner.sparsity} ({arguments.granularity}s), {net.max_iter} "
        f"epochs, seed {arguments.seed}",
    ]
    return "\n".join(lines)


def inputs_read(pipe):
    """Say which inputs the pruned network still reads, by name where they have one."""
    support = pipe["prune"].get_support()
    line = f"inputs still read: {support.sum()} of {len(support)}"
    if not hasattr(pipe["prepare"], "transformers_"):
        return line
    names = pipe["prepare"].get_feature_names_out()
    names = np.array([name.replace("_infrequent_sklearn", "_(others)") for name in names])
    for which, kept in (("read", support), ("not read", ~support)):
        shown = list(names[kept][:20])
        more = ", ..." if kept.sum() > 20 else ""
        line += f"\n{which}: {', '.join(shown) or 'none'}{more}"
    return line


def save(arguments, data, pipe, scaler):
    """Write the preparation and the pruned network to the file that the arguments name."""
    preparation = PlainPreparation.of(pipe["prepare"])
    model = SavedModel(preparation, pipe["prune"].estimator_, data.target, scaler)
    save_model(model, arguments.save)
    print(f"saved to {arguments.save}: predict with 'skscreen predict {arguments.save} DATA'")
