"""The API's description for programs: an application with all its routes in, the document at /openapi.json out.

Errors: none.
"""

from typing import Any

from fastapi import FastAPI

from ui.api.problems import Problem

_ABOUT = """\
Conversations with the shop's agent, what it knows of customers and why, products, carts and orders.

Who asks shows `Authorization: Bearer …`: a key of the shop's, the token of a customer, or a visitor's from
POST /v1/visitors. People act for themselves alone; a key acts for whom it names, as far as its scopes go. Amounts of
money are texts with a currency. What goes wrong is a problem document (RFC 9457): `type` is for programs, `detail` for
people. A request that changes something may bear an `Idempotency-Key`: a repeat with the same key gets the first
answer and changes nothing."""

_TAGS = {
    "Visitors": "A browser gets to be somebody.",
    "Signing in": "A visitor turns out to be a customer.",
    "Consultations": "Customers talk with the agent.",
    "Profiles": "What is known of a customer, why, and what they decide about it.",
    "Products": "The catalogue, searched as the agent searches it.",
    "Answers": "What the shop has approved to be said.",
    "Carts": "What a customer is about to buy.",
    "Orders": "What a customer has bought.",
    "Handoffs": "Consultations that wait for a person.",
    "OpenAI": "The same agent for clients of OpenAI's API; their errors have its form.",
    "Health": "Whether the server can answer.",
}
_REFERENCE = "#/components/schemas/{model}"


def publish(app: FastAPI) -> None:
    """Let the document say what FastAPI does not know of: problems, and what the groups are."""
    app.description = _ABOUT
    app.openapi_tags = [{"name": name, "description": words} for name, words in _TAGS.items()]
    written = app.openapi

    def openapi() -> dict[str, Any]:
        document = written()
        document["components"]["schemas"] |= _problem_schemas()
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template=_REFERENCE)
    inner = schema.pop("$defs", {})
    return {**inner, "Problem": schema}
