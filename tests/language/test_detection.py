"""The language is the customer's, and vague text does not change it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.detection import detect, reply_language

SHOP = ("en", "zh")
CASES = [
    ("yes please", "en"),
    ("cancel it then", "en"),
    ("anything in dark green, size M?", "en"),
    ("墨绿色 M码有吗", "zh"),
    ("size 42 boots", "en"),
    ("thx", "en"),
    ("this is useless, get me a human", "en"),
    ("取消吧", "zh"),
    ("好的", "zh"),
    ("¿Dónde está mi pedido?", "es"),
    ("Wo ist meine Bestellung?", "de"),
    ("where is my order AP-10482?", "en"),
    ("boots for hiking under $150", "en"),
    ("show me my orders", "en"),
    ("whats the return policy", "en"),
    ("do you ship to Germany", "en"),
    ("wheres my stuff", "en"),
    ("do you have the 始祖鸟 jacket in stock?", "en"),
    ("Nike Air Max有吗", "zh"),
    ("GTX 面料的多少钱", "zh"),
    ("I love my Jack Wolfskin Schuhe, any in black?", "en"),
    ("is the Fjällräven Greenland waterproof", "en"),
    ("Où est ma commande ?", "fr"),
    ("je cherche une veste imperméable", "fr"),
    ("Hola, busco botas", "es"),
    ("bitte stornieren", "de"),
    ("Ich suche eine wasserdichte Jacke", "de"),
    ("Dov'è il mio ordine?", "it"),
    ("vorrei restituire gli scarponi", "it"),
    ("Onde está o meu pedido?", "pt"),
    ("waar is mijn bestelling", "nl"),
    ("gdzie jest moje zamówienie", "pl"),
    ("siparişim nerede", "tr"),
    ("Где мой заказ?", "ru"),
    ("Де моє замовлення?", "uk"),
    ("أين طلبي؟", "ar"),
    ("注文はどこですか", "ja"),
    ("내 주문 어디 있어요", "ko"),
    ("帮我退货 AP-10482", "zh"),
    ("XL有货嗎", "zh"),
    ("150元以内的靴子", "zh"),
    ("i want smth warm 4 winter", "en"),
    ("im a vegan and i dont wear leather", "en"),
    ("merci", "fr"),
    ("gracias", "es"),
    ("danke", "de"),
    ("waterproof jacket", "en"),
    ("Hello", "en"),
    ("I'd prefer something lighter", "en"),
    ("谢谢", "zh"),
    ("ok go ahead", "en"),  # "go" is a small word of Polish too
]
VAGUE = [
    "", "   ", "ok", "OK!", "M", "XL", "42", "AP-10482", "#10482", "👍", "?", "...", "150", "$150", "😀 😀",
    "JKT-1-DGR-M", "no", "https://example.com/Bestellung", "me@example.com", "Gore-Tex", "12/24",
    "2200 Guadalupe Street, Suite 310, Austin, TX 78705",
]  # fmt: skip


@pytest.mark.parametrize(("text", "language"), CASES)
def test_the_language_is_told(text: str, language: str) -> None:
    assert detect(text, SHOP, None) == language


@pytest.mark.parametrize("text", ["取消吧", "yes please", "¿Dónde está mi pedido?", "Wo ist meine Jacke?"])
@pytest.mark.parametrize("previous", ["en", "zh", "de"])
def test_a_clear_message_changes_the_language(text: str, previous: str) -> None:
    assert detect(text, SHOP, previous) == detect(text, SHOP, None)


@pytest.mark.parametrize("text", VAGUE)
@pytest.mark.parametrize("previous", ["en", "zh", "de", None])
def test_vague_text_keeps_the_language(text: str, previous: str | None) -> None:
    assert detect(text, ("zh", "en"), previous) == (previous or "zh")


@pytest.mark.parametrize("text", ["thx", "thanks!", "merci", "gracias", "sorry", "cool", "OK thx", "👍 danke"])
def test_a_word_that_is_borrowed_everywhere_keeps_the_language(text: str) -> None:
    assert detect(text, SHOP, "zh") == "zh"
    assert detect(text, SHOP, "en") == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ok 那就买吧 size M", "zh"),
        ("do you have Спорт socks", "en"),
        ("have you got the しまむら jacket", "en"),
        ("ботинки Salomon Quest 4 GTX есть?", "ru"),
        ("XL の在庫はありますか", "ja"),
    ],
)
@pytest.mark.parametrize("previous", ["en", "zh", None])
def test_a_name_in_another_script_is_not_the_language(text: str, language: str, previous: str | None) -> None:
    assert detect(text, SHOP, previous) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("jeg vil gerne returnere mine sko", "da"), ("missä tilaukseni on", "fi"), ("kde je moje objednávka", "cs"),
        ("mennyibe kerül a szállítás", "hu"), ("unde este comanda mea", "ro"), ("đơn hàng của tôi ở đâu", "vi"),
        ("di mana pesanan saya", "id"), ("скільки коштує доставка", "uk"), ("سفارش من کجاست", "fa"),
        ("میرا آرڈر کہاں ہے", "ur"), ("איפה ההזמנה שלי", "he"), ("ค่าส่งเท่าไหร่", "th"),
        ("मेरा ऑर्डर कहाँ है", "hi"), ("πού είναι η παραγγελία μου", "el"), ("var är min beställning", "sv"),
    ],
)  # fmt: skip
def test_a_language_is_told_that_the_shop_does_not_serve(text: str, language: str) -> None:
    assert detect(text, SHOP, "en") == language
    assert reply_language(language, SHOP) == "en"


@pytest.mark.parametrize("text", ["payment options", "laundry care label", "restock date", "patagonia nano puff"])
def test_a_few_words_without_grammar_are_not_taken_for_a_language_that_is_not_served(text: str) -> None:
    assert detect(text, SHOP, "en") == "en"


def test_a_word_of_two_languages_is_read_as_the_one_spoken() -> None:
    assert detect("ja", ("de", "nl"), "nl") == "nl"
    assert detect("ja", ("de", "nl"), None) == "de"


def test_the_reply_is_in_a_language_of_the_shop() -> None:
    assert reply_language("zh", SHOP) == "zh"
    assert reply_language("es", SHOP) == "en"
    assert reply_language("es", ("de", "en")) == "en"
    assert reply_language("es", ("de", "fr")) == "de"


@given(st.text(max_size=300))
def test_any_text_has_a_language(text: str) -> None:
    assert len(detect(text, SHOP, None)) == 2


def test_it_is_fast() -> None:
    detect("zzz qqq warm up", SHOP, None)
    started = time.perf_counter()
    for text, _ in CASES:
        detect(text, SHOP, None)
    assert (time.perf_counter() - started) / len(CASES) < 0.02
