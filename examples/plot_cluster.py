"""
More samples than memory
========================

200,000 samples of 200 features are made by the workers, chunk by chunk, and never gathered: the
analysis of variance of each feature is merged where the chunks are, and tells which 20 of them say
something. A network reads those alone.

On a cluster give the address of its scheduler instead of ``n_workers=2``: nothing else changes.
"""

import dask.array as da
import matplotlib.pyplot as plt
import numpy as np
from dask.distributed import Client

from skscreen import MLPClassifier
from skscreen.interop import dask as out_of_core
from skscreen.screening import f_from_moments

N_SAMPLES, N_FEATURES, CHUNK = 200_000, 200, 20_000


def make_chunk(number):
    """Make samples: 20 features tell three classes apart a little, the last is the class."""
    rng = np.random.default_rng(number[0])
    samples = rng.standard_normal((CHUNK, N_FEATURES + 1), dtype=np.float32)
    codes = rng.integers(3, size=CHUNK)
    samples[:, :20] += np.linspace(0.05, 0.5, 20, dtype=np.float32) * (codes[:, None] - 1)
    samples[:, -1] = codes
    return samples


def run(client_options):
    """Screen, train and predict; draw F of each feature."""
    with Client(**client_options):
        lengths = (CHUNK,) * (N_SAMPLES // CHUNK)
        table = da.map_blocks(
            lambda block_id: make_chunk(block_id),
            chunks=(lengths, (N_FEATURES + 1,)),
            dtype=np.float32,
            meta=np.empty((0, 0), np.float32),
        )
        X, codes = table[:, :-1], table[:, -1].astype(int)
        f = f_from_moments(out_of_core.class_moments(X, codes, 3)).F
        best = np.sort(np.argsort(f)[-20:])

        net = MLPClassifier((30,), random_state=0)
        train = slice(0, N_SAMPLES - CHUNK)
        out_of_core.partial_fit(net, X[train, best], codes[train], classes=[0, 1, 2])
        predicted = out_of_core.predict(net, X[-CHUNK:, best])
        accuracy = float((predicted == codes[-CHUNK:]).mean().compute())

    plt.semilogy(np.maximum(f, 0.1), ".")
    plt.xlabel("feature")
    plt.ylabel("F")
    plt.title(f"the 20 features of largest F: accuracy {accuracy:.2f}, by chance 0.33")
    plt.show()


if __name__ == "__main__":
    # run({"address": "tcp://scheduler:8786"}) on a cluster
    run({"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None})
