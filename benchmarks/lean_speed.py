"""How fast pruned networks predict, against themselves dense, peers, and the machine's limit.

    python benchmarks/lean_speed.py

All that is compared runs in turn, alone and warm, and medians are taken. What is pruned is not
trained: the time does not depend on the values of the weights. "own dense" is the pruned network
computed with its whole weights, "before" the network it was pruned from. The limit is the larger
of two times: the multiply-accumulates of the kept weights at the rate of a large product, and the
bytes that must be read and written at the rate of a copy. Writes a row for each figure to a CSV
file, and a picture.
"""

import argparse
import csv
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_info

from skscreen import CNNClassifier, MLPClassifier, ScreeningPruner
from skscreen.inspection import network_costs
from skscreen.interop import to_onnx, to_sklearn

try:
    import torch
except ImportError:
    torch = None
try:
    import onnxruntime
except ImportError:
    onnxruntime = None

RESULTS = Path(__file__).parent / "results"
THREADS = max((library["num_threads"] for library in threadpool_info()), default=1)
SPARSITIES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
BATCHES = (1, 8, 32, 128, 1000, 10000)
# Seconds of silence, longer than OpenBLAS and OpenMP let idle threads spin; then of work that is
# not timed, until processors and threads are awake; then of what is timed.
REST, WARM, TIMED = 0.05, 0.03, 0.01
UNTRAINED = {"n_rounds": 1, "pruning_epochs": 0, "fine_tune_epochs": 0}
FIELDS = ["network", "granularity", "sparsity", "batch", "who", "seconds", "clock", "threads"]
NETWORKS = {
    "64-300-100-10": (64, lambda: MLPClassifier((300, 100))),
    "784-300-100-10": (784, lambda: MLPClassifier((300, 100))),
    "LeNet-5": (
        784,
        lambda: CNNClassifier(
            (28, 28),
            conv_channels=(20, 50),
            kernel_size=5,
            padding="valid",
            hidden_layer_sizes=(500,),
        ),
    ),
}


def compare(calls, clock, repeats):
    """Time named calls in turn, each running alone and warm; return the median seconds of each."""
    durations = {name: [] for name in calls}
    order = np.random.default_rng(0)
    for _ in range(repeats):
        for name in order.permutation(list(calls)):
            # the threads of a library spin for a while after its work, and would slow the next
            time.sleep(REST)
            repeat(calls[name], WARM)
            start = clock()
            n_calls = repeat(calls[name], TIMED)
            durations[name].append((clock() - start) / n_calls)
    return {name: float(np.median(values)) for name, values in durations.items()}


def repeat(call, seconds):
    """Call until the time is over, once at least; return how often."""
    stop = time.perf_counter() + seconds
    n_calls = 0
    while n_calls == 0 or time.perf_counter() < stop:
        call()
        n_calls += 1
    return n_calls


def machine(clock):
    """Return multiply-accumulates and copied bytes per second."""
    a = np.ones((1024, 1024), np.float32)
    data = np.ones(2**24, np.float32)
    out = np.empty_like(data)
    found = compare({"product": lambda: a @ a, "copy": lambda: np.copyto(out, data)}, clock, 7)
    return 1024**3 / found["product"], 2 * data.nbytes / found["copy"]


def scipy_csr(network):
    """Predict with scipy's sparse products."""
    layers = [(csr_array(layer.weight.T), layer) for layer in network.layers]

    def predict(X):
        for weight, layer in layers:
            X = X if layer.reads is None else X[:, layer.reads]
            X = (weight @ X.T).T + layer.bias
            X = np.maximum(X, 0) if layer.activation == "relu" else X
        return X

    return predict


def torch_layers(network, *, sparse):
    """Predict with torch, from dense or CSR weights."""
    layers = []
    for layer in network.layers:
        weight = torch.from_numpy(np.ascontiguousarray(layer.weight.T))
        reads = None if layer.reads is None else torch.from_numpy(layer.reads)
        weight = weight.to_sparse_csr() if sparse else weight
        layers.append((weight, torch.from_numpy(layer.bias), reads, layer.activation == "relu"))

    def predict(X):
        with torch.no_grad():
            X = torch.from_numpy(X)
            for weight, bias, reads, relu in layers:
                X = X if reads is None else X[:, reads]
                X = torch.nn.functional.linear(X, weight, bias)
                X = torch.relu(X) if relu else X
        return X.numpy()

    return predict


def onnx_session(net):
    """Predict labels and probabilities with onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(to_onnx(net).SerializeToString(), options)
    name = session.get_inputs()[0].name
    return lambda X: session.run(None, {name: X})


def peers(net, lean, *, is_mlp):
    """Return named functions of samples, that of the lean network first."""
    before = net.network_
    calls = {
        "skscreen": lean.logits,
        "own dense": lambda X: lean.logits(X, inference="dense"),
        "before": lambda X: before.logits(X, inference="dense"),
    }
    if is_mlp:
        calls["scipy CSR"] = scipy_csr(lean)
        calls["scikit-learn before"] = to_sklearn(net).predict_proba
        if torch is not None:
            calls["torch CSR"] = torch_layers(lean, sparse=True)
            calls["torch before"] = torch_layers(before, sparse=False)
    if onnxruntime is not None:
        calls["onnxruntime before"] = onnx_session(net)
    return calls


def limit(network, batch, n_features, rates):
    """Seconds that the kept weights and the bytes that must move need at least."""
    macs, copied = rates
    total = network_costs(network).total
    moved = 4 * (batch * (n_features + 10) + 2 * total.n_weights)
    return max(batch * total.macs / macs, moved / copied)


def measure(arguments, clock):
    """Yield a dict for each figure."""
    rng = np.random.default_rng(0)
    rates = machine(clock)
    print(f"{rates[0] / 1e9:.1f} G multiply-accumulates/s, {rates[1] / 1e9:.1f} GB/s copied")
    for name in arguments.networks:
        n_features, make = NETWORKS[name]
        X = np.maximum(rng.standard_normal((max(arguments.batches), n_features)), 0)
        X = X.astype(np.float32)
        y = rng.integers(0, 10, len(X))
        rows = slice(0, 1000)
        net = make().set_params(max_iter=1, tol=None, random_state=0).fit(X[rows], y[rows])
        for granularity in ("connection", "channel"):
            for sparsity in arguments.sparsities:
                pruner = ScreeningPruner(
                    FrozenEstimator(net), granularity=granularity, sparsity=sparsity, **UNTRAINED
                ).fit(X[rows], y[rows])
                lean = pruner.network_
                calls = peers(net, lean, is_mlp="-300-" in name)
                for batch in arguments.batches:
                    part = X[:batch]
                    found = compare(
                        {who: partial(call, part) for who, call in calls.items()},
                        clock,
                        arguments.repeats,
                    )
                    found["limit"] = limit(lean, batch, n_features, rates)
                    for who, seconds in found.items():
                        yield dict(
                            zip(
                                FIELDS[:6], [name, granularity, sparsity, batch, who], strict=False
                            )
                        ) | {"seconds": f"{seconds:.3e}"}


def draw(rows, path):
    """Plot the speed-up over sparsity, a line for each batch size."""
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys((row["network"], row["granularity"]) for row in rows))
    n_columns = min(len(names), 3)
    n_rows = -(-len(names) // n_columns)
    size = (4 * n_columns, 3.4 * n_rows)
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False)
    for ax, (network, granularity) in zip(axes.flat, names, strict=False):
        seconds = {
            (int(row["batch"]), float(row["sparsity"]), row["who"]): float(row["seconds"])
            for row in rows
            if (row["network"], row["granularity"]) == (network, granularity)
        }
        sparsities = sorted({sparsity for _, sparsity, _ in seconds})
        for batch in sorted({batch for batch, _, _ in seconds}):
            gain = [
                seconds[batch, s, "before"] / seconds[batch, s, "skscreen"] for s in sparsities
            ]
            ax.plot([f"{100 * s:g}" for s in sparsities], gain, marker="o", label=f"{batch:,}")
        ax.set(yscale="log", xlabel="% cut", title=f"{network}, {granularity}s")
        ax.axhline(1, color="grey", linewidth=1)
    for ax in axes[:, 0]:
        ax.set_ylabel("times as fast as before pruning")
    axes[0, 0].legend(title="samples", loc="upper left")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main():
    """Measure what is asked for; write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--sparsities", nargs="+", type=float, default=SPARSITIES)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu: on a busy machine, with OPENBLAS_NUM_THREADS=1",
    )
    parser.add_argument("--csv", type=Path, default=RESULTS / "lean_speed.csv")
    parser.add_argument(
        "--picture",
        type=Path,
        default=RESULTS.parent.parent / "docs" / "images" / "lean-speed.png",
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
    clock = time.perf_counter if arguments.clock == "wall" else time.process_time
    if torch is not None:
        torch.set_num_threads(THREADS)
    rows = []
    arguments.csv.parent.mkdir(exist_ok=True)
    with arguments.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        for row in measure(arguments, clock):
            rows.append(row | {"clock": arguments.clock, "threads": THREADS})
            writer.writerow(rows[-1])
            if row["who"] == "limit":
                file.flush()
    draw(rows, arguments.picture)


if __name__ == "__main__":
    main()
