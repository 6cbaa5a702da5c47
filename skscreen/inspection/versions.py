"""What a report of a bug or of a time must say about the machine and its libraries."""

import platform
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version

from llvmlite.binding import get_host_cpu_features
from threadpoolctl import threadpool_info

PACKAGES = ("skscreen", "numpy", "scipy", "scikit-learn", "numba", "joblib", "threadpoolctl")
# Kernels of OpenBLAS that use AVX2 or more.
MODERN_KERNELS = {"Haswell", "Zen", "Excavator", "SkylakeX", "Cooperlake", "SapphireRapids"}


def kernel_hint(architecture: str, features: Collection[str]) -> str | None:
    """Say what to set where OpenBLAS does not use what the processor can do.

    Parameters
    ----------
    architecture : str
        Kernels that OpenBLAS has chosen, from `threadpoolctl.threadpool_info`.
    features : collection of str
        Instruction sets of the processor.

    Returns
    -------
    hint : str or None
        None if they fit, or if the processor has no AVX2.

    Examples
    --------
    >>> from skscreen.inspection import kernel_hint
    >>> print(kernel_hint("Nehalem", {"avx2", "fma"}))
    OpenBLAS uses its kernels for Nehalem, the processor has AVX2: \
setting OPENBLAS_CORETYPE=Haswell before Python starts may make training much faster
    >>> kernel_hint("Zen", {"avx2", "fma"}) is None
    True
    """
    known = {name.lower() for name in MODERN_KERNELS}
    if "avx2" not in features or architecture.lower() in known:
        return None
    best, found = ("SkylakeX", "AVX-512") if "avx512f" in features else ("Haswell", "AVX2")
    return (
        f"OpenBLAS uses its kernels for {architecture}, the processor has {found}: "
        f"setting OPENBLAS_CORETYPE={best} before Python starts may make training much faster"
    )


def show_versions() -> None:
    """Print versions, BLAS and its threads, and a hint where BLAS does not know the processor.

    Examples
    --------
    >>> from skscreen.inspection import show_versions
    >>> show_versions()  # doctest: +ELLIPSIS
    python ...
    """
    print(f"{'python':<14} {platform.python_version()} on {platform.system()}")
    for package in PACKAGES:
        try:
            print(f"{package:<14} {version(package)}")
        except PackageNotFoundError:  # run from a folder, not installed
            print(f"{package:<14} not installed")
    features = {name for name, there in get_host_cpu_features().items() if there}
    hints = {}
    for library in threadpool_info():
        kernels = library.get("architecture", "kernels unknown")
        print(
            f"{library['internal_api']:<14} {library['version']}, {kernels}, "
            f"{library['num_threads']} threads"
        )
        if library["internal_api"] == "openblas":
            hints[kernel_hint(kernels, features)] = True
    for hint in filter(None, hints):
        print(hint)
