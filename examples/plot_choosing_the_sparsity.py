"""
How sparse may it be?
=====================

`ScreeningPrunerCV` trains one dense network in each fold, walks down the sparsities with it, and
takes the sparsest network within one standard error of the best.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skscreen import MLPClassifier, ScreeningPruner, ScreeningPrunerCV
from skscreen.inspection import SparsityDisplay

X, y = load_digits(n_class=7, return_X_y=True)
X = X / 16
net = MLPClassifier((60, 30), max_iter=20, tol=None, random_state=0)
sparsities = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]

# %%
# Five folds cost five dense networks and one in the end, whatever the number of sparsities.
search = ScreeningPrunerCV(net, sparsities=sparsities, cv=5).fit(X, y)
print(f"chosen: {search.best_sparsity_:.0%}, by the rule {search.limit_}")
print(f"accuracy {search.best_score_:.4f}, dense {search.dense_scores_.mean():.4f}")
SparsityDisplay.from_estimator(search, score_name="accuracy")

# %%
# A budget instead of a rule: at most 8 kilobytes, or at most one point below dense.
for limits in ({"bytes": 8000}, {"below_dense": 0.01}):
    limited = ScreeningPrunerCV(net, sparsities=sparsities, cv=3, limits=limits, refit=False)
    limited.fit(X, y)
    print(f"{limits}: {limited.best_sparsity_:.0%}, decided by {limited.limit_}")

# %%
# Criteria beside each other, not trained between the cuts and hardly after them, where they differ
# most.
searches = {}
for criterion in ("screening", "magnitude", "random"):
    pruner = ScreeningPruner(net, criterion=criterion, pruning_epochs=0, fine_tune_epochs=2)
    searches[criterion] = ScreeningPrunerCV(pruner, sparsities=sparsities, cv=3, refit=False)
    searches[criterion].fit(X, y)
SparsityDisplay.from_estimator(searches, score_name="accuracy")
plt.show()
