"""How the loss depends on the weights, for criteria that look at gradients."""

from dataclasses import dataclass

import numpy as np

from skscreen.nn import Loss

# Samples whose gradients are added up before they are squared.
MINIBATCH = 128


@dataclass
class LayerGradients:
    """Gradients of a layer's weights, times the weights; first-order changes of the loss.

    A unit's saliency is the sum over the weights it receives and its bias: the derivative of the
    loss to a factor before the unit's activation.

    Parameters
    ----------
    gradient : ndarray of shape (n_inputs, n_outputs)
        Mean gradient of the loss. It is there for connections that are cut, too.
    saliency : ndarray of shape (n_inputs, n_outputs)
        Mean of weight times gradient.
    saliency_rms : ndarray of shape (n_inputs, n_outputs)
        Root of the mean, over minibatches, of the square of weight times gradient.
    unit_saliency, unit_saliency_rms : ndarray of shape (n_outputs,)
        The same for units.
    input_saliency, input_saliency_rms : ndarray of shape (n_inputs,)
        The same for inputs: the sum over the weights that read one.
    """

    gradient: np.ndarray
    saliency: np.ndarray
    saliency_rms: np.ndarray
    unit_saliency: np.ndarray
    unit_saliency_rms: np.ndarray
    input_saliency: np.ndarray
    input_saliency_rms: np.ndarray


def observe_gradients(network, data, rng):
    """Compute the gradients of a network's loss on data.

    Parameters
    ----------
    network : Network
        Left as it is.
    data : ScreeningData
    rng : numpy.random.RandomState
        Draws the minibatches: samples in order of their classes would make them unlike each other.

    Returns
    -------
    gradients : list of LayerGradients
    """
    loss = Loss(network.output, data.target, data.sample_weight)
    length = min(MINIBATCH, len(data.X))
    buffers = network.buffers(length, training=True)
    batch = np.empty((length, *data.X.shape[1:]), network.dtype)
    delta = np.empty((length, network.layers[-1].n_outputs), network.dtype)
    sums = [_Sums(layer) for layer in network.layers]
    order = rng.permutation(len(data.X))
    for start in range(0, len(data.X), length):
        index = order[start : start + length]
        x = network.gather(data.X, index, batch[: len(index)])
        logits = network.forward(x, buffers)
        loss.gradient(logits, index, delta[: len(index)], loss.total(len(index)))
        network.backward(x, delta[: len(index)], buffers)
        for layer, own, total in zip(network.layers, buffers, sums, strict=True):
            weight, bias = layer.gradients(own)
            total.add(weight.astype(np.float64), bias.astype(np.float64), len(index))
    return [total.result(len(data.X)) for total in sums]


class _Sums:
    """Sums of a layer's gradients over samples."""

    def __init__(self, layer):
        self.weight = layer.weight.astype(np.float64)
        self.bias = layer.bias.astype(np.float64)
        self.gradient = np.zeros(self.weight.shape)
        self.squares = np.zeros(self.weight.shape)
        self.unit = np.zeros(self.bias.shape)
        self.unit_squares = np.zeros(self.bias.shape)
        self.input = np.zeros(len(self.weight))
        self.input_squares = np.zeros(len(self.weight))

    def add(self, gradient, bias_gradient, n_samples):
        product = self.weight * gradient
        unit = product.sum(axis=0) + self.bias * bias_gradient
        self.gradient += n_samples * gradient
        self.squares += n_samples * product**2
        self.unit += n_samples * unit
        self.unit_squares += n_samples * unit**2
        read = product.sum(axis=1)
        self.input += n_samples * read
        self.input_squares += n_samples * read**2

    def result(self, n_samples):
        return LayerGradients(
            gradient=self.gradient / n_samples,
            saliency=self.weight * self.gradient / n_samples,
            saliency_rms=np.sqrt(self.squares / n_samples),
            unit_saliency=self.unit / n_samples,
            unit_saliency_rms=np.sqrt(self.unit_squares / n_samples),
            input_saliency=self.input / n_samples,
            input_saliency_rms=np.sqrt(self.input_squares / n_samples),
        )
