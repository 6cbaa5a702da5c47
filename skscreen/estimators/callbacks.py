"""scikit-learn's callbacks, in one place: `sklearn.callback` is experimental, and new in 1.9."""

import copy
from contextlib import contextmanager, nullcontext

from skscreen.nn.training import unwatched

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9, where nobody can set a callback

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing."""


class FitTask:
    """A task of a fit, and those it consists of, as the callbacks of an estimator hear of them.

    Parameters
    ----------
    estimator : estimator
        With `CallbackSupportMixin`.
    context : sklearn.callback.CallbackContext
    data : dict
        What was given to ``fit``: X, y and metadata.
    """

    def __init__(self, estimator, context, data):
        self.estimator = estimator
        self.context = context
        self.data = data
        self._begun = False

    def begin(self):
        """Begin the task, unless it has begun; return it."""
        if not self._begun:
            self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        self._begun = True
        return self

    def part(self, name, n_parts=0):
        """Return a task within this one, of ``n_parts`` tasks in its turn."""
        context = self.context.subcontext(task_name=name, max_subtasks=n_parts)
        return FitTask(self.estimator, context, self.data)

    def end(self, attributes=None):
        """End the task.

        Parameters
        ----------
        attributes : callable or None
            Returns the attributes by which a copy of the estimator predicts as of now.

        Returns
        -------
        stop : bool
            Whether a callback asks that no task of this kind follows.
        """
        self.begin()
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes=attributes
        )

    def watch(self, attributes):
        """Return a ``watch`` for `skscreen.nn.train` and `skscreen.pruning.prune`.

        Parameters
        ----------
        attributes : callable
            ``attributes(network)`` are those of a copy of the estimator that predicts with it.
        """

        def begun(name):
            part = self.part(name).begin()
            return lambda network: part.end(lambda: attributes(network))

        return begun

    @contextmanager
    def handing_on(self, estimator):
        """Begin the task, with the callbacks on an estimator whose fit it is if it takes some."""
        takes = hasattr(estimator, "set_callbacks")
        with self.context.propagate_callback_context(estimator) if takes else nullcontext():
            yield self.begin()


class QuietTask:
    """A task of a fit that nobody watches; see `FitTask`."""

    def begin(self):
        """Return the task."""
        return self

    def part(self, name, n_parts=0):
        """Return a task within this one."""
        return self

    def end(self, attributes=None):
        """Return that nobody asks for an end."""
        return False

    def watch(self, attributes):
        """Return a ``watch`` that does nothing."""
        return unwatched

    def handing_on(self, estimator):
        """Return a context that does nothing."""
        return nullcontext()


QUIET = QuietTask()


@contextmanager
def fit_task(estimator, X, y, sample_weight=None, *, n_parts):
    """Tell the callbacks of an estimator when its fit begins and ends.

    Parameters
    ----------
    estimator : estimator
    X, y, sample_weight
        What ``fit`` got.
    n_parts : int
        Number of tasks, the most if it is not known.

    Yields
    ------
    task : FitTask or QuietTask
        To be used until the estimator is fitted.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        yield QUIET
        return
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    try:
        context = estimator._init_callback_context(max_subtasks=n_parts)
        task = FitTask(estimator, context, {"X": X, "y": y, "metadata": metadata})
        yield task.begin()
        task.end(dict)
    finally:  # what scikit-learn does around a method, here around none: it tears them down
        with_callbacks(lambda estimator: None)(estimator)


def without_callbacks(estimator):
    """Return a shallow copy of an estimator, without its callbacks."""
    twin = copy.copy(estimator)
    if hasattr(twin, "set_callbacks"):
        twin.set_callbacks()
    return twin
