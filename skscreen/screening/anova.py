"""The analysis-of-variance table of a layer's units."""

import numpy as np
from numpy.typing import NDArray

from skscreen.screening.moments import ClassMoments
from skscreen.screening.pooling import PooledMoments
from skscreen.screening.statistics import FStatistics, f_from_moments, omega_squared


def anova_table(
    pooled: PooledMoments, statistics: FStatistics, kept: NDArray[np.integer]
) -> np.ndarray:
    """Tabulate what a screen knows of each unit.

    Parameters
    ----------
    pooled : PooledMoments
        Of the units.
    statistics : FStatistics
        From the screen that was used.
    kept : ndarray of int of shape (n_units,)
        Connections of each unit that were kept, or for units 1 or 0.

    Returns
    -------
    table : structured ndarray of shape (n_units,)
        ``unit``; for classes ``mean`` (one per class), ``SSB``, ``SSW``, ``df_between``,
        ``df_within``, ``omega2``; ``F`` (the statistic, whichever it is), ``p``, ``eta2``,
        ``kept``.
    """
    columns: dict[str, np.ndarray] = {"unit": np.arange(len(statistics.F))}
    moments = pooled.moments()
    if isinstance(moments, ClassMoments):
        n_classes = int(np.count_nonzero(moments.weight_sum))
        columns |= {
            "mean": pooled.per_unit(moments.means).T,
            "SSB": pooled.per_unit(moments.between()),
            "SSW": pooled.per_unit(moments.within.sum(axis=0)),
            "df_between": np.full(len(statistics.F), n_classes - 1),
            "df_within": np.full(len(statistics.F), moments.effective_sizes().sum() - n_classes),
            "omega2": pooled.per_unit(omega_squared(moments)),
        }
    else:
        columns["r2"] = pooled.per_unit(f_from_moments(moments).eta2)
    columns |= {"F": statistics.F, "p": statistics.p, "eta2": statistics.eta2, "kept": kept}
    types = [(name, array.dtype, array.shape[1:]) for name, array in columns.items()]
    table = np.empty(len(statistics.F), dtype=types)
    for name, array in columns.items():
        table[name] = array
    return table
