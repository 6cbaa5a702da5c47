"""
p-values saturate, effect sizes do not
======================================

With enough samples every unit that differs between the classes by a hair is significant. The
p-value answers whether there is a difference at all; the effect size eta2, the share of the unit's
variation that lies between the classes, answers how large it is.
"""

import matplotlib.pyplot as plt
import numpy as np

from skscreen.screening import f_statistic, select

rng = np.random.default_rng(0)
# a tiny effect (0.05 standard deviations), a medium one and a large one; two classes
shifts = np.array([0.0, 0.05, 0.5, 2.0])
sizes = np.logspace(1.5, 6, 19).astype(int)
results = []
for n in sizes:
    y = np.arange(n) % 2
    results.append(f_statistic(rng.standard_normal((n, 4)) + shifts * y[:, None], y))

# %%
# The p-value of the tiny effect falls below any level as n grows; its eta2 settles at 0.0006.
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), sharex=True)
for place, shift in enumerate(shifts):
    label = f"shift {shift:g}"
    left.loglog(sizes, [max(r.p[place], 1e-30) for r in results], label=label)
    right.loglog(sizes, [max(r.eta2[place], 1e-7) for r in results], label=label)
left.axhline(0.05, color="grey", linestyle=":")
left.set(xlabel="samples", ylabel="p (cut off at 1e-30)", title="p-values saturate")
right.set(xlabel="samples", ylabel="eta2", title="effect sizes settle")
left.legend()
fig.tight_layout()

# %%
# So ask for both: significant, and with an effect that matters.
for n, found in zip(sizes[::9], results[::9], strict=True):
    print(
        f"n = {n:>7}: significant {select(found, 'fdr', 0.05).astype(int)}, "
        f"and eta2 >= 0.01 {select(found, 'fdr', 0.05, min_effect=0.01).astype(int)}"
    )
plt.show()
