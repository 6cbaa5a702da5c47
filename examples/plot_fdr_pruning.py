"""
How much to prune, decided by a test
====================================

Instead of a sparsity picked by hand, hold the false discovery rate: the connections of all units
that are not significant are cut, and the sparsity is an outcome. Here half of the features are
pure noise.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, ScreeningPruner, Significance

X, y = load_digits(return_X_y=True)
noise = np.random.default_rng(0).random(X.shape)
X = np.hstack([X / 16, noise])
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

net = MLPClassifier((64, 32), max_iter=60, tol=None, learning_rate="cosine", random_state=0)
net.fit(X_train, y_train)

# %%
# The same rule with a growing least effect size.
for min_effect in (0.0, 0.05, 0.1, 0.2, 0.3):
    pruner = ScreeningPruner(
        FrozenEstimator(net),
        selection=Significance("fdr", min_effect=min_effect),
        sparsity=None,
        n_rounds=1,
    )
    pruner.fit(X_train, y_train)
    support = pruner.get_support()
    print(
        f"eta2 >= {min_effect:<4}: {pruner.sparsity_:6.1%} cut, reads {support[:64].sum()} pixels "
        f"and {support[64:].sum()} noise features, "
        f"test accuracy {pruner.score(X_test, y_test):.3f}"
    )
print(f"dense: test accuracy {net.score(X_test, y_test):.3f}")

# %%
# The report gives the reason for every cut.
pruner = ScreeningPruner(FrozenEstimator(net), selection="fdr", sparsity=None, n_rounds=1)
pruner.fit(X_train, y_train)
print(pruner.report_)

table = pruner.report_.layer(0)
fig, ax = plt.subplots()
ax.hist(table["p"][64:], bins=20, range=(0, 1), label="noise features")
ax.hist(table["p"][:64], bins=20, range=(0, 1), alpha=0.6, label="pixels")
ax.set(xlabel="p-value", ylabel="features", title="Noise has uniform p-values")
ax.legend()
plt.show()
