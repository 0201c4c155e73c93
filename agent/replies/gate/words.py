"""Claims made in words: "in stock", "free shipping", "discount", "has been cancelled".

In: normalised text, or the values of a tool result. Out: topics. A reply that claims a topic needs a result
that holds it; a question ("shall I check whether it is in stock?") claims nothing. Pure functions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Topic:
    """`claim` is how a reply says it; `source` (else `claim`) how an approved text may."""

    name: str
    claim: re.Pattern[str]
    source: re.Pattern[str] | None = None


def _topic(name: str, claim: str, source: str | None = None) -> Topic:
    flags = re.IGNORECASE
    return Topic(name, re.compile(claim, flags), re.compile(source, flags | re.DOTALL) if source else None)


def _done(verb: str) -> str:
    """Something that has happened: "has been X", "I've X", "is now X"; "can be X" is none."""
    between = r"(?:now |already |just |successfully |also |all )*"
    return (
        rf"\b(?:has|have|had) {between}been {between}(?:{verb})\b|\b(?:is|was|are|were) {between}(?:{verb})\b"
        rf"|\b(?:i|we|it|order)(?:'ve|'s| have| has) {between}(?:{verb})\b|\bi {between}(?:{verb})\b"
    )


_SHIPPING = r"(?:shipping|delivery|postage|shipment|returns?|exchanges?)"
# The order counts: what an earlier topic has taken, a later one does not see ("not in stock" is not "in stock").
TOPICS = (
    _topic(
        "sold_out",
        r"\b(?:sold out|out of stock|(?:not|n't|no longer|never|none|nothing)\b[^.,;!?]{0,20}\b(?:in|on) stock"
        r"|no longer available|ausverkauft|nicht (?:auf lager|lieferbar)|agotad[oa]s?|épuisée?s?)\b"
        r"|缺货|售罄|售完|无货|没货|没有(?:现)?货|没有库存|无库存|卖完|断货",
    ),
    _topic(
        "in_stock",
        r"\b(?:(?:in|on) stock|(?:is|are|'s|'re|currently|now|still) available\b(?! to (?:help|assist|talk|chat))"
        r"|available (?:in|for) |auf lager|vorrätig|lieferbar|en stock|disponibles?)"
        r"|有货|现货|有库存|库存充足",
        r"in stock|on stock|available|auf lager|vorrätig|lieferbar|en stock|disponible|有货|现货|库存",
    ),
    _topic(
        "free_shipping",
        rf"\b(?:free|complimentary) (?:\w+ ){{0,2}}{_SHIPPING}\b|\b(?:ships?|delivered|shipped) (?:for )?free\b"
        rf"|\b{_SHIPPING} (?:is|are)(?: \w+)? free\b|\bno {_SHIPPING} (?:fees?|costs?|charges?)\b"
        r"|kostenlose[rns]? (?:versand|lieferung|rücksendung)|versandkostenfrei|envíos? grat(?:is|uito)"
        r"|livraison gratuite|包邮|免运费|免邮|运费全免|免费(?:配送|送货|发货|退货|退换|换货)",
        r"(?:free|no charge|no cost|complimentary|kostenlos|gratis|gratuit).{0,80}"
        r"(?:ship|deliver|postage|return|exchange|versand|liefer|rück|envío|livraison)"
        r"|(?:ship|deliver|postage|return|exchange|versand|liefer|rück|envío|livraison).{0,80}"
        r"(?:free|no charge|no cost|complimentary|kostenlos|frei|gratis|gratuit)"
        r"|包邮|免运费|免邮|免费.{0,20}(?:送|发|退|换|邮)|(?:运费|配送|退货|邮费|换货).{0,20}免",
    ),
    _topic(
        "free",
        r"\bfor free\b|\bfree of charge\b|\bfree gift\b|\bcomplimentary\b"
        r"|\bat no (?:extra |additional )?(?:cost|charge)\b"
        r"|免费|赠品|赠送|kostenlos|\bgratis\b|gratuit",
        r"\bfree\b|complimentary|no (?:extra |additional )?(?:cost|charge)|免费|赠|kostenlos|gratis|gratuit",
    ),
    _topic(
        "discount",
        r"\b(?:discount(?:s|ed)?|\d+ ?% off|on sale|sale price|(?:half|reduced) price|promo(?:tion)?s?"
        r"|coupons?|vouchers?|special offer|price drop|rabatt\w*|descuentos?|remise|reduziert)\b"
        r"|打折|折扣|[\d零一二三四五六七八九]折|优惠|促销|特价|降价|减价|满减|代金券",
        r"discount|% off|\bsale\b|half price|promo|coupon|voucher|offer|rabatt|descuento|remise|reduziert"
        r"|折|优惠|促销|特价|降价|减价|满减|券",
    ),
    _topic("for_life", r"\b(?:lifetime|life-?long) (?:warranty|guarantee)\b|终身(?:保修|质保|保固)"),
    _topic("tomorrow", r"\btomorrow\b|\b(?:next|same)[- ]day\b|\bovernight\b|明天|明日|次日|当日达|隔日"),
    _topic("soon", r"\b(?:day after tomorrow|next week)\b|后天|下周|下星期"),
    _topic("cancelled", _done(r"cancell?ed") + r"|(?:已经?|成功)(?:为您|帮您|替您)?取消|取消成功"),
    _topic(
        "shipped",
        _done(r"shipped|dispatched|sent out|on (?:its|the) way")
        + r"|已经?(?:为您)?(?:发货|发出|寄出)|正在(?:运输|派送)",
    ),
    _topic("delivered", _done(r"delivered") + r"|已经?(?:送达|签收|妥投)"),
    _topic("returned", _done(r"returned") + r"|已经?(?:退货|退回)|退货成功"),
    _topic("refunded", _done(r"refunded") + r"|已经?(?:为您|帮您)?退款|退款成功"),
    _topic(
        "readdressed",
        r"(?:" + _done(r"changed|updated") + r")[^.!?]{0,20}\baddress\b"
        r"|\baddress (?:"
        + _done(r"changed|updated")
        + r")|地址(?:已经?|成功)(?:为您|帮您)?(?:修|更|改)|已经?(?:为您|帮您)?(?:修改|更改|更新)[^。]{0,6}地址",
    ),
)
# What an order's status says besides itself.
_IMPLIED = {
    "shipped": ("shipped",),
    "delivered": ("shipped", "delivered"),
    "cancelled": ("cancelled",),
    "return_requested": ("shipped", "delivered"),
    "returned": ("shipped", "delivered", "returned"),
    "lost": ("shipped",),
}
_QUESTION = re.compile(
    r"^\W*(?:(?:and|or|so|but|ok|okay)\s+)?(?:is|are|was|were|do|does|did|would|shall|should|can|could|may|will|have|has"
    r"|which|what|when|how|who|where)\b|\b(?:whether|if (?:it|they|that|there))\b|要不要|是否|需要|吗|有没有|哪",
    re.IGNORECASE,
)
_ONLY_ASKED = re.compile(r"\b(?:check|see|find out|look up|know|tell) (?:whether|if)\b|是否", re.IGNORECASE)
_CLAUSE = re.compile(r"[^,;:.!?。！？；、\n]+[,;:.!?。！？；、\n]*")


def claimed_topics(text: str) -> Iterator[tuple[str, str]]:
    """Topics that a text claims, each with its words; what is only asked is left out."""
    text = _CLAUSE.sub(lambda clause: "\n" * len(clause[0]) if _is_question(clause[0]) else clause[0], text)
    for topic in TOPICS:
        for match in topic.claim.finditer(text):
            yield topic.name, match[0].strip()
        text = topic.claim.sub(lambda match: "\n" * len(match[0]), text)


@lru_cache(maxsize=2048)
def source_topics(text: str) -> frozenset[str]:
    """Topics that an approved text may be cited for: its own claims, in any of its words."""
    rest, found = text, set[str]()
    for topic in TOPICS:
        if topic.claim.search(rest) or (topic.source and topic.source.search(rest)):
            found.add(topic.name)
        rest = topic.claim.sub(lambda match: "\n" * len(match[0]), rest)
    return frozenset(found)


def value_topics(key: str, value: object) -> set[str]:
    """Topics that one value of a result holds: a stock, an order's status, a fee of nothing, no hits."""
    match key, value:
        case "stock", int() | float():
            return {"in_stock"} if value > 0 else {"sold_out"}
        case "shipping_fee", 0:
            return {"free_shipping"}
        case "hits", []:
            return {"sold_out"}
        case "delivered", str():
            return {"shipped", "delivered"}
        case "status", str():
            return set(_IMPLIED.get(value, ()))
    return set()


def _is_question(clause: str) -> bool:
    asked = clause.rstrip()[-1:] in ("?", "？") and _QUESTION.search(clause) is not None
    return asked or _ONLY_ASKED.search(clause) is not None
