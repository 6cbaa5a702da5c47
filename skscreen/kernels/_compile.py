"""The one way a function of this package is compiled."""

from numba import njit

# What may be reordered or contracted without losing NaN and infinity. Full fast-math assumes that
# neither occurs, which removes the checks that tell a diverged loss from a good one.
FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}


def kernel(function=None, *, exact=False):
    """Compile a function of arrays and scalars with Numba, at its first call.

    Parameters
    ----------
    function : callable, optional
        The function; left out when the decorator is called with options.
    exact : bool, default=False
        Keep IEEE semantics to the letter. Statistics need it; training does not.

    Returns
    -------
    compiled : numba dispatcher
        Releases the GIL and is cached on disk. Where no cache folder is writable Numba refuses to
        build a cached function at all; the kernel is then compiled anew in each process, which
        costs seconds at the first call and nothing else.

    Notes
    -----
    ``error_model="numpy"`` is a matter of speed: Python's model tests every divisor for zero, and
    that branch keeps the loop from being vectorised (the Adam update takes eight times as long).
    """
    if function is None:
        return lambda f: kernel(f, exact=exact)
    options = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": False if exact else FAST_MATH,
    }
    try:
        return njit(function, cache=True, **options)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
        return njit(function, **options)
