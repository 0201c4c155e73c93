"""How the offer to open a case is put: sorry first, then what is known and what to try, then what would happen.

In: a composer and a proposal's artifact with the order as it stands. Out: the words; every value is the artifact's.
"""

from agent.orders.cases import OF_GOODS
from agent.replies.composer import Artifact, Composer
from agent.tools.order_telling import state_of


def say_case(composer: Composer, artifact: Artifact) -> str:
    """What would be reported, and the question whether to."""
    proposal = artifact["proposal"]
    if artifact["is_amended"]:
        parts = [composer.change("amend", proposal)]
    elif proposal["summary"]["problem"] in OF_GOODS:
        parts = [_sorry(composer, artifact), composer.change("propose", proposal), _photo(composer, artifact)]
    else:
        parts = [_sorry(composer, artifact), _state(composer, artifact["order"]), _parcel(composer, artifact)]
    return " ".join(part for part in (*parts, _wish(composer, artifact), composer.say("confirm_case")) if part)


def _sorry(composer: Composer, artifact: Artifact) -> str:
    return composer.say(f"sorry_{artifact['proposal']['summary']['problem']}")


def _state(composer: Composer, order: Artifact) -> str:
    return composer.say("case_lost") if order["status"] == "lost" else state_of(composer, order)


def _parcel(composer: Composer, artifact: Artifact) -> str:
    """By where the parcel is: one that is there on paper is looked for nearby first, one under way is traced."""
    facts = artifact["proposal"]["summary"]
    slots = {"id": facts["order_id"], "items": composer.items(facts["items"])}
    match artifact["order"]["status"]:
        case "delivered":
            return composer.say("case_check_first", **slots, problem=composer.say(f"problem_{facts['problem']}"))
        case "shipped":
            return composer.say("case_trace", **slots)
    return composer.change("propose", artifact["proposal"])


def _photo(composer: Composer, artifact: Artifact) -> str:
    if artifact["proposal"]["summary"]["problem"] == "missing_item":
        return ""
    contact = artifact["contact"]
    return composer.say("case_photo_to", contact=contact) if contact else composer.say("case_photo")


def _wish(composer: Composer, artifact: Artifact) -> str:
    wish = artifact["proposal"]["summary"]["wish"]
    return composer.say("case_wish", wish=composer.say(f"wish_{wish}")) if wish else composer.say("case_wish_open")
