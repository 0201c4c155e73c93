"""The route of approved answers: a question in, the shop's own answer to it out, or none.

As the agent's tool finds it, without a conversation around it. Errors: `Invalid` for a language that the shop does not
speak.
"""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.tools.find_answer import surest, ways_to_ask
from language.detection import detect, reply_language
from ui.access.caller import Caller, Scope
from ui.access.request import authenticated
from ui.api.products import spoken_in
from ui.api.router import group

if TYPE_CHECKING:
    from ui.server import Site


class Question(BaseModel):
    """What somebody wants to know of the shop's rules and services."""

    model_config = ConfigDict(extra="forbid")
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] = Field(
        examples=["how long do i have to send things back?"]
    )
    language: str | None = Field(
        default=None, max_length=10, description="Of the answer; left out: that of the question.", examples=["en"]
    )


class ApprovedAnswer(BaseModel):
    """An answer as the shop wrote it."""

    id: str = Field(description="Of the template in the shop's answers.yaml.", examples=["return_window"])
    text: str
    language: str = Field(examples=["en"])
    score: float = Field(description="How surely it is the answer, 0 to 1.", examples=[0.98])


class FoundAnswer(BaseModel):
    """What was found."""

    answer: ApprovedAnswer | None = Field(description="Null: the shop has no approved answer to this.")


def routes(site: "Site") -> APIRouter:
    """Of one shop."""
    router = group("Answers")
    asking = Depends(authenticated(site.access))

    @router.post("/answers", response_model=FoundAnswer, summary="Find the approved answer")
    def find_answer(asked: Question, caller: Annotated[Caller, asking]) -> FoundAnswer:
        """The shop's approved answer to a question about its rules and services. Nothing is made up."""
        caller.needs(Scope.SEARCH)
        services = site.shopkeeper.services
        served = services.shop.languages
        language = spoken_in(services, asked.language or reply_language(detect(asked.question, served, None), served))
        found = (surest(ways, services.retriever, language) for ways in ways_to_ask(asked.question, "", ""))
        hit = next(filter(None, found), None)
        if hit is None:
            return FoundAnswer(answer=None)
        text = hit.template.text[language].format_map(services.shop.facts)
        return FoundAnswer(answer=ApprovedAnswer(id=hit.template.id, text=text, language=language, score=hit.score))

    return router
