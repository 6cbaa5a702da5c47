"""How many examples a property is tried on: more in the campaign than in the suite."""

from hypothesis import settings

#: what the campaign has more of everything
FACTOR = 20
USUAL = 100


def examples(number):
    """Return the number of examples under the present profile; in the suite, ``number``."""
    return max(1, number * settings().max_examples // USUAL)
