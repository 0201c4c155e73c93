"""What a profile says of products: traits in, what a search leaves out and what it moves, with reasons, out.

A dislike leaves out, until the disliked is asked for; all else only moves products: likes, facts (own size,
department), and ranges of a number or of the price. What is kept per key ("boots: 42") is about products of that key
alone, and there it counts before a fact that is kept for all. A search for somebody else goes by what is kept of them,
and by what of the customer's own is about the purchase, such as the budget (`profile_of`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from agent.context import TurnContext
from agent.replies.composer import own_word, shown
from language.matching import covers
from language.names import in_sentence, label_in
from language.reading import said_of
from language.recipients import recipient_word, recipients_in
from profiles.attribute import Attribute, parts_of
from profiles.observation import Authority, Profile, Trait
from retrieval.catalog import Product
from retrieval.facets import Facet
from retrieval.filters import Filters, Scope
from retrieval.preferences import PRICE, Preference
from retrieval.spans import span_of

Without = dict[str, frozenset[str]]  # values by facet
_WORN = "size"  # the facet of which a reason says so


@dataclass(frozen=True, slots=True)
class Held:
    """A trait as the catalogue has it: `value` of a facet, or a span of the `PRICE`; about products of all `scopes`.

    `key`: under which it is kept, "" for none.
    """

    trait: Trait
    attribute: Attribute
    facet: str
    value: str
    key: str
    scopes: tuple[Scope, ...]

    def concerns(self, product: Product) -> bool:
        return all(scope.has(product) for scope in self.scopes)

    @property
    def is_range(self) -> bool:
        return self.attribute.range and span_of(self.value) is not None

    @property
    def is_own(self) -> bool:
        """One fact about the customer, and not one of several that they like."""
        return self.trait.polarity == "fact" and not self.attribute.many


def profile_of(context: TurnContext, profile: Profile, who: str) -> Profile:
    """What counts when something is looked for that `who` is to have; "" is the customer."""
    if not who:
        return profile
    attributes = context.services.schema.attributes
    bought = (trait for trait in profile.traits if not attributes[trait.attribute].is_personal)
    return Profile(profile.customer, (*profile.about(who), *bought))


def held(context: TurnContext, traits: Iterable[Trait]) -> list[Held]:
    """The traits that say something of the catalogue's products, stated ones first."""
    ordered = sorted(traits, key=lambda trait: trait.authority is not Authority.STATED)
    found = [one for trait in ordered if (one := _held(context, trait)) is not None]
    return [replace(one, scopes=_elsewhere(one, found)) if one.is_own and not one.key else one for one in found]


def facet_of(attribute: Attribute, names: Collection[str]) -> str:
    """What of a product an attribute is about: one of the facet `names`, or a range of money the price."""
    facet = attribute.facet or attribute.name
    return PRICE if facet not in names and attribute.range and attribute.type == "money" else facet


def avoided(
    context: TurnContext, profile: Profile, equals: Mapping[str, str], who: str = ""
) -> tuple[Without, dict[Scope, Without]]:
    """Disliked values by facet, and those that this consultation ruled out; then those that only a scope is without.

    What is asked for now is not left out, nor what it is a kind of: who wants merino may have it, wool or not. `who` is
    to have it.
    """
    words, names = context.services.lexicon, context.services.retriever.facets.names
    filters = (name for name in names if name in words.facets and name not in words.kinds)
    denied = (
        (name, {v for v in _ruled_out(context, name, who) if not _is_asked(v, equals.get(name))}) for name in filters
    )
    everywhere = {name: frozenset(values) for name, values in denied if values}
    within: dict[Scope, Without] = {}
    for one in held(context, profile.traits):
        if one.trait.polarity != "dislike" or one.facet == PRICE or _is_asked(one.value, equals.get(one.facet)):
            continue
        for without in [within.setdefault(scope, {}) for scope in one.scopes] or [everywhere]:
            without[one.facet] = without.get(one.facet, frozenset()) | {one.value}
    return everywhere, within


def _is_asked(value: str, wanted: str | None) -> bool:
    """Whether a value, or a kind of it, is what is wanted."""
    return wanted is not None and (wanted == value or covers(value, wanted))


def _ruled_out(context: TurnContext, facet: str, who: str) -> set[str]:
    """What was ruled out in this consultation for `who`; the last word on each value counts.

    What the customer says of another ("she hates wool") rules nothing out for themselves; for another counts what is
    said from where they are first spoken of.
    """
    denied, readings = set[str](), context.readings
    if who:
        first = next((at for at, each in enumerate(readings) if who in recipients_in(each.text)), len(readings) - 1)
        readings = readings[first:]
    else:
        readings = [each for each in readings if said_of(each.text, each.languages) != "other"]
    for named in (reading.facets[facet] for reading in readings):
        denied -= set(named.may)
        denied |= set(named.ruled_out)
    return denied


def tastes(context: TurnContext, profile: Profile, filters: Filters) -> list[Preference]:
    """What reorders the hits: ranges, then what is kept per key, then all else by facet.

    What is asked for now counts alone: nothing of a facet that is filtered, nor of the price where it is.
    """
    asked = {*filters.equals} | ({PRICE} if (filters.min_price, filters.max_price) != (None, None) else set())
    liked = (trait for trait in profile.traits if trait.polarity != "dislike")
    moving = [one for one in held(context, liked) if one.facet not in asked]
    worded = [one for one in moving if one.is_range] + [one for one in moving if one.key and not one.is_range]
    worded += [one for one in moving if one.trait.about and one not in worded]
    plain: dict[tuple[str, tuple[Scope, ...]], set[str]] = {}
    for one in moving:
        if one not in worded:
            plain.setdefault((one.facet, one.scopes), set()).add(one.value)
    return [
        *(Preference(one.facet, frozenset({one.value}), one.scopes, _words(context, one)) for one in worded),
        *(Preference(facet, frozenset(values), scopes) for (facet, scopes), values in plain.items()),
    ]


def _held(context: TurnContext, trait: Trait) -> Held | None:
    """None where the catalogue has no such facet, value or key."""
    attribute, facets = context.services.schema.attributes[trait.attribute], context.services.retriever.facets
    key, kept = parts_of(trait.value) if attribute.per else ("", str(trait.value))
    scopes = _of_key(context, attribute.per, key) if attribute.per and key else ()
    facet = facet_of(attribute, facets.names)
    value = (kept if span_of(kept) else None) if facet == PRICE else _matched(context, facet, kept)
    if value is None or bool(key) != bool(scopes):
        return None
    return Held(trait, attribute, facet, value, key, scopes)


def _matched(context: TurnContext, facet: str, value: str) -> str | None:
    """The value as the catalogue calls it."""
    facets = context.services.retriever.facets
    return facets.match(facet, value) if facet in facets.names else None


def _of_key(context: TurnContext, per: Attribute, key: str) -> tuple[Scope, ...]:
    """The products that a key stands for; none for a key that the catalogue does not know."""
    facet = per.facet or per.name
    known = _matched(context, facet, key)
    return (Scope(facet, context.services.retriever.facets.members(facet, known)),) if known else ()


def _elsewhere(general: Held, found: Collection[Held]) -> tuple[Scope, ...]:
    """The products for which no key has a value of its own."""
    keyed = (one.scopes for one in found if one.key and one.is_own and one.facet == general.facet)
    return tuple(dict.fromkeys(replace(scope, beyond=True) for scopes in keyed for scope in scopes))


def _words(context: TurnContext, one: Held) -> str:
    """The reason: "within your budget of $100-200", "in size 42, as you wear in boots"."""
    shop, facets = context.services.shop, context.services.retriever.facets
    say, language = context.services.phrases.say, context.language
    if one.trait.about:
        facet = facets.facets.get(one.facet)
        value = own_word(facet, one.value, language) if facet else one.value
        label = _label(facet or one.attribute, language)
        return say("fits_recipient", language, label=label, value=value, who=recipient_word(one.trait.about, language))
    kind = own_word(facets.facet(one.scopes[0].facet), one.key, language) if one.key else ""
    if one.is_range:
        unit = shop.facets.get(one.facet, {}).get("unit", "")
        span = shown(replace(one.attribute, per=None), one.value, shop.currency, language)
        name, label = "fits_range_in" if kind else "fits_range", _label(one.attribute, language)
        return say(name, language, label=label, range=f"{span} {unit}".strip(), kind=kind)
    facet = facets.facet(one.facet)
    name, value = "fits_worn" if one.facet == _WORN else "fits_in", own_word(facet, one.value, language)
    return say(name, language, label=_label(facet, language), value=value, kind=kind)


def _label(named: Attribute | Facet, language: str) -> str:
    """A label inside a sentence."""
    return in_sentence(label_in(named.label, language, named.name), language)
