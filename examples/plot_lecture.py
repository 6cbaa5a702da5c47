"""
A lecture in five steps
=======================

From the analysis of variance of one unit to pruning as backward elimination. Each step is a few
lines and a picture.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skscreen import MLPClassifier, f_statistic
from skscreen.screening import permutation_test, select

X, y = load_digits(return_X_y=True)
X = X / 16
net = MLPClassifier((40,), max_iter=40, tol=None, random_state=0).fit(X, y)
hidden = np.asarray(net.transform(X), dtype=float)
BLUE, ORANGE = "#1f5a99", "#e08214"

# %%
# Step 1: the F of one unit
# -------------------------
# Does the mean activation differ between the classes? Compare the variation between the class
# means with that within the classes, each divided by its degrees of freedom.
unit = 7
a = hidden[:, unit]
means = np.array([a[y == k].mean() for k in range(10)])
between = sum((y == k).sum() * (means[k] - a.mean()) ** 2 for k in range(10))
within = sum(((a[y == k] - means[k]) ** 2).sum() for k in range(10))
F = (between / (10 - 1)) / (within / (len(a) - 10))
found = f_statistic(hidden, y)
print(f"by hand F = {F:.3f}, by f_statistic {found.F[unit]:.3f}, eta2 = {found.eta2[unit]:.3f}")
fig, ax = plt.subplots(layout="constrained")
ax.boxplot([a[y == k] for k in range(10)], tick_labels=range(10), showfliers=False)
ax.plot(range(1, 11), means, "o", color=BLUE, label="class means")
ax.axhline(a.mean(), color="grey", linestyle="--", label="mean of all")
ax.set(xlabel="digit", ylabel="activation", title=f"unit {unit}: F = {F:.1f}")
ax.legend()

# %%
# Step 2: the F of all units, and why the weight must enter
# ---------------------------------------------------------
# One pass over the samples gives F of every unit. But a connection multiplies its unit by a
# weight, and that does not change F: all connections of a unit share one F, so it cannot rank them
# alone. The score mixes F with the size of what the connection carries, the weight times the
# standard deviation of the unit.
scaled = f_statistic(-2.5 * hidden, y)
print(f"F after multiplying by -2.5: largest change {np.nanmax(np.abs(scaled.F - found.F)):.1e}")
signal = np.abs(net.coefs_[1]) * hidden.std(axis=0)[:, None]
fig, ax = plt.subplots(layout="constrained")
ax.scatter(np.repeat(found.F, 10), signal, s=10, alpha=0.6, color=BLUE)
ax.set(xlabel="F of the unit that is read", ylabel="|w| times its standard deviation")
ax.set_title("ten connections of a unit share one F")

# %%
# Step 3: p-values saturate, effect sizes do not
# ----------------------------------------------
# With more samples the tiniest difference becomes significant. The share of the variation that
# lies between the classes, eta2, settles at what is true.
rng = np.random.default_rng(0)
sizes = np.logspace(2, 6, 9).astype(int)
tiny = [f_statistic(rng.normal(size=(n, 1)) + 0.05 * (np.arange(n) % 2)[:, None],
                    np.arange(n) % 2) for n in sizes]  # fmt: skip
fig, ax = plt.subplots(layout="constrained")
ax.loglog(sizes, [max(r.p[0], 1e-30) for r in tiny], "o-", color=ORANGE, label="p")
ax.loglog(sizes, [r.eta2[0] for r in tiny], "o-", color=BLUE, label="eta2")
ax.axhline(0.05, color="grey", linestyle=":")
ax.set(xlabel="samples", title="a difference of a twentieth of a standard deviation")
ax.legend()

# %%
# Step 4: many tests at once
# --------------------------
# Among 500 columns of noise one in twenty has p < 0.05. The false discovery rate is held by the
# step-up rule of Benjamini and Hochberg; shuffled labels show what noise alone can do.
noisy = np.hstack([X, rng.normal(size=(len(X), 500))])[:200]
tested = f_statistic(noisy, y[:200])
for rule in ("fpr", "fdr", "fwe"):
    kept = select(tested, rule, 0.05)
    print(f"{rule}: {kept[:64].sum()} pixels and {kept[64:].sum()} columns of noise")
shuffled = permutation_test(noisy[:, 64:], y[:200], n_permutations=200, random_state=0)
fig, ax = plt.subplots(layout="constrained")
order = np.sort(tested.p)
rank = np.arange(1, len(order) + 1)
ax.loglog(rank, np.maximum(order, 1e-20), ".", color=BLUE, label="sorted p-values")
ax.loglog(rank, 0.05 * rank / len(order), color=ORANGE, label="line of Benjamini and Hochberg")
ax.axhline(0.05, color="grey", linestyle=":", label="0.05")
ax.set(xlabel="rank", ylabel="p", title="64 pixels among 500 columns of noise")
ax.legend()
agreement = np.corrcoef(shuffled, tested.p[64:])[0, 1]
print(f"p-values of the noise, theory against 200 shuffles: correlation {agreement:.3f}")

# %%
# Step 5: pruning as backward elimination
# ---------------------------------------
# The classical way to drop variables from a regression: the one with the smallest partial F, whose
# loss hurts the fit least, then fit again. A layer is a regression of its pre-activations on what
# it reads. Dropping input j costs w_j^2 / [S^-1]_jj, with S the second moments of the inputs.
centred = hidden - hidden.mean(axis=0)
target = centred @ net.coefs_[1].astype(float)  # the logits that the dense network gives
moments = centred.T @ centred + 1e-6 * len(X) * np.eye(hidden.shape[1])
left = {"partial F, fitted again": [], "norm of the weights": []}
for name, errors in left.items():
    kept = np.arange(hidden.shape[1])
    while len(kept) > 2:
        inverse = np.linalg.inv(moments[np.ix_(kept, kept)])
        weights = net.coefs_[1][kept].astype(float)
        costs = (weights**2).sum(axis=1)
        if name.startswith("partial"):
            weights = inverse @ (centred[:, kept].T @ target)
            costs = (weights**2).sum(axis=1) / np.diag(inverse)
        errors.append(1 - np.square(target - centred[:, kept] @ weights).sum() / (target**2).sum())
        kept = np.delete(kept, costs.argmin())
fig, ax = plt.subplots(layout="constrained")
for (name, errors), colour in zip(left.items(), (BLUE, ORANGE), strict=True):
    ax.plot(range(hidden.shape[1], 2, -1), errors, ".-", color=colour, label=name)
ax.set(xlabel="hidden units left", ylabel="share of the logits explained", ylim=(0, 1.02))
ax.invert_xaxis()
ax.legend()
plt.show()
