"""The write validator: changes a model proposes and what the customer said in.

Observations to append, or reasons, out.

A change gets through only if the schema lets the customer state the attribute, its value is allowed,
its quote is in the customer's own words of this consultation, and those words support the value: no
number, date or choice that the customer did not name. What they say of somebody they buy for is kept as that person's,
also where the model does not say so. Text that looks like an instruction is just a
quote.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Literal

from errors import DataError, Refused, choices
from language.cues import cue_words
from language.dates import dates_in
from language.negation import assents, refuses, says_nothing
from language.numbers import numbers_in
from language.quantities import find_ranges
from language.reading import said_of
from language.recipients import is_recipient_named, recipient, recipients_in
from language.text import has_han
from language.words import mentions, plain, stems, stop_words
from profiles.attribute import Attribute, Facets, key_of, parts_of
from profiles.observation import EVERYTHING, Authority, Evidence, Observation, Polarity, Profile, Value
from profiles.quotes import Found, find_quote
from profiles.schema import Schema

STATED_CONFIDENCE = 0.9  # a customer may misspeak; saying it again in another turn makes it surer
_COMMON = stop_words()


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """What the model asks for.

    `polarity` "forget" retracts; its `value` may be "*" for the whole attribute. `about`: the person it is about, as
    the model calls them; "" the customer.
    """

    quote: str
    attribute: str
    value: Value
    polarity: Literal["fact", "like", "dislike", "forget"]
    about: str = ""


_CLAUSE = re.compile(r"[.;!?。；，！？]|,(?!\d)")
Refusal = tuple[ProposedChange, str]  # and the reason


@dataclass(frozen=True, slots=True)
class Admitted:
    """Observations to append, and each refused change with its reason."""

    observations: tuple[Observation, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class WriteValidator:
    """``WriteValidator(schema, {"color": ["dark green", ...]})``; with the catalogue's values and the shop's zone."""

    schema: Schema
    facets: Facets = field(default_factory=dict)
    zone: tzinfo = UTC

    def day_of(self, at: datetime) -> date:
        """The date in the shop at that time: what "today" and "by friday" are counted from."""
        return at.astimezone(self.zone).date()

    def admit(
        self,
        changes: Sequence[ProposedChange],
        heard: Mapping[str, str],
        customer: str,
        at: datetime,
        id_prefix: str,
        profile: Profile,
        *,
        sensitive_allowed: bool = False,
        asked: Mapping[str, str] | None = None,
    ) -> Admitted:
        """`heard`: turn id -> customer's words, oldest first.

        `sensitive_allowed`: the
        customer consents to keeping sensitive things. `at`: now, aware.
        `asked`: turn id -> what the shop had said right before, which a plain yes or no takes its meaning from.

        Observation ids are ``id_prefix:000`` and so on, so that a repeated turn writes nothing twice.
        """
        admitted: list[Observation] = []
        refused: list[tuple[ProposedChange, str]] = []
        for number, change in enumerate(changes):
            try:
                change = self._of_whom(change, heard, profile)
                found = self._quoted(change, heard)
                answered = (asked or {}).get(found.turn, "")
                value, polarity = self._judge(change, found, answered, self.day_of(at), profile, sensitive_allowed)
            except (DataError, Refused) as error:
                refused.append((change, str(error)))
                continue
            admitted.append(
                Observation(
                    f"{id_prefix}:{number:03d}",
                    customer,
                    change.attribute,
                    value,
                    polarity,
                    Authority.STATED,
                    Evidence("turn", found.turn, found.text),
                    at,
                    "retract" if change.polarity == "forget" else "assert",
                    STATED_CONFIDENCE,
                    change.about,
                )
            )
        return Admitted(tuple(admitted), tuple(refused))

    def _of_whom(self, change: ProposedChange, heard: Mapping[str, str], profile: Profile) -> ProposedChange:
        """The change with the one name of the person it is about; what is said of another is never the customer's."""
        who = recipient(change.about)
        attribute = self.schema.attribute(change.attribute)
        if change.polarity == "forget":
            holding = dict.fromkeys(trait.about for trait in profile.everyone if trait.attribute == attribute.name)
            return replace(change, about=next(iter(holding)) if not who and len(holding) == 1 else who)
        if who and who not in profile.recipients and not any(is_recipient_named(who, said) for said in heard.values()):
            raise Refused(f"the customer has not spoken of {change.about[:40]!r}")
        if not who and attribute.is_personal and (found := find_quote(change.quote, heard)):
            said = f"{_CLAUSE.split(found.before)[-1]}{found.text}"
            if said_of(said) == "other":
                who = self._spoken_of(said, found, heard)
        return replace(change, about=who)

    def _spoken_of(self, said: str, found: Found, heard: Mapping[str, str]) -> str:
        """The person of "she takes an S": named with it, else the last one named before."""
        turns = list(heard)
        before = [heard[turn] for turn in turns[: turns.index(found.turn)]]
        for words in (said, found.before, *reversed(before)):
            if named := recipients_in(words):
                return named[-1]
        raise Refused(f"the quote {found.text[:80]!r} is of somebody else, and nobody was named")

    def _quoted(self, change: ProposedChange, heard: Mapping[str, str]) -> Found:
        found = find_quote(change.quote, heard) or self._forgotten_by_name(change, heard)
        if found is None:
            raise Refused(f"the customer did not say {change.quote[:80]!r}")
        return self._whole(change, found, heard[found.turn])

    def _whole(self, change: ProposedChange, found: Found, words: str) -> Found:
        """A quote cut from the words of the range that is noted stands for all of them: "at least 50, at most 80".

        One that lacks the key ("an L" of "an L in jackets") stands for its clause.
        """
        attribute = self.schema.attributes.get(change.attribute)
        if attribute is None or change.polarity == "forget":
            return found
        wider = [said.text for said in find_ranges(words) if attribute.range and change.value == said.range.value]
        if attribute.per and (key := key_of(change.value)) and not self._named(attribute.per, key, found.text):
            wider += [clause for clause in _CLAUSE.split(words) if self._named(attribute.per, key, clause)]
        spans = (find_quote(clause, {found.turn: words}) for clause in wider)
        return next((span for span in spans if span and found.text in span.text), found)

    def _forgotten_by_name(self, change: ProposedChange, heard: Mapping[str, str]) -> Found | None:
        """To forget a thing takes no exact words, only its name in the newest message, which is then the quote."""
        if change.polarity != "forget" or not heard or change.attribute not in self.schema.attributes:
            return None
        turn, words = list(heard.items())[-1]
        attribute = self.schema.attribute(change.attribute)
        return Found(turn, words, "") if self._named(attribute, str(change.value), words) else None

    def _judge(
        self,
        change: ProposedChange,
        found: Found,
        answered: str,
        today: date,
        profile: Profile,
        sensitive_allowed: bool,
    ) -> tuple[Value, Polarity]:
        attribute = self.schema.attribute(change.attribute)
        if change.polarity == "forget":
            return self._forgettable(attribute, change, profile), "fact"
        if Authority.STATED not in attribute.writers:
            named = choices(item.name for item in self.schema.writable_by(Authority.STATED))
            raise Refused(f"a customer cannot set {attribute.name!r}; they can state {named}")
        if attribute.sensitive and not sensitive_allowed:
            raise Refused(f"{attribute.name!r} is sensitive and the customer has not consented to keeping it")
        polarity = _polarity(attribute, change.polarity)
        said_outright = attribute.type in ("text", "choice") and polarity != "dislike"
        if said_outright and found.denied:  # not for numbers: "can't spend more than 150" is a budget
            raise Refused(f"the customer's words before {found.text[:80]!r} deny it")
        value = attribute.clean(change.value, self.facets, today)
        if attribute.ranges(said := f"{_CLAUSE.split(found.before)[-1]}{found.text}"):
            found = replace(found, text=said)  # "more than 150" cut from "not more than 150" says the opposite
        self._support(attribute, value, found.text, answered, today)
        return value, polarity

    def _forgettable(self, attribute: Attribute, change: ProposedChange, profile: Profile) -> Value:
        """The held value that is meant, or "*"."""
        value = change.value
        if attribute.writers == {Authority.SHOP}:
            raise Refused(f"{attribute.name!r} is the shop's own record; a customer cannot retract it")
        held = [trait.value for trait in profile.of(attribute.name, change.about)]
        if not held:
            raise Refused(f"nothing is known about {attribute.name!r}")
        if str(value).strip() in ("", EVERYTHING) or not (attribute.many or attribute.per):
            return EVERYTHING
        if attribute.per:  # by its key ("boots"), or as it is held
            exact = [item for item in held if key_of(item) and key_of(item) == key_of(value)]
            meant = exact or [item for item in held if mentions(str(value), key_of(item) or str(item))]
            if len(meant) == 1:
                return meant[0]
            if exact and attribute.is_wildcard(value):
                return value
        wanted = attribute.clean(value, None)
        close = [item for item in held if item == wanted or mentions(str(item), str(wanted))]
        if not close:
            raise Refused(f"{attribute.name!r} holds no {value!r}; it holds {choices(map(str, held))}")
        return wanted if wanted in close else close[0]

    def _support(self, attribute: Attribute, value: Value, quote: str, answered: str, today: date) -> None:
        """Raises `Refused` unless the quote bears the value out, alone or as the answer that it is."""
        key = key_of(value) if attribute.per else ""
        if attribute.per and key:
            if not any(self._named(attribute.per, key, words) for words in (quote, answered)):
                raise Refused(f"{attribute.name}: the quote {quote[:80]!r} does not name {key!r}")
            attribute = replace(attribute, per=None)
            value = attribute.clean(parts_of(value)[1], self.facets, today)
        ranges = attribute.ranges(quote)
        if attribute.range and (isinstance(value, str) or any(value in one.bounds for one in ranges)):
            if value not in [one.value for one in ranges]:
                raise Refused(f"{attribute.name}: the quote {quote[:80]!r} does not name {value}")
        elif attribute.type in ("money", "number"):
            if not any(abs(number - float(value)) < 0.01 for number in attribute.numbers(quote)):
                raise Refused(f"{attribute.name}: the quote {quote[:80]!r} does not name {float(value):g}")
        elif attribute.type == "date":
            if date.fromisoformat(str(value)) not in dates_in(quote, today):
                raise Refused(f"{attribute.name}: the quote {quote[:80]!r} does not name {value}")
        elif isinstance(value, str):
            self._support_word(attribute, value, quote, answered)

    def _support_word(self, attribute: Attribute, value: str, quote: str, answered: str) -> None:
        if self._claims_standing(attribute, value):
            raise Refused(f"{attribute.name}: {value!r} is a standing that only the shop gives")
        if _answers(quote, value, answered):
            return
        unsaid = {number for number in numbers_in(value) if re.search(r"\d", value)} - numbers_in(quote)
        if unsaid:
            raise Refused(f"{attribute.name}: the quote {quote[:80]!r} does not name {value!r}")
        if self._named(attribute, value, quote) or _share_a_stem(value, quote):
            return
        if attribute.purchase and value in recipients_in(quote):  # "for my gf" names a girlfriend
            return
        valid = attribute.valid_values(self.facets)
        other = next((item for item in valid if self._named(attribute, item, quote)), None)
        if other is not None:
            raise Refused(f"{attribute.name}: the quote {quote[:80]!r} names {other!r}, not {value!r}")
        translated = has_han(quote) and not has_han(value)  # 给我老婆买的 -> wife: no stem to share
        if not valid and not translated:
            raise Refused(f"{attribute.name}: nothing in the quote {quote[:80]!r} says {value!r}")

    def _named(self, attribute: Attribute, value: str, quote: str) -> bool:
        names = {value}
        for canonical, others in attribute.ways_to_say(self.facets).items():
            if value == canonical or value in others:
                names |= {canonical, *others}
        return any(mentions(quote, name) for name in names)

    def _claims_standing(self, attribute: Attribute, value: str) -> bool:
        """ "vip" as a need, a name or an occasion: a way around the attributes that only the shop writes."""
        if value in attribute.valid_values(self.facets):
            return False
        reserved = {
            plain(item)
            for other in self.schema.attributes.values()
            if other.writers == {Authority.SHOP}
            for item in other.values
        }
        words = set(plain(value).split())
        return bool(words & reserved) and words <= reserved | set(cue_words("standing"))


def _share_a_stem(value: str, quote: str) -> bool:
    """A word in common, or one that begins with the other: light and lightweight."""
    mine, theirs = stems(value) - _COMMON, stems(quote) - _COMMON
    return bool(mine & theirs) or any(
        min(len(a), len(b)) >= 4 and (a.startswith(b) or b.startswith(a)) for a in mine for b in theirs
    )


def _answers(quote: str, value: str, asked: str) -> bool:
    """Whether the quote is a yes to words that name the value, or a no to words about it ("no allergies")."""
    if not asked:
        return False
    wanted = stems(value) - _COMMON
    if refuses(value):
        return bool(refuses(quote)) and (says_nothing(value) or _share_a_stem(value, asked))
    return bool(assents(quote)) and bool(wanted) and wanted <= stems(asked)


def _polarity(attribute: Attribute, polarity: Polarity) -> Polarity:
    """Likes and dislikes where the schema has them.

    What one is allergic to is a fact, whatever the model calls it.
    """
    if attribute.polarity:
        return "fact" if attribute.sensitive else "like" if polarity == "fact" else polarity
    if polarity == "dislike":
        raise Refused(f"{attribute.name!r} is a fact; it cannot be disliked")
    return "fact"
