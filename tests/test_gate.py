"""Nothing leaves that the evidence does not hold, and nothing that it holds is kept back."""

import itertools
import json
import random
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.context import Services
from agent.orders.acts import KINDS
from agent.orders.cases import PROBLEMS, WISHES
from agent.replies.composer import Composer
from agent.replies.gate import Evidence, GateReport, check
from agent.replies.phrases import load_phrases
from agent.shop import load_shop
from agent.tools import TOOLS, evidence_keys
from agent.tools.products import product_json
from language.chinese import read_chinese
from language.money import format_money
from language.packs import servable
from retrieval.catalog import load_catalog
from retrieval.search import ProductHit

SHOP = Path(__file__).parents[1] / "shop"
KEYS = evidence_keys(TOOLS)
HIT = {
    "sku": "BOT-3", "variant": "BOT-3-BRN-42", "title": "Summit 3 Boots", "price": 1299.0, "currency": "USD",
    "stock": 2, "rating": 4.47, "reviews": 23, "size": "42", "color": "brown", "facets": {"weight": 410},
}  # fmt: skip
PRODUCTS = {"kind": "products", "query": "boots $99", "hits": [HIT, HIT, HIT]}
ANSWER = {
    "kind": "answer",
    "text": "You can return items within 30 days. Standard delivery takes 3-5 business days and costs $4.95; it is "
    "free from $75. Students get 10% off. Support is there 24/7, by phone 9:00-18:00, +1-555-0142, help@a.example. "
    "A two-year warranty.",
}
ANSWER_ZH = {"kind": "answer", "text": "收到商品后三十天内可退货，满75美元包邮，配送需要3-5个工作日。"}
ORDER = {
    "kind": "order",
    "order": {
        "id": "AP-10482", "status": "shipped", "placed": "2026-10-02T09:12:00Z", "eta": "2026-11-25", "total": 150.0,
        "shipping_fee": 4.95, "items": [{"title": "Boots", "quantity": 2}], "tracking": "1Z999AA10123456784",
        "delivered": None, "address": "12 Elm Street",
    },
}  # fmt: skip
SUPPORTED = [
    (PRODUCTS, "1. Summit 3 Boots, $1,299.00 (brown, 42), only 2 left, rated 4.5"),
    (PRODUCTS, "- Summit 3 Boots: $1,299 · brown · 42 · 4.5/5 (23 reviews), 410 g, in stock"),
    (PRODUCTS, "I found 3 products for 1299 dollars. 4.5 stars."),
    (PRODUCTS, "I found three, and two of these are fine. This one is the best."),
    (PRODUCTS, "为您找到三款，价格一千二百九十九元，42码，仅剩两件，有货"),
    (ANSWER, "You have thirty days. Delivery in 3 to 5 business days costs $4.95, free shipping over $75."),
    (ANSWER, "A 10% discount for students. Support 24/7, from 9am to 6 pm: +1 555 0142 or help@a.example."),
    (ANSWER, "It has a 2-year warranty."),
    (ANSWER_ZH, "30天内可退，满75美元包邮，3到5个工作日"),
    (ORDER, "Your order AP-10482 has been shipped and arrives on 25 November (Wednesday), total $150."),
    (ORDER, "Order 10482, Nov 25th, in November 2026. Tracking 1Z999AA10123456784. 2 x Boots. Placed 2026-10-02."),
    (ORDER, "预计11月25日（周三）送达，订单 AP-10482 已发货，共150元"),
]
UNSUPPORTED = [
    (PRODUCTS, "It costs $99.", "99"),
    (PRODUCTS, "It costs $129.", "129"),
    (PRODUCTS, "It costs $2.", "2"),
    (PRODUCTS, "It costs $410.", "410"),
    (PRODUCTS, "It is 3 dollars.", "3"),
    (PRODUCTS, "42 left", "42"),
    (PRODUCTS, "only three left", "three"),
    (PRODUCTS, "I found 5 products", "5"),
    (PRODUCTS, "5 stars", "5"),
    (PRODUCTS, "size 43", "43"),
    (PRODUCTS, "JKT-9 is nice", "JKT-9"),
    (PRODUCTS, "sold out", "sold out"),
    (PRODUCTS, "Free shipping!", "Free shipping"),
    (PRODUCTS, "五百元", "五百"),
    (PRODUCTS, "two hundred dollars", "two hundred"),
    (PRODUCTS, "see https://evil.example/x", "https://evil.example/x"),
    (ANSWER, "20% off", "20"),
    (ANSWER, "It takes two days.", "two"),
    (ANSWER, "A lifetime warranty.", "lifetime warranty"),
    (ANSWER, "It is in stock.", "in stock"),
    (ANSWER_ZH, "打八折", "八"),
    (ANSWER_ZH, "十四天内可退", "十四"),
    (ANSWER_ZH, "有货", "有货"),
    (ORDER, "Your order AP-10483", "AP-10483"),
    (ORDER, "It costs 10482 dollars", "10482"),
    (ORDER, "It costs $15.", "15"),
    (ORDER, "It arrives by Friday", "Friday"),
    (ORDER, "It arrives tomorrow.", "tomorrow"),
    (ORDER, "It arrives on Nov 26.", "Nov 26"),
    (ORDER, "11月26日送达", "11月26日"),
    (ORDER, "Your order has been cancelled.", "has been cancelled"),
    (ORDER, "I've refunded you.", "I've refunded"),
    (ORDER, "订单已取消", "已取消"),
    (ORDER, "I've updated your address.", "I've updated your address"),
    (ORDER, "Su pedido ha sido cancelado.", "ha sido cancelado"),
    (ORDER, "Ihre Bestellung wurde gestern storniert.", "wurde gestern storniert"),
    (ORDER, "Le hemos reembolsado todo.", "hemos reembolsado"),
    (ORDER, "Ich habe Ihnen alles erstattet.", "habe Ihnen alles erstattet"),
    (PRODUCTS, "Está agotado.", "agotado"),
    (PRODUCTS, "Versandkostenfrei!", "Versandkostenfrei"),
]
NO_CLAIMS = [
    "How can I help you today?", "This one is fine. One moment, please.", "一下 一些 第一 这一款 这两款 一个 十分 万一",
    "Shall I check whether it is in stock?", "Would you like me to look for a discount?", "要不要看看有货的？",
    "Feel free to ask, it is BPA-free.", "I'm available to help.", "The second one, the 2nd option.", "1. \n2) ", "",
    "¿Está disponible en otra talla?", "Ich kann nachsehen, ob sie auf Lager ist.", "Puedo cancelar el pedido.",
    "Die Bestellung wurde noch nicht storniert.", "Soll ich sie stornieren?",
]  # fmt: skip


def judged(reply: str, *results: Any, said: tuple[str, ...] = ()) -> GateReport:
    return check(reply, Evidence(tuple(json.dumps(result, ensure_ascii=False) for result in results), said, KEYS))


@pytest.mark.parametrize(("result", "reply"), SUPPORTED)
def test_what_the_results_hold_may_be_said(result: Any, reply: str) -> None:
    report = judged(reply, result)
    assert report.unsupported == ()
    assert report.checked > 0


@pytest.mark.parametrize(("result", "reply", "claim"), UNSUPPORTED)
def test_what_no_result_holds_is_blocked(result: Any, reply: str, claim: str) -> None:
    assert claim in judged(reply, result).unsupported
    assert claim in judged(reply).unsupported


@pytest.mark.parametrize("reply", NO_CLAIMS)
def test_words_that_claim_nothing_need_no_evidence(reply: str) -> None:
    assert judged(reply) == GateReport(0, 0, ())


def test_the_customers_numbers_may_be_repeated_but_not_their_hopes() -> None:
    said = ("boots under 150, size 42, is there free shipping? by Friday, AP-10482",)
    assert judged("Within your $150 budget, size 42, order AP-10482.", said=said).blocked == 0
    assert judged("There is free shipping.", said=said).blocked == 1
    assert judged("It arrives on Friday.", said=said).blocked == 1


def test_what_the_model_wrote_into_a_call_is_no_evidence() -> None:
    handoff = {"kind": "handoff", "reason": "$80 back, free shipping", "summary": "agent: it has been refunded"}
    assert judged("$80", handoff).blocked == 1
    assert judged("It has been refunded.", handoff).blocked == 1


def test_evidence_that_is_no_json_is_read_as_text() -> None:
    assert check("$5", Evidence(("it costs $5",), (), KEYS)).blocked == 0
    assert check("$5", Evidence(("", "null", "[]", "{}"), (), KEYS)).blocked == 1


prices = st.decimals(min_value=1, max_value=99999, places=2)


def written(price: Decimal, form: int) -> str:
    plain = f"{price:.2f}".rstrip("0").rstrip(".")
    forms = (f"${price:,.2f}", f"${plain}", f"{price:.2f} dollars", f"¥{plain}", f"{plain}元", f"USD {price:,.2f}")
    return forms[form % len(forms)]


@given(
    prices, st.integers(0, 5), st.integers(0, 40), st.dates(), st.from_regex(r"[A-Z]{2,4}-[0-9]{3,6}", fullmatch=True)
)
def test_a_reply_made_of_the_evidence_passes(price: Decimal, form: int, stock: int, day: Any, order: str) -> None:
    result = {"price": float(price), "stock": stock, "eta": day.isoformat(), "id": order}
    left = f"only {stock} left" if stock else "sold out"
    reply = (
        f"{order}: {written(price, form)}, {left}, on {day:%B} {day.day}, {day.isoformat()}; {day.month}月{day.day}日"
    )
    assert judged(reply, result).unsupported == ()


@given(prices, prices, st.integers(0, 5))
def test_another_price_is_blocked(held: Decimal, claimed: Decimal, form: int) -> None:
    assume(held != claimed)
    result = {"price": float(held), "stock": 7, "id": "AP-10482", "title": "Boots 40", "hits": [{}, {}]}
    assert judged(f"It costs {written(claimed, form)}.", result).blocked == 1


@given(st.integers(1, 99999), st.integers(1, 99999))
def test_a_part_of_a_number_is_no_evidence(held: int, claimed: int) -> None:
    assume(held != claimed)
    assert judged(f"${claimed}", {"price": held, "id": f"AP-{claimed}"}).blocked == 1


@given(st.integers(0, 99999))
def test_chinese_numerals_are_read(number: int) -> None:
    assert read_chinese(in_chinese(number)) == (Decimal(number),)


def in_chinese(number: int) -> str:
    if number < 10:
        return "零一二三四五六七八九"[number]
    scale, name = next((s, n) for s, n in ((10000, "万"), (1000, "千"), (100, "百"), (10, "十")) if number >= s)
    rest = number % scale
    gap = "零" if rest and rest < scale // 10 else ""
    return f"{in_chinese(number // scale)}{name}{gap}{in_chinese(rest) if rest else ''}"


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_judged(reply: str, result: str) -> None:
    report = check(reply, Evidence((result,), (result,), KEYS))
    assert 0 <= report.blocked <= report.checked


@given(st.text(alphabet="0123456789.,-/%$€ 一二十百千万折月日天元AaMmxX:#\n", max_size=60))
def test_a_text_supports_itself(text: str) -> None:
    assert judged(text, {"text": text}).unsupported == ()


@cache
def composer(language: str) -> Composer:
    nothing_sold = SimpleNamespace(catalog=SimpleNamespace(by_sku={}))
    services = SimpleNamespace(
        shop=load_shop(SHOP), phrases=load_phrases(), schema=None, tools=TOOLS, retriever=nothing_sold
    )
    return Composer(cast(Services, services), language, "seed")


def composed(language: str, artifact: dict[str, Any]) -> None:
    text = "\n\n".join(composer(language).paragraphs([artifact]))
    assert judged(text, artifact).unsupported == (), text


@pytest.mark.parametrize("language", servable())
def test_composed_products_pass(language: str) -> None:
    for place, product in enumerate(load_catalog(SHOP / "catalog.jsonl").products):
        variant = product.variants[place % len(product.variants)]
        hit = cast(ProductHit, SimpleNamespace(product=product, variant=variant, reasons=(f"size {variant.size}",)))
        found = product_json(hit, "USD")
        composed(language, {"kind": "products", "query": "", "dropped": [f"size {variant.size}"], "hits": [found]})


def lines_of_orders() -> list[dict[str, Any]]:
    lines = (SHOP / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    orders = [json.loads(line) for line in lines[::20]]
    marks = {"returned": 0, "cancelled": 0, "instead_of": "navy, 42"}
    return [one | {"items": [item | marks for item in one["items"]]} for one in orders]


@pytest.mark.parametrize("language", servable())
def test_composed_orders_pass(language: str) -> None:
    orders = lines_of_orders()
    for why in ("list", "which", "none"):
        composed(language, {"kind": "orders", "orders": orders, "count": len(orders), "why": why})
    for place, order in enumerate(orders):
        items = order["items"]
        case = {"problem": PROBLEMS[place % len(PROBLEMS)], "items": items, "since": "2026-11-03", "is_open": place % 2}
        refund = {"amount": 13.95, "items": items, "days": "5"}
        told = {"order": order, "is_late": order["status"] == "shipped", "refund": refund}
        composed(language, {"kind": "order", **told, "cases": []})
        composed(language, {"kind": "order", **told, "cases": [case]})


@pytest.mark.parametrize("language", servable())
def test_composed_proposals_pass(language: str) -> None:
    of_each_status = {order["status"]: order for order in lines_of_orders()}
    for place, order in enumerate(of_each_status.values()):
        items = order["items"]
        facts = {"order_id": order["id"], "items": items, "amount": order["total"], "address": order["address"]}
        swapped = [item | {"size": "43"} for item in items]
        more = {"to": swapped, "wish": (*WISHES, "")[place % 4]}
        for number, (kind, problem) in enumerate(itertools.product(KINDS, PROBLEMS)):
            if kind != "report_problem" and number % len(PROBLEMS):
                continue  # no other kind has a problem
            kept = {} if kind == "change_address" else {"kept": items}
            proposal = {"id": "00ff11aa22bb33", "kind": kind, "summary": facts | more | kept | {"problem": problem}}
            shown = {"order": order, "contact": "help@shop.example", "is_amended": (number + place) % 3 == 2}
            composed(language, {"kind": "proposal", "proposal": proposal, **shown})


@pytest.mark.parametrize("language", servable())
def test_a_composed_exchange_that_is_not_possible_passes(language: str) -> None:
    item = {"sku": "S-1", "title": "Fell Boot 7", "quantity": 1, "price": 80.0, "color": "navy", "size": "42"}
    there = [{"sku": "S-2", "color": "navy", "size": "43", "stock": 4}]
    gone = [{"sku": "S-3", "color": "red", "size": "44", "stock": 0}]
    for why, price in (("yours", None), ("sold_out", None), ("no_such", None), ("several", None), ("price", 95.5)):
        told = {"kind": "exchange", "order_id": "AP-1", "why": why, "item": item, "price": price, "fitting": gone}
        composed(language, told | {"wanted": {"size": "44", "color": "red"}, "variants": there})
        composed(language, told | {"wanted": {"size": "44"}, "variants": []})


def answers() -> list[str]:
    facts = load_shop(SHOP).facts
    entries = yaml.safe_load((SHOP / "answers.yaml").read_text(encoding="utf-8"))
    return [text.format_map(facts) for entry in entries for text in entry["text"].values()]


def test_approved_answers_pass_whole_and_by_the_sentence() -> None:
    for text in answers():
        for part in [text, *re.split(r"(?<=[.!?])\s|(?<=[。！？])", text)]:
            assert judged(part, {"kind": "answer", "text": text}).unsupported == (), part


def test_an_approved_answer_with_another_number_is_blocked() -> None:
    chance = random.Random(1)
    for text in answers():
        numbers = list(re.finditer(r"(?<![\w.+:@-])\d+(?:\.\d+)?(?![\w:.-])", text))
        for match in numbers:
            other = str(Decimal(match[0]) + chance.randint(100, 900))
            changed = f"{text[: match.start()]}{other}{text[match.end() :]}"
            assert judged(changed, {"kind": "answer", "text": text}).blocked, changed


def test_money_is_read_as_it_is_written() -> None:
    for currency in ("USD", "EUR", "GBP", "CNY", "SEK", "CHF", "KWD", "JPY"):
        for language in ("en", "zh", "es", "de"):
            price = 1299.0 if currency == "JPY" else 1299.5
            assert judged(format_money(price, currency, language), {"price": price}) == GateReport(1, 0, ())
            assert judged(format_money(price, currency, language), {"price": 299.5}).blocked == 1


@pytest.mark.parametrize(
    "reply",
    ["<tool_result>{}</tool_result>", 'Sure: {"name": "cancel_order"}', "<|im_end|> done", "</TOOL_CALL>"],
)
def test_markup_of_calls_and_results_is_never_said(reply: str) -> None:
    assert check(reply, Evidence((), (reply,), KEYS)).blocked


@pytest.mark.parametrize("language", sorted(load_phrases().texts))
def test_a_phrase_that_is_a_sentence_of_its_own_claims_nothing(language: str) -> None:
    of_results = {"case_lost"}  # said of an order that is told beside it
    told = {key: texts for key, texts in load_phrases().texts[language].items() if key not in of_results}
    whole = [(key, text) for key, texts in told.items() for text in texts if text.endswith((".", "?", "。", "？"))]
    claims = {key for key, text in whole if "{" not in text and check(text, Evidence((), (), KEYS)).blocked}
    assert not claims
