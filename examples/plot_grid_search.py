"""
A grid search that trains each dense network once
=================================================

In a Pipeline the network is one step and the pruner the next. With a memory the dense network of a
fold is trained once and shared by all settings of the pruner.
"""

from tempfile import TemporaryDirectory
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skscreen import MLPClassifier, ScreeningPruner

X, y = load_digits(n_class=6, return_X_y=True)
net = MLPClassifier((60, 30), max_iter=15, tol=None, random_state=0)
pipe = Pipeline([("scale", StandardScaler()), ("net", net), ("prune", ScreeningPruner())])
grid = {"prune__sparsity": [0.8, 0.9, 0.98], "prune__f_weight": [0.0, 0.5]}

# %%
# Six settings and three folds are 18 pruned networks, but only 3 dense ones and one in the end.
seconds = {}
with TemporaryDirectory() as folder:
    for name, memory in (("without memory", None), ("with memory", folder)):
        search = GridSearchCV(pipe.set_params(memory=memory), grid, cv=3)
        start = perf_counter()
        search.fit(X, y)
        seconds[name] = perf_counter() - start
        print(f"{name}: {seconds[name]:.1f} s, best {search.best_params_}")

# %%
# Accuracy of each setting; f_weight = 0 cuts by the standardised weights alone.
results = search.cv_results_
fig, ax = plt.subplots(layout="constrained")
for weight in grid["prune__f_weight"]:
    own = np.asarray(results["param_prune__f_weight"] == weight, dtype=bool)
    sparsity = np.asarray(results["param_prune__sparsity"][own], dtype=float)
    error = results["std_test_score"][own] / np.sqrt(2)
    ax.errorbar(
        1 - sparsity, results["mean_test_score"][own], error, marker="o", capsize=3,
        label=f"f_weight = {weight:g}",
    )  # fmt: skip
ax.set(xscale="log", xlabel="share of the connections kept", ylabel="accuracy (± standard error)")
ax.invert_xaxis()
ax.legend()
plt.show()
