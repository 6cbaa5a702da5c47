"""Whether the tests keep what they promise, and what saturation does to p-values.

    python benchmarks/significance.py

Everything is simulated, so the truth is known. Four tables: the share of units selected when no
unit has anything to do with the classes; the same with sample and class weights; false discoveries
and power when some have; p and effect sizes of a tiny effect as the number of samples grows.
"""

import argparse
import itertools

import numpy as np
import sweep
from scipy import stats
from sklearn.utils.class_weight import compute_sample_weight

from skscreen.inspection import format_table
from skscreen.screening import (
    ClassMoments,
    FStatistics,
    f_from_moments,
    f_statistic,
    omega_squared,
    permutation_test,
    select,
)

N_SAMPLES, N_CLASSES, N_UNITS, N_TRUE = 120, 4, 50, 10
LEVEL = 0.05


def exponential(rng, shape):
    """Draw skewed units."""
    return rng.exponential(size=shape)


def noise(rng, effect=0.0):
    """Draw units of which the first `N_TRUE` shift with the class by ``effect`` deviations."""
    y = rng.permutation(np.arange(N_SAMPLES) % N_CLASSES)
    A = rng.standard_normal((N_SAMPLES, N_UNITS))
    A[:, :N_TRUE] += effect * y[:, None]
    return A, y


def shuffled(A, y):
    """F-statistics with p-values from shuffled labels."""
    p = permutation_test(A, y, n_permutations=199, random_state=0)
    return f_statistic(A, y)._replace(p=p)


def under_the_null(repetitions):
    """Share of units selected though there is nothing to find."""
    nulls = {"F-distribution": f_statistic, "permutation, 199 shuffles": shuffled}
    rows = []
    for name, statistic in nulls.items():
        rng = np.random.default_rng(0)
        found = [statistic(*noise(rng)) for _ in range(repetitions)]
        shares = [np.mean([select(f, rule, LEVEL).mean() for f in found]) for rule in RULES]
        # any selection at all is one false discovery for the family-wise error
        family = np.mean([select(f, "fwe", LEVEL).any() for f in found])
        rows.append([name, *(f"{share:.4f}" for share in shares), f"{family:.4f}"])
    error = 1.96 * np.sqrt(LEVEL * (1 - LEVEL) / (repetitions * N_UNITS))
    title = f"nothing to find, {repetitions} repetitions"
    print(format_table([title, *(f"{rule}: share" for rule in RULES), "fwe: any"], rows))
    print(f"fpr should be {LEVEL} +- {error:.4f}\n")


CLASS_SIZES = {"even": (30, 30, 30, 30), "uneven": (150, 30, 12, 8)}
WEIGHTS = {
    "none": lambda rng, n: np.ones(n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1, n),
    "Pareto": lambda rng, n: 1 + rng.pareto(1.5, n),
}
UNITS = {"normal": np.random.Generator.standard_normal, "exponential": exponential}


def as_repetitions(A, y, weight):
    """F as it would be if the weights were numbers of copies."""
    classes = np.unique(y)
    totals = np.array([weight[y == k].sum() for k in classes])
    means = np.array([np.average(A[y == k], axis=0, weights=weight[y == k]) for k in classes])
    between = totals @ (means - np.average(A, axis=0, weights=weight)) ** 2
    within = weight @ (A - means[np.searchsorted(classes, y)]) ** 2
    df = len(classes) - 1, totals.sum() - len(classes)
    F = between / df[0] / (within / df[1])
    return FStatistics(F, stats.f.sf(F, *df), between / (between + within))


def weighted_row(repetitions, sizes, drawn, balanced, units):
    """Shares selected with weights of one kind: as they are worth, and as repetitions."""
    y = np.repeat(np.arange(4), CLASS_SIZES[sizes])
    class_weight = compute_sample_weight("balanced", y) if balanced else 1.0
    row = [sizes, drawn, "balanced" if balanced else "none", units]
    for statistic in (f_statistic, as_repetitions):
        rng = np.random.default_rng(3)
        found = []
        for _ in range(repetitions):
            A = UNITS[units](rng, (len(y), N_UNITS))
            found.append(statistic(A, y, WEIGHTS[drawn](rng, len(y)) * class_weight))
        row.append(f"{np.mean([select(f, 'fpr', LEVEL).mean() for f in found]):.3f}")
        for rule in ("fdr", "fwe"):
            row.append(f"{np.mean([select(f, rule, LEVEL).any() for f in found]):.3f}")
    return row


def with_weights(repetitions, options):
    """The same with weights: what they are worth, and what they would do as repetitions."""
    kinds = itertools.product([repetitions], CLASS_SIZES, WEIGHTS, (False, True), UNITS)
    rows = list(sweep.sweep(weighted_row, kinds, options))
    header = ["classes", "sample weights", "class weights", "units"]
    header += ["fpr: share", "fdr: any", "fwe: any"] + [f"{r}, copies" for r in RULES]
    print(format_table(header, rows))
    error = 1.96 * np.sqrt(LEVEL * (1 - LEVEL) / repetitions)
    print(f"all should be at most {LEVEL}, any by fdr and fwe +- {error:.3f}\n")


def with_known_truth(repetitions):
    """False discovery proportion and power of each rule."""
    rows = []
    for effect in (0.2, 0.4):
        rng = np.random.default_rng(1)
        found = [f_statistic(*noise(rng, effect)) for _ in range(repetitions)]
        for rule in RULES:
            chosen = [select(f, rule, LEVEL) for f in found]
            false = [c[N_TRUE:].sum() / max(c.sum(), 1) for c in chosen]
            half = 1.96 * np.std(false) / np.sqrt(repetitions)
            power = np.mean([c[:N_TRUE].mean() for c in chosen])
            rows.append([f"{effect}", rule, f"{np.mean(false):.4f} +- {half:.4f}", f"{power:.3f}"])
    bound = LEVEL * (N_UNITS - N_TRUE) / N_UNITS
    print(format_table(["effect", "rule", "false discoveries", "power"], rows))
    print(f"fdr should be at most {bound:.3f} ({N_UNITS - N_TRUE} of {N_UNITS} are null)\n")


def saturation():
    """What grows with the number of samples and what does not."""
    rows = []
    for n in (100, 1000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(2)
        y = np.arange(n) % 2
        A = rng.standard_normal((n, 1)) + 0.05 * y[:, None]
        moments = ClassMoments(2, 1).partial_fit(A, y)
        found = f_from_moments(moments)
        rows.append(
            [
                f"{n:,}",
                f"{found.F[0]:.2f}",
                f"{found.p[0]:.2e}",
                f"{found.eta2[0]:.5f}",
                f"{omega_squared(moments)[0]:.5f}",
            ]
        )
    print("two classes 0.05 standard deviations apart: eta2 is 0.00062 in the limit")
    print(format_table(["samples", "F", "p", "eta2", "omega2"], rows))


RULES = ("fpr", "fdr", "fwe")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--repetitions", type=int, default=400)
    sweep.add_options(parser)
    arguments = parser.parse_args()
    under_the_null(arguments.repetitions)
    with_weights(arguments.repetitions, arguments)
    with_known_truth(arguments.repetitions)
    saturation()
