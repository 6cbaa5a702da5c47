"""First-order optimisers: the state of each parameter and the call of its fused update."""

import numpy as np

from skscreen.kernels.updates import adam_update, sgd_update


class SGD:
    """Stochastic gradient descent with momentum.

    Parameters
    ----------
    parameters : list of Parameter
        What is trained; the state takes their shapes and dtypes.
    momentum : float in [0, 1]
    nesterov : bool
        Nesterov's momentum instead of the classical one.
    """

    def __init__(self, parameters, *, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov
        self.velocity = [np.zeros(p.value.size, p.value.dtype) for p in parameters]

    def step(self, parameters, gradients, rate, decay):
        """Update all parameters in place.

        Parameters
        ----------
        parameters : list of Parameter
        gradients : list of ndarray
            Of the loss alone; the penalty is added in the update.
        rate : float
            Learning rate.
        decay : float
            Factor of the L2 penalty's gradient, for penalised parameters.
        """
        for parameter, gradient, velocity in zip(
            parameters, gradients, self.velocity, strict=True
        ):
            real = parameter.value.dtype.type
            sgd_update(
                parameter.value.reshape(-1),
                gradient.reshape(-1),
                velocity,
                parameter.mask.reshape(-1),
                real(rate),
                real(self.momentum),
                self.nesterov,
                real(decay if parameter.penalised else 0),
            )


class Adam:
    """Adam (Kingma & Ba 2015, arXiv 1412.6980).

    Parameters
    ----------
    parameters : list of Parameter
        What is trained; the state takes their shapes and dtypes.
    beta_1, beta_2 : float in [0, 1)
        Decay of the first and second moment.
    epsilon : float > 0
        Added to the root of the second moment.
    """

    def __init__(self, parameters, *, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_steps = 0
        self.first = [np.zeros(p.value.size, p.value.dtype) for p in parameters]
        self.second = [np.zeros(p.value.size, p.value.dtype) for p in parameters]

    def step(self, parameters, gradients, rate, decay):
        """Update all parameters in place; see `SGD.step`."""
        self.n_steps += 1
        rate *= np.sqrt(1 - self.beta_2**self.n_steps) / (1 - self.beta_1**self.n_steps)
        for parameter, gradient, first, second in zip(
            parameters, gradients, self.first, self.second, strict=True
        ):
            real = parameter.value.dtype.type
            adam_update(
                parameter.value.reshape(-1),
                gradient.reshape(-1),
                first,
                second,
                parameter.mask.reshape(-1),
                real(rate),
                real(self.beta_1),
                real(self.beta_2),
                real(self.epsilon),
                real(decay if parameter.penalised else 0),
            )
