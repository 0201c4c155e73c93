"""Messages and tools to prompt text, by the template that a model reads.

In: OpenAI-style message and tool dictionaries. Out: the prompt. The compact template is `chat_template.jinja`, which
training and vLLM use as it is where its marks around a call can be learnt; a model's own one is read from its GGUF
file. In both the marks are replaced by those of the profile. Errors: `ModelError` for a template of a file that cannot
be read, or refuses the messages.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agent.models.calls import TOOL_CALL, Marker
from errors import ModelError

TEMPLATE_FILE = Path(__file__).with_name("chat_template.jinja")
SCHEMAS_FILE = Path(__file__).with_name("schemas_template.jinja")

Json = Mapping[str, Any]
TemplateName = Literal["compact", "own"]


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a model is shown a conversation. `is_clean`: the template itself keeps control tokens out of the content."""

    template: Template
    marker: Marker
    is_clean: bool

    def render(self, messages: Sequence[Json], tools: Sequence[Json] = (), add_generation_prompt: bool = True) -> str:
        """The prompt for these messages.

        Tool schemas must carry no `$ref` (LangChain's `convert_to_openai_tool` resolves them). Control tokens in any
        content are broken up, so that a customer's words stay words. Raises ModelError if the template refuses.
        """
        shown = messages if self.is_clean else [_cleaned(message, self.marker) for message in messages]
        try:
            return self.template.render(
                messages=shown, tools=list(tools) or None, add_generation_prompt=add_generation_prompt
            )
        except (TemplateError, TypeError) as error:
            raise ModelError(f"the model's chat template cannot show these messages: {error}") from error


def compact_source(marker: Marker = TOOL_CALL) -> str:
    """The project's own template with these marks, for a tokenizer or a GGUF file."""
    return _marked(TEMPLATE_FILE.read_text(encoding="utf-8"), marker)


@cache
def compact_template(marker: Marker = TOOL_CALL) -> ChatTemplate:
    """The project's own template: compact signatures of tools, as a model that was trained here has learnt them."""
    return ChatTemplate(_compiled(compact_source(marker)), marker, is_clean=marker == TOOL_CALL)


def own_template(source: str | None, marker: Marker) -> ChatTemplate:
    """A model's own template with the profile's marks; one that shows no tools gives way to the project's with schemas.

    Raises ModelError for a source that is no Jinja template.
    """
    if source is None or "tools" not in source:
        source = SCHEMAS_FILE.read_text(encoding="utf-8")
    try:
        return ChatTemplate(_compiled(_marked(source, marker)), marker, is_clean=False)
    except TemplateError as error:
        raise ModelError(f"the model's chat template cannot be read: {error}") from error


def render(messages: Sequence[Json], tools: Sequence[Json] = (), add_generation_prompt: bool = True) -> str:
    """The compact prompt, equal to Hugging Face's `apply_chat_template` with the same file."""
    return compact_template().render(messages, tools, add_generation_prompt)


def _marked(source: str, marker: Marker) -> str:
    return source.replace(TOOL_CALL.close, marker.close).replace(TOOL_CALL.open, marker.open)


def _cleaned(message: Json, marker: Marker) -> Json:
    """The message without what could open a turn or a call."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for mark in ("<|", TOOL_CALL.open, TOOL_CALL.close, marker.open, marker.close):
                value = value.replace(mark, f"{mark[0]} {mark[1:]}")
            return value
        if isinstance(value, Mapping):
            return {name: clean(part) for name, part in value.items()}
        return [clean(part) for part in value] if isinstance(value, list | tuple) else value

    return {name: value if name == "role" else clean(value) for name, value in message.items()}


class _Generation(Extension):
    """`{% generation %}` marks for training what the assistant wrote; here its body passes through."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def _compiled(source: str) -> Template:
    """A template under the settings of `transformers`, whose rendering it has to equal."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return environment.from_string(source)


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
