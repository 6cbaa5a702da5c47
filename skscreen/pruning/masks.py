"""Masks of connections: whether signals still get through, and which inputs are read.

Masks have the shape of the weights, (n_inputs, n_outputs). Where a layer's inputs are several
values per unit of the layer before (the im2col columns of a channel, the flattened positions of
an image) the unit is the fastest index.
"""

import numpy as np


def unit_links(masks, n_input_units):
    """Reduce masks to which unit feeds which.

    Parameters
    ----------
    masks : list of ndarray of bool of shape (n_inputs, n_outputs)
    n_input_units : int
        Units, or channels, that the first layer reads.

    Returns
    -------
    links : list of ndarray of bool of shape (n_units_before, n_outputs)
    """
    links = []
    for mask in masks:
        links.append(mask.reshape(-1, n_input_units, mask.shape[1]).any(axis=0))
        n_input_units = mask.shape[1]
    return links


def live_units(links):
    """Find the units on a path from an input to an output.

    Parameters
    ----------
    links : list of ndarray of bool
        From `unit_links`.

    Returns
    -------
    live : list of ndarray of bool
        One array for the inputs and one for the outputs of each layer.
    """
    reached = [np.ones(links[0].shape[0], dtype=bool)]
    for link in links:
        reached.append(link[reached[-1]].any(axis=0))
    useful = [np.ones(links[-1].shape[1], dtype=bool)]
    for link in reversed(links):
        useful.insert(0, link[:, useful[0]].any(axis=1))
    return [a & b for a, b in zip(reached, useful, strict=True)]


def keep_a_path(masks, scores, n_input_units):
    """Make sure that a signal gets from the inputs to the outputs.

    Where the masks leave no path, the one that needs the fewest changes, and among those the one
    with the best scores, is restored; for each connection that comes back the layer gives up its
    kept connection with the lowest score, so that all counts stay.

    Parameters
    ----------
    masks : list of ndarray of bool
        Changed in place.
    scores : list of ndarray
        ``-inf`` where a connection must stay cut.
    n_input_units : int
        Units, or channels, that the first layer reads.
    """
    if live_units(unit_links(masks, n_input_units))[-1].any():
        return
    for mask, score, row_and_column in zip(
        masks, scores, _best_path(masks, scores, n_input_units), strict=True
    ):
        if mask[row_and_column]:
            continue
        weakest = np.argmin(np.where(mask, score, np.inf))
        mask[np.unravel_index(weakest, mask.shape)] = False
        mask[row_and_column] = True


def _best_path(masks, scores, n_input_units):
    """Return a (row, column) per layer by dynamic programming over the units."""
    value = np.zeros(n_input_units)
    steps = []
    for mask, score in zip(masks, scores, strict=True):
        # a kept connection is worth 1; one to be restored its relative score, made small enough
        # that all of them together weigh less than one that is kept
        top = max(score.max(), np.finfo(float).tiny)
        relative = np.where(np.isposinf(score), 1.0, score / top if np.isfinite(top) else 0.0)
        gain = np.where(mask, 1.0, relative / (4 * len(masks)))
        gain = np.where(np.isneginf(score), -np.inf, gain)
        total = gain.reshape(-1, len(value), mask.shape[1]) + value[:, None]
        total = total.reshape(mask.shape)
        rows = total.argmax(axis=0)
        steps.append((rows, len(value)))
        value = total[rows, np.arange(mask.shape[1])]
    path = []
    column = int(value.argmax())
    for rows, n_units in reversed(steps):
        row = int(rows[column])
        path.insert(0, (row, column))
        column = row % n_units
    return path


def read_inputs(masks, n_input_units):
    """Return which rows of the first mask are read on a path to an output.

    Returns
    -------
    read : ndarray of bool of shape (n_inputs of the first layer,)
    """
    live = live_units(unit_links(masks, n_input_units))
    return masks[0][:, live[1]].any(axis=1)
