"""Arrays in an .npz file, read without trust: nothing is unpickled, and no size is believed."""

import io
import math
import os
import uuid
import zipfile
from pathlib import Path

import numpy as np

from skscreen.interop.plain import PLAIN_KINDS


def write_arrays(path, arrays):
    """Write arrays to an uncompressed .npz file, so that it appears whole or not at all.

    Parameters
    ----------
    path : str or path-like
        Taken as it is, without an ending of its own.
    arrays : dict of str to ndarray
        No objects.
    """
    write_whole(path, lambda stream: np.savez(stream, **arrays))


def write_whole(path, write):
    """Write a file that appears, or replaces what was there, whole or not at all.

    Parameters
    ----------
    path : str or path-like
    write : callable
        ``write(stream)`` fills a binary file.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(aside, "xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def read_arrays(stream):
    """Read all arrays of an .npz file.

    Parameters
    ----------
    stream : file
        Seekable, binary.

    Returns
    -------
    arrays : dict of str to ndarray
        Altogether no larger than the file: what is compressed is refused, as `write_arrays` does
        not compress (weights hardly shrink), so that a small file cannot ask for much memory.

    Raises
    ------
    ValueError, OSError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile
        For a file that is damaged or was not written by `write_arrays`.
    """
    size = stream.seek(0, os.SEEK_END)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if len(set(names)) < len(names):
            raise ValueError("it holds two arrays of one name")
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("it is compressed, which no file of skscreen is")
        if sum(member.file_size for member in members) > size:
            raise ValueError("it claims to hold more than its own size")
        return {
            member.filename.removesuffix(".npy"): _array(member.filename, archive.read(member))
            for member in members
        }


def _array(name, content):
    """Make an array from the bytes of an .npy file."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"array {name} has the unknown version {version}")
    shape, fortran_order, dtype = readers[version](stream)
    if dtype.kind not in PLAIN_KINDS or dtype.itemsize == 0:
        raise ValueError(f"array {name} has the dtype {dtype}")
    start = stream.tell()
    wanted = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or len(content) - start != wanted:
        raise ValueError(f"array {name} of shape {shape} has {len(content) - start} bytes")
    values = np.frombuffer(content, dtype, offset=start)
    return values.reshape(shape, order="F" if fortran_order else "C")
