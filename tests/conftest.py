"""The larger profile of the properties: ``--hypothesis-profile=campaign``."""

from campaign import FACTOR
from hypothesis import HealthCheck, settings

settings.register_profile(
    "campaign",
    max_examples=FACTOR * settings().max_examples,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
