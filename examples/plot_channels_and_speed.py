"""
Channels, and what really becomes faster
========================================

Single connections make a network small. Whole channels and hidden units also make it fast, for
every batch size: the matrices that are left are dense and smaller.
"""

import pickle
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.inspection import LayersDisplay, compare_costs

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    (X / 16).astype(np.float32), y, stratify=y, random_state=0
)
dense = MLPClassifier((500, 300), max_iter=20, tol=None, random_state=0).fit(X_train, y_train)

# %%
# The same dense network, frozen, is pruned in both ways.
networks = {"dense": dense}
for granularity in ("connection", "channel"):
    pruner = ScreeningPruner(FrozenEstimator(dense), granularity=granularity, sparsity=0.9)
    networks[granularity] = pruner.fit(X_train, y_train).estimator_
print(compare_costs(dense, networks["channel"]))

# %%
# Accuracy, bytes, and the time of a prediction: medians, all three in turn.
batches = {size: np.resize(X_test, (size, 64)) for size in (1, 100, 10_000)}
times = {(name, size): [] for name in networks for size in batches}
for _ in range(15):
    for (name, size), measured in times.items():
        start = perf_counter()
        networks[name].predict(batches[size])
        measured.append(perf_counter() - start)
for name, estimator in networks.items():
    milliseconds = [f"{1e3 * np.median(times[name, size]):.2f}" for size in batches]
    print(
        f"{name:<11} accuracy {estimator.score(X_test, y_test):.4f}, "
        f"{len(pickle.dumps(estimator.network_)):>9,} bytes, ms for 1, 100, 10,000 samples: "
        + ", ".join(milliseconds)
    )

# %%
fig, ax = plt.subplots(layout="constrained")
for name in ("connection", "channel"):
    ratios = [np.median(times["dense", n]) / np.median(times[name, n]) for n in batches]
    ax.plot(list(batches), ratios, marker="o", label=f"{name}s, 90 % cut")
ax.axhline(1, color="grey", linestyle="--", label="dense")
ax.set(xscale="log", xlabel="batch size", ylabel="times as fast as dense")
ax.legend()

# %%
# The layers of the network whose units were cut.
LayersDisplay.from_estimator(pruner)
plt.show()
