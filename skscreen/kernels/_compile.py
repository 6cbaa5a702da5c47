"""The one way a function of this package is compiled."""

import inspect
import os
import pickle
import warnings

from numba import njit
from numba.core.caching import FunctionCache
from numba.core.compiler_lock import global_compiler_lock

from skscreen.kernels import _lanes

# What may be reordered or contracted without losing NaN and infinity. Full fast-math assumes that
# neither occurs, which removes the checks that tell a diverged loss from a good one.
FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}

# What reading a damaged cache file may raise: unpickling can end nearly anywhere, and what it
# gives is handed on to LLVM.
DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

if hasattr(os, "register_at_fork"):  # not where processes cannot fork
    # Numba compiles under one lock. Forked while another thread held it, a child would wait for
    # ever: a fork waits until the kernel is compiled.
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )


class _KernelCache(FunctionCache):
    """A kernel's files on disk; damaged ones are written anew. Asked at compile time only."""

    def load_overload(self, sig, target_context):
        """Return the compiled kernel of a signature, or None to have it compiled."""
        try:
            return super().load_overload(sig, target_context)
        except DAMAGE as error:
            self._tell("cannot be read", error)
        try:
            self.flush()
        except OSError as error:  # a folder that is not ours to mend: do without it
            self._tell("cannot be mended", error)
            self.disable()
        return None

    def save_overload(self, sig, data):
        """Keep a compiled kernel for the next process, if the folder takes it."""
        try:
            super().save_overload(sig, data)
        except OSError as error:  # full, read-only or gone
            self._tell("cannot be written", error)
            self.disable()

    def _index_key(self, sig, codegen):
        # Numba looks at a kernel's own file; what all kernels may use stands in another one
        return super()._index_key(sig, codegen), inspect.getsource(_lanes)

    def _tell(self, what, error):
        warnings.warn(
            f"the cache of the kernel {self._name} in {self.cache_path} {what} "
            f"({type(error).__name__}: {error}): it is compiled anew",
            RuntimeWarning,
            stacklevel=3,
        )


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
        Releases the GIL and is cached on disk. A damaged cache file is replaced, with a warning.
        Where no cache folder is writable Numba refuses to build a cached function at all; the
        kernel is then compiled anew in each process, which costs seconds at the first call and
        nothing else.

    Notes
    -----
    ``error_model="numpy"`` is a matter of speed: Python's model tests every divisor for zero, and
    that branch keeps the loop from being vectorised (the Adam update takes eight times as long).
    """
    if function is None:
        return lambda f: kernel(f, exact=exact)
    compiled = njit(
        function, nogil=True, error_model="numpy", fastmath=False if exact else FAST_MATH
    )
    if compiled is function:  # NUMBA_DISABLE_JIT
        return function
    try:
        compiled._cache = _KernelCache(function)
    except RuntimeError as error:
        if "no locator" not in str(error):
            raise
    return compiled
