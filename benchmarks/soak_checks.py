"""What must hold of a fitted pruner, for `soak.py`; each check yields, in words, what does not."""

import pickle
import tempfile
from pathlib import Path

import numpy as np
import reference
from scipy.special import expit, softmax
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator

from skscreen import ScreeningPruner
from skscreen.interop import load, save
from skscreen.pruning import compact
from skscreen.screening import ClassMoments, class_moments, f_from_moments, f_statistic

FORMS = ("auto", "dense", "sparse")


def counts(case, pruner):
    """As many are kept as were asked for, to the last one; fewer only where a rule says so."""
    asked = case.pruner
    kept = sum(int(mask.sum()) for mask in pruner.masks_)
    total = sum(mask.size for mask in pruner.masks_)
    if pruner.sparsity_ != 1 - kept / total:
        yield f"sparsity_ is {pruner.sparsity_}, but {kept} of {total} weights are kept"
    if pruner.network_.n_weights > kept:
        yield f"the lean network has {pruner.network_.n_weights} weights of {kept} that are kept"
    if asked.sparsity is None:
        return
    share = 1 - asked.sparsity
    tables = [pruner.report_.layer(number)["kept"] for number in range(pruner.report_.n_layers)]
    n_units = sum(len(table) for table in tables)
    n_kept = sum(int(np.count_nonzero(table)) for table in tables)
    if asked.granularity == "connection":
        found, wanted = kept, round(share * total)
    elif asked.granularity == "input":
        found, wanted = n_kept, round(share * n_units)
    elif asked.budget == "units":
        found, wanted = n_kept, int(share * n_units * (1 + 1e-12))
    else:
        return
    fewer = asked.selection is not None or "the others are null" in str(pruner.report_)
    if found > wanted or (found < wanted and not fewer):
        yield f"{found} are kept and {wanted} wanted, by {asked.granularity}"


def paths(case, pruner):
    """No layer is empty, a path leads through, what was cut stays so: masks, weights, scores."""
    convolutional = "CNN" in type(case.pruner.estimator).__name__
    n_before = case.pruner.estimator.image_shape[2] if convolutional else len(pruner.masks_[0])
    reached = np.ones(n_before, bool)
    for number, mask in enumerate(pruner.masks_):
        if not mask.any():
            yield f"nothing is kept in layer {number}"
        reached = mask[reached[np.arange(len(mask)) % n_before]].any(axis=0)
        n_before = len(reached)
    if not reached.any():
        yield "no path leads from the inputs to the outputs"
    if case.pruner.granularity == "connection":
        for mask, score in zip(pruner.masks_, pruner.scores_, strict=True):
            if (mask & (score == -np.inf)).any():
                yield "a connection is kept that was cut in an earlier round"
    weights = [entry["n_weights"] for entry in pruner.history_]
    if sorted(weights, reverse=True) != weights:
        yield f"the rounds left {weights} weights: masks are not nested"
    for layer in pruner.network_.layers:
        if layer.mask is not None and layer.weight[~layer.mask].any():
            yield "a weight that is cut is not zero"


def predictions(case, pruner):
    """Predictions are those of float64 within rounding, for any batch and in every form."""
    network = pruner.network_
    X = np.resize(case.X_new, (case.rng.integers(1, 300), case.X_new.shape[1]))
    yield from _beyond_rounding("lean", network, X)
    samples = _as_read(case, case.X_new)
    logits, bound = reference.logits(network, samples)[-1]
    allowed = 2 * bound.max(axis=1, keepdims=True) + 1e-6
    if is_classifier(pruner):
        two = logits.shape[1] == 1
        expected = np.hstack([expit(-logits), expit(logits)]) if two else softmax(logits, axis=1)
        found = pruner.predict_proba(case.X_new)
    else:
        expected, found = logits, pruner.predict(case.X_new).reshape(logits.shape)
    if not (np.abs(found - expected) <= allowed).all():
        yield f"predictions are {np.abs(found - expected).max():.3g} off those of float64"
    alone = network.logits(samples[-1:])
    if not (np.abs(alone - logits[-1:]) <= bound[-1:]).all():
        yield "a sample by itself has another prediction than among others"


def _as_read(case, X):
    """Return samples as the network reads them: bytes are fractions of 255 in images alone."""
    if "CNN" in type(case.pruner.estimator).__name__ or X.dtype != np.uint8:
        return X
    return X.astype(np.float64)


def _beyond_rounding(name, network, X):
    logits, bound = reference.logits(network, X)[-1]
    for inference in FORMS:
        off = np.abs(network.logits(X, inference=inference) - logits)
        if not (off <= bound).all():
            worst = np.nanmax(off / bound)
            yield f"{name}, {inference}, {len(X)} samples: {worst:.3g} times the rounding off"


def compaction(case, pruner):
    """A network under random masks computes the same masked and compacted."""
    rng = case.rng
    dense = clone(case.pruner.estimator).fit(case.X, case.y)
    masked = dense.network_.copy()
    for layer in masked.layers:
        mask = rng.random(layer.weight.shape) < rng.choice([0.05, 0.3, 0.8])
        mask[:, rng.random(mask.shape[1]) < 0.2] = False
        layer.set_mask(mask)
    lean = compact(masked)
    X = case.X_new
    yield from _beyond_rounding("masked", masked, X)
    yield from _beyond_rounding("compacted", lean, X)
    logits, bound = reference.logits(masked, X)[-1]
    of_lean, own = reference.logits(lean, X)[-1]
    # constants are folded into biases in the network's own precision
    if not (np.abs(of_lean - logits) <= bound + own).all():
        yield f"compaction changes the outputs by {np.abs(of_lean - logits).max():.3g}"


def statistics(case, pruner):
    """F, p and eta2 are those of two passes over long doubles, streamed and merged as well."""
    rng = case.rng
    n_samples, n_units, n_classes = (
        int(rng.integers(*ends)) for ends in [(30, 300), (1, 20), (2, 8)]
    )
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n_samples)])
    scale, offset = 10.0 ** rng.integers(-30, 30), 10.0 ** rng.integers(-2, 4)
    A = rng.standard_normal((len(y), n_units)) + rng.random(n_units) * y[:, None]
    A = (scale * (A + offset)).astype(rng.choice(["float32", "float64"]))
    weight = None if rng.random() < 0.5 else rng.lognormal(0, 1, len(y))
    expected = reference.f_test(A, y, weight)
    cut = int(rng.integers(1, len(y)))
    parts = [slice(None, cut), slice(cut, None)]
    streamed, merged = ClassMoments(n_classes, n_units), ClassMoments(n_classes, n_units)
    for part in parts:
        own = None if weight is None else weight[part]
        streamed.partial_fit(A[part], y[part], own)
        merged.merge(ClassMoments(n_classes, n_units).partial_fit(A[part], y[part], own))
    found = {
        "at once": f_statistic(A, y, weight),
        "streamed": f_from_moments(streamed),
        "merged": f_from_moments(merged),
    }
    if weight is None:
        found["in chunks"] = f_from_moments(class_moments(A, y, n_classes, chunk_size=17))
    for name, result in found.items():
        for statistic, value, wanted in zip(("F", "p", "eta2"), result, expected, strict=True):
            # p of large F is tiny: its relative error is that of F times the exponent
            if not np.allclose(value, wanted, rtol=1e-6, atol=1e-11):
                yield f"{statistic} {name} is {np.abs(value / wanted - 1).max():.3g} off"


def statistics_of_the_network(case, pruner):
    """The statistics behind a cut are those of the activations in float64."""
    if not is_classifier(pruner) or "CNN" in type(case.pruner.estimator).__name__:
        return
    dense = clone(case.pruner.estimator).fit(case.X, case.y)
    short = {"n_rounds": 1, "pruning_epochs": 0, "fine_tune_epochs": 0, "sparsity": 0.2}
    cut = ScreeningPruner(FrozenEstimator(dense), **short).fit(case.X, case.y)
    sources = reference.logits(dense.network_, _as_read(case, case.X))[:-1]
    for number, ((values, bound), found) in enumerate(
        zip(sources, cut.f_statistics_, strict=True)
    ):
        spread = values.std(axis=0)
        sure = spread > 1e4 * bound.max(axis=0) + 1e-12
        if sure.any():
            eta2 = reference.f_test(values[:, sure], case.y)[2]
            allowed = 20 * bound.max(axis=0)[sure] / spread[sure] + 1e-9
            if not (np.abs(found.eta2[sure] - eta2) <= allowed).all():
                yield f"eta2 of layer {number} is {np.abs(found.eta2[sure] - eta2).max():.3g} off"


def round_trips(case, pruner):
    """A pickle and an .npz file give the same bits, and what is cut stays cut in training."""
    expected = pruner.predict(case.X_new)
    again = pickle.loads(pickle.dumps(pruner))
    with tempfile.TemporaryDirectory() as folder:
        save(pruner, Path(folder) / "network.npz")
        copies = {"pickle": again, "npz": load(Path(folder) / "network.npz")}
    for name, copied in copies.items():
        if not np.array_equal(copied.predict(case.X_new), expected):
            yield f"{name}: other predictions"
        for one, other in zip(copied.network_.layers, pruner.network_.layers, strict=True):
            if not np.array_equal(one.connected(), other.connected()):
                yield f"{name}: another mask"
            if not (
                np.array_equal(one.weight, other.weight) and np.array_equal(one.bias, other.bias)
            ):
                yield f"{name}: other weights"
    if not all(map(np.array_equal, again.masks_, pruner.masks_)):
        yield "pickle: another masks_"
    if case.pruner.estimator.solver == "lbfgs":
        return
    n_weights = again.network_.n_weights
    again.partial_fit(case.X, case.y)
    for layer in again.network_.layers:
        if layer.weight[~layer.connected()].any():
            yield "a weight that is cut came back in training"
    if again.network_.n_weights != n_weights:
        yield "the number of weights changed in training"


def the_same_again(case, pruner):
    """The same seed gives the same bits."""
    if case.number[1] % 4:
        return
    again = clone(case.pruner).fit(case.X, case.y, case.weight)
    if not all(map(np.array_equal, again.masks_, pruner.masks_)):
        yield "another fit with the same seed has other masks"
    if not np.array_equal(again.predict(case.X_new), pruner.predict(case.X_new)):
        yield "another fit with the same seed predicts other values"


CHECKS = (
    counts,
    paths,
    predictions,
    compaction,
    statistics,
    statistics_of_the_network,
    round_trips,
    the_same_again,
)
