"""Networks in other formats, and on more than one machine."""

from skscreen.estimators.adapt_sklearn import from_sklearn
from skscreen.interop.lean import TRUSTED_TYPES, lean_copy
from skscreen.interop.npz import NetworkFileError, load, save
from skscreen.interop.onnx import to_onnx
from skscreen.interop.onnx_steps import register_converters
from skscreen.interop.sklearn import to_sklearn
from skscreen.interop.torch import from_torch, to_torch

__all__ = [
    "TRUSTED_TYPES",
    "NetworkFileError",
    "from_sklearn",
    "from_torch",
    "lean_copy",
    "load",
    "register_converters",
    "save",
    "to_onnx",
    "to_sklearn",
    "to_torch",
]
