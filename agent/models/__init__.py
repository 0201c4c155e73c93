"""Choose the language model by one setting.

In: the setting `model` of shop.toml: "embedded", "large", a path to a .gguf file, or the http(s) URL of an
OpenAI-compatible server (vLLM first); and the shop's registry, for what it has published. Out: a LangChain chat
model; nobody else in the project needs to know which.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from agent.models.profile import LARGE, PUBLISHED, ModelProfile, choose_profile
from errors import ConfigError, ModelError

if TYPE_CHECKING:  # each takes a second to import, and who wants the chat template alone needs none of them
    from langchain_core.language_models.chat_models import BaseChatModel

    from agent.models.served_model import ServedChatModel

_MODELS = Path(__file__).parents[2] / ".models"
DEFAULT_GGUF = _MODELS / "default" / "model.gguf"
LARGE_GGUF = _MODELS / "large" / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
API_KEY = "OPENAI_API_KEY"


def load_chat_model(
    setting: str,
    *,
    profile: ModelProfile | None = None,
    registry: Path | None = None,
    seconds: float | None = None,
    max_new_tokens: int = 256,
) -> "BaseChatModel":
    """The chat model that `setting` names, decoding greedily; `seconds` bounds each call.

    It carries its `profile`, by default that of its kind, which also says the seconds if nobody else does.

    ``load_chat_model("embedded")``, ``load_chat_model("large")``, ``load_chat_model("models/mine.gguf")``,
    ``load_chat_model("http://127.0.0.1:8000/v1#my-model")`` (without a name after "#", the first that the
    server lists). With a `registry`, "embedded" and a server's "#published" are what it publishes, from each
    answer to the next. A server's key is read from the environment variable OPENAI_API_KEY. Raises ConfigError
    for another setting, ModelError if the model or the server cannot be reached.
    """
    profile = profile or choose_profile(setting)
    seconds = seconds or profile.seconds
    if setting.startswith(("http://", "https://")):
        return _served(setting, profile, registry, seconds, max_new_tokens)
    if setting not in ("embedded", LARGE.name) and not setting.endswith(".gguf"):
        raise ConfigError(
            f"model {setting!r} is none of: 'embedded', '{LARGE.name}', a path that ends in .gguf, or an http(s) URL "
            "such as http://127.0.0.1:8000/v1"
        )
    return _embedded(setting, profile, registry, seconds, max_new_tokens)


def model_path(setting: str) -> Path:
    """The file of a model that is loaded into this process."""
    known = {"embedded": DEFAULT_GGUF, LARGE.name: LARGE_GGUF}
    return known.get(setting) or Path(setting).expanduser()


def _embedded(
    setting: str, profile: ModelProfile, registry: Path | None, seconds: float, max_new_tokens: int
) -> "BaseChatModel":
    from agent.models.engine import EmbeddedEngine
    from agent.models.engine_model import EmbeddedChatModel
    from agent.models.published_engine import PublishedEngine

    path = model_path(setting)
    if path in (DEFAULT_GGUF, LARGE_GGUF) and not path.is_file():
        command = "make model MODEL=large" if path == LARGE_GGUF else "make model"
        raise ModelError(f"no model at {path}: run `{command}`, or name a .gguf file or a server")
    follows = registry if setting == "embedded" else None
    engine = PublishedEngine(follows, path) if follows else EmbeddedEngine(path)
    return EmbeddedChatModel(engine=engine, guidance=profile, seconds=seconds, max_new_tokens=max_new_tokens)


def _served(
    setting: str, profile: ModelProfile, registry: Path | None, seconds: float, max_new_tokens: int
) -> "ServedChatModel":
    from pydantic import SecretStr

    from agent.models.served_model import ServedChatModel

    url, _, name = setting.partition("#")
    key = os.environ.get(API_KEY, "none")
    if name == PUBLISHED and registry is None:
        raise ConfigError(f"model {setting!r} needs a shop's registry: name a model after '#'")
    return ServedChatModel(
        base_url=url,
        model=name or _first_model(url, key, seconds),
        registry=registry if name == PUBLISHED else None,
        guidance=profile,
        api_key=SecretStr(key),
        temperature=0,
        timeout=seconds,
        max_retries=1,
        stream_usage=True,
        max_completion_tokens=max_new_tokens,
    )


def _first_model(url: str, key: str, seconds: float) -> str:
    address = url.rstrip("/") + "/models"
    try:
        answer = httpx.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=seconds)
        return str(answer.raise_for_status().json()["data"][0]["id"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        raise ModelError(
            f"no model server answers at {address} ({error}): expected an OpenAI-compatible one, or give the "
            "model's name after '#'"
        ) from error
