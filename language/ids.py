"""Ids of orders in what customers write: "AP-10482", "#48201", "order 10482", "A P dash one zero four eight two".

In: a text, the languages it is read by, and, where the shop's are known, the shapes of its ids. Out: `OrderId`s with
their places. A run of digits is an id only where the words around it say so: a year, a price, a telephone number or a
postcode is none. Pure functions.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel.core import get_global

from language.numbers import find_numbers
from language.packs import Section, section
from language.text import Folded, Span, fold

_LETTERED = re.compile(r"(?<![a-z0-9])#?(?P<prefix>[a-z]{1,4})(?P<joint>[-_]| (?=\d))?\d{3,}(?:[-/]\d{3,})*(?![\w])")
_DIGITS = re.compile(r"(?<![\w.,/+-])(?P<mark>#\s?|№\s?)?\d{4,14}(?:[-/]\d{3,})*(?![\w]|[.,/-]\d)")
_CURRENCY_SIGNS = "$€£¥₩₽₹"
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEAST_DIGITS = 4
_SPOKEN = re.compile(r"[a-z0-9]+|[-/#]|[^\W\da-z_]+")


class IdWords(Section):
    """The section `ids` of a pack: regular expressions for what is around digits, and signs by their spoken names."""

    before: str
    order_words: str
    not_before: str
    not_after: str
    fillers: str
    spoken_joints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrderId:
    """An id from `start` to `end` of the text. `id` is how it is looked up: capitals, no "#", digits as digits."""

    start: int
    end: int
    id: str


def shape_of(order_id: str) -> str:
    """What ids of one shop have in common, every digit being 9: ``shape_of("AP-10482") == "AP-99999"``."""
    return re.sub(r"\d", "9", order_id.upper())


def find_order_ids(
    text: str, languages: Sequence[str], shapes: Collection[str] = (), taken: Collection[Span] = ()
) -> tuple[OrderId, ...]:
    """The ids that a text names, in its order. `taken`: places that are something else, such as dates."""
    page = fold(text)
    words = [words for language in languages if (words := section(language, "ids", IdWords))]
    found: list[OrderId] = []
    for start, end, written in _candidates(page, words, frozenset(shapes), languages):
        place = page.span(start, end)
        others = [*taken, *((each.start, each.end) for each in found)]
        if not any(place[0] < other[1] and other[0] < place[1] for other in others):
            found.append(OrderId(*place, _in_shape(written, shapes)))
    return tuple(sorted(found, key=lambda each: each.start))


def _candidates(
    page: Folded, words: Sequence[IdWords], shapes: frozenset[str], languages: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    text = page.text
    speaks_of_orders = any(re.search(each.order_words, text) for each in words)
    for match in _LETTERED.finditer(text):
        if _is_lettered_id(text, match, words, shapes, speaks_of_orders):
            yield match.start(), match.end(), match[0].lstrip("#")
    yield from _spoken_ids(text, words, shapes, languages, speaks_of_orders)
    accepted_end = -1
    for match in _DIGITS.finditer(text):
        if _is_digits_id(text, match, words, shapes, speaks_of_orders, accepted_end):
            accepted_end = match.end()
            yield match.start(), match.end(), match[0].lstrip("#№ ")


def _is_lettered_id(
    text: str, match: re.Match[str], words: Sequence[IdWords], shapes: frozenset[str], speaks_of_orders: bool
) -> bool:
    prefix = match["prefix"].upper()
    if prefix in _currencies() or prefix in ("EU", "UK", "US", "NO"):
        return False
    if shapes:
        return any(_fits(match[0], shape) for shape in shapes)
    before = text[: match.start()]
    named = any(re.search(each.before, before) for each in words)
    if match["joint"] == " ":  # "ap 10482", but not "over 2000"
        return named and len(prefix) <= 3
    is_alone = match[0] == text.strip()
    return named or speaks_of_orders or is_alone or match["joint"] is not None or match[0].startswith("#")


def _is_digits_id(
    text: str,
    match: re.Match[str],
    words: Sequence[IdWords],
    shapes: frozenset[str],
    speaks_of_orders: bool,
    accepted_end: int,
) -> bool:
    start = match.start()
    before, after = text[:start].rstrip(), text[match.end() :]
    if before[-1:] in tuple(_CURRENCY_SIGNS) or after.lstrip()[:1] in tuple(_CURRENCY_SIGNS):
        return False
    if any(re.search(each.not_after, after) for each in words):
        return False
    if match["mark"]:
        return True
    shaped = any(_fits(match[0], shape) for shape in shapes)
    unlikely = any(re.search(each.not_before, text[:start]) for each in words)
    if any(re.search(each.before, text[:start]) for each in words):
        return not (unlikely and _YEAR.fullmatch(match[0]) and not shaped)
    if unlikely or (_YEAR.fullmatch(match[0]) and not shaped):
        return False
    if accepted_end >= 0 and len(re.findall(r"\w+", text[accepted_end:start])) <= 1:  # "10482 and 10483"
        return True
    is_all = any(_only_fillers(before, each) and _only_fillers(after, each) for each in words)
    return (is_all or (speaks_of_orders and shaped)) if shapes else is_all


def _only_fillers(text: str, words: IdWords) -> bool:
    """Whether a message says nothing but "it's" or "my number is" beside an id."""
    return re.fullmatch(rf"\W*(?:(?:{words.fillers})(?!\w)\W*)*", text) is not None


def _spoken_ids(
    text: str, words: Sequence[IdWords], shapes: frozenset[str], languages: Sequence[str], speaks_of_orders: bool
) -> Iterator[tuple[int, int, str]]:
    """Ids that are spelt out: single letters, a dash by its name, digits as words."""
    joints = {name: sign for each in words for name, sign in each.spoken_joints.items()}
    run: list[tuple[int, int, str]] = []
    for match in [*_SPOKEN.finditer(text), None]:
        written = _spoken_sign(match[0], joints, languages) if match else ""
        gap = text[run[-1][1] : match.start()] if run and match else ""
        if written and not gap.strip():
            run.append((match.start(), match.end(), written))  # type: ignore[union-attr]  # there is one: it is written
            continue
        yield from _spoken_run(run, shapes, speaks_of_orders)
        run = [(match.start(), match.end(), written)] if written and match else []


def _spoken_run(
    run: Sequence[tuple[int, int, str]], shapes: frozenset[str], speaks_of_orders: bool
) -> Iterator[tuple[int, int, str]]:
    """A run of signs that were spoken one by one is an id if it has digits enough and looks like one."""
    while run and run[0][2] in "-/#":
        run = run[1:]
    while run and not run[-1][2].isdigit():
        run = run[:-1]
    joined = "".join(sign for _, _, sign in run)
    digits = sum(char.isdigit() for char in joined)
    if digits < _LEAST_DIGITS or len(run) < _LEAST_DIGITS:
        return
    if any(_fits(joined, shape) for shape in shapes) or (not shapes and (speaks_of_orders or "-" in joined)):
        yield run[0][0], run[-1][1], joined


@lru_cache(maxsize=4096)
def _sign_of_word(word: str, languages: tuple[str, ...]) -> str:
    numbers = find_numbers(word, languages)
    if len(numbers) != 1 or numbers[0].text != word or len(numbers[0].values) != 1:
        return ""
    value = numbers[0].values[0]
    return str(int(value)) if value == int(value) and 0 <= value <= 9 else ""


def _spoken_sign(word: str, joints: Mapping[str, str], languages: Sequence[str]) -> str:
    if word in joints:
        return joints[word]
    if word in ("-", "/") or re.fullmatch(r"[a-z]|\d", word):
        return word
    if word.isdigit() or len(word) > 8:
        return ""
    return _sign_of_word(word, tuple(languages))


def _fits(written: str, shape: str) -> bool:
    """Whether an id as somebody wrote it may be of this shape: with its letters or its digits alone."""
    bare = re.sub(r"[^0-9A-Z]", "", shape_of(written))
    wanted = re.sub(r"[^0-9A-Z]", "", shape)
    return bare in (wanted, re.sub(r"[^9]", "", wanted))


def _in_shape(written: str, shapes: Collection[str]) -> str:
    """The id as the shop writes it, where one shape with these letters is known: "ap 10482" as AP-10482."""
    bare = re.sub(r"[^0-9A-Z]", "", written.upper())
    for shape in shapes:
        if shape_of(bare) == re.sub(r"[^0-9A-Z]", "", shape):
            signs = iter(bare)
            return "".join(next(signs) if char.isalnum() else char for char in shape)
    return re.sub(r"\s+", "", written.upper())


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))
