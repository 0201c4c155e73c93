"""Scrubbing: nothing that identifies a person survives, the same stays the same, and what the shop needs stays."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from finetune.logs.consultation import Consultation
from finetune.logs.names import NameBook
from finetune.logs.scrub import Disguise, Scrubber
from finetune.logs.stand_ins import StandIns
from profiles.customer import Customer
from profiles.privacy.keys import customer_key

MEGAN = Customer(
    "C1", "Megan Palmer", "megan.palmer@example.org", "+1-415-555-0143",
    address="543 Birch Street, Apt 15, San Francisco, CA 94110",
)  # fmt: skip
SCRUBBER = Scrubber(
    b"s" * 32,
    NameBook.of(["Megan Palmer", "Elan Whitehorse", "沈建国"]),
    frozenset(["30", "415", "jkt-1017-dgr-m", "help@alderandpine.example", "+1-555-0142"]),
)
ORDER = {"id": "AP-10482", "customer": "C1", "address": MEGAN.address, "tracking": "SX9627151171", "status": "paid"}


def disguise(*texts: str, customer: Customer | None = MEGAN, names: Sequence[str] = (), id: str = "a") -> Disguise:
    consultation = Consultation(id, "C1", (), "f", 1, names=tuple(names))
    return SCRUBBER.disguise(consultation, customer, [ORDER] if customer else [], texts)


def scrubbed(text: str, **more: Any) -> str:
    return disguise(text, **more).text(text)


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def luhn(body: str) -> str:
    total = sum(sum(divmod(int(d) * (2 - at % 2), 10)) for at, d in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def iban(country: str, account: str) -> str:
    number = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


WORDS = st.sampled_from(
    [
        "hi, ",
        "please write to ",
        "我的是",
        "call me: ",
        "it is (",
        "电话",
        "\n",
        "order ",
        " and ",
        "number ",
        "“",
        "- ",
    ]
)
AFTER = st.sampled_from(["", " thanks", "，谢谢", ".", "!", ")", "\nbye", "。", "?"])
LOCAL = st.from_regex(r"[a-z][a-z0-9]{1,8}([._+-][a-z0-9]{2,6})?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z]{3,8}(-[a-z]{2,4})?\.(com|org|de|cn|example|shop|co\.uk)", fullmatch=True)
EMAILS = (
    st.tuples(LOCAL, DOMAIN).map(lambda both: "@".join(both)).filter(lambda mail: not mail.endswith("@example.org"))
)
PHONES = st.one_of(
    st.from_regex(r"\+1[- ](415|212|303)[- ][2-9][0-9]{2}[- ][0-9]{4}", fullmatch=True),
    st.from_regex(r"\((415|212)\) [2-9][0-9]{2}-[0-9]{4}", fullmatch=True),
    st.from_regex(r"1[3589][0-9]{9}", fullmatch=True),
    st.from_regex(r"\+49 ?(30|89) ?[0-9]{7,8}", fullmatch=True),
    st.from_regex(r"020 7[0-9]{3} [0-9]{4}", fullmatch=True),
)
CARDS = st.tuples(st.from_regex(r"(4[0-9]{14}|5[1-5][0-9]{13})", fullmatch=True), st.sampled_from(["", " ", "-"])).map(
    lambda both: both[1].join(re.findall(r"[0-9]{4}", luhn(both[0])))
)
IBANS = st.from_regex(r"[0-9]{18}", fullmatch=True).map(lambda account: iban("DE", account))
GROUPED_IBANS = IBANS.map(lambda number: " ".join(re.findall(r".{1,4}", number)))


@settings(max_examples=60, deadline=None)
@given(before=WORDS, found=EMAILS, after=AFTER)
def test_no_mail_address_survives(before: str, found: str, after: str) -> None:
    assert found not in scrubbed(f"{before} {found}{after}")


@settings(max_examples=60, deadline=None)
@given(before=WORDS, found=PHONES, after=AFTER)
def test_no_telephone_number_survives(before: str, found: str, after: str) -> None:
    left = scrubbed(f"{before}{found}{after}")
    assert digits(found) not in digits(left) and found not in left


@settings(max_examples=60, deadline=None)
@given(before=WORDS, found=st.one_of(CARDS, IBANS, GROUPED_IBANS), after=AFTER)
def test_no_card_or_account_survives(before: str, found: str, after: str) -> None:
    left = scrubbed(f"{before}{found}{after}")
    assert digits(found) not in digits(left)
    assert not re.search(r"\d{4}", left), left


KNOWN = ("Megan Palmer", "megan palmer", "MEGAN", "Palmer", "Megan's", "Elan Whitehorse", "elan whitehorse", "沈建国")
FRAMES = ("My name is {}.", "Hi, I'm {}, and I wait", "Dear {},\nhello", "hm\nBest regards,\n{}", "Mr. {} bought it")


@settings(max_examples=50, deadline=None)
@given(name=st.sampled_from(KNOWN), before=WORDS, after=AFTER)
def test_no_known_name_survives(name: str, before: str, after: str) -> None:
    left = scrubbed(f"{before} {name}{after}")
    assert name.removesuffix("'s").casefold() not in left.casefold()


NAMES = st.from_regex(r"[A-Z][a-z]{3,9} [A-Z][a-z]{3,9}", fullmatch=True)


@settings(max_examples=50, deadline=None)
@given(name=NAMES, frame=st.sampled_from(FRAMES))
@example("Will Aaaa", FRAMES[0])  # a name that is a word too
def test_who_introduces_themselves_is_scrubbed_everywhere(name: str, frame: str) -> None:
    first, last = name.split()
    text = f"{frame.format(name)}\nok {first} or {last}?" if not frame.endswith("{}") else frame.format(name)
    left = disguise(text, customer=None).text(text)
    words = set(re.findall(r"[A-Za-z]+", left))
    assert not {first, last} & (words - _stand_ins())


def _stand_ins() -> set[str]:
    return {StandIns(bytes([n])).word(kind, kind) for n in range(255) for kind in ("first", "last")}


@settings(max_examples=80, deadline=None)
@given(
    number=st.integers(0, 10**9 - 1), size=st.integers(4, 9), other=st.integers(0, 10**9 - 1), key=st.binary(min_size=1)
)
def test_ids_become_other_ids_of_the_same_form_one_to_one(number: int, size: int, other: int, key: bytes) -> None:
    stand_ins = StandIns(key)
    first, second = (f"AP-{n % 10**size:0{size}d}" for n in (number, other))
    changed = stand_ins.identifier(first)
    assert re.fullmatch(rf"AP-\d{{{size}}}", changed) and changed != first
    assert (stand_ins.identifier(second) == changed) == (first == second)
    assert stand_ins.identifier(first.removeprefix("AP-")) == changed.removeprefix("AP-")


def test_the_same_thing_stays_the_same_in_words_calls_and_orders() -> None:
    text = "order AP-10482, I mean #10482, to 543 Birch Street, Apt 15, San Francisco, CA 94110 (543 birch street)"
    cover = disguise(text)
    left = cover.text(text)
    call = cover.arguments(
        {"order_id": "AP-10482", "address": MEGAN.address, "changes": [{"quote": "order AP-10482"}], "n": 3}
    )
    order = cover.order(ORDER, "key")
    alone = Disguise.of_orders(cover.stand_ins, SCRUBBER).order(ORDER, "key")
    assert order == alone and order["status"] == "paid" and order["customer"] == "key"
    assert call["order_id"] == order["id"] != "AP-10482" and order["id"] in left
    assert left.count(digits(order["id"])) == 2
    assert call["address"] == order["address"] and left.count(order["address"]) == 2
    assert call["changes"][0]["quote"] == f"order {order['id']}" and call["n"] == 3
    assert disguise(text, id="b").text(text) != left


def test_what_the_shop_says_and_sells_stays() -> None:
    text = (
        "JKT-1017-DGR-M costs $1,299.00, or 1299 USD; since 2026-03-01, at 10:30. Size 42, 2500mAh, 10000 steps. "
        "100-200. Write help@alderandpine.example or +1-555-0142. I have 2 kids on the way and 30 days on the road."
    )
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("send it to 12 King Road, Springfield, IL 62704 please", "King Road"),
        ("i live at 7 maple avenue", "maple"),
        ("Hauptstraße 12, 10115 Berlin", "Hauptstraße"),
        ("地址：广东省深圳市南山区科技路18号3栋502室", "科技路"),
        ("身份证11010519491231002X", "11010519491231002"),
        ("my SSN is 123-45-6789", "6789"),
        ("电话１３８１２３４５６７８", "１３８１"),
        ("see https://x.example/a?token=abc", "token"),
        ("from 192.168.13.7", "192.168"),
        ("my parcel SX9627151171", "9627151171"),
        ("我叫王小明，你好", "王小明"),
        ("王先生您好", "王"),
        ("ask Robin", "Robin"),
    ],
)
def test_other_traces_go(text: str, gone: str) -> None:
    assert gone not in scrubbed(text, names=["Robin Fielding"])


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_scrubbed(text: str) -> None:
    cover = disguise(text)
    assert isinstance(json.dumps(cover.text(text)), str) and cover.text(text) == cover.text(text)


@given(st.text(), st.text())
def test_a_customer_has_one_key_that_says_nothing_of_them(first: str, second: str) -> None:
    keys = customer_key(first, b"a"), customer_key(second, b"a"), customer_key(first, b"b")
    assert re.fullmatch(r"[0-9a-f]{32}", keys[0]) and keys[0] != keys[2]
    encoded = [text.encode("utf-8", "replace") for text in (first, second)]
    assert (keys[0] == keys[1]) == (encoded[0] == encoded[1])
