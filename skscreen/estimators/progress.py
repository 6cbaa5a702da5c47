"""How far a long job is."""


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
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _printed(items, total, unit)
    return iter(tqdm(items, total=total, unit=f" {unit}"))


def _printed(items, total, unit):
    for number, item in enumerate(items, 1):
        print(f"{number} of {total} {unit} done")
        yield item
