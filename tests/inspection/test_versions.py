"""What a report of a bug says about the machine."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from skscreen.inspection import kernel_hint, show_versions, versions


@pytest.mark.parametrize(
    ("kernels", "features", "named"),
    [
        ("Prescott", {"avx2"}, "Haswell"),
        ("Nehalem", {"avx2", "avx512f"}, "SkylakeX"),
        ("SandyBridge", {"avx2"}, "Haswell"),
        ("generic", {"avx2"}, "Haswell"),
    ],
)
def test_old_kernels_on_a_newer_processor(kernels, features, named):
    hint = kernel_hint(kernels, features)
    assert f"OPENBLAS_CORETYPE={named}" in hint
    assert kernels in hint


@pytest.mark.parametrize(
    ("kernels", "features"),
    [("Haswell", {"avx2"}), ("Zen", {"avx2"}), ("SkylakeX", {"avx2", "avx512f"}), ("Nehalem", ())],
)
def test_no_hint_where_they_fit(kernels, features):
    assert kernel_hint(kernels, features) is None


def test_show_versions(capsys, monkeypatch):
    np.ones((2, 2)) @ np.ones((2, 2))  # loads BLAS
    monkeypatch.setattr(versions, "get_host_cpu_features", lambda: {"avx2": True, "sse": False})
    monkeypatch.setattr(versions, "MODERN_KERNELS", set())
    show_versions()
    printed = capsys.readouterr().out
    assert f"numpy          {np.__version__}" in printed
    for library in threadpool_info():
        assert library["internal_api"] in printed
    assert ("OPENBLAS_CORETYPE=Haswell" in printed) == any(
        library["internal_api"] == "openblas" for library in threadpool_info()
    )
