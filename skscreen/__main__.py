"""Command line: train a network, prune it, and print what that cost and saved."""

import argparse
import pickle
import sys
import time

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skscreen import CNNClassifier, MLPClassifier, ScreeningPruner, __version__
from skscreen.datasets import NAMED, DataError, load_dataset
from skscreen.inspection import compare_costs, format_table, network_costs
from skscreen.pruning import GRANULARITIES

DESCRIPTION = """\
Train a network, prune its connections or channels by a weighted F-statistic, fine-tune it, and
compare the dense network with the pruned one on test data."""

# Convolutional networks by name; they need images.
CNNS = {
    "cnn": {"conv_channels": (32, 64), "hidden_layer_sizes": (100,)},
    "lenet-5": {
        "conv_channels": (20, 50),
        "kernel_size": 5,
        "padding": "valid",
        "hidden_layer_sizes": (500,),
    },
}

TIMED_CALLS = 20


def parse_network(text):
    """Read "300-100" as (300, 100); the name of a convolutional network stays as it is."""
    if text in CNNS:
        return text
    try:
        sizes = tuple(int(size) for size in text.split("-"))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise argparse.ArgumentTypeError(
            f"expected sizes of hidden layers, such as 300-100, or one of {', '.join(CNNS)}, "
            f"got {text!r}"
        )
    return sizes


def parse_share(text):
    """Read a number in [0, 1)."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"expected a number in [0, 1), got {text!r}")
    return share


def parse_count(text):
    """Read a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def build_parser():
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(prog="skscreen", description=DESCRIPTION)
    parser.add_argument(
        "--data",
        default="digits",
        help=f"one of {', '.join(NAMED)}; a folder with the IDX files of MNIST or Fashion-MNIST; "
        "an .npz file with X and y; or a .csv file with a target column (default: digits, which "
        "is part of scikit-learn)",
    )
    parser.add_argument(
        "--target", default="target", help="class column of a .csv file (default: target)"
    )
    parser.add_argument(
        "--network",
        type=parse_network,
        default=(300, 100),
        metavar="NETWORK",
        help="sizes of the hidden layers, or for images a convolutional network: "
        f"{', '.join(CNNS)} (default: 300-100)",
    )
    parser.add_argument(
        "--granularity",
        choices=list(GRANULARITIES),
        default="connection",
        help="cut single connections, or whole channels and hidden units (default: connection)",
    )
    parser.add_argument(
        "--sparsity",
        type=parse_share,
        default=0.9,
        help="share of the weights to cut (default: 0.9)",
    )
    parser.add_argument(
        "--epochs",
        type=parse_count,
        default=30,
        help="epochs of the dense training, and half as many each of pruning and fine-tuning "
        "(default: 30)",
    )
    parser.add_argument("--seed", type=parse_count, default=0, help="random seed (default: 0)")
    parser.add_argument("--version", action="version", version=f"skscreen {__version__}")
    return parser


def median_seconds(call):
    """Median duration of some calls; the first one, which may compile, is not counted."""
    call()
    durations = []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))


def measure(estimator, scaler, data):
    """Return what the table says of a fitted estimator, as numbers by name."""
    X_test = scaler.transform(data.X_test).astype(np.float32)
    costs = network_costs(estimator.network_).total
    return {
        "test accuracy": estimator.score(X_test, data.y_test),
        "weights": costs.n_weights,
        "multiply-accumulates": costs.macs,
        "bytes (pickle)": len(pickle.dumps(estimator.network_)),
        "prediction [ms]": 1e3 * median_seconds(lambda: estimator.predict(X_test)),
    }


def comparison(dense, lean):
    """Lay out two measurements side by side."""
    rows = []
    for name, before in dense.items():
        after = lean[name]
        if name == "test accuracy":
            change = f"{100 * (after - before):+.2f} points"
            rows.append([name, f"{before:.4f}", f"{after:.4f}", change])
        elif isinstance(before, int):
            rows.append([name, f"{before:,}", f"{after:,}", f"{before / after:.1f} times fewer"])
        else:
            ratio = before / after
            change = f"{ratio:.1f} times less" if ratio >= 1 else f"{1 / ratio:.1f} times more"
            rows.append([name, f"{before:.3f}", f"{after:.3f}", change])
    return format_table(["", "dense", "pruned", "change"], rows)


def build_network(arguments, data):
    """Make the network estimator that the arguments ask for."""
    training = {"max_iter": arguments.epochs, "tol": None, "random_state": arguments.seed}
    if arguments.network not in CNNS:
        return MLPClassifier(arguments.network, **training)
    if data.image_shape is None:
        raise DataError(f"network {arguments.network} needs images, but {data.name} has none")
    return CNNClassifier(data.image_shape, **CNNS[arguments.network], **training)


def run(arguments):
    """Load, train, prune and print."""
    data = load_dataset(arguments.data, target=arguments.target, random_state=arguments.seed)
    net = build_network(arguments, data)
    pruner = ScreeningPruner(sparsity=arguments.sparsity, granularity=arguments.granularity)
    pipe = Pipeline([("scale", StandardScaler()), ("net", net), ("prune", pruner)])
    start = time.perf_counter()
    pipe.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - start
    n_features = data.X_train.shape[1]
    name = arguments.network
    if name not in CNNS:
        name = "-".join(map(str, [n_features, *name, net.n_outputs_]))
    print(
        f"{data.name}: {len(data.X_train):,} training and {len(data.X_test):,} test samples, "
        f"{n_features} features, {len(net.classes_)} classes\n"
        f"network {name}, sparsity {arguments.sparsity} ({arguments.granularity}s), "
        f"seed {arguments.seed}; trained and pruned in {seconds:.1f} s\n"
    )
    scaler = pipe["scale"]
    print(comparison(measure(net, scaler, data), measure(pipe["prune"], scaler, data)))
    print(f"\n{compare_costs(net.network_, pipe['prune'].network_)}")
    print(f"\nfeatures still read: {pipe['prune'].get_support().sum()} of {n_features}")


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str or None
        Arguments; None takes those of the process.

    Returns
    -------
    code : int
        0, or 2 after an error, which is printed in one line.
    """
    arguments = build_parser().parse_args(argv)
    try:
        run(arguments)
    except (DataError, ValueError, FloatingPointError) as error:
        print(f"skscreen: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
