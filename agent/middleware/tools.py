"""Around each tool call: in the order the model wrote them, and errors become results the reply can speak of.

In: LangGraph's tool call requests, which it runs in threads. Out: a ToolMessage for each; one that failed has status
"error" and an artifact of kind "refused" or "failed", so that nothing a customer says can break a consultation. What
the model did wrong (arguments that the tool does not take, or cannot use) is told and no more; what we did wrong, or
the database, is logged with its place too.
"""

import inspect
import logging
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ToolCallRequest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.types import Command
from pydantic import ValidationError

from agent.context import ShopState, TurnContext
from agent.tools.outcome import REFUSED, RefusedWrite
from errors import ConfigError, DataError, NotFound, Refused

log = logging.getLogger(__name__)
_MOST_CHARS = 300  # of an error that the model reads, and reads again in each later turn: some list all that there is
_NOTHING: tuple[Any, ...] = ("", None, [], {})
_UNUSABLE = (ConfigError, DataError, NotFound, Refused)  # a value that the model gave


class ToolError(Exception):
    """A tool of ours broke; the cause says how. Not pydantic's error, which LangGraph would take for the model's."""


class InOrder(AgentMiddleware[ShopState, TurnContext, Any]):
    """Runs the calls of one message one after the other.

    A profile write must be seen by the search beside it. LangGraph starts the calls in order, each in a thread of a
    pool; each waits here for those before it, so the first unfinished one can always run, whatever the pool's size.
    """

    def __init__(self) -> None:
        super().__init__()
        self._finished: set[str] = set()
        self._changed = threading.Condition()

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Wait for the calls before this one, then run it."""
        message, calls = _siblings(request.state["messages"])
        own = f"{message}/{request.tool_call['id']}"
        before = set(calls[: calls.index(own)])
        with self._changed:
            self._changed.wait_for(lambda: before <= self._finished)
        try:
            return handler(request)
        finally:
            with self._changed:
                self._finished.add(own)
                if own == calls[-1]:
                    self._finished -= set(calls)
                self._changed.notify_all()


class ErrorsAsResults(AgentMiddleware[ShopState, TurnContext, Any]):
    """Turns a mistake of the model into a result; any other error is logged and told to the customer as a failure."""

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Run the tool; never raise."""
        try:
            request = _as_told(request)
            _check_names(request)
            return handler(request)
        except RefusedWrite as refusal:
            artifact = {"kind": REFUSED, "phrase": refusal.phrase, "slots": refusal.slots, "reason": str(refusal)}
            return _failed(request, str(refusal), artifact)
        except _UNUSABLE as error:
            return _failed(request, str(error).splitlines()[0], {"kind": "failed", "reason": str(error)})
        except Exception as error:
            log.exception("tool %s failed", request.tool_call["name"])
            return _failed(request, "the tool failed", {"kind": "failed", "reason": type(error).__name__})


def outspoken(tool: BaseTool) -> BaseTool:
    """The same tool; a pydantic error inside it comes out as `ToolError`, and is not taken for one of its arguments."""
    assert isinstance(tool, StructuredTool) and tool.func is not None
    function = tool.func

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ValidationError as error:
            raise ToolError(tool.name) from error

    return tool.model_copy(update={"func": run})


def _as_told(request: ToolCallRequest) -> ToolCallRequest:
    """The call without the optional arguments that say nothing: some models write "" or [] for what they leave open."""
    function = getattr(request.tool, "func", None)
    if function is None:
        return request
    needed = {name for name, one in inspect.signature(function).parameters.items() if one.default is one.empty}
    given = request.tool_call["args"]
    told = {name: part for name, value in given.items() if (part := _told(value)) not in _NOTHING or name in needed}
    return request.override(tool_call={**request.tool_call, "args": told})


def _told(value: Any) -> Any:
    """The value without the entries of an object that say nothing."""
    if not isinstance(value, dict):
        return value
    return {name: part for name, each in value.items() if (part := _told(each)) not in _NOTHING}


def _check_names(request: ToolCallRequest) -> None:
    """Errors: `DataError` for arguments that the tool does not have, or lacks."""
    function = getattr(request.tool, "func", None)
    if function is None:
        return
    signature = inspect.signature(function)
    given = {**request.tool_call["args"], **dict.fromkeys({"runtime"} & set(signature.parameters))}
    try:
        signature.bind(**given)
    except TypeError as error:
        raise DataError(f"{request.tool_call['name']}: {error}") from error


def _failed(request: ToolCallRequest, content: str, artifact: dict[str, Any]) -> ToolMessage:
    return ToolMessage(
        content=f"error: {content if len(content) <= _MOST_CHARS else content[:_MOST_CHARS] + '…'}",
        name=request.tool_call["name"],
        tool_call_id=str(request.tool_call["id"]),
        status="error",
        artifact=artifact,
    )


def _siblings(messages: list[Any]) -> tuple[str, list[str]]:
    """The newest message of the model and its calls in order, by ids that no other consultation has."""
    newest = next(m for m in reversed(messages) if isinstance(m, AIMessage) and m.tool_calls)
    return str(newest.id), [f"{newest.id}/{call['id']}" for call in newest.tool_calls]
