"""Compiled kernels: functions of arrays and scalars, never of objects.

A kernel never calls a kernel of another file: Numba's on-disk cache is keyed by the file of the
outer function and would not see an edit of the inner one.
"""
