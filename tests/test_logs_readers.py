"""Logs in every format and state: what is read, what is reported with its line, and what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import ConfigError, DataError, ShopkeeperError
from finetune.logs import files
from finetune.logs.consultation import Consultation
from finetune.logs.sources import FORMATS, Unread, find_format, open_source
from finetune.logs.spool import Spool
from finetune.logs.text_cleanup import clean_body
from tests.logs_shop import conversation, own, ticket, write_lines

TALK = ("where is my order AP-10794?", "It is on its way.", "thanks", "You're welcome.")


def read(path: Path, format: str = "auto", encoding: str | None = None) -> list[Consultation | Unread]:
    """Everything that a log gives."""
    source, spool = open_source(path, format, encoding), Spool(path.parent / ".spool.db")
    unread: list[Consultation | Unread] = list(source.prepare(spool)) if source.is_grouped else []
    return [*unread, *source.read(spool)]


def whole(found: Sequence[Consultation | Unread]) -> list[Consultation]:
    return [one for one in found if isinstance(one, Consultation)]


def broken(found: Sequence[Consultation | Unread]) -> list[Unread]:
    return [one for one in found if isinstance(one, Unread)]


def said(consultation: Consultation) -> list[tuple[str, str]]:
    return [(message.role, clean_body(message.text)) for message in consultation.messages]


EXPECTED = list(zip(("customer", "agent", "customer", "agent"), TALK, strict=True))


def test_own_lines_are_read_with_calls_times_and_consent(tmp_path: Path) -> None:
    line = own("a", *TALK, consent=True, rating="good")
    line["messages"][1] |= {
        "at": "2026-10-01T12:00:00+02:00",
        "tool_calls": [{"name": "get_order", "arguments": {"order_id": "last"}}],
    }
    (found,) = whole(read(write_lines(tmp_path / "log.jsonl", [line])))
    assert said(found) == EXPECTED
    assert (found.id, found.customer, found.consent, found.rating, found.line) == ("a", "C1", True, "good", 1)
    answer = found.messages[1]
    assert answer.at is not None and answer.at.isoformat() == "2026-10-01T10:00:00+00:00"
    assert answer.calls[0].name == "get_order" and answer.calls[0].arguments == {"order_id": "last"}


@pytest.mark.parametrize("form", ["lines", "array", "document", "pretty"])
def test_zendesk_tickets_are_read_in_every_form_without_private_comments(tmp_path: Path, form: str) -> None:
    made = [ticket(n, *TALK, requester=900 + n) for n in range(3)]
    made[1]["comments"].insert(1, {"author_id": 5, "body": "do not tell", "public": False})
    path = tmp_path / "tickets.json"
    texts = {
        "lines": "".join(json.dumps(one) + "\n" for one in made),
        "array": json.dumps(made),
        "document": json.dumps({"count": 3, "tickets": made}),
        "pretty": json.dumps({"tickets": made}, indent=2),
    }
    path.write_text(texts[form], encoding="utf-8")
    found = read(path)
    assert [said(one) for one in whole(found)] == [EXPECTED] * 3 and not broken(found)
    assert [one.customer for one in whole(found)] == ["zendesk:900", "zendesk:901", "zendesk:902"]
    assert all(one.consent and one.resolved and one.rating == "good" for one in whole(found))


def test_a_ticket_a_line_is_a_ticket_wherever_its_comments_stand_in_it(tmp_path: Path) -> None:
    made = [{"comments": one.pop("comments"), **one} for one in (ticket(n, *TALK) for n in range(3))]
    assert [one.id for one in whole(read(write_lines(tmp_path / "log.json", made)))] == ["0", "1", "2"]


def test_comments_that_stand_beside_their_tickets_are_gathered(tmp_path: Path) -> None:
    first, second = ticket(1, *TALK), ticket(2, *TALK)
    comments = [{"ticket_id": one["id"], **c} for one in (second, first) for c in reversed(one.pop("comments"))]
    folder = tmp_path / "export"
    folder.mkdir()
    write_lines(folder / "comments.jsonl", comments)
    write_lines(folder / "tickets.jsonl", [first, second])
    assert [said(one) for one in whole(read(folder))] == [EXPECTED] * 2


def test_intercom_keeps_comments_and_drops_notes_and_events(tmp_path: Path) -> None:
    made = conversation("c1", *TALK)
    made["conversation_parts"]["conversation_parts"][1:1] = [
        {"part_type": "note", "body": "<p>rude</p>", "created_at": 1, "author": {"type": "admin"}},
        {"part_type": "assignment", "body": None, "created_at": 1, "author": {"type": "bot"}},
    ]
    (found,) = whole(read(write_lines(tmp_path / "log.json", [made])))
    assert said(found) == EXPECTED
    assert found.aliases == ("megan.palmer@example.org",) and found.names == ("Robin", "Robin")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_are_read_by_any_of_their_headings_with_rows_scattered(tmp_path: Path, delimiter: str) -> None:
    rows = [("Chat ID", "Sender", "Message", "Created at", "User ID")]
    for n, (role, text) in enumerate(EXPECTED):
        rows += [(f"k{k}", role, f'"{text}"', f"2026-10-01 10:{n:02}", f"C{k}") for k in (1, 2)]
    path = tmp_path / "log.csv"
    path.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8")
    found = read(path)
    assert [(one.id, one.customer, one.line) for one in whole(found)] == [("k1", "C1", 2), ("k2", "C2", 3)]
    assert [said(one) for one in whole(found)] == [EXPECTED] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_the_encoding_is_told_from_the_bytes(tmp_path: Path, encoding: str) -> None:
    line = own("a", "Where is the café jacket for my fiancée Zoé?", "It is déjà on its way to Besançon, très bientôt.")
    path = tmp_path / "log.jsonl"
    path.write_bytes((json.dumps(line, ensure_ascii=False) + "\n").encode(encoding) * 20)
    found = read(path)
    assert not broken(found) and said(whole(found)[0])[0][1] == line["messages"][0]["content"]


def test_a_wrong_encoding_costs_its_line_and_says_so(tmp_path: Path) -> None:
    good = json.dumps(own("a", "très bien", "oui"), ensure_ascii=False).encode() + b"\n"
    path = tmp_path / "log.jsonl"
    path.write_bytes(good * 3 + b'{"id": "b", "x": "\xe9\xe9"}\n' + good)
    (bad,) = broken(found := read(path))
    assert bad.line == 4 and "not utf-8" in bad.problem and "--encoding" in bad.problem
    assert len(whole(found)) == 4
    with pytest.raises(ConfigError, match="no encoding 'utf-9'"):
        read(path, encoding="utf-9")
    with pytest.raises(DataError):
        read(path, encoding="utf-16")


def test_bad_lines_are_named_with_their_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    good = json.dumps(own("a", *TALK))
    bad = ["{broken", '{"id": 1}', '{"id": "x", "customer": "c", "messages": 5}', "[" * 20000, '"words"', "7",
           '{"id": "x", "customer": "c", "messages": [{"role": "boss", "content": "hi"}]}']  # fmt: skip
    path.write_text("\n".join([good, *bad, "", good]), encoding="utf-8")
    found = read(path)
    assert [one.line for one in broken(found)] == [2, 3, 4, 5, 6, 7, 8]
    assert len(whole(found)) == 2
    problems = [one.problem for one in broken(found)]
    assert "column 2" in problems[0] and "customer" in problems[1] and "messages" in problems[2]
    assert "role" in problems[6]
    assert not any("hi" in problem.split() or "words" in problem for problem in problems)


def test_an_element_that_is_broken_inside_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    one = json.dumps(ticket(1, *TALK), indent=1)
    path.write_text(f'[\n{one},\n{{"id": 2, oops {{}} }},\n{json.dumps(ticket(3, *TALK))}\n]', encoding="utf-8")
    found = read(path, "zendesk")
    (bad,) = broken(found)
    assert bad.line == 2 + one.count("\n") + 1
    assert [one.id for one in whole(found)] == ["1", "3"]


def test_an_array_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps([ticket(n, *TALK) for n in range(4)])[:-300], encoding="utf-8")
    found = read(path)
    assert len(whole(found)) == 3 and "does not end" in broken(found)[0].problem


def test_elements_across_the_pieces_of_a_long_array_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_CHUNK", 777)
    path = tmp_path / "log.json"
    path.write_text(json.dumps([ticket(n, *TALK, requester=100 + n) for n in range(50)], indent=1), encoding="utf-8")
    found = read(path, "zendesk")
    assert not broken(found) and [one.id for one in whole(found)] == [str(n) for n in range(50)]
    assert all(said(one) == EXPECTED for one in whole(found))


def test_rows_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "conversation_id,role,text,time\na,customer,hello there,\na,agent\nb,boss,hi,\nc,customer,hi,soon\n,agent,x,\n",
        encoding="utf-8",
    )
    problems = {one.line: one.problem for one in broken(read(path))}
    assert "2 cells under 4 headings" in problems[3]
    assert "role: none of admin, agent" in problems[4] and "boss" not in problems[4]
    assert "neither ISO 8601" in problems[5]
    assert "conversation_id: empty" in problems[6]


def test_what_is_no_log_is_refused_with_what_would_be(tmp_path: Path) -> None:
    empty, csv, other = tmp_path / "e.jsonl", tmp_path / "t.csv", tmp_path / "o.json"
    empty.write_bytes(b" \n")
    csv.write_text("a,b\n1,2\n")
    other.write_text('{"hello": 1}\n')
    with pytest.raises(DataError, match="is empty"):
        read(empty)
    with pytest.raises(DataError, match="no log at"):
        open_source(tmp_path / "missing")
    with pytest.raises(DataError, match="no column for conversation_id, role, text"):
        read(csv, "csv")
    with pytest.raises(ConfigError, match="csv, intercom, jsonl, zendesk"):
        find_format(other)


def test_a_line_without_end_is_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ITEM_CHARS", 1000)
    path = tmp_path / "log.jsonl"
    path.write_text(f"{json.dumps(own('a', *TALK))}\n{'x' * 5000}\n{json.dumps(own('b', *TALK))}\n", encoding="utf-8")
    found = read(path, "jsonl")
    assert [one.id for one in whole(found)] == ["a", "b"] and broken(found)[0].line == 2


SCRAPS = st.sampled_from(
    [
        b'{"id":"a","customer":"c","messages":[', b'{"role":"customer","content":"hi"}', b"]}", b"[", b"]", b"{", b"}",
        b'"', b",", b":", b"\\", b"\n", b"\r\n", b"conversation_id,role,text\n", b"a,customer,hi\n", b"\xff\xfe",
        b"\xef\xbb\xbf", b"\x00", b"\xe9", "退货".encode(), b'{"tickets":[', b'"conversation_parts"', b"1e999", b"NaN",
        b'{"id":1,"requester_id":2}', b'{"ticket_id":1,"author_id":2,"created_at":"x"}',
        b'{"type":"conversation","id":"1","created_at":1e300}',
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(st.binary(max_size=300), st.lists(SCRAPS, max_size=12).map(b"".join)),
    format=st.sampled_from(["auto", *FORMATS]),
    encoding=st.sampled_from([None, None, "utf-8", "utf-16", "latin-1", "gb18030"]),
)
def test_no_bytes_break_a_reader(tmp_path: Path, data: bytes, format: str, encoding: str | None) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    try:
        found = read(path, format, encoding)
    except ShopkeeperError as error:
        assert str(error)
    else:
        assert all(one.line >= 1 for one in found)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["<p>", "</p>", "<br", ">", "&lt;", "\n", "> a", "--\n", "On ", " wrote:"])).map("".join)
)
def test_no_body_breaks_the_cleaning_and_clean_stays_clean(body: str) -> None:
    text = clean_body(body)
    assert text == text.strip() and "\r" not in text and "\n\n\n" not in text
    text.encode("utf-8")


def test_bodies_lose_their_markup_quotes_and_signatures() -> None:
    html = "<div>Hi,<br>is it <b>warm</b>?</div><blockquote>old words</blockquote><p>Best regards,<br>Megan</p>"
    assert clean_body(html) == "Hi,\nis it warm?"
    assert clean_body("Yes, it is.\n\nOn Mon, 2 Mar 2026 Robin <robin@example.org> wrote:\n> is it?\n") == "Yes, it is."
    assert clean_body("is 3 < 5 &amp; 7 > 2?  I <3 it\u200b") == "is 3 < 5 & 7 > 2? I <3 it"
    assert clean_body("<script>alert(1)</script>") == ""
