"""
Quick start
===========

Train a network, cut nine tenths of its connections, and see what is left.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.inspection import LayersDisplay, TrainingDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)

# %%
# The pruner wraps a network, as a feature selector wraps a model. It trains the dense network,
# screens its connections in rounds with training in between, and fine-tunes what is left.
net = MLPClassifier((300, 100), max_iter=30, tol=None, random_state=0)
pruner = ScreeningPruner(net, sparsity=0.9).fit(X_train, y_train)
dense = net.fit(X_train, y_train)
print(f"dense  {dense.score(X_test, y_test):.4f} of the test digits are right")
print(f"pruned {pruner.score(X_test, y_test):.4f}, with {pruner.network_.n_weights:,} weights")

# %%
# A fitted pruner shows itself in a notebook with a table of its layers.
pruner  # noqa: B018

# %%
# The whole training: each dotted line is a round, in which the loss jumps and then recovers.
TrainingDisplay.from_estimator(pruner)

# %%
# What is left of each layer: connections, and units that still have any.
LayersDisplay.from_estimator(pruner)

# %%
# The reason for a cut is an analysis of variance, which the report writes down.
print(pruner.report_.describe(0, 21))
plt.show()
