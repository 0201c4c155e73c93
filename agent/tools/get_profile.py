"""The tool that shows what is known of the customer and of those they buy for, and why.

In: the turn's context; perhaps words for one attribute or person, and whether to say why. Out: an `Outcome` of kind
"profile_read" with the traits of now, each with its reasons where they were asked for.
"""

from collections.abc import Iterator, Sequence

from agent.context import Services, TurnContext
from agent.profile_reasons import reasons_told
from agent.replies.composer import Artifact, Composer, by_person
from agent.replies.gate.keys import Keys
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import Json, arguments, flag, text
from agent.tools.tool import Tool
from language.attribute_words import called
from language.matching import Lexicon
from language.recipients import recipients_in
from profiles.attribute import Attribute
from profiles.observation import Trait
from profiles.schema import Schema

NAME = "get_profile"
_JUST_NOW = 2  # turns: the one before, and this one
_WORD = 4  # letters of a last word that tells: "size", and not "cm"
_MOST_WHY = 6  # traits whose reasons one reply tells


def get_profile(runtime: Runtime, attribute: str | None = None, why: bool = False, newest: bool = False) -> Outcome:
    """What the profile holds now: all of it, what the words for an attribute name, or what was noted just now, or
    in this consultation."""
    context = runtime.context
    profile = context.services.profiles.read(context.customer)
    traits = _asked(attribute or "", profile.everyone, context)
    artifact: Json = {"kind": "profile_read", "asked": attribute or ""}
    if newest:
        turns = [*context.heard][0 if "asks_noted_now" in context.reading.cues else -_JUST_NOW :]
        every, traits = traits, [trait for trait in traits if any(one.id in turns for one in trait.evidence)]
        artifact |= {"newest": True, "besides": [trait.to_json() for trait in every if trait not in traits]}
    artifact["traits"] = [trait.to_json() for trait in traits]
    if why:
        told = reasons_told(context, traits[:_MOST_WHY])
        artifact["traits"] = [trait.to_json() | {"why": told.get(trait, [])} for trait in traits]
    lines = "; ".join(
        _line(trait, shown.get("why", ())) for trait, shown in zip(traits, artifact["traits"], strict=True)
    )
    return outcome(context, artifact, f"{len(traits)} traits", lines or "nothing yet")


def _asked(words: str, traits: Sequence[Trait], context: TurnContext) -> list[Trait]:
    """Those of the attributes and people that the words name; all, where they name none.

    "My size" is the customer's own alone.
    """
    names = attributes_named(words, context.services.schema, context.services.shop.languages)
    people = recipients_in(words) or ([""] if names and context.reading.about == "self" else [])
    return [
        trait for trait in traits if (not names or trait.attribute in names) and (not people or trait.about in people)
    ]


def attributes_named(words: str, schema: Schema, languages: Sequence[str], *, is_whole: bool = False) -> frozenset[str]:
    """The attributes of which a text has the name, the label, or a word of either: "shoe size", 尺码.

    `is_whole`: only a whole name or label counts, or its last word ("my size"), as in a sentence that speaks of other
    things too.
    """
    if words in schema.attributes:
        return frozenset((words,))
    forms = {one.name: names_of(one) for one in schema.attributes.values()}
    if is_whole:
        taken = {said.casefold() for names in forms.values() for said in names}  # "size" is a size, and no shoe size
        forms = {
            name: (*said, *(last for last in _last_words(said) if last not in taken)) for name, said in forms.items()
        }
    found = Lexicon({"": forms}, tuple(languages)).named("", words)
    whole = {mention.value for mention in found if mention.how == "exact"}
    if whole or is_whole:
        return frozenset(whole)
    return frozenset(mention.value for mention in found) or frozenset(
        name for name, said in forms.items() if len(words) > 1 and any(words in form for form in said)
    )


def names_of(attribute: Attribute) -> tuple[str, ...]:
    """What it is called by the shop, and by customers."""
    return (attribute.name.replace("_", " "), *attribute.label.values(), *called(attribute.name))


def _last_words(forms: Sequence[str]) -> Iterator[str]:
    return (form.split()[-1].casefold() for form in forms if " " in form and len(form.split()[-1]) >= _WORD)


def describe(trait: Trait) -> str:
    """A trait in a few words: "dislike material wool", "budget 150"."""
    words = [f"{trait.about}:"] if trait.about else []
    words += [] if trait.polarity == "fact" else [trait.polarity]
    value = f"{trait.value:g}" if isinstance(trait.value, float) else str(trait.value)
    return " ".join([*words, trait.attribute, value])


def _line(trait: Trait, why: Sequence[str]) -> str:
    return f"{describe(trait)} ({'; '.join(why)})" if why else describe(trait)


def say(composer: Composer, artifact: Artifact) -> str:
    """One line for each trait, the customer's own first, with its reasons behind it.

    Of what was just said it is told what was noted, and then what is known besides.
    """
    newest, besides = artifact.get("newest"), artifact.get("besides", ())
    if not artifact["traits"]:
        name = "profile_not_saved" if newest else "profile_without" if artifact["asked"] else "profile_empty"
        return "\n".join([composer.say(name), *_listed(composer, besides, "profile_besides")])
    told = _listed(composer, artifact["traits"], "profile_saved" if newest else "profile_intro")
    return "\n".join([*told, *_listed(composer, besides, "profile_besides")])


def _listed(composer: Composer, traits: Sequence[Artifact], intro: str) -> Iterator[str]:
    """The customer's own behind the `intro`, then those of each other person behind what they are called."""
    for who, some in by_person(traits).items():
        head = composer.of_person(who, "").strip()
        yield f"{head[:1].upper()}{head[1:]}" if who else composer.say(intro)
        yield from (f"- {_told(composer, trait)}" for trait in some)


def _told(composer: Composer, trait: Artifact) -> str:
    if not trait.get("why"):
        return composer.trait(trait)
    return composer.say("trait_why", trait=composer.trait(trait), why="; ".join(trait["why"]))


def parameters(services: Services) -> Json:
    """Both may be left out."""
    return arguments(
        {
            "attribute": text(
                "What is asked about, if it is one thing or person: an attribute's name, or their words."
            ),
            "why": flag("Whether the customer asks why you think so, or where you know it from."),
            "newest": flag("Whether they ask if what they said just now was noted."),
        },
        required=(),
    )


TOOL = Tool(
    name=NAME,
    brief="what we know about the customer",
    when=(
        "Read what the shop has noted about this customer and those they buy for, such as sizes and tastes. Use "
        "it when the customer asks what you know about them, why you think so, or wants to check their data. Do not "
        "use it before a search: search_products takes the profile into account by itself."
    ),
    parameters=parameters,
    as_learnt=lambda services: arguments({}),
    function=get_profile,
    kind="profile_read",
    say=say,
    keeps_proposal=True,
    keys=Keys(ignored=frozenset(("asked",))),
    is_learnt=True,
)
