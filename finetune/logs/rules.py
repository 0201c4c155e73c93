"""What makes a consultation worth learning from: all thresholds in one place, and the first reason against it.

In: a cleaned consultation. Out: None, or a reason in a few words that can be counted. Pure functions.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.logs.consultation import Consultation, LoggedMessage
from language.detection import detect

NO_CONSENT = "no consent to training"
DUPLICATE = "near-duplicate of an earlier consultation"


@dataclass(frozen=True, slots=True)
class Rules:
    """Thresholds of the quality filter, of near-duplicates and of the splits.

    `min_customer_chars`: of all the customer's words. `max_repeats`: how often the agent may say the same (folded).
    `max_similarity`: of two consultations' word triples (Jaccard, estimated); more is a near-duplicate.
    `train_share` and `val_share`: of the customers; the rest is for testing.
    """

    min_customer_chars: int = 8
    min_agent_chars: int = 2
    max_messages: int = 80
    max_chars: int = 30_000
    max_message_chars: int = 4_000
    max_repeats: int = 2
    max_similarity: float = 0.8
    train_share: float = 0.9
    val_share: float = 0.05
    examples: int = 5


def objection(consultation: Consultation, rules: Rules, languages: Sequence[str]) -> str | None:
    """The first reason not to learn from a consultation whose messages are clean and joined by turns."""
    customer = [m.text for m in consultation.messages if m.role == "customer"]
    agent = [m for m in consultation.messages if m.role == "agent"]
    if not customer:
        return "no words of the customer"
    if not any(m.calls or len(m.text) >= rules.min_agent_chars for m in agent):
        return "no answer of the agent"
    if sum(map(len, customer)) < rules.min_customer_chars:
        return f"fewer than {rules.min_customer_chars} characters of the customer"
    if len(consultation.messages) > rules.max_messages:
        return f"more than {rules.max_messages} messages"
    if max(len(m.text) for m in consultation.messages) > rules.max_message_chars:
        return f"a message of more than {rules.max_message_chars} characters"
    if sum(len(m.text) for m in consultation.messages) > rules.max_chars:
        return f"more than {rules.max_chars} characters"
    said = Counter(re.sub(r"\W+", " ", m.text.casefold()) for m in agent if len(m.text) > rules.min_customer_chars)
    if said and said.most_common(1)[0][1] > rules.max_repeats:
        return "the agent repeats itself"
    if consultation.rating == "bad":
        return "rated bad by the customer"
    if consultation.resolved is False:
        return "not resolved"
    if (language := language_of(consultation, languages)) not in languages:
        return f"in a language the shop does not speak ({language})"
    return None


def language_of(consultation: Consultation, languages: Sequence[str]) -> str:
    """The language of the customer's words as a whole."""
    words = "\n".join(message.text for message in consultation.messages if message.role == "customer")
    return detect(words[:4000], languages, None)


def joined(messages: Sequence[LoggedMessage]) -> tuple[LoggedMessage, ...]:
    """One message a turn of speech: what somebody says in several messages in a row is said at once."""
    turns: list[LoggedMessage] = []
    for message in messages:
        if not message.text and not message.calls:
            continue
        if turns and turns[-1].role == message.role:
            last = turns[-1]
            text = "\n".join(filter(None, (last.text, message.text)))
            turns[-1] = LoggedMessage(last.role, text, last.at, (*last.calls, *message.calls))
        else:
            turns.append(message)
    return tuple(turns)
