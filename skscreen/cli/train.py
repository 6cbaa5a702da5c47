"""The main job: load, train, prune, compare, save."""

import time

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

from skscreen import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor, ScreeningPruner
from skscreen._tables import column_kinds
from skscreen.cli.arguments import CNNS
from skscreen.cli.comparison import compare
from skscreen.cli.models import SavedModel, save_model
from skscreen.cli.picture import draw
from skscreen.cli.preparation import make_preparation
from skscreen.datasets import DataError, load_dataset
from skscreen.inspection import compare_costs

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
    pruner = ScreeningPruner(
        sparsity=arguments.sparsity, granularity=arguments.granularity, task=data.task
    )
    net = build_network(arguments, data)
    pipe = Pipeline([("prepare", preparation), ("net", net), ("prune", pruner)])
    start = time.perf_counter()
    pipe.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - start
    lean = pipe["prune"]
    X_test = np.asarray(pipe["prepare"].transform(data.X_test), dtype=np.float32)
    print(describe(arguments, data, words, net))
    print(f"trained and pruned in {seconds:.1f} s\n")
    print(compare(net, lean, X_test, data.y_test))
    print(f"\n{compare_costs(net.network_, lean.network_)}")
    print(f"\n{inputs_read(pipe)}")
    if arguments.plot is not None:
        draw(lean, arguments.plot)
        print(f"drawn into {arguments.plot}")
    if arguments.save is not None:
        save(arguments, data, pipe)


def build_network(arguments, data):
    """Make the network estimator that the arguments ask for."""
    training = {"max_iter": arguments.epochs, "tol": None, "random_state": arguments.seed}
    mlp, cnn = NETWORKS[data.task]
    if arguments.network not in CNNS:
        return mlp(arguments.network, **training)
    if data.image_shape is None:
        raise DataError(f"network {arguments.network} needs images, but {data.name} has none")
    return cnn(data.image_shape, **CNNS[arguments.network], **training)


def describe(arguments, data, words, net):
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
        f"network {name}, sparsity {arguments.sparsity} ({arguments.granularity}s), seed "
        f"{arguments.seed}",
    ]
    return "\n".join(lines)


def inputs_read(pipe):
    """Say which inputs the pruned network still reads, by name where they have one."""
    support = pipe["prune"].get_support()
    line = f"inputs still read: {support.sum()} of {len(support)}"
    if not hasattr(pipe["prepare"], "transformers_"):
        return line
    names = pipe["prepare"].get_feature_names_out()
    for which, kept in (("read", support), ("not read", ~support)):
        shown = list(names[kept][:20])
        more = ", ..." if kept.sum() > 20 else ""
        line += f"\n{which}: {', '.join(shown) or 'none'}{more}"
    return line


def save(arguments, data, pipe):
    """Write the preparation and the pruned network to the file that the arguments name."""
    kinds = column_kinds(data.X_train) if hasattr(data.X_train, "columns") else None
    lean = make_pipeline(pipe["prepare"], pipe["prune"].estimator_)
    save_model(SavedModel(lean, kinds, data.target, data.task), arguments.save)
    print(f"saved to {arguments.save}: predict with 'skscreen predict {arguments.save} DATA'")
