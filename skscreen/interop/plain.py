"""Python values as JSON with arrays beside it, and back, without pickling anything.

JSON has no tuples, no dicts but those of strings, no arrays and no infinities. Each of them
becomes an object of one entry, whose key says what it is.
"""

import math

import numpy as np

#: dtypes of arrays that are stored as they are
PLAIN_KINDS = "biufcSUmM"
#: values that JSON has
JSON_TYPES = (bool, int, str, type(None))


def encode(value, arrays):
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value : object
        Of numbers, strings, None, lists, tuples, dicts, NumPy arrays, scalars and RandomState.
    arrays : dict of str to ndarray
        Receives the arrays.

    Returns
    -------
    plain : object

    Raises
    ------
    ValueError
        For a value of another type.
    """
    if type(value) in JSON_TYPES:
        return value
    writer = WRITERS.get(type(value))
    if writer is None and isinstance(value, np.generic):
        writer = _write_scalar
    if writer is None:
        raise ValueError(f"cannot be saved: {value!r} of type {type(value).__name__}")
    return writer(value, arrays)


def _write_float(value, arrays):
    return value if math.isfinite(value) else {"float": repr(value)}


def _write_bytes(value, arrays):
    return {"bytes": value.decode("latin-1")}


def _write_list(value, arrays):
    return [encode(item, arrays) for item in value]


def _write_tuple(value, arrays):
    return {"tuple": [encode(item, arrays) for item in value]}


def _write_dict(value, arrays):
    return {"dict": [[encode(k, arrays), encode(v, arrays)] for k, v in value.items()]}


def _write_array(value, arrays):
    if value.dtype.kind == "O":
        return {"objects": [list(value.shape), [encode(x, arrays) for x in value.ravel()]]}
    if value.dtype.kind == "T":  # NumPy's strings of any length
        return {"strings": [list(value.shape), [str(x) for x in value.ravel()]]}
    if value.dtype.kind not in PLAIN_KINDS:
        raise ValueError(f"cannot be saved: an array of dtype {value.dtype}")
    name = f"value{len(arrays)}"
    arrays[name] = value
    return {"array": name}


def _write_scalar(value, arrays):
    return {"scalar": _write_array(np.asarray(value), arrays)["array"]}


def _write_random_state(value, arrays):
    name, keys, position, has_gauss, cached = value.get_state()
    return {"random_state": [name, _write_array(keys, arrays), position, has_gauss, cached]}


WRITERS = {
    float: _write_float,
    bytes: _write_bytes,
    list: _write_list,
    tuple: _write_tuple,
    dict: _write_dict,
    np.ndarray: _write_array,
    np.random.RandomState: _write_random_state,
}


def decode(plain, arrays):
    """Turn what `encode` gave into the value.

    Parameters
    ----------
    plain : object
        From JSON; not to be trusted.
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError, TypeError, KeyError
        For anything that `encode` does not write.
    """
    if type(plain) in JSON_TYPES or type(plain) is float:
        return plain
    if isinstance(plain, list):
        return [decode(item, arrays) for item in plain]
    (tag, content), *others = plain.items()
    if others or tag not in READERS:
        raise ValueError(f"it holds a value of unknown kind {tag!r}")
    return READERS[tag](content, arrays)


def _read_float(content, arrays):
    if content not in ("inf", "-inf", "nan"):
        raise ValueError(f"it holds {content!r} for a number")
    return float(content)


def _read_bytes(content, arrays):
    return content.encode("latin-1")


def _read_tuple(content, arrays):
    return tuple(decode(item, arrays) for item in content)


def _read_dict(content, arrays):
    return {decode(key, arrays): decode(value, arrays) for key, value in content}


def _read_array(content, arrays):
    return np.array(arrays[content])


def _read_scalar(content, arrays):
    return arrays[content][()]


def _read_objects(content, arrays):
    shape, items = content
    values = np.empty(len(items), dtype=object)
    values[:] = [decode(item, arrays) for item in items]
    return values.reshape(shape)


def _read_strings(content, arrays):
    shape, items = content
    return np.array(items, dtype=np.dtypes.StringDType()).reshape(shape)


def _read_random_state(content, arrays):
    name, keys, position, has_gauss, cached = content
    state = np.random.RandomState()
    state.set_state((name, decode(keys, arrays), position, has_gauss, cached))
    return state


READERS = {
    "float": _read_float,
    "bytes": _read_bytes,
    "tuple": _read_tuple,
    "dict": _read_dict,
    "array": _read_array,
    "scalar": _read_scalar,
    "objects": _read_objects,
    "strings": _read_strings,
    "random_state": _read_random_state,
}
