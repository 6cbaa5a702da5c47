"""Networks in other formats, and on more than one machine."""

from skscreen.interop.npz import NetworkFileError, load, save

__all__ = ["NetworkFileError", "load", "save"]
