"""What a message asks for besides values: an order of results, prices, the status of orders, to forget something.

In: the customer's words, English or Chinese. Out: which of these they can mean. As generous as `language.matching`
can be: what is not found here cannot be asked for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.tools.orders import ids_in
from language.matching import is_named
from profiles.attribute import Bound
from profiles.numbers import numbers_in
from profiles.ranges import ranges_in, said_ranges

# By order of results: words that ask for it, each also with slips of the pen.
SORTS: Mapping[str, tuple[str, ...]] = {
    "price_low": (
        *("cheap", "cheaper", "cheapest", "lowest price", "low to high", "less expensive", "too expensive", "bargain"),
        *("expensive for me", "by price", "affordable", "inexpensive", "cost less"),
        *("便宜", "太贵", "实惠", "低到高", "价格排", "低价"),
    ),
    "price_high": (
        *("most expensive", "more expensive", "expensive ones", "expensive first", "priciest", "pricier", "premium"),
        *("fancier", "high end", "high-end", "luxury", "high to low", "highest price", "by price"),
        *("贵", "高级", "高端", "高档", "高到低", "更好的"),
    ),
    "rating": (
        *("rating", "rated", "best reviews", "best reviewed", "reviews", "like best", "popular", "recommended"),
        *("评分", "评价", "口碑", "好评", "热门", "受欢迎"),
    ),
}
# By status: words for orders that are so.
STATUSES: Mapping[str, tuple[str, ...]] = {
    "paid": ("paid", "paid for", "付款", "已付", "付了"),
    "processing": (
        *("processing", "processed", "packing", "packed", "preparing", "prepared", "pending", "left", "not sent"),
        *("not shipped", "unshipped", "处理", "准备", "未发货", "没发货", "待发货"),
    ),
    "shipped": ("shipped", "sent", "on the way", "on their way", "on its way", "transit", "发货", "路上", "运输中"),
    "delivered": ("delivered", "arrived", "received", "送到", "收到", "签收", "到了", "送达"),
    "cancelled": ("cancelled", "canceled", "cancel", "取消"),
    "return_requested": ("return", "returns", "sending back", "退货", "退"),
    "returned": ("returned", "sent back", "send back", "退过", "退了", "已退", "退货"),
    "lost": ("lost", "missing", "disappeared", "丢"),
}
_STOCK = re.compile(
    r"\b(?:in|out of) stock\b|\bsold out\b|\b(?:still|back) available\b|有货|没货|缺货|库存|断货|卖完|补货"
)
_LATER = re.compile(
    r"\bwhen\b|\bhow (?:long|often|soon)\b|\balerts?\b|\bnotif|\be-?mails?\b|\blet me know\b|\brestock"
    r"|什么时候|何时|几时|多久|通知|提醒|补货"
)
_ORDERING = re.compile(
    r"\borders?\b|\bordered\b|\bparcels?\b|\bpackages?\b|\bdeliver|\bship|\bcancel|\breturn|\brefund|\bsen[dt]\b|\barriv"
    r"|订单|下单|包裹|快递|发货|物流|取消|退|送到"
)
_FORGET = ("forget", "delete", "remove", "erase", "scrap", "wipe", "clear", "ignore", "unlearn", "disregard")
_FORGETTING_EN = (
    r"drop|strike|cancel|undo|lose|outdated|history|get rid|can go|nobody's business|stor(?:e|ing)|stop|wrong",
    r"take\b.*\b(?:off|out|away|back)|off my (?:profile|list|file)|chang(?:e|ed) (?:my )?mind|used to|hates?\b.*\bnot",
    r"(?:no|any) (?:longer|more(?! than))|anymore|after all|again|nowadays|whatever|(?:fine|okay?) (?:now|with)",
    r"(?:doesn't|does not|don't|do not|isn't|is not|not|never) (?:\w+ )?(?:matter|mind|care|important|apply|keep|true)",
    r"(?:doesn't|does not|don't|do not|not|never) (?:\w+ )?(?:remember|save|need)",
    r"no (?:limit|object|problem|restriction)s?",
    r"(?:any|all|other) \w+ (?:is|are|will|would|ok)",
)
_FORGETTING_ZH = (
    *("忘", "删", "去掉", "取消", "清除", "清空", "移除", "撤", "作废", "不限", "无所谓", "不考虑", "不重要"),
    *("不再", "不是问题", "不用", "不要记", "别记", "别管", "别再", "都行", "都可以"),
    *("没关系", "不介意", "随便", "不.{1,6}了"),
)
_FORGETTING = re.compile(rf"\b(?:{'|'.join(_FORGETTING_EN)})\b|{'|'.join(_FORGETTING_ZH)}")
_NO_PRICE = re.compile(
    r"\d+\s*[年月日号点]|\d+(?:st|nd|rd|th)\b|(?<![十百千万])[一两](?![十百千万元块刀美欧镑])|#\s*\d+|\d{7,}"
)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices that texts name: those that may be a least one, and those that may be a greatest one."""

    least: frozenset[float]
    most: frozenset[float]


def prices_in(texts: Iterable[str]) -> Prices:
    """A number that is only said as a floor is no ceiling; a least price is one said as such ("at least 50")."""
    named_prices, lows, highs = set[float](), set[float](), set[float]()
    for text in map(_without_ids, texts):
        ranges = ranges_in(text)
        named_prices |= numbers_in(text)
        lows |= {one.low for one in ranges if one.low is not None}
        highs |= {one.high for one in ranges if one.high is not None}
    return Prices(frozenset(lows & named_prices), frozenset(named_prices - (lows - highs)))


@dataclass(frozen=True, slots=True)
class Limit:
    """A price limit as it was said: "under $150" is a `max_price` of 150."""

    bound: Bound
    price: float | int
    words: str


def limits_in(text: str) -> list[Limit]:
    """The price limits that the text names as such; not lengths, ages, days or order ids."""
    prices, found = prices_in([text]), []
    for said in said_ranges(text):
        bounds: tuple[tuple[Bound, float | None, frozenset[float]], ...] = (
            ("min_price", said.range.low, prices.least),
            ("max_price", said.range.high, prices.most),
        )
        found += [
            Limit(name, as_written(price), said.words)
            for name, price, known in bounds
            if price is not None and price in known and said.counts != "other"
        ]
    return found


def as_written(number: float) -> float | int:
    """As calls write it: 160 and not 160.0."""
    return int(number) if number.is_integer() else number


def sorts_in(text: str) -> list[str]:
    """The orders of results that the text may ask for: ``sorts_in("the cheapest") == ["price_low"]``."""
    return [order for order, words in SORTS.items() if is_named(text, words, begun=True)]


def statuses_in(text: str) -> list[str]:
    """The statuses of orders that the text may name: ``statuses_in("what has arrived?") == ["delivered"]``."""
    return [status for status, words in STATUSES.items() if is_named(text, words, begun=True)]


def asks_for_stock(text: str) -> bool:
    """Whether the text asks if the shop has something, and speaks of no order: "is the jacket still in stock?"."""
    plain = text.casefold()
    return bool(_STOCK.search(plain)) and not (_ORDERING.search(plain) or ids_in(text))


def asks_when(text: str) -> bool:
    """Whether the text asks for a later time, or for word of it: "when are they back in stock?"."""
    return bool(_LATER.search(text.casefold()))


def asks_to_forget(text: str) -> bool:
    """Whether the text may take something back that was noted."""
    return bool(_FORGETTING.search(text.casefold().replace("’", "'")) or is_named(text, _FORGET))


def _without_ids(text: str) -> str:
    """Without order ids, dates and Chinese "one" as an article."""
    for known in ids_in(text):
        if not known.isdigit():
            text = text.replace(known, " ")
    return _NO_PRICE.sub(" ", text)
