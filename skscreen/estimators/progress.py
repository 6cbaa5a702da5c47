"""How far a long job is."""


def find_tqdm():
    """Return the class of tqdm's bars, or None where it is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


def progress(items, total, unit):
    """Yield items and show how many are done: by tqdm where it is installed, else by lines.

    Parameters
    ----------
    items : iterable
    total : int
        How many there will be.
    unit : str
        What they are called.

    Returns
    -------
    items : iterator
    """
    tqdm = find_tqdm()
    if tqdm is None:
        return _printed(items, total, unit)
    return iter(tqdm(items, total=total, unit=f" {unit}"))


def _printed(items, total, unit):
    for number, item in enumerate(items, 1):
        print(f"{number} of {total} {unit} done")
        yield item


def say(line):
    """Print a line, above a bar if one is drawn."""
    tqdm = find_tqdm()
    if tqdm is None:
        print(line)
    else:
        tqdm.write(line)


def say_epoch(result):
    """Print the loss of the last epoch of a `TrainingResult`."""
    line = f"Iteration {result.n_iter}, loss = {result.loss_curve[-1]:.8f}"
    if result.validation_scores:
        line += f", validation score = {result.validation_scores[-1]:.6f}"
    say(line)


class EpochBar:
    """A bar that grows by an epoch with each call; it needs tqdm.

    It is drawn from the first epoch on, and let go at the last one, or with whoever holds it where
    the training ends before.

    Parameters
    ----------
    total : int
        Number of epochs, the most if it is not known.
    name : str
        Of what is trained.
    """

    def __init__(self, total, name):
        self.total = total
        self.name = name
        self._bar = None

    def __call__(self, result):
        """Take note of the last epoch of a `TrainingResult`."""
        if self._bar is None:
            self._bar = find_tqdm()(total=self.total, desc=self.name, unit=" epochs")
        self._bar.set_postfix_str(f"loss {result.loss_curve[-1]:.4g}", refresh=False)
        self._bar.update()
        if self._bar.n >= self.total:
            self._bar.close()


def epoch_report(level, total, name, *, otherwise=None):
    """Return what is to be called with the `TrainingResult` after each epoch, or None.

    Parameters
    ----------
    level : bool or int >= 0
        0 for nothing, 1 for a bar, 2 for a line for each epoch.
    total : int
    name : str
        See `EpochBar`.
    otherwise : callable or None
        Stands for the bar where tqdm is not installed.

    Returns
    -------
    report : callable or None
    """
    if level > 1:
        return say_epoch
    if not level:
        return None
    return otherwise if find_tqdm() is None else EpochBar(total, name)
