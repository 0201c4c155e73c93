"""How much help a model gets: which prompt it reads, how its calls are held, and what code adds to them.

In: the setting `model`, and optionally a profile's name or a table of changes (shop.toml: `profile = "..."`,
`[model_profile]`; on the command line `--profile`). Out: a `ModelProfile`. Errors: `ConfigError` that names the bad
value and the valid ones.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from agent.models.calls import CALL, TOOL_CALL, Marker
from agent.models.template import TemplateName
from errors import ConfigError, choices, first_mistake

if TYPE_CHECKING:  # it takes a second to import
    from langchain_core.language_models import BaseChatModel

PUBLISHED = "published"  # behind the "#" of a server's URL: the version that the registry publishes
BASE = "base"  # in the table: the profile that it changes

Descriptions = Literal["brief", "short", "full"]


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """The help that one kind of model gets.

    `template`: the project's compact prompt, or the model's own. `marker`: the marks around a call. `descriptions` of
    the tools: a few words and only those that the published adapter has learnt, a few words of every tool, or when to
    use each and what its arguments mean. `grammar`: calls are held to their JSON schema. `constrain`: arguments are
    bound to what was said. `repair`: calls are completed with what the message plainly says. `guess_ids`: an order id
    that nobody said becomes the one that was meant. `recognise`: a small encoder says what a message wants, code calls
    the tools for it, and the model is asked for what is left. `ask_unsure`: it is also asked where the encoder is not
    sure; else the likeliest wish counts. `examples`: the model is shown a few messages with their calls before the
    conversation. `replies`: who writes them if the shop does not say. `seconds`: of one model call if the shop does not
    say.
    """

    name: str
    template: TemplateName = "own"
    marker: Marker = TOOL_CALL
    descriptions: Descriptions = "full"
    grammar: bool = False
    constrain: bool = False
    repair: bool = False
    guess_ids: bool = False
    recognise: bool = False
    ask_unsure: bool = False
    examples: bool = False
    replies: Literal["strict", "free"] = "strict"
    seconds: float = 20.0

    @property
    def is_guided(self) -> bool:
        """Whether any code of `agent.guided` runs for it."""
        return self.constrain or self.repair or self.guess_ids or self.recognise


TUNED = ModelProfile(
    "tuned",
    template="compact",
    descriptions="brief",
    grammar=True,
    constrain=True,
    repair=True,
    guess_ids=True,
    recognise=True,
)
GGUF = ModelProfile("gguf", marker=replace(CALL, gap="\n"), grammar=True, seconds=120.0)
# Untrained, it invents arguments and now and then writes without an end: code calls the tools wherever it can.
LARGE = replace(GGUF, name="large", examples=True, constrain=True, repair=True, guess_ids=True, recognise=True)
SERVED = ModelProfile("served", replies="free")
PROFILES: Mapping[str, ModelProfile] = {profile.name: profile for profile in (TUNED, LARGE, GGUF, SERVED)}
_SHAPE = TypeAdapter(ModelProfile)


def choose_profile(model: str, name: str | None = None, changes: Mapping[str, Any] | None = None) -> ModelProfile:
    """The profile of this name, else the one that fits the setting `model`, with the changes of a table.

    ``choose_profile("models/mine.gguf", None, {"base": "gguf", "repair": True})``
    """
    changes = dict(changes or {})
    base = PROFILES[_known(str(name or changes.pop(BASE, None) or _default(model)))]
    changes.pop(BASE, None)
    if not changes:
        return base
    fields = asdict(base)
    unknown = [field for field in changes if field not in fields or field == "name"]
    if unknown:
        valid = choices([*(field for field in fields if field != "name"), BASE], limit=len(fields))
        raise ConfigError(f"model_profile has no setting {unknown[0]!r}; there are {valid}")
    try:
        return _SHAPE.validate_python(fields | changes)
    except ValidationError as error:
        raise ConfigError(f"model_profile: {first_mistake(error)}") from error


def profile_of(model: "BaseChatModel") -> ModelProfile:
    """The profile that a chat model carries; one of another make gets no help."""
    carried = getattr(model, "guidance", SERVED)
    return carried if isinstance(carried, ModelProfile) else SERVED


def _default(model: str) -> str:
    """By the setting: what the project publishes is tuned, wherever it is served."""
    if model.startswith(("http://", "https://")):
        return "tuned" if model.partition("#")[2] == PUBLISHED else "served"
    if model == LARGE.name:
        return LARGE.name
    return "gguf" if model.endswith(".gguf") else "tuned"


def _known(name: str) -> str:
    if name not in PROFILES:
        raise ConfigError(f"no model profile {name!r}; there are {choices(PROFILES)}")
    return name
