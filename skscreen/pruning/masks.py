"""Masks of connections: whether signals still get through, and which inputs are read.

Masks have the shape of the weights, (n_inputs, n_outputs). Several inputs may belong to one unit
of the layer before: the im2col columns of a channel, the flattened positions of an image. Which
one says ``sources``, from `Network.source_units`.
"""

import numpy as np


def unit_links(masks, sources):
    """Reduce masks to which unit feeds which.

    Parameters
    ----------
    masks : list of ndarray of bool of shape (n_inputs, n_outputs)
    sources : list of ndarray of int of shape (n_inputs,)
        Unit of the layer before that each input belongs to.

    Returns
    -------
    links : list of ndarray of bool of shape (n_units_before, n_outputs)
        Not to be changed.
    """
    links = []
    n_units = int(sources[0].max()) + 1
    for mask, source in zip(masks, sources, strict=True):
        if n_units == len(source) and (np.diff(source) == 1).all():
            links.append(mask)  # each input shows a unit of its own
        else:
            order = np.argsort(source, kind="stable")
            units, starts = np.unique(source[order], return_index=True)
            link = np.zeros((n_units, mask.shape[1]), dtype=bool)
            link[units] = np.logical_or.reduceat(mask[order], starts, axis=0)
            links.append(link)
        n_units = mask.shape[1]
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
    return [a & b for a, b in zip(reached_units(links), useful_units(links), strict=True)]


def reached_units(links):
    """Find the units that a path leads to from an input; arrays as in `live_units`."""
    reached = [np.ones(links[0].shape[0], dtype=bool)]
    for link in links:
        reached.append(link[reached[-1]].any(axis=0))
    return reached


def useful_units(links, *, keep_one=False):
    """Find the units from which a path leads to an output; arrays as in `live_units`.

    With ``keep_one`` the first unit of a layer without any counts as one.
    """
    useful = [np.ones(links[-1].shape[1], dtype=bool)]
    for link in reversed(links):
        found = link[:, useful[0]].any(axis=1)
        found[0] |= keep_one and not found.any()
        useful.insert(0, found)
    return useful


def idle_connections(masks, sources):
    """Mark connections of hidden units that do nothing: no path leads on from them, or to them.

    What leads nowhere is looked for first. Only where all leads to an output, the units without
    inputs are: they are constant.

    Parameters
    ----------
    masks, sources : list of ndarray
        See `unit_links`.

    Returns
    -------
    idle : list of ndarray of bool or None
        Of the shapes of the masks; kept or not. None if none of them is kept.
    """
    links = unit_links(masks, sources)
    active = useful_units(links)
    if all(units[mask.any(axis=0)].all() for units, mask in zip(active[1:], masks, strict=True)):
        active = reached_units(links)
    active[0][:] = active[-1][:] = True  # inputs and outputs are what the problem gives
    idle = [
        ~(before[source][:, None] & after)
        for before, source, after in zip(active[:-1], sources, active[1:], strict=True)
    ]
    if any((mask & found).any() for mask, found in zip(masks, idle, strict=True)):
        return idle
    return None


def keep_a_path(masks, scores, sources):
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
    sources : list of ndarray of int of shape (n_inputs,)
        Unit of the layer before that each input belongs to.
    """
    if reached_units(unit_links(masks, sources))[-1].any():
        return
    path = _best_path(masks, scores, sources)
    for mask, score, row_and_column in zip(masks, scores, path, strict=True):
        if mask[row_and_column]:
            continue
        finite = np.minimum(score, np.finfo(np.float64).max)  # an infinite F counts as kept
        weakest = np.argmin(np.where(mask, finite, np.inf))
        mask[np.unravel_index(weakest, mask.shape)] = False
        mask[row_and_column] = True


def _best_path(masks, scores, sources):
    """Return a (row, column) per layer by dynamic programming over the units."""
    value = np.zeros(int(sources[0].max()) + 1)
    choices = []
    for mask, score, source in zip(masks, scores, sources, strict=True):
        total = _gain(mask, score, len(masks)) + value[source][:, None]
        choices.append(total.argmax(axis=0))
        value = total.max(axis=0)
    path = []
    column = int(value.argmax())
    for choice, source in zip(reversed(choices), reversed(sources), strict=True):
        row = int(choice[column])
        path.insert(0, (row, column))
        column = int(source[row])
    return path


def _gain(mask, score, n_layers):
    """Worth of each connection on a path: 1 if it is kept, else a little, by its score.

    So little that all that is restored together weighs less than one that is kept. Minus infinity
    where it must stay cut.
    """
    gain = np.where(mask, 1.0, _relative(score) / (4 * n_layers))
    return np.where(np.isneginf(score), -np.inf, gain)


def _relative(score):
    """Scale scores to [0, 1], with zero or the lowest finite one at 0 and the highest at 1."""
    if np.isposinf(score).any():
        return np.isposinf(score).astype(float)
    finite = score[np.isfinite(score)]
    size = np.abs(finite).max(initial=0.0) or 1.0  # two finite scores may differ by infinity
    low = finite.min(initial=0.0) / size
    high = finite.max(initial=-np.inf) / size
    width = max(high - low, np.finfo(float).tiny)
    return np.where(np.isfinite(score), (score / size - low) / width, 0.0)


def read_inputs(masks, sources):
    """Return which inputs of the first layer are read on a path to an output.

    Returns
    -------
    read : ndarray of bool of shape (n_inputs of the first layer,)
    """
    live = live_units(unit_links(masks, sources))
    return masks[0][:, live[1]].any(axis=1)


def mask_network(network, masks, means=None):
    """Set the masks of a network.

    Parameters
    ----------
    network : Network
    masks : list of ndarray of bool
    means : list of ndarray of shape (n_inputs,) or None
        Mean of what each layer reads. With it the bias takes over the mean of what each newly cut
        connection carried, and only what varied about it is lost (Evci et al. 2018).
    """
    for number, (layer, mask) in enumerate(zip(network.layers, masks, strict=True)):
        if means is not None:
            layer.shift_bias(
                np.where(mask, 0, layer.weight).T @ means[number].astype(network.dtype)
            )
        layer.set_mask(mask)
