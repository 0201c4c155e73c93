"""A consultation as people read it: ``talk(consultation)``, what the customer says with what is wanted and called.

In: a `Consultation`. Out: text.
"""

import json
from collections.abc import Iterator

from finetune.consultations.consultation import Call, Consultation, Message
from finetune.consultations.written import split_of


def talk(consultation: Consultation) -> str:
    """Who speaks to which shop, then message by message."""
    one = consultation
    lines = [f"{one.id}: {one.customer} in {one.shop} ({one.language}, {split_of(one).replace('_', ' ')})", one.voice]
    for number, message in enumerate(one.messages, 1):
        lines += ["", f"{number:2}  {message.say}", *(f"    {line}" for line in _about(message))]
    return "\n".join(lines)


def _about(message: Message) -> Iterator[str]:
    yield f"wants {', '.join(message.wants)}"
    yield from (f"-> {_call(call)}" for call in message.calls)
    yield from (f"not noted: {one.attribute} {one.value} ({one.because})" for one in message.not_noted)


def _call(call: Call) -> str:
    said = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in call.arguments.items())
    return f"{call.tool}({', '.join(said)})"
