"""How the reports write numbers and networks."""

import numpy as np

NETWORKS = {"lenet-300-100": "300-100-10", "lenet-5": "LeNet-5"}


def number(value, digits=2, sign=""):
    """Write a number with a true minus, and nothing for NaN."""
    return "" if np.isnan(value) else f"{value:{sign}.{digits}f}".replace("-", "−")


def with_spread(value, spread, sign=""):
    """Write a number and its spread, which may be missing."""
    if np.isnan(value):
        return ""
    return number(value, 2, sign) + ("" if np.isnan(spread) else f" ± {spread:.2f}")
