"""
Why F alone cannot rank connections
===================================

The F-statistic says how well a unit tells the classes apart. A connection multiplies its unit by a
weight, and F does not notice: F(w * a) = F(a). So all connections that leave a unit share its F,
and a ranking by F alone is a ranking of units. The weight must enter. (With ``side="target"``,
the default, all connections that lead to a unit share its F: the same holds.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, Screening, ScreeningPruner, f_statistic

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)

# %%
# F of one pixel, and of the same pixel multiplied by weights as different as 0.001 and -30.
pixel = X_train[:, [21]]
weights = np.array([0.001, 1.0, -30.0])
print("F of w * pixel:", f_statistic(pixel * weights, y_train).F)

# %%
# Between the two ends of the dial lies the weighted score ``|w|^(1 - f_weight) * F^f_weight``:
# f_weight = 0 is magnitude pruning, f_weight = 1 is screening alone.
net = MLPClassifier((64, 32), max_iter=60, tol=None, learning_rate="cosine", random_state=0)
net.fit(X_train, y_train)
f_weights = [0.0, 0.1, 0.2, 1 / 3, 0.5, 0.75, 1.0]
scores = [
    ScreeningPruner(
        FrozenEstimator(net),
        sparsity=0.97,
        f_weight=f_weight,
        criterion=Screening("product", side="source"),
    )
    .fit(X_train, y_train)
    .score(X_test, y_test)
    for f_weight in f_weights
]

fig, ax = plt.subplots()
ax.axhline(net.score(X_test, y_test), color="grey", linestyle=":", label="dense")
ax.plot(f_weights, scores, "o-", label="97 % of the weights cut")
ax.set(xlabel="f_weight", ylabel="test accuracy", title="From magnitude (0) to F alone (1)")
ax.legend()
plt.show()
