"""A small shop for the tests of logs: the demo shop's schema and rules, a few of its products and answers, and invented
customers and orders; and invented logs in every format.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path("shop")
ANSWERS = ("return-window", "free-shipping", "delivery-time", "warranty")
CUSTOMERS: Sequence[dict[str, Any]] = (
    {"id": "C1", "name": "Megan Palmer", "email": "megan.palmer@example.org", "phone": "+1-415-555-0143",
     "language": "en", "address": "543 Birch Street, Apt 15, San Francisco, CA 94110", "consent": {"training": True}},
    {"id": "C2", "name": "沈建国", "email": "jianguo@example.org", "phone": "+1-415-555-0199",
     "language": "zh", "address": "14 Ferry Road, San Francisco, CA 94110", "consent": {"training": True}},
    {"id": "C3", "name": "Elan Whitehorse", "email": "elan@example.org", "phone": "", "consent": {"training": False}},
)  # fmt: skip
ORDERS: Sequence[dict[str, Any]] = (
    {"id": "AP-10794", "customer": "C1", "placed": "2026-10-20T09:00:00Z", "status": "paid",
     "items": [{"sku": "SOC-1", "title": "Ibex Merino Crew Socks", "quantity": 1, "price": 34.9}], "total": 34.9,
     "address": "543 Birch Street, Apt 15, San Francisco, CA 94110"},
    {"id": "AP-10011", "customer": "C2", "placed": "2026-09-01T09:00:00Z", "status": "shipped",
     "items": [{"sku": "BOT-1", "title": "Ridge Leather Boots", "quantity": 1, "price": 189.0}], "total": 189.0,
     "address": "14 Ferry Road, San Francisco, CA 94110", "carrier": "Cedar Post", "tracking": "CP3210337854",
     "eta": "2026-11-28"},
)  # fmt: skip


def make_shop(folder: Path) -> Path:
    """A shop directory that opens in a few seconds."""
    folder.mkdir(parents=True)
    for name in ("shop.toml", "profile.yaml", "policy.md"):
        shutil.copy(SOURCE / name, folder / name)
    lines = (SOURCE / "catalog.jsonl").read_text(encoding="utf-8").splitlines()
    jackets = [line for line in lines if '"category":"jackets"' in line][:8]
    (folder / "catalog.jsonl").write_text("\n".join(jackets + lines[-8:]) + "\n", encoding="utf-8")
    answers = yaml.safe_load((SOURCE / "answers.yaml").read_text(encoding="utf-8"))
    few = [answer for answer in answers if answer["id"] in ANSWERS] or answers[:4]
    (folder / "answers.yaml").write_text(yaml.safe_dump(few, allow_unicode=True), encoding="utf-8")
    write_lines(folder / "customers.jsonl", CUSTOMERS)
    write_lines(folder / "orders.jsonl", ORDERS)
    return folder


def write_lines(path: Path, values: Sequence[Any]) -> Path:
    """JSON Lines."""
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
    return path


def own(id: str, *texts: str, customer: str = "C1", **more: Any) -> dict[str, Any]:
    """A line of the own form: the customer speaks first, then they take turns."""
    roles = ("customer", "agent")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return {"id": id, "customer": customer, "messages": messages, **more}


def ticket(id: int, *texts: str, requester: int = 900, **more: Any) -> dict[str, Any]:
    """A Zendesk ticket with its comments in it; the requester writes first."""
    comments = [
        {"author_id": (requester, 5)[n % 2], "body": text, "public": True, "created_at": f"2026-10-01T10:{n:02}:00Z"}
        for n, text in enumerate(texts)
    ]
    return {"id": id, "requester_id": requester, "assignee_id": 5, "status": "solved", "tags": ["training_consent"],
            "satisfaction_rating": {"score": "good"}, "comments": comments, **more}  # fmt: skip


def conversation(id: str, *texts: str, **more: Any) -> dict[str, Any]:
    """An Intercom conversation; the contact writes first, in HTML."""
    authors = ({"type": "user", "id": "u1"}, {"type": "admin", "id": "a1", "name": "Robin"})
    parts = [
        {"part_type": "comment", "body": f"<p>{text}</p>", "created_at": 1760000000 + n, "author": authors[n % 2]}
        for n, text in enumerate(texts)
    ]
    contact = {"id": "u1", "email": "megan.palmer@example.org", "custom_attributes": {"training_consent": True}}
    return {"type": "conversation", "id": id, "created_at": 1760000000, "state": "closed",
            "source": {"body": parts[0]["body"], "author": authors[0]}, "contacts": {"contacts": [contact]},
            "conversation_parts": {"conversation_parts": parts[1:]}, **more}  # fmt: skip
