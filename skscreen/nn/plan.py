"""How a network predicts: which form each layer takes for a batch, with its working memory.

A layer is "dense", the product with its whole weight, or "sparse", that with the kept weights
alone. Sparse layers in a row hand samples on as columns; only where the form changes are they
turned.
"""

from contextlib import nullcontext
from typing import NamedTuple

import numpy as np

from skscreen.kernels.columns import gather_columns, scatter_columns
from skscreen.nn import costs
from skscreen.nn.kept import WIDTH
from skscreen.nn.threads import shard_pool

FORMS = ("auto", "dense", "sparse")

# What the kernel that turns samples takes; anything else is converted before.
COLUMN_TYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))

# Samples that are worked on at once: enough to keep BLAS busy, few enough for the cache.
DENSE_CHUNK = 1024
SPARSE_CHUNK = 512
SMALLEST_SPARSE_CHUNK = 64
SHARDED_CHUNK = 128
SMALLEST_CHUNK = 4
# Beyond so many samples the forms do not change.
MANY = 4096
# Working memory is kept for the next call up to so many samples, for so many sizes of chunks.
KEPT_MEMORY = 1024
KEPT_SIZES = 8
# Images of bytes are scaled to [0, 1], batch by batch.
BYTE_SCALE = 1 / 255


class Step(NamedTuple):
    """A layer at work on a chunk of samples.

    Parameters
    ----------
    layer : Layer
    form : KeptDense, KeptConv or None
        None for a dense layer.
    turned : ndarray or None
        Where its input is put if the layer before has another form.
    memory : object
        From the `buffers` of the form, or of a dense layer.
    """

    layer: object
    form: object
    turned: object
    memory: object


class PredictionPlan:
    """What a network's predictions need beside its weights, made once and used until they change.

    The kept weights of sparse layers are copied in another order. So that they cannot change
    unseen, the arrays of a layer with a mask are made read-only; `Layer.unlock` undoes that, and
    with it ends the plan. Of a layer without a mask they are copied at each call, and dense layers
    are read as they are.

    Parameters
    ----------
    network : Network
    inference : {"auto", "dense", "sparse"}
        "auto" takes the form that costs less by `skscreen.nn.costs`, for each batch size; "dense"
        and "sparse" that one wherever a layer has it.
    """

    def __init__(self, network, inference):
        if inference not in FORMS:
            raise ValueError(f"inference must be one of {FORMS}, got {inference!r}")
        self.layers = list(network.layers)
        self.inference = inference
        self.is_sharded = network.is_sharded
        self.dtype = network.dtype
        self.one, self.byte_scale = self.dtype.type(1), self.dtype.type(BYTE_SCALE)
        self._arrays = [(layer.weight, layer.mask) for layer in self.layers]
        self._locked = set()
        self._forms = {}
        self._choices = {}
        self._spare = {}

    def holds(self, network):
        """Return whether the network is still the one that this was made for."""
        if len(network.layers) != len(self.layers):
            return False
        for number, layer in enumerate(network.layers):
            weight, mask = self._arrays[number]
            if layer.weight is not weight or layer.mask is not mask:
                return False
            if number in self._locked and weight.flags.writeable:
                return False
        return True

    def forms(self, n_samples):
        """Return the form, "dense" or "sparse", of each layer for a batch of so many samples."""
        sparse, _ = self._choice(n_samples)
        return ["sparse" if found else "dense" for found in sparse]

    def _choice(self, n_samples):
        """Return whether each layer is sparse, and whether other threads help with them."""
        n_samples = min(n_samples, MANY)
        if n_samples not in self._choices:
            sparse, cost = self._cheapest(n_samples)
            threaded = any(sparse) and n_samples > SMALLEST_SPARSE_CHUNK
            threaded &= cost > costs.WORTH_THREADS
            if self.inference == "auto" and not self.is_sharded:
                # without a sparse layer, BLAS itself works on several threads
                cost = costs.threaded(cost) if threaded else cost
                dense = sum(layer.dense_cost(n_samples, threaded=True) for layer in self.layers)
                if cost > costs.MARGIN * dense:
                    sparse, threaded = (False,) * len(sparse), False
            self._choices[n_samples] = sparse, threaded
        return self._choices[n_samples]

    def _cheapest(self, n_samples):
        """Return whether each layer is sparse, and the cost, by the cheapest way through all."""
        # the cheapest ways to here that end in rows, and in columns: (cost, form of each layer)
        rows, columns = (0.0, ()), (np.inf, ())
        for layer in self.layers:
            n_read, n_given = layer.sizes_turned()
            dense, sparse = layer.dense_cost(n_samples), layer.kept_cost(n_samples)
            if self.inference == "dense":
                sparse = np.inf
            elif self.inference == "sparse" and np.isfinite(sparse):
                dense = np.inf
            turned = (rows[0] + costs.turning(n_read * n_samples), rows[1])
            before = min(turned, columns)
            columns = (before[0] + sparse, (*before[1], True))
            straight = (rows[0] + costs.MARGIN * dense, (*rows[1], False))
            back = (columns[0] + costs.turning(n_given * n_samples), columns[1])
            rows = min(straight, back)
        return rows[1], rows[0]

    def logits(self, X, depth=None):
        """Compute the output of the first ``depth`` layers, all of them for None.

        Parameters
        ----------
        X : ndarray of shape (n_samples, ...)
            Bytes (uint8) are divided by 255; of any other dtype they are taken as they are.

        Returns
        -------
        output : ndarray of shape (n_samples, *output shape of the last layer run)
        """
        sparse, threaded = self._choice(len(X))
        sparse = sparse[:depth]
        last = self.layers[len(sparse) - 1]
        output = np.empty((len(X), *last.output_shape()), self.dtype)
        length = self._chunk_length(len(X), sparse)
        chunks = [slice(i, min(i + length, len(X))) for i in range(0, len(X), length)]
        # BLAS's own threads would spin against these, and slow the work between two products
        threaded = len(X) > 1 if self.is_sharded else threaded and any(sparse)
        pool = shard_pool(len(chunks), blas=not all(sparse)) if threaded else nullcontext(map)
        with pool as run:
            # rows of a sparse matrix become dense
            list(run(lambda rows: self._run(X[rows], sparse, output[rows]), chunks))
        return output

    def _chunk_length(self, n_samples, sparse):
        """Samples of a chunk, whatever the number of threads."""
        if not self.is_sharded and not any(sparse):
            return DENSE_CHUNK
        if self.is_sharded:
            return sharded_length(n_samples)
        quarter = -(-n_samples // 128) * 32  # a multiple of what the inner loops take at a time
        return min(SPARSE_CHUNK, max(SMALLEST_SPARSE_CHUNK, quarter))

    def _run(self, x, sparse, output):
        """Run layers on a chunk of samples."""
        steps = self._take_steps(len(x), sparse)
        columns = form = None
        for step in steps:
            if step.form is None:
                if columns is not None:
                    x = step.turned
                    scatter_columns(columns, form.output_features, x)
                    columns = None
                x = step.layer.forward(as_numbers(x, self.dtype), step.memory)
                continue
            form = step.form
            if step.layer.mask is None:
                form.refresh()
            if columns is None:
                scale = self.byte_scale if x.dtype == np.uint8 else self.one
                columns = step.turned
                x = x if x.dtype in COLUMN_TYPES else as_numbers(x, self.dtype)
                flat = np.ascontiguousarray(x).reshape(len(x), -1)
                gather_columns(flat, form.features, scale, columns)
            columns = form.run(columns, step.memory)
        if columns is None:
            output[...] = x
        else:
            scatter_columns(columns, form.output_features, output.reshape(len(output), -1))
        self._give_back(len(output), sparse, steps)

    def _form(self, number, from_columns):
        """Return the kept weights of a layer that reads rows, or the columns before it."""
        key = number, from_columns
        if key not in self._forms:
            features = self._form(number - 1, False).output_features if from_columns else None
            layer = self.layers[number]
            if layer.mask is not None:
                layer.lock()
                self._locked.add(number)
            self._forms[key] = layer.kept_form(features)
        return self._forms[key]

    def _take_steps(self, n_samples, sparse):
        """Take a `Step` of each layer for a chunk; threads that predict at once take their own."""
        try:
            return self._spare[n_samples, sparse].pop()
        except (KeyError, IndexError):
            return self._new_steps(n_samples, sparse)

    def _new_steps(self, n_samples, sparse):
        after_sparse = (False, *sparse)
        forms = [
            self._form(number, after_sparse[number]) if found else None
            for number, found in enumerate(sparse)
        ]
        blocks = costs.blocks_of(n_samples, WIDTH)
        steps = []
        for number, form in enumerate(forms):
            layer, shape = self.layers[number], None
            if form is not None and not after_sparse[number]:
                shape = (blocks[0], len(form.features), blocks[1])
            elif form is None and after_sparse[number]:
                shape = (n_samples, len(forms[number - 1].output_features))
            turned = None if shape is None else np.zeros(shape, self.dtype)
            memory = layer.buffers(n_samples) if form is None else form.buffers(blocks)
            steps.append(Step(layer, form, turned, memory))
        return steps

    def _give_back(self, n_samples, sparse, steps):
        if n_samples > KEPT_MEMORY:
            return
        key = n_samples, sparse
        if key not in self._spare and len(self._spare) >= KEPT_SIZES:
            self._spare.clear()
        self._spare.setdefault(key, []).append(steps)


def sharded_length(n_samples):
    """Samples of a chunk with convolutions: two chunks at least, unless they would be tiny."""
    return min(SHARDED_CHUNK, max(SMALLEST_CHUNK, _half(n_samples)))


def _half(n_samples):
    return -(-n_samples // 16) * 8


def as_numbers(x, dtype):
    """Return samples in a dtype: bytes from 0 to 1, anything else as it is."""
    if x.dtype == np.uint8:
        return np.multiply(x, dtype.type(BYTE_SCALE), dtype=dtype)
    return x.astype(dtype, copy=False)
