"""The terms that hold for all that the shop sells, as UCP's policies.

In: the facts of shop.toml. Out: plain JSON. Nothing is said of what the facts do not say.
"""

from collections.abc import Mapping

from ui.ucp.envelope import Json

_SAID = {
    "return_days": ("dev.ucp.shopping.policy.return", "Returns are possible within {} days of delivery."),
    "warranty_years": ("dev.ucp.shopping.policy.warranty", "There is a warranty of {} years."),
}


def policies(facts: Mapping[str, str]) -> Json:
    """``{"policies": [...]}``; without any, nothing."""
    told = [
        {"type": kind, "description": {"plain": words.format(facts[name])}}
        for name, (kind, words) in _SAID.items()
        if name in facts
    ]
    return {"policies": told} if told else {}
