"""First-order optimisers: the state of each parameter and the call of its fused update."""

import copy

import numpy as np

from skscreen.kernels.updates import adam_update, sgd_update

# Numbers updated at once where the work is split over threads.
SEGMENT = 2**16


class Optimizer:
    """Walks over the parameters; a subclass says what a step does to a part of one.

    Parameters
    ----------
    states : list of list of ndarray
        One or more arrays for each parameter, of its size and dtype.
    """

    def __init__(self, *states):
        self.states = states
        self._places = [None] * len(states[0])

    def move(self, parameters, places):
        """Keep the state of some weights alone; that of the others is forgotten.

        Parameters
        ----------
        parameters : list of Parameter
            Whole ones.
        places : list of (ndarray of int or None)
            Which weights of each, in the order of the arrays that the next steps get; None for
            all as they are.
        """
        for number, (parameter, new) in enumerate(zip(parameters, places, strict=True)):
            old = self._places[number]
            if old is None and new is None:
                continue
            for state in self.states:
                whole = np.zeros(parameter.value.size, parameter.value.dtype)
                whole[slice(None) if old is None else old] = state[number]
                state[number] = whole if new is None else whole[new]
            self._places[number] = new

    def taken(self, parameters, fewer, places):
        """Return an optimiser that goes on with fewer weights.

        Parameters
        ----------
        parameters, fewer : list of Parameter
            All, and those to go on with.
        places : list of tuple of ndarray of int
            For each parameter, places among the fewer and where those were among all.

        Returns
        -------
        optimizer : Optimizer
        """
        self.move(parameters, [None] * len(parameters))
        twin = copy.copy(self)
        twin.states = [_zeros(fewer) for _ in self.states]
        twin._places = [None] * len(fewer)
        for state, given in zip(twin.states, self.states, strict=True):
            for number, (inner, outer) in enumerate(places):
                state[number][inner] = given[number][outer]
        return twin

    def give_back(self, twin, fewer, places):
        """Take the state of an optimiser from `taken`; that of other weights is forgotten."""
        twin.move(fewer, [None] * len(fewer))
        for state, given in zip(self.states, twin.states, strict=True):
            for number, (inner, outer) in enumerate(places):
                state[number][:] = 0
                state[number][outer] = given[number][inner]
        vars(self).update(vars(twin) | {"states": self.states, "_places": self._places})

    def step(self, parameters, gradients, rate, decay, *, run=None):
        """Update all parameters in place.

        Parameters
        ----------
        parameters : list of Parameter
        gradients : list of list of ndarray
            Gradients of the loss alone, for each shard of the batch; they are added up in order.
            The penalty is added in the update.
        rate : float
            Learning rate.
        decay : float
            Factor of the L2 penalty's gradient, for penalised parameters.
        run : callable or None
            ``run(function, arguments)`` maps over segments of the parameters, on threads; None
            takes whole parameters one by one.
        """
        rate = self._corrected(rate)

        def update(job):
            number, segment = job
            parameter = parameters[number]
            gradient, *others = (shard[number].reshape(-1)[segment] for shard in gradients)
            for other in others:
                gradient += other
            mask = parameter.mask.reshape(-1)
            self._update(
                parameter.value.reshape(-1)[segment],
                gradient,
                *(state[number][segment] for state in self.states),
                mask[segment] if mask.size else mask,
                rate,
                decay if parameter.penalised else 0.0,
            )

        if run is None:
            for number in range(len(parameters)):
                update((number, slice(None)))
        else:
            run(update, _segments(parameters))

    def _corrected(self, rate):
        """Return the learning rate of the next step."""
        return rate


def _segments(parameters):
    return [
        (number, slice(start, start + SEGMENT))
        for number, parameter in enumerate(parameters)
        for start in range(0, parameter.value.size, SEGMENT)
    ]


def _zeros(parameters):
    return [np.zeros(p.value.size, p.value.dtype) for p in parameters]


class SGD(Optimizer):
    """Stochastic gradient descent with momentum.

    Parameters
    ----------
    parameters : list of Parameter
        What is trained; the state takes their sizes and dtypes.
    momentum : float in [0, 1]
    nesterov : bool
        Nesterov's momentum instead of the classical one.
    """

    def __init__(self, parameters, *, momentum=0.9, nesterov=True):
        self.momentum = momentum
        self.nesterov = nesterov
        super().__init__(_zeros(parameters))

    def _update(self, values, gradient, velocity, mask, rate, decay):
        real = values.dtype.type
        sgd_update(
            values,
            gradient,
            velocity,
            mask,
            real(rate),
            real(self.momentum),
            self.nesterov,
            real(decay),
        )


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980).

    Parameters
    ----------
    parameters : list of Parameter
        What is trained; the state takes their sizes and dtypes.
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
        super().__init__(_zeros(parameters), _zeros(parameters))

    def _corrected(self, rate):
        """Correct the bias that moments starting from zero have."""
        self.n_steps += 1
        return rate * np.sqrt(1 - self.beta_2**self.n_steps) / (1 - self.beta_1**self.n_steps)

    def _update(self, values, gradient, first, second, mask, rate, decay):
        real = values.dtype.type
        adam_update(
            values,
            gradient,
            first,
            second,
            mask,
            real(rate),
            real(self.beta_1),
            real(self.beta_2),
            real(self.epsilon),
            real(decay),
        )
