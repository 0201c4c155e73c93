"""Numbers of orders, returns, batches and parcels are no telephone numbers, and stay the same number everywhere."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.logs.phones import find_numbers
from finetune.logs.recognizers import find_forms
from tests.test_logs_scrub import PHONES, digits, disguise, scrubbed

IDS = [
    "my return 2026081209",
    "return number 2026081209 please",
    "2026081209 is my order",
    "batch hosted-eu-20260812-09",
    "build 2024 1130 0917",
    "RMA 2026-0812-0934",
    "RMA: 4155550143",
    "SKU 2125550199",
    "the item 303 555 0147 is sold out",
    "tracking 4155550143",
    "tracking no. 1Z999AA10123456784",
    "parcel 9400 1118 9922 3857",
    "invoice 2025551234 of May",
    "order 10023456",
    "orders 2026081209 and 2026081210",
    "ticket #2025550123",
    "serial 212-555-0187",
    "case 020 7946 0958",
    "my gift card 2125550143",
    "ean 4006381333931",
    "订单 13800138000",
    "我的退货单号是2026081209",
    "快递 13912345678 到哪了",
    "运单号：15012345678",
    "批次 20260812-09",
    "发票编号 2026081209",
    "Bestellung 0301234567",
    "Retoure 2026081209",
    "Sendungsnummer 030 1234 5678",
    "pedido 612345678",
    "devolución 2026081209",
]
PHONE_TEXTS = [
    "call me on 2026081209",
    "2026081209 is my phone",
    "my number is 415-555-2671",
    "call 415 555 0143",
    "tel: 030 1234567",
    "phone 020 7946 0958",
    "ring me at (212) 555-0187 about order 10482",
    "about my return: call 303-555-0147",
    "+49 30 1234567",
    "(415) 555-2671",
    "my order is late, my phone is 4155552671",
    "WhatsApp 13800138000",
    "415 555 2671",
    "it is 13912345678",
    "fax 0044 20 7946 0958",
    "Tel-030 1234567",
    "电话13800138000",
    "手机：139 1234 5678",
    "订单没到，打给我 13800138000",
    "请致电 010-62345678",
    "Handy 0171 2345678",
    "bitte anrufen: 030 12345678",
    "móvil 612 345 678",
    "llámame al 612345678",
]


@pytest.mark.parametrize("text", IDS)
def test_a_number_of_a_thing_is_no_telephone_number(text: str) -> None:
    assert "phone" not in {found.kind for found in find_forms(text)}


@pytest.mark.parametrize("text", PHONE_TEXTS)
def test_a_telephone_number_is_one(text: str) -> None:
    phones = [text[found.start : found.end] for found in find_forms(text) if found.kind == "phone"]
    assert phones and any(len(digits(found)) >= 7 for found in phones)
    assert not re.search(r"(?:\d[ -]?){7}", scrubbed(text, customer=None).replace("+1-555-01", ""))


@settings(max_examples=60, deadline=None)
@given(number=st.from_regex(r"[2-9][0-9]{9}", fullmatch=True), other=st.from_regex(r"[2-9][0-9]{9}", fullmatch=True))
def test_the_same_id_has_the_same_stand_in_everywhere_and_another_another(number: str, other: str) -> None:
    grouped = f"{number[:4]} {number[4:7]} {number[7:]}"
    texts = [f"my return {number}", f"so {number}?", f"return {grouped} it is", f"and return {other}"]
    cover = disguise(*texts, customer=None)
    first, again, third, fourth = (digits(cover.text(text)) for text in texts)
    assert len(first) == 10 and first == again == third != number
    assert (fourth == first) == (other == number)
    assert cover.arguments({"order_id": number})["order_id"] == first


@settings(max_examples=60, deadline=None)
@given(
    phone=PHONES,
    word=st.sampled_from(("call ", "phone: ", "my mobile is ", "电话：", "手机 ", "Handy ", "llámame al ")),
)
def test_a_number_to_call_is_a_telephone_number_whatever_it_looks_like(phone: str, word: str) -> None:
    assert all(number.is_phone for number in find_numbers(f"{word}{phone}"))
