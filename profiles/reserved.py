"""The attribute that every journal has and no shop's schema can declare: under it stand the acts of intents.

The store keeps it as it keeps all others; what its values mean is known to `profiles.intents` alone.
"""

from profiles.attribute import Attribute
from profiles.observation import Authority

HALF_LIFE_DAYS = 14.0  # of an intent that nobody comes back to
INTENTS = Attribute(
    "@intent",
    "text",
    per=Attribute("@id", "text"),
    half_life_days=HALF_LIFE_DAYS,
    writers=frozenset(Authority),
    description="what the customer is trying to get done",
)
