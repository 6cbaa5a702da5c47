"""
Data larger than memory
=======================

Statistics stream: `ClassMoments` are fed part by part and merged, and give the F of all samples at
once. Networks train by ``partial_fit``; a pruner prunes on a sample that fits, and trains on.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner, f_statistic
from skscreen.screening import ClassMoments, f_from_moments

# %%
# A file of float32 numbers that stands for one of many gigabytes.
digits, labels = load_digits(return_X_y=True)
folder = TemporaryDirectory()
X = np.memmap(Path(folder.name) / "X.bin", np.float32, "w+", shape=(40 * len(digits), 64))
y = np.tile(labels, 40)
rng = np.random.default_rng(0)
for start in range(0, len(X), len(digits)):
    X[start : start + len(digits)] = digits / 16 + rng.normal(0, 0.2, digits.shape)
parts = [slice(start, start + 5000) for start in range(0, len(X), 5000)]

# %%
# F of every pixel in one pass, in any number of parts, also from several workers.
halves = [ClassMoments(10, 64) for _ in range(2)]
for number, part in enumerate(parts):
    halves[number % 2].partial_fit(X[part], y[part])
halves[0].merge(halves[1])
streamed = f_from_moments(halves[0])
whole = f_statistic(X, y)
print(f"largest relative difference: {np.max(np.abs(streamed.F / whole.F - 1)):.1e}")

# %%
# The dense network, part by part.
net = MLPClassifier((100, 50), random_state=0)
for _ in range(2):
    for part in parts:
        net.partial_fit(X[part], y[part], classes=np.arange(10))
held_out = digits / 16
print(f"dense: {net.score(held_out, labels):.4f}")

# %%
# Prune on a sample, and train the lean network on with all of the data. What is cut stays cut.
sample = rng.permutation(len(X))[:5000]
pruner = ScreeningPruner(FrozenEstimator(net), sparsity=0.95, fine_tune_epochs=5)
pruner.fit(X[np.sort(sample)], y[np.sort(sample)])
scores = [pruner.score(held_out, labels)]
for part in parts:
    pruner.partial_fit(X[part], y[part])
    scores.append(pruner.score(held_out, labels))
print(
    f"pruned: {scores[0]:.4f}, trained on: {scores[-1]:.4f}, {pruner.network_.n_weights} weights"
)

# %%
fig, ax = plt.subplots(layout="constrained")
ax.plot(np.arange(len(scores)) * 5000, scores, marker=".", label="pruned, trained on")
ax.axhline(net.score(held_out, labels), color="grey", linestyle="--", label="dense")
ax.set(xlabel="samples of partial_fit", ylabel="accuracy on digits without noise")
ax.legend()
folder.cleanup()
plt.show()
