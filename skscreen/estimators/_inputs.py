"""What is refused before anything else looks at it."""

import numpy as np


def refuse_device_arrays(**values):
    """Raise for arrays of other packages, which may live on a device.

    NumPy would copy some of them without a word, from others raise errors that say nothing, and
    hand back its own arrays in any case.

    Parameters
    ----------
    **values : dict of str to object
        By the name of their parameter.

    Raises
    ------
    ValueError
        That names the parameter and how it becomes an array of NumPy.
    """
    for name, value in values.items():
        kind = type(value)
        # what every package of the array API standard has, and neither pandas nor polars
        if hasattr(kind, "__dlpack__") and not isinstance(value, np.ndarray | np.generic):
            raise ValueError(
                f"{name} must be an array of NumPy or a DataFrame, got "
                f"{kind.__module__}.{kind.__qualname__}: this package computes with NumPy on the "
                f"CPU. Give numpy.from_dlpack({name}), or of a device's array a copy on the CPU, "
                f"such as {name}.cpu().numpy() or cupy.asnumpy({name})"
            )
