"""The tool that shows what is known of the customer.

In: the turn's context. Out: an `Outcome` of kind "profile_read" with the traits of now.
"""

from agent.replies.composer import Artifact, Composer
from agent.tools.outcome import Outcome, Runtime, outcome
from agent.tools.schemas import arguments
from agent.tools.tool import Tool
from profiles.observation import Trait


def get_profile(runtime: Runtime) -> Outcome:
    """What the profile holds now."""
    context = runtime.context
    profile = context.services.profiles.read(context.customer)
    artifact = {"kind": "profile_read", "traits": [trait.to_json() for trait in profile.traits]}
    lines = "; ".join(describe(trait) for trait in profile.traits)
    return outcome(context, artifact, f"{len(profile.traits)} traits", lines or "nothing yet")


def describe(trait: Trait) -> str:
    """A trait in a few words: "dislike material wool", "budget 150"."""
    words = [] if trait.polarity == "fact" else [trait.polarity]
    value = f"{trait.value:g}" if isinstance(trait.value, float) else str(trait.value)
    return " ".join([*words, trait.attribute, value])


def say(composer: Composer, artifact: Artifact) -> str:
    """One line for each trait."""
    if not artifact["traits"]:
        return composer.say("profile_empty")
    lines = [f"- {composer.trait(trait)}" for trait in artifact["traits"]]
    return "\n".join([composer.say("profile_intro"), *lines])


TOOL = Tool(
    name="get_profile",
    brief="what we know about the customer",
    when=(
        "Read everything that the shop has noted about this customer, such as sizes, tastes and budget. Use it "
        "when the customer asks what you know about them or wants to check their data. Do not use it before a "
        "search: search_products takes the profile into account by itself."
    ),
    parameters=lambda services: arguments({}),
    function=get_profile,
    kind="profile_read",
    say=say,
    keeps_proposal=True,
    is_learnt=True,
)
