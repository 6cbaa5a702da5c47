"""
Regression
==========

For a regressor the statistic is the F of the univariate linear regression. Everything else is the
same; in a Pipeline say ``task="regression"``, so that folds are right before the first fit.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_friedman1
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skscreen import MLPRegressor, ScreeningPruner, ScreeningPrunerCV
from skscreen.inspection import SparsityDisplay

# %%
# Friedman's first problem: five of twenty inputs matter, two of them only together.
X, y = make_friedman1(1200, n_features=20, noise=0.5, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
net = MLPRegressor((60, 30), max_iter=60, tol=None, random_state=0, batch_size=50)
lean = ScreeningPruner(net, sparsity=0.9)
model = make_pipeline(
    StandardScaler(), TransformedTargetRegressor(lean, transformer=StandardScaler())
)
model.fit(X_train, y_train)
dense = TransformedTargetRegressor(net, transformer=StandardScaler())
dense = make_pipeline(StandardScaler(), dense).fit(X_train, y_train)
print(
    f"test R2: dense {dense.score(X_test, y_test):.3f}, pruned {model.score(X_test, y_test):.3f}"
)

# %%
# Which inputs survive; only the first five enter the target.
pruner = model[-1].regressor_
fig, ax = plt.subplots(layout="constrained")
ax.bar(range(20), pruner.feature_importances_, color=["#1f5a99"] * 5 + ["#e08214"] * 15)
ax.set(xlabel="input (the first five matter)", ylabel="importance", xticks=range(0, 20, 2))

# %%
# In a Pipeline of network and pruner, with the task said.
pipe = make_pipeline(StandardScaler(), net, ScreeningPruner(sparsity=0.9, task="regression"))
target = (y_train - y_train.mean()) / y_train.std()
print(f"R2 in 3 folds: {np.round(cross_val_score(pipe, X_train, target, cv=3), 3)}")

# %%
# And the sparsity by cross-validation.
search = ScreeningPrunerCV(net, sparsities=[0.5, 0.8, 0.9, 0.95, 0.98], cv=3, refit=False)
SparsityDisplay.from_estimator(search.fit(X_train, target), score_name="R2")
plt.show()
