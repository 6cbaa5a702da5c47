"""
The F-statistic of each pixel
=============================

The source units of the first layer are the input features. For images their F can be looked at.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skscreen import MLPClassifier, ScreeningPruner

X, y = load_digits(return_X_y=True)
net = MLPClassifier((64, 32), max_iter=60, tol=None, learning_rate="cosine", random_state=0)
pruner = ScreeningPruner(net, sparsity=0.95, allocation="global").fit(X / 16, y)

# %%
# Where the digits differ F is large; at the borders, which are always empty, it is 0. The weighted
# score keeps few connections per pixel, and of some pixels none.
table = pruner.report_.layer(0)
panels = {
    "F": table["F"],
    "eta2": table["eta2"],
    "connections kept": table["kept"],
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.4))
for ax, (title, values) in zip(axes, panels.items(), strict=True):
    image = ax.imshow(values.reshape(8, 8), cmap="viridis")
    ax.set(title=title, xticks=[], yticks=[])
    fig.colorbar(image, ax=ax, shrink=0.8)
print(f"pixels still read: {pruner.get_support().sum()} of 64")
plt.show()
