"""Loops over samples that stand side by side, written in the processor's vector instructions.

The compiler vectorises a loop over samples, but brings its sums to memory and back at every few
kept weights. Here they stay in registers until a unit is done, which is twice as fast. A function
below describes its instructions to LLVM; as plain Python (``NUMBA_DISABLE_JIT``) a twin on NumPy
arrays takes its place. No index is tested, not with ``NUMBA_BOUNDSCHECK`` either.
"""

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

# Samples at a time: as many as keep the sums in registers, then fewer for what is left.
LANES = (32, 8, 1)
# Samples that are put side by side at a time.
TURNED = 8
# Of sums and products; see FAST_MATH in _compile.py.
FAST = ("contract", "reassoc", "nsz")
_INT32 = ir.IntType(32)


def _compiled(twin):
    """Decorate the description of a function by its types and code; see `numba.extending`."""

    def decorate(describe):
        return twin if config.DISABLE_JIT else intrinsic(describe)

    return decorate


class _Code:
    """What is common to the descriptions: LLVM's builder with the arguments of a call."""

    def __init__(self, context, builder, signature, given):
        self.context, self.builder = context, builder
        self.types, self.given = signature.args, given

    def integers(self, *numbers):
        """Return arguments as integers of the size of an address."""
        return [
            self.context.cast(self.builder, self.given[i], self.types[i], types.intp)
            for i in numbers
        ]

    def read(self, number, at):
        """Return an entry of a 1-d array."""
        return self.builder.load(self.address(number, at))

    def address(self, number, at):
        array = self.context.make_array(self.types[number])
        data = array(self.context, self.builder, self.given[number]).data
        return self.builder.gep(data, [at])

    def neighbours(self, number, at, lanes):
        """Return the address of neighbours in a 1-d array, as one vector."""
        address = self.address(number, at)
        vector = ir.VectorType(address.type.pointee, lanes)
        return self.builder.bitcast(address, vector.as_pointer())

    def size(self, number):
        """Return the bytes of an entry of an array, to which its entries are aligned."""
        return self.context.get_abi_sizeof(self.context.get_value_type(self.types[number].dtype))

    def load(self, number, at, lanes):
        """Return neighbours in a 1-d array as a vector."""
        return self.builder.load(self.neighbours(number, at, lanes), align=self.size(number))

    def store(self, vector, number, at):
        """Write a vector to neighbours in a 1-d array."""
        place = self.neighbours(number, at, vector.type.count)
        self.builder.store(vector, place, align=self.size(number))

    def above_zero(self, is_relu, vector):
        """Return what is not above zero as zero if ``is_relu``; NaN passes."""
        zeros = ir.Constant(vector.type, [0.0] * vector.type.count)
        below = self.builder.fcmp_ordered("<=", vector, zeros)
        is_relu = self.builder.trunc(is_relu, ir.IntType(1))
        return self.builder.select(is_relu, self.builder.select(below, zeros, vector), vector)

    def for_columns(self, n_columns, describe):
        """Describe columns, as many at a time as there are: ``describe(first, lanes)``."""
        done = cgutils.alloca_once_value(self.builder, n_columns.type(0))
        for lanes in LANES:
            left = self.builder.sub(n_columns, self.builder.load(done))
            with cgutils.for_range(self.builder, self.builder.udiv(left, left.type(lanes))):
                at = self.builder.load(done)
                describe(at, lanes)
                self.builder.store(self.builder.add(at, at.type(lanes)), done)

    def repeated(self, value, lanes):
        """Return a vector of one value."""
        vector = ir.VectorType(value.type, lanes)
        nothing = ir.Constant(vector, ir.Undefined)
        first = self.builder.insert_element(nothing, value, _INT32(0))
        places = ir.Constant(ir.VectorType(_INT32, lanes), [0] * lanes)
        return self.builder.shuffle_vector(first, nothing, places)


def _turn(x, start, step, scale, out, at):
    values = x[start::step][:TURNED].astype(out.dtype)
    out[at : at + TURNED] = values * scale


@_compiled(_turn)
def turn(typing, x, start, step, scale, out, at):
    """Write `TURNED` values, each ``step`` further on, beside each other, times ``scale``.

    Parameters
    ----------
    x : 1-d ndarray
    start, step : int
    scale : float of the dtype of out
    out : 1-d ndarray of float
    at : int
    """

    def code(*call):
        code = _Code(*call)
        builder = code.builder
        place, step, at = code.integers(1, 2, 5)
        scale = code.repeated(code.given[3], TURNED)
        values = ir.Constant(scale.type, ir.Undefined)
        for lane in range(TURNED):
            value = code.read(0, place)
            value = code.context.cast(builder, value, code.types[0].dtype, code.types[4].dtype)
            values = builder.insert_element(values, value, _INT32(lane))
            place = builder.add(place, step)
        values = builder.fmul(values, scale, flags=FAST)
        code.store(values, 4, at)
        return code.context.get_dummy_value()

    return types.void(x, start, step, scale, out, at), code


def _sum_kept(x, rows, width, shift, values, start, stop, bias, is_relu, out, at, n_columns):
    total = np.full(n_columns, bias)
    for k in range(start, stop):
        first = rows[k] * width + shift
        total += values[k] * x[first : first + n_columns]
    # NaN passes
    out[at : at + n_columns] = np.where(is_relu & (total <= 0), 0, total)


@_compiled(_sum_kept)
def sum_kept(
    typing, x, rows, width, shift, values, start, stop, bias, is_relu, out, at, n_columns
):
    """Compute a unit from its kept weights, those from ``start`` to ``stop``.

    Column i is ``bias`` and the sum of ``values[k] * x[rows[k] * width + shift + i]``.

    Parameters
    ----------
    x : 1-d ndarray of float
    rows : 1-d ndarray of int32
    width, shift : int
    values : 1-d ndarray of the dtype of x
    start, stop : int
    bias : float
    is_relu : bool
        Whether what is below zero becomes zero; NaN passes.
    out : 1-d ndarray
        Written from ``at`` on.
    at, n_columns : int
    """

    def code(*call):
        code = _Code(*call)
        builder = code.builder
        begin, n_columns = code.integers(10, 11)

        def describe(first, lanes):
            total = _kept_columns(code, first, lanes)
            code.store(code.above_zero(code.given[8], total), 9, builder.add(begin, first))

        code.for_columns(n_columns, describe)
        return code.context.get_dummy_value()

    types_of_all = (x, rows, width, shift, values, start, stop, bias, is_relu, out, at, n_columns)
    return types.void(*types_of_all), code


def _kept_columns(code, at, lanes):
    """Describe the sum of `sum_kept` for the columns from ``at`` on."""
    builder = code.builder
    width, shift, start, stop = code.integers(2, 3, 5, 6)
    column = builder.add(shift, at)
    bias = code.context.cast(builder, code.given[7], code.types[7], code.types[0].dtype)
    bias = code.repeated(bias, lanes)
    zeros = ir.Constant(bias.type, [0.0] * lanes)
    # two sums, so that a product need not wait for the one before
    sums = [cgutils.alloca_once(builder, bias.type) for _ in range(2)]
    builder.store(bias, sums[0])
    builder.store(zeros, sums[1])

    def add(total, k):
        row = builder.zext(code.read(1, k), width.type)
        read = code.load(0, builder.add(builder.mul(row, width), column), lanes)
        product = builder.fmul(code.repeated(code.read(4, k), lanes), read, flags=FAST)
        builder.store(builder.fadd(builder.load(total), product, flags=FAST), total)

    n_weights = builder.sub(stop, start)
    one, two = width.type(1), width.type(2)
    with cgutils.for_range(builder, builder.udiv(n_weights, two)) as loop:
        k = builder.add(start, builder.mul(loop.index, two))
        add(sums[0], k)
        add(sums[1], builder.add(k, one))
    with builder.if_then(builder.trunc(n_weights, ir.IntType(1))):
        add(sums[0], builder.sub(stop, one))
    return builder.fadd(*(builder.load(each) for each in sums), flags=FAST)


def _put_larger(x, at_x, y, at_y, is_relu, out, at, n_columns):
    largest = np.maximum(x[at_x : at_x + n_columns], y[at_y : at_y + n_columns])
    out[at : at + n_columns] = np.where(is_relu & (largest <= 0), 0, largest)


@_compiled(_put_larger)
def put_larger(typing, x, at_x, y, at_y, is_relu, out, at, n_columns):
    """Write the larger of two values for each of neighbours; NaN is the largest.

    Parameters
    ----------
    x, y : 1-d ndarray of float
        Read from ``at_x`` and ``at_y`` on.
    at_x, at_y : int
    is_relu : bool
        Whether what is below zero becomes zero.
    out : 1-d ndarray
        Written from ``at`` on; may be x or y, at the same place.
    at, n_columns : int
    """

    def code(*call):
        code = _Code(*call)
        builder = code.builder
        begin_x, begin_y, begin, n_columns = code.integers(1, 3, 6, 7)

        def describe(first, lanes):
            one = code.load(0, builder.add(begin_x, first), lanes)
            other = code.load(2, builder.add(begin_y, first), lanes)
            larger = builder.or_(
                builder.fcmp_ordered(">", other, one), builder.fcmp_unordered("uno", other, other)
            )
            found = builder.select(larger, other, one)
            code.store(code.above_zero(code.given[4], found), 5, builder.add(begin, first))

        code.for_columns(n_columns, describe)
        return code.context.get_dummy_value()

    return types.void(x, at_x, y, at_y, is_relu, out, at, n_columns), code


def _sum_products(x, at_x, y, at_y, n_columns):
    return np.dot(x[at_x : at_x + n_columns], y[at_y : at_y + n_columns])


@_compiled(_sum_products)
def sum_products(typing, x, at_x, y, at_y, n_columns):
    """Return the sum of products of neighbours.

    Parameters
    ----------
    x, y : 1-d ndarray of the same dtype of float
        Read from ``at_x`` and ``at_y`` on.
    at_x, at_y, n_columns : int
    """

    def code(*call):
        code = _Code(*call)
        builder = code.builder
        begin_x, begin_y, n_columns = code.integers(1, 3, 4)
        number = code.context.get_value_type(x.dtype)
        sums = {}
        for lanes in LANES:
            zeros = ir.Constant(ir.VectorType(number, lanes), [0.0] * lanes)
            sums[lanes] = cgutils.alloca_once_value(builder, zeros)
            builder.store(zeros, sums[lanes])

        def describe(first, lanes):
            one = code.load(0, builder.add(begin_x, first), lanes)
            other = code.load(2, builder.add(begin_y, first), lanes)
            total = builder.fadd(
                builder.load(sums[lanes]), builder.fmul(one, other, flags=FAST), flags=FAST
            )
            builder.store(total, sums[lanes])

        code.for_columns(n_columns, describe)
        # halves upon each other, and the shorter sums where the length is theirs
        total = builder.load(sums[LANES[0]])
        lanes = LANES[0]
        while lanes > 1:
            lanes //= 2
            halves = [
                builder.shuffle_vector(
                    total,
                    ir.Constant(total.type, ir.Undefined),
                    ir.Constant(ir.VectorType(_INT32, lanes), list(range(i, i + lanes))),
                )
                for i in (0, lanes)
            ]
            total = builder.fadd(*halves, flags=FAST)
            if lanes in sums:
                total = builder.fadd(total, builder.load(sums[lanes]), flags=FAST)
        return builder.extract_element(total, _INT32(0))

    return x.dtype(x, at_x, y, at_y, n_columns), code
