"""
Pruned in seconds, without training
===================================

A trained network, some samples and no epoch more: the weights that are kept are solved again by
least squares, layer by layer, so that each layer gives what the dense one gave. A few hundred
samples will do.
"""

from time import perf_counter

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, ScreeningPruner

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
net = MLPClassifier((200, 100), max_iter=30, tol=None, random_state=0).fit(X_train, y_train)
few = slice(0, 500)

# %%
# The same dense network, frozen, at rising sparsities. All cuts are made without any training.
untrained = {"pruning_epochs": 0, "fine_tune_epochs": 0, "n_rounds": 4}
ways = {
    "magnitude": {"criterion": "magnitude"},
    "screening": {},
    "screening, refit": {"refit": "least-squares"},
}
sparsities = [0.5, 0.7, 0.8, 0.9, 0.95]
scores = {name: [] for name in ways}
for name, options in ways.items():
    start = perf_counter()
    for sparsity in sparsities:
        pruner = ScreeningPruner(FrozenEstimator(net), sparsity=sparsity, **untrained, **options)
        scores[name].append(pruner.fit(X_train[few], y_train[few]).score(X_test, y_test))
    seconds = (perf_counter() - start) / len(sparsities)
    print(f"{name:<17} {seconds:.2f} s each, accuracy", *(f"{s:.3f}" for s in scores[name]))

# %%
fig, ax = plt.subplots(layout="constrained")
for name, values in scores.items():
    ax.plot([1 - sparsity for sparsity in sparsities], values, marker="o", label=name)
ax.axhline(net.score(X_test, y_test), color="grey", linestyle="--", label="dense")
ax.set(xscale="log", xlabel="share of the connections kept", ylabel="test accuracy")
ax.set_xticks([1 - sparsity for sparsity in sparsities], [f"{1 - s:.0%}" for s in sparsities])
ax.minorticks_off()
ax.invert_xaxis()
ax.legend()
plt.show()
