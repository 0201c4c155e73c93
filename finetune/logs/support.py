"""Whether the calls of a turn stand for what the log's agent said: the rule by which weak labels are kept.

In: what the calls gave on the scratch shop, and the reply in the log. Out: None, or the reason against it. The rule,
all of it: every call succeeds as it was written; the profile refuses nothing; the gate finds each price, number, date,
id and claim of the reply in the results or the customer's words; and the reply speaks of each result that is not the
profile's: it names a product that was found, or the order, or its status, or the act that is proposed, or says what the
approved answer says. Calls that only note something stand for a reply that claims nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.context import Services
from agent.replies.gate import Evidence, check
from agent.replies.gate.keys import SHARED
from agent.tools import evidence_keys
from agent.turn import Step
from language.text import has_han
from language.words import mentions, plain, stems

SMALL_TALK_CHARS = 200
_TITLE_SHARE = 0.6
_ANSWER_SHARE, _ANSWER_LIKENESS = 0.4, 0.6
# The agent of a log acts at once where ours proposes and waits for a yes: its "has been cancelled" is our proposal.
_AT_ONCE = {
    "cancel_order": "The order has been cancelled and refunded. 订单已取消，已退款。",
    "return_items": "The items have been returned and refunded. 已退货，已退款。",
    "change_address": "The address has been changed. 地址已更改。",
    "exchange_items": "The exchange has been set up. 换货已登记。",
    "report_problem": "The problem has been reported. 问题已登记。",
}


def objection_to_calls(steps: Sequence[Step], reply: str, said: Sequence[str], services: Services) -> str | None:
    """Why these calls are no label for a turn with this reply."""
    if not all(step.ok for step in steps):
        return "a call failed"
    if not all(map(_means_what_it_found, steps)):
        return "a call was put right by its tool"
    results = [step.result for step in steps]
    for result in results:
        if result["kind"] == "profile" and result["refused"]:
            return "the profile refused a change"
        if result["kind"] == "profile" and not (result["added"] or result["superseded"] or result["retracted"]):
            return "nothing new was noted"
    acts = [_AT_ONCE[result["proposal"]["kind"]] for result in results if result["kind"] == "proposal"]
    texts = [json.dumps(result, ensure_ascii=False) for result in results]
    texts += [json.dumps({"text": act}, ensure_ascii=False) for act in acts]
    report = check(reply, Evidence(tuple(texts), tuple(said), evidence_keys(services.tools)))
    if report.blocked:
        return "the reply says what no result holds"
    others = [result for result in results if result["kind"] != "profile"]
    if not others:
        return "the reply claims something, and nothing was looked up" if report.checked else None
    if not all(_speaks_of(reply, result, services) for result in others):
        return "the reply speaks of something else"
    return None


def _means_what_it_found(step: Step) -> bool:
    """Tools forgive slips (an order id that nobody said, a filter that no product has); a label must have none."""
    result = step.result
    if result["kind"] == "products":
        return not result["dropped"]
    if result["kind"] not in ("order", "proposal"):
        return True
    found = result["order"]["id"] if result["kind"] == "order" else result["proposal"]["summary"]["order_id"]
    asked = re.sub(r"\D", "", str(step.arguments.get("order_id", "")))
    return not asked or asked == re.sub(r"\D", "", str(found))


def is_small_talk(reply: str, said: Sequence[str]) -> bool:
    """Words without calls are learnt only if they are few and claim nothing."""
    report = check(reply, Evidence((), tuple(said), SHARED))
    return len(reply) <= SMALL_TALK_CHARS and report.checked == 0


def _speaks_of(reply: str, result: Mapping[str, Any], services: Services) -> bool:
    match result["kind"]:
        case "products":
            return any(_names_product(reply, hit) for hit in result["hits"])
        case "answer":
            return bool(result["text"]) and _says_the_same(reply, str(result["text"]), services)
        case "order":
            return _names_order(reply, result["order"]) or _any_of(reply, "statuses", result["order"]["status"])
        case "orders":
            return any(_names_order(reply, order) for order in result["orders"])
        case "proposal":
            return _any_of(reply, "acts", result["proposal"]["kind"])
        case "handoff":
            return _any_of(reply, "acts", "hand_off")
        case "profile_read":
            return any(mentions(reply, _shown(trait["value"])) for trait in result["traits"])
    return False


def _names_product(reply: str, hit: Mapping[str, Any]) -> bool:
    """Its number, or most of the words of its title."""
    if hit["sku"].casefold() in reply.casefold():
        return True
    for title in (hit["title"], *hit["titles"].values()):
        if has_han(title):
            if title in reply:
                return True
        elif (words := stems(title)) and len(words & stems(reply)) >= _TITLE_SHARE * len(words):
            return True
    return False


def _names_order(reply: str, order: Mapping[str, Any]) -> bool:
    return re.sub(r"\D", "", order["id"]) in re.sub(r"(?<=\d)[ -](?=\d)", "", reply) or any(
        len(words := stems(item["title"])) > 1 and words <= stems(reply) for item in order["items"]
    )


def _says_the_same(reply: str, text: str, services: Services) -> bool:
    """Enough words in common, or near enough in meaning."""
    mine, theirs = _content(reply), _content(text)
    if mine and len(mine & theirs) >= _ANSWER_SHARE * len(mine):
        return True
    vectors = services.retriever.embedder.encode([reply, text])
    return bool(float(vectors[0] @ vectors[1]) >= _ANSWER_LIKENESS)


def _content(text: str) -> frozenset[str]:
    """Word stems of more than three letters, and pairs of Chinese characters."""
    han = re.findall(r"[\u3400-\u9fff]+", text)
    pairs = {run[at : at + 2] for run in han for at in range(len(run) - 1)}
    return frozenset(pairs | {word for word in stems(text) if len(word) > 3 or word.isdigit()})


def _any_of(reply: str, group: str, name: str) -> bool:
    folded = plain(reply)
    return any(plain(word) in folded for word in _words()[group].get(name, ()))


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@cache
def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(
        Path(__file__).with_name("agreement.yaml").read_text(encoding="utf-8")
    )
    return loaded
