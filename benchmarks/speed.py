"""Training and prediction time against peers, alternating in one run.

    python benchmarks/speed.py

Prints medians and their ratios. The first, compiling call is shown apart. PyTorch is compared
with where it is installed.
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier as SklearnMLP

from skscreen import CNNClassifier, MLPClassifier, Screen, ScreeningPruner, f_statistic
from skscreen.datasets import load_dataset
from skscreen.inspection import format_table
from skscreen.pruning import FWeights, NetworkEvidence, ScreeningData

try:
    import torch
except ImportError:
    torch = None

SECTIONS = ["f", "mlp", "lenet", "lean", "screening", "pruning"]
BATCH = 128
MLP = (300, 100)


def timed(call):
    """Seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(title, calls, repeats):
    """Time named calls in turn and print medians relative to the first."""
    first = {name: timed(call) for name, call in calls.items()}
    durations = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            durations[name].append(timed(call))
    medians = {name: float(np.median(values)) for name, values in durations.items()}
    ours = next(iter(medians.values()))
    rows = [
        [name, f"{first[name]:.4f}", f"{median:.4f}", f"{ours / median:.2f}"]
        for name, median in medians.items()
    ]
    header = [title, "first [s]", "median [s]", "skscreen / it"]
    print(format_table(header, rows) + "\n", flush=True)


def torch_mlp():
    """Build 784-300-100-10."""
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
    )


def torch_lenet():
    """Build LeNet-5 (20-50-500)."""
    nn = torch.nn
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        *(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10)),
    )


def torch_epoch(net, X, y):
    """Make a function that trains for one epoch."""
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    X, y = torch.from_numpy(X), torch.from_numpy(y)

    def epoch():
        order = torch.randperm(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start : start + BATCH]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def torch_predict(net, X, repeats):
    """Make a function that predicts some times."""
    X = torch.from_numpy(X)

    def predict():
        with torch.inference_mode():
            for _ in range(repeats):
                net(X).argmax(dim=1)

    return predict


def our_epoch(estimator, X, y):
    """Make a function that trains for one epoch, going on with the same network."""
    classes = np.unique(y)
    return lambda: estimator.partial_fit(X, y, classes=classes)


def our_predict(estimator, X, repeats):
    """Make a function that predicts some times."""

    def predict():
        for _ in range(repeats):
            estimator.predict(X)

    return predict


def compare_network(name, ours, theirs, X, y, repeats, *, sklearn=False):
    """Compare an epoch and predictions of one network."""
    calls = {"skscreen": our_epoch(ours, X, y)}
    if theirs is not None:
        calls["torch"] = torch_epoch(theirs, X, y)
    if sklearn:
        peer = SklearnMLP(MLP, batch_size=BATCH, max_iter=1)
        calls["scikit-learn"] = lambda: peer.fit(X, y)
    compare(f"{name}: epoch of {len(X)}", calls, repeats)
    for batch, times in ((1000, 5), (1, 200)):
        calls = {"skscreen": our_predict(ours, X[:batch], times)}
        if theirs is not None:
            calls["torch"] = torch_predict(theirs, X[:batch], times)
        if sklearn:
            calls["scikit-learn"] = our_predict(peer, X[:batch], times)
        compare(f"{name}: {times} predictions of {batch}", calls, max(5, repeats))


def lenet():
    """Make our LeNet-5 (20-50-500)."""
    return CNNClassifier(
        (28, 28),
        conv_channels=(20, 50),
        kernel_size=5,
        padding="valid",
        hidden_layer_sizes=(500,),
        batch_size=BATCH,
        max_iter=1,
        tol=None,
    )


def compare_screening(name, estimator, X, y, repeats):
    """Compare screening all layers, forward pass included, with the forward pass alone."""
    network = estimator.fit(X, y).network_
    data = ScreeningData(X, y, 10)
    rng = np.random.RandomState(0)
    for pooling in ("max", "mean"):
        calls = {
            "screening": lambda p=pooling: NetworkEvidence(
                network, data, Screen(pooling=p).resolve(rng), rng, FWeights(0.0)
            ).statistics("source"),
            "forward pass": lambda: network.logits(X),
        }
        compare(f"{name}: screening {len(X)}, {pooling}", calls, repeats)


def compare_lean(X, y, repeats):
    """Compare predictions of LeNet-5 with those after pruning; training plays no part."""
    dense = lenet().fit(X[:1000], y[:1000])
    untrained = {"n_rounds": 1, "pruning_epochs": 0, "fine_tune_epochs": 0}
    calls = {}
    for granularity, sparsity in (("channel", 0.875), ("connection", 0.917)):
        pruner = ScreeningPruner(
            FrozenEstimator(dense),
            granularity=granularity,
            budget="macs",
            sparsity=sparsity,
            **untrained,
        ).fit(X[:1000], y[:1000])
        calls[f"{granularity}s, {sparsity:.1%} cut"] = our_predict(pruner, X[:1000], 5)
    calls["dense"] = our_predict(dense, X[:1000], 5)
    compare("LeNet-5: 5 predictions of 1000", calls, repeats)
    net = MLPClassifier(MLP, max_iter=1, tol=None).fit(X[:1000], y[:1000])
    pruner = ScreeningPruner(FrozenEstimator(net), sparsity=0.917, **untrained)
    pruner.fit(X[:1000], y[:1000])
    calls = {
        "connections, 91.7 % cut": our_predict(pruner, X[:10000], 5),
        "dense": our_predict(net, X[:10000], 5),
    }
    compare("784-300-100-10: 5 predictions of 10000", calls, repeats)


def compare_pruning(name, estimator, X, y, cuts, repeats):
    """Compare pruning with the training of the dense network for as many epochs."""
    dense = estimator.set_params(max_iter=10, tol=None, random_state=0)
    trained = FrozenEstimator(clone(dense).fit(X, y))
    for cut in cuts:
        pruner = ScreeningPruner(trained, **cut)
        calls = {
            ", ".join(f"{key}={value}" for key, value in cut.items()): partial(pruner.fit, X, y),
            "dense": partial(dense.fit, X, y),
        }
        compare(f"{name}: pruning, {len(X)} samples", calls, repeats)


def main():
    """Compare what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--samples", type=int, default=60000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="what to compare"
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng = np.random.default_rng(0)
    X = rng.random((arguments.samples, 784), dtype=np.float32)
    y = rng.integers(0, 10, arguments.samples)
    if torch is None:
        print("PyTorch is not installed: compared without it\n")
    else:
        torch.set_num_threads(2)
    if "f" in arguments.only:
        calls = {"skscreen": lambda: f_statistic(X, y), "f_classif": lambda: f_classif(X, y)}
        compare("F of 784 features", calls, arguments.repeats)
    if "mlp" in arguments.only:
        ours = MLPClassifier(MLP, batch_size=BATCH)
        theirs = torch_mlp() if torch else None
        compare_network("784-300-100-10", ours, theirs, X, y, arguments.repeats, sklearn=True)
    if "lenet" in arguments.only:
        ours = lenet()
        theirs = torch_lenet() if torch else None
        compare_network("LeNet-5", ours, theirs, X, y, arguments.repeats)
    if "lean" in arguments.only:
        compare_lean(X, y, arguments.repeats)
    if "screening" in arguments.only:
        net = MLPClassifier(MLP, batch_size=BATCH, max_iter=1, tol=None)
        compare_screening("784-300-100-10", net, X, y, arguments.repeats)
        compare_screening("LeNet-5", lenet(), X[:10000], y[:10000], arguments.repeats)
    if "pruning" in arguments.only:
        data = load_dataset("fashion")
        X, y = data.X_train[: arguments.samples].astype(np.float32), data.y_train
        y = y[: len(X)]
        cuts = [{"sparsity": 0.9}, {"sparsity": 0.98}]
        compare_pruning("784-300-100-10", MLPClassifier(MLP), X, y, cuts, arguments.repeats)
        cuts += [{"granularity": "channel", "budget": "macs", "sparsity": 0.875}]
        X, y = X[:5000], y[:5000]
        compare_pruning("LeNet-5", lenet(), X, y, cuts, min(arguments.repeats, 3))


if __name__ == "__main__":
    main()
