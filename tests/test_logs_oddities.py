"""What help desks write that nobody expects: who speaks is never guessed, and one odd part costs only itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from finetune.logs import files
from tests.logs_shop import conversation, ticket, write_lines
from tests.test_logs_readers import EXPECTED, TALK, broken, read, said, whole


def comment(author: object, body: str, minute: int = 30, **more: Any) -> dict[str, Any]:
    return {"author_id": author, "body": body, "public": True, "created_at": f"2026-10-01T10:{minute:02}:00Z", **more}


def one_ticket(tmp_path: Path, *more: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    made = ticket(1, *TALK)
    made["comments"] += more
    found = read(write_lines(tmp_path / "log.json", [made | changes]))
    assert not broken(found)
    return said(whole(found)[0])


@pytest.mark.parametrize(
    "note",
    [
        comment(-1, "This request was closed and merged into request #2."),
        comment("-1", "merged into #2"),
        comment(5, "Request #3 was merged into this one", via={"channel": "web", "source": {"rel": "merge"}}),
        comment(5, "We have received your request", via={"channel": "system"}),
        comment(5, "Solved after 4 days", via={"channel": "rule", "source": {"rel": "automation"}}),
    ],
)
def test_what_the_system_writes_is_said_by_nobody(tmp_path: Path, note: dict[str, Any]) -> None:
    assert one_ticket(tmp_path, note) == EXPECTED


def test_whoever_else_writes_is_on_the_customers_side(tmp_path: Path) -> None:
    husband = comment(777, "I am her husband, the parcel is here")
    assert one_ticket(tmp_path, husband, collaborator_ids=[777])[-1] == ("customer", husband["body"])
    assert one_ticket(tmp_path, husband | {"author": {"name": "Ben", "role": "end-user"}})[-1][0] == "customer"
    asking = one_ticket(tmp_path, comment(5, "me"), requester_id=5)
    assert asking[-1][0] == "customer", "an agent who asks is a customer"


def test_an_agent_is_whom_the_file_calls_one(tmp_path: Path) -> None:
    second = comment(6, "I take over")
    assert one_ticket(tmp_path, second)[-1][0] == "customer", "nobody says who that is"
    assert one_ticket(tmp_path, second | {"author": {"role": "agent"}})[-1][0] == "agent"
    assert one_ticket(tmp_path, second, users=[{"id": 6, "role": "admin"}])[-1][0] == "agent"


@pytest.mark.parametrize("first", ["users", "tickets"])
@pytest.mark.parametrize("pretty", [None, 1])
@pytest.mark.parametrize("chunk", [1 << 20, 333])
def test_the_users_of_an_incremental_export_say_who_is_who(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, pretty: int | None, chunk: int
) -> None:
    monkeypatch.setattr(files, "_CHUNK", chunk)
    tickets = [ticket(n, *TALK, assignee_id=None) for n in range(3)]
    users = [{"id": 900, "role": "end-user", "name": "Ann"}, {"id": 5, "role": "agent", "name": "Robin"}]
    parts: dict[str, Any] = {"users": users, "tickets": tickets}
    names = ("users", "tickets") if first == "users" else ("tickets", "users")
    page = {"count": 3, **{name: parts[name] for name in names}, "end_of_stream": True, "after_url": None}
    path = tmp_path / "page.json"
    path.write_text(json.dumps(page, indent=pretty), encoding="utf-8")
    found = read(path)
    assert not broken(found) and [said(one) for one in whole(found)] == [EXPECTED] * 3


def test_users_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    write_lines(folder / "a_users.jsonl", [{"id": 5, "role": "admin", "name": "Robin"}])
    write_lines(folder / "tickets.jsonl", [ticket(1, *TALK, assignee_id=None)])
    found = read(folder)
    assert not broken(found) and said(whole(found)[0]) == EXPECTED


@pytest.mark.parametrize(
    "odd", [comment(None, "who?"), {"body": "no author"}, "words", None, comment(5, "x", created_at="soon")]
)
def test_a_comment_that_cannot_be_read_costs_only_itself(tmp_path: Path, odd: Any) -> None:
    assert one_ticket(tmp_path, odd) == EXPECTED


def one_conversation(tmp_path: Path, *more: Any, **changes: Any) -> list[tuple[str, str]]:
    made = conversation("c1", *TALK)
    made["conversation_parts"]["conversation_parts"] += more
    found = read(write_lines(tmp_path / "log.json", [made | changes]))
    assert not broken(found)
    return said(whole(found)[0])


def part(kind: str, body: str | None, author: Any) -> dict[str, Any]:
    return {"type": "conversation_part", "part_type": kind, "body": body, "created_at": 1760000100, "author": author}


ROBIN = {"type": "admin", "id": "a1", "name": "Robin"}


@pytest.mark.parametrize("kind", ["close", "open", "assignment"])
def test_an_answer_that_was_written_on_closing_is_kept(tmp_path: Path, kind: str) -> None:
    assert one_conversation(tmp_path, part(kind, "<p>Your refund is done.</p>", ROBIN)) == [
        *EXPECTED,
        ("agent", "Your refund is done."),
    ]
    assert one_conversation(tmp_path, part(kind, None, ROBIN), part(kind, "", ROBIN)) == EXPECTED


@pytest.mark.parametrize("kind", ["note", "note_and_reopen", "away_mode_assignment"])
def test_what_only_colleagues_read_is_not(tmp_path: Path, kind: str) -> None:
    assert one_conversation(tmp_path, part(kind, "<p>difficult customer</p>", ROBIN)) == EXPECTED


@pytest.mark.parametrize("odd", [part("comment", "who?", None), {"part_type": "comment"}, "words", None, 7])
def test_a_part_without_an_author_costs_only_itself(tmp_path: Path, odd: Any) -> None:
    assert one_conversation(tmp_path, odd) == EXPECTED
    without = one_conversation(tmp_path, source={"body": "hi", "author": None})
    assert without == EXPECTED[1:]


@pytest.mark.parametrize("type", ["lead", "contact", "visitor", "", None, "somebody"])
def test_a_part_of_anybody_but_the_shop_is_on_the_customers_side(tmp_path: Path, type: str | None) -> None:
    found = one_conversation(tmp_path, part("comment", "me too", {"type": type, "id": "u2"}))
    assert found[-1] == ("customer", "me too")
