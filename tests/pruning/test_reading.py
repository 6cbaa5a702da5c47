"""What layers read: kept from layer to layer, and the same as in a pass from the start."""

import numpy as np
import pytest
from nets import two_convolutions
from threadpoolctl import threadpool_limits

from skscreen.nn import Conv, Dense, Network
from skscreen.pruning import reading
from skscreen.pruning.reading import Reading


class CountingDense(Dense):
    """A layer that counts the samples it has run."""

    n_run = 0

    def forward(self, x, buffers, **options):
        type(self).n_run += len(x)
        return super().forward(x, buffers, **options)


def mlp():
    rng, dtype = np.random.RandomState(0), np.dtype("float64")
    sizes = [(6, 5, "relu"), (5, 4, "tanh"), (4, 3, "identity")]
    return Network([CountingDense.initialise(*size, rng, dtype) for size in sizes], "softmax")


def cnn():
    return two_convolutions("float32")


def data(network, n_samples=40):
    shape = (8, 8, 2) if isinstance(network.layers[0], Conv) else (6,)
    return np.random.default_rng(0).normal(size=(n_samples, *shape)).astype(network.dtype)


CHUNKS = [np.arange(0, 40, 3), np.arange(1, 40, 3), np.array([2, 5, 38])]


def values_of(read, network, number):
    return read.map(lambda place, values: values.copy(), network, number)


@pytest.mark.parametrize("build", [mlp, cnn])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_reads_what_a_pass_from_the_start_gives(build, n_threads):
    network = build()
    X = data(network)
    read = Reading(X, CHUNKS)
    with threadpool_limits(n_threads, user_api="blas"):
        for number in (0, 1, 2, 1, 2, 2, 0, 2):
            for rows, found in zip(CHUNKS, values_of(read, network, number), strict=True):
                wanted = X[rows]
                for layer in network.layers[:number]:
                    wanted = layer.forward(wanted, layer.buffers(len(rows)))
                np.testing.assert_array_equal(found, wanted)


def test_bytes_are_scaled():
    network = cnn()
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 2)).astype(np.uint8)
    found = values_of(Reading(images, CHUNKS), network, 0)
    np.testing.assert_allclose(found[2], images[CHUNKS[2]] / 255, rtol=1e-6)


def test_goes_on_from_where_it_was_while_nothing_before_has_changed():
    network = mlp()
    read = Reading(data(network), CHUNKS)
    n_samples = sum(map(len, CHUNKS))

    def n_run(number):
        before = CountingDense.n_run
        values_of(read, network, number)
        return (CountingDense.n_run - before) // n_samples

    assert [n_run(number) for number in (1, 1, 2, 2)] == [1, 0, 1, 0]
    network.layers[2].weight[:] = 0  # comes after what is read
    assert n_run(2) == 0
    network.layers[1].shift_bias(np.ones(4))
    assert n_run(2) == 2
    assert n_run(1) == 1


def test_the_layers_parameters_are_looked_at():
    network = mlp()
    read = Reading(data(network), CHUNKS)
    before = values_of(read, network, 1)
    network.layers[0].weight[0, 0] += 1
    assert any(
        (old != new).any() for old, new in zip(before, values_of(read, network, 1), strict=True)
    )


def test_what_takes_too_much_is_not_kept(monkeypatch):
    network = mlp()
    X = data(network)
    n_samples = sum(map(len, CHUNKS))
    monkeypatch.setattr(reading, "MOST_BYTES", n_samples * 4 * 8)  # the second layer's output
    read = Reading(X, CHUNKS)
    values_of(read, network, 1)
    before = CountingDense.n_run
    first = values_of(read, network, 2)
    assert CountingDense.n_run - before == 2 * n_samples
    second = values_of(read, network, 2)
    assert CountingDense.n_run - before == 2 * n_samples
    np.testing.assert_array_equal(first[0], second[0])
