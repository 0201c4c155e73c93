"""Scrubbing: a consultation in which nobody can be found again, and from which a model can still learn to copy.

In: a `Consultation` and the shop's record of its customer. Out: a `Disguise`, which rewrites texts, tool arguments and
orders, the same thing always the same way. Order ids and other numbers become others of the same form, product numbers
and what the shop says of itself stay. See `finetune.logs.recognizers` and `finetune.logs.names` for what is found.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finetune.logs.consultation import Consultation
from finetune.logs.names import NameBook, Speakers
from finetune.logs.phones import named_ids
from finetune.logs.recognizers import Found, Kind, find_forms, merged
from finetune.logs.shadow import shadow
from finetune.logs.stand_ins import StandIns
from profiles.customer import Customer

_ORDER: tuple[Kind, ...] = (
    "email", "account", "card", "number", "link", "address", "phone", "ip", "name", "identifier",
)  # fmt: skip
_MARKS: Mapping[Kind, str] = {
    "card": "[card]", "account": "[account]", "number": "[id number]", "link": "[link]", "ip": "[ip address]",
}  # fmt: skip
_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?"
)
_MEASURE = re.compile(r"\d+(?:[.,]\d+)?[A-Za-z]{1,3}")
_PRICE_BEFORE = re.compile(r"(?:[$€£¥]|\b(?:USD|EUR|GBP|CNY|RMB))\s?[\d,.]*$", re.IGNORECASE)
_PRICE_AFTER = re.compile(
    r"^(?:[.,]\d{1,2})?\s?(?:[$€£¥]|(?:usd|eur|gbp|cny|rmb|dollars?|euros?|yuan)\b|元|块)|^[.,]\d", re.IGNORECASE
)
_ORDER_BEFORE = re.compile(
    r"(?:#|\border (?:number |no\.? ?|id |nr\.? ?)?|订单号?[:：]? ?|单号[:：]? ?)$", re.IGNORECASE
)
_ID_DIGITS, _BARE_DIGITS = 4, 6
_ADDRESS_KEYS = ("address",)
_ID_KEYS = ("order_id", "id", "tracking", "customer", "customer_id")


@dataclass(frozen=True, slots=True)
class Scrubber:
    """One for a shop. `kept`: what the shop says of itself and its products' numbers, folded."""

    salt: bytes
    names: NameBook
    kept: frozenset[str]

    def disguise(
        self,
        consultation: Consultation,
        customer: Customer | None,
        orders: Sequence[Mapping[str, Any]],
        texts: Sequence[str],
    ) -> "Disguise":
        """For one consultation; `texts` are its cleaned messages."""
        known = (customer.name,) if customer and customer.name else ()
        addresses = {str(order.get("address") or "") for order in orders}
        addresses |= {customer.address} if customer else set()
        return Disguise(
            StandIns(secret_of(self.salt, consultation.id)),
            self.names,
            Speakers.of([*known, *consultation.names], texts),
            self.kept,
            _patterns(addresses, customer, consultation.aliases),
            frozenset(re.sub(r"\D", "", str(order.get("id"))) for order in orders),
            named_ids(texts),
        )


def secret_of(salt: bytes, consultation: str) -> bytes:
    """What a consultation's stand-ins follow from."""
    return hmac.new(salt, f"consultation:{consultation}".encode("utf-8", "replace"), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Disguise:
    """Rewrites what belongs to one consultation."""

    stand_ins: StandIns
    names: NameBook
    speakers: Speakers
    kept: frozenset[str]
    known: tuple[tuple[re.Pattern[str], Kind], ...]
    order_digits: frozenset[str]
    named_ids: frozenset[str]
    _seen: dict[str, list[Found]] = field(default_factory=dict, repr=False)

    @classmethod
    def of_orders(cls, stand_ins: StandIns, scrubber: Scrubber) -> "Disguise":
        """One that rewrites orders alone, as the disguise of the same consultation does."""
        return cls(stand_ins, scrubber.names, Speakers(frozenset(), ()), scrubber.kept, (), frozenset(), frozenset())

    def text(self, text: str) -> str:
        """The text with everything that was found replaced."""
        return self._rewritten(text, self._stand_in)

    def marked(self, text: str) -> str:
        """The text with only the kinds of what was found: equal where two consultations differ in nothing else."""
        return self._rewritten(text, lambda found, kind: kind)

    def _rewritten(self, text: str, stand_in: Callable[[str, Kind], str]) -> str:
        done, at = [], 0
        for part in self.find(text):
            done += [text[at : part.start], stand_in(text[part.start : part.end], part.kind)]
            at = part.end
        return "".join([*done, text[at:]])

    def find(self, text: str) -> list[Found]:
        """What is to be replaced, from the left; a text is looked through once."""
        if text not in self._seen:
            self._seen[text] = self._find(text)
        return self._seen[text]

    def _find(self, text: str) -> list[Found]:
        found = [self._as_named(part, text) for part in find_forms(text)]
        found += [Found(*span, "name") for source in (self.names, self.speakers) for span in source.find(text)]
        found += [Found(*match.span(), kind) for pattern, kind in self.known for match in pattern.finditer(text)]
        plain = shadow(text)
        found += [
            Found(*match.span(), "identifier") for match in _TOKEN.finditer(plain) if self._identifies(match, plain)
        ]
        return merged(found, [*self._kept_parts(text)], _ORDER)

    def arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A tool call's arguments, rewritten like the words they were copied from."""
        return {name: self._value(name, value) for name, value in arguments.items()}

    def order(self, order: Mapping[str, Any], customer: str) -> dict[str, Any]:
        """A line of orders.jsonl, as it is in the disguised world; its products stay."""
        changed = {
            name: self._value(name, order.get(name)) for name in ("id", "address", "tracking") if order.get(name)
        }
        return {**order, **changed, "customer": customer}

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            if name in _ADDRESS_KEYS:
                return self.stand_ins.address(value)
            if name in _ID_KEYS and value.casefold() not in self.kept:
                return self.stand_ins.identifier(value)
            return self.text(value)
        if isinstance(value, Mapping):
            return self.arguments(value)
        return [self._value(name, item) for item in value] if isinstance(value, list) else value

    def _stand_in(self, text: str, kind: Kind) -> str:
        if kind in _MARKS:
            return _MARKS[kind]
        makers: dict[Kind, Callable[[str], str]] = {
            "email": self.stand_ins.email,
            "phone": self.stand_ins.phone,
            "address": self.stand_ins.address,
            "name": self.stand_ins.name,
            "identifier": self._identifier,
        }
        return makers[kind](text)

    def _as_named(self, part: Found, text: str) -> Found:
        """What is called an order or a return anywhere in the consultation is no telephone number here."""
        digits = re.sub(r"\D", "", shadow(text[part.start : part.end]))
        return Found(part.start, part.end, "identifier") if part.kind == "phone" and digits in self.named_ids else part

    def _identifier(self, text: str) -> str:
        """Digits in groups are one number, whichever way it is written: "2024 1130" is "20241130"."""
        plain = shadow(text)
        if " " not in plain:
            return self.stand_ins.identifier(plain)
        digits = iter(self.stand_ins.identifier(re.sub(r"\D", "", plain)))
        return re.sub(r"\d", lambda _: next(digits), plain)

    def _identifies(self, match: re.Match[str], text: str) -> bool:
        """Whether a token is a number of something: of an order, a parcel, a customer, and no price or measure."""
        token = match[0]
        digits = re.sub(r"\D", "", token)
        if len(digits) < _ID_DIGITS or _MEASURE.fullmatch(token):
            return False
        before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 12]
        if not token.isdigit():
            return bool(re.search(r"[A-Za-z]", token)) or max(map(len, re.findall(r"\d+", token))) >= _BARE_DIGITS
        if _PRICE_BEFORE.search(before) or _PRICE_AFTER.search(after):
            return False
        return len(digits) >= _BARE_DIGITS or digits in self.order_digits or bool(_ORDER_BEFORE.search(before))

    def _kept_parts(self, text: str) -> Iterator[tuple[int, int]]:
        yield from (match.span() for match in _DATE.finditer(shadow(text)))
        folded = text.casefold()
        if len(folded) != len(text):  # a letter that folds to two would shift what follows
            folded = text.lower() if len(text.lower()) == len(text) else text
        for match in re.finditer(r"[^\s,;()\"'，。；（）]+", folded):
            bare = match[0].rstrip(".:!?")
            if bare in self.kept:
                yield match.start(), match.start() + len(bare)


def _patterns(
    addresses: Iterable[str], customer: Customer | None, aliases: Iterable[str]
) -> tuple[tuple[re.Pattern[str], Kind], ...]:
    """What is known of the customer, however it is spaced and punctuated."""
    found: list[tuple[re.Pattern[str], Kind]] = []
    for address in sorted(filter(None, addresses), key=len, reverse=True):
        street = re.split(r"[,，]", address)[0]
        for known in {address, street}:
            words = re.findall(r"\w+", known)
            if any(word.isdigit() for word in words) or len(known) > 8:
                pattern = r"[\W_]{0,3}".join(map(re.escape, words))
                found.append(
                    (
                        re.compile(rf"(?<![^\W_]){pattern}(?![^\W_])" if known.isascii() else pattern, re.IGNORECASE),
                        "address",
                    )
                )
    phone = re.sub(r"\D", "", customer.phone) if customer else ""
    for digits in {phone, phone[-10:]} - {""}:
        found.append((re.compile(r"\+?" + r"[\s().-]{0,3}".join(digits)), "phone"))
    emails = {name for name in ({customer.email} if customer else set()) | set(aliases) if "@" in name}
    found += [(re.compile(re.escape(name), re.IGNORECASE), "email") for name in sorted(emails)]
    return tuple(found)
