"""Ids of orders in what customers write: "AP-10482", "#48201", "order 10482", "A P dash one zero four eight two".

In: a text, the languages it is read by and, where they are known, the customer's own ids and the shapes of the shop's.
Out: `OrderId`s with their places. An own id is found however it is written. Any other run of digits is an id only where
the words around it say so: a year, a price, a telephone number or a postcode is none. Pure functions.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel.core import get_global

from language.numbers import find_numbers
from language.packs import Section, section
from language.text import Folded, Span, fold

_ANY = re.compile(r"(?<![A-Za-z0-9])#?(?:[A-Za-z]{1,4}-?\d{3,}|\d{4,})(?:[-/]\d{3,})*(?!\d)")
_LETTERED = re.compile(
    r"(?<![a-z0-9])#?(?P<prefix>[a-z]{1,4})(?P<joint>[-_]| (?=\d))?\d{3,}(?:[-/]\d{3,})*(?![a-z0-9])"
)
_DIGITS = re.compile(r"(?<![a-z0-9.,/+-])(?P<mark>#\s?|№\s?)?\d{4,14}(?:[-/]\d{3,})*(?![a-z0-9]|[.,/-]\d)")
_PLAIN = re.compile(r"[#№]?\s?[^\W\d_]{0,4}[\s_-]?\d[\d/-]*")
_CURRENCY_SIGNS = "$€£¥₩₽₹"
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEAST_DIGITS = 4  # of an id that is nobody's own
_LEAST_OWN = 3  # of an own one without its letters
_GAP = r"[\s#_./-]*"
_SPOKEN = re.compile(r"[a-z0-9]+|[-/#]|[^\W\da-z_]")
_LONGEST_DIGIT = 8  # letters of a word for one digit
_NO_PREFIX = frozenset({"EU", "UK", "US", "NO"})


class IdWords(Section):
    """The section `ids` of a pack: regular expressions for what is around digits, and signs by their spoken names."""

    before: str
    order_words: str
    not_before: str
    not_after: str
    address: str
    fillers: str
    spoken_joints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrderId:
    """An id from `start` to `end` of the text, as `text` has it.

    `id` is how it is looked up: the customer's own id if it `is_own`, else in capitals, without "#", digits as digits.
    `written` is how a call may copy it: what was spelt out is put together.
    """

    start: int
    end: int
    text: str
    id: str
    is_own: bool
    written: str


def shape_of(order_id: str) -> str:
    """What ids of one shop have in common, every digit being 9: ``shape_of("AP-10482") == "AP-99999"``."""
    return re.sub(r"\d", "9", order_id.upper())


def possible_ids(text: str) -> list[str]:
    """Whatever may be an order's id, as it is written, once each: for a shop of which nothing else is known."""
    return list(dict.fromkeys(_ANY.findall(text)))


def find_order_ids(
    text: str,
    languages: Sequence[str],
    shapes: Collection[str] = (),
    taken: Collection[Span] = (),
    own: Collection[str] = (),
) -> tuple[OrderId, ...]:
    """The ids that a text names, in its order. `taken`: places that are something else; `own`: the customer's ids."""
    page = fold(text)
    words = [words for language in languages if (words := section(language, "ids", IdWords))]
    shapes = frozenset(shapes) | {shape_of(each) for each in own}
    found: list[OrderId] = []
    for start, end, written, order in [
        *_own_ids(page, own, words, languages),
        *((*candidate, None) for candidate in _candidates(page, words, shapes, languages)),
    ]:
        place = page.span(start, end)
        others = [*(taken if order is None else ()), *((each.start, each.end) for each in found)]
        if not any(place[0] < other[1] and other[0] < place[1] for other in others):
            said, known = text[slice(*place)], order or _own_of(written, own)
            looked_up = known or _in_shape(written, shapes)
            copied = said if _PLAIN.fullmatch(said) else looked_up
            found.append(OrderId(*place, said, looked_up, bool(known), copied))
    return tuple(sorted(found, key=lambda each: each.start))


def _own_ids(
    page: Folded, own: Collection[str], words: Sequence[IdWords], languages: Sequence[str]
) -> Iterator[tuple[int, int, str, str | None]]:
    """Where a text has an own id; its letters may be left out if its digits tell it from the others."""
    rests = [_parts(order)[1] for order in own]
    for order in own:
        letters, digits = _parts(order)
        is_alone = rests.count(digits) == 1 and len(digits) >= _LEAST_OWN
        head = rf"(?:{_loose(letters)}{_GAP}){'?' if is_alone else ''}" if letters else ""
        for match in re.finditer(rf"(?<![a-z0-9])#?{head}{_loose(digits)}(?![a-z0-9])", page.text):
            if page.text[: match.start()].rstrip()[-1:] not in tuple(_CURRENCY_SIGNS):
                yield match.start(), match.end(), match[0], order
    for start, end, written in _spoken_runs(page.text, words, languages):
        if (known := _own_of(written, own)) is not None:
            yield start, end, written, known


def _own_of(written: str, own: Collection[str]) -> str | None:
    """The own id that a written one is, by its letters and digits or by its digits alone."""
    letters, digits = _parts(written)
    same = [order for order in own if _parts(order) == (letters, digits)]
    if not same and not letters:
        same = [order for order in own if _parts(order)[1] == digits]
    return same[0] if len(same) == 1 else None


def _parts(order: str) -> tuple[str, str]:
    """The letters that an id begins with, and the rest without what stands between, both small."""
    bare = re.sub(r"[\W_]", "", fold(order).text)
    rest = bare.lstrip("abcdefghijklmnopqrstuvwxyz")
    return bare.removesuffix(rest), rest


def _loose(text: str) -> str:
    return _GAP.join(map(re.escape, text))


def _candidates(
    page: Folded, words: Sequence[IdWords], shapes: frozenset[str], languages: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    text = page.text
    speaks_of_orders = any(re.search(each.order_words, text) for each in words)
    ends: list[int] = []
    for match in _LETTERED.finditer(text):
        if _is_lettered_id(text, match, words, shapes, speaks_of_orders):
            ends.append(match.end())
            yield match.start(), match.end(), match[0].lstrip("#")
    for start, end, written in _spoken_runs(text, words, languages):
        if any(_fits(written, shape) for shape in shapes) or speaks_of_orders or (not shapes and "-" in written):
            yield start, end, written
    for match in _DIGITS.finditer(text):
        if _is_digits_id(text, match, words, shapes, speaks_of_orders, ends):
            ends.append(match.end())
            yield match.start(), match.end(), match[0].lstrip("#№ ")


def _is_lettered_id(
    text: str, match: re.Match[str], words: Sequence[IdWords], shapes: frozenset[str], speaks_of_orders: bool
) -> bool:
    prefix = match["prefix"].upper()
    if prefix in _currencies() or prefix in _NO_PREFIX:
        return False
    if any(_fits(match[0], shape) for shape in shapes):
        return True
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
    ends: Sequence[int],
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
    if any(end <= start and len(re.findall(r"\w+", text[end:start])) <= 1 for end in ends):  # "10482 and 10483"
        return True
    is_all = any(_only_fillers(before, each) and _only_fillers(after, each) for each in words)
    if is_all or not shaped or not speaks_of_orders:
        return is_all
    leads = (rf"(?:^|[,.;:!?]|(?<![a-z])(?:{each.fillers}|{each.order_words}))\W*$" for each in words)
    led = any(re.search(lead, before) for lead in leads)
    return led and not any(re.search(each.address, text) for each in words)  # there it may be a postcode


def _only_fillers(text: str, words: IdWords) -> bool:
    """Whether a message says nothing but "it's" or "my number is" beside an id."""
    return re.fullmatch(rf"\W*(?:(?:{words.fillers})(?!\w)\W*)*", text) is not None


def _spoken_runs(text: str, words: Sequence[IdWords], languages: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """What is spelt out and has digits enough for an id: single letters, a dash by its name, digits as words."""
    joints = {name: sign for each in words for name, sign in each.spoken_joints.items()}
    run: list[tuple[int, int, str]] = []
    for match in _SPOKEN.finditer(text):
        written = _spoken_sign(match[0], joints, languages)
        if written and (not run or not text[run[-1][1] : match.start()].strip()):
            run.append((*match.span(), written))
            continue
        yield from _whole_run(run)
        run = [(*match.span(), written)] if written else []
    yield from _whole_run(run)


def _whole_run(run: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """From the letters right before the digits on; what is one sign or word with all digits in it was not spelt out."""
    while run and not run[-1][2][-1].isdigit():
        run = run[:-1]
    while run and (run[0][2] in "-/#" or _is_article(run)):
        run = run[1:]
    joined = re.sub("-+", "-", "".join(sign for _, _, sign in run))
    if len(run) > 1 and sum(char.isdigit() for char in joined) >= _LEAST_DIGITS:
        yield run[0][0], run[-1][1], joined


def _is_article(run: Sequence[tuple[int, int, str]]) -> bool:
    """ "A" of "a 1 0 4 8 2": one letter that no other and no dash follows."""
    return len(run) > 1 and run[0][2].isalpha() and run[1][2].isdigit() and len(run[0][2]) == 1


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
    if word in ("-", "/") or word.isdecimal() or re.fullmatch(r"[a-z]", word):
        return word
    return "" if len(word) > _LONGEST_DIGIT else _sign_of_word(word, tuple(languages))


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
