"""What UCP's platforms send: the payloads of its operations, as far as the shop reads them.

In: JSON. Out: models, of which the tools' schemas are made too. What is not known is passed over, as UCP wants it;
other filters than its own are kept, since the shop has some. Errors: pydantic's, which whoever calls puts in their own
words.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_IDS = 50
MOST_LINES = 100
MOST_HITS = 50
_MOST_CHARS = 1000
_MOST_AMOUNT = 2**53 - 1

_Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Amount = Annotated[int, Field(ge=0, le=_MOST_AMOUNT, strict=True)]


class Agent(BaseModel):
    """Who asks."""

    profile: str = Field(pattern=r"^https?://[!-~]+$", max_length=2000, description="URL of the platform's profile.")


class Meta(BaseModel):
    """About the request itself."""

    model_config = ConfigDict(populate_by_name=True)
    agent: Agent = Field(alias="ucp-agent", description="The platform that asks.")


class Context(BaseModel):
    """What the buyer has said of themselves that identifies nobody."""

    language: str | None = Field(None, max_length=40, description="BCP 47, as in en or zh-Hans.")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO 4217; of the prices in filters.")
    intent: str | None = Field(None, max_length=_MOST_CHARS, description="What the buyer is after, in a few words.")

    @property
    def tongue(self) -> str:
        """ "zh" of "zh-Hans"; "" if nothing was said."""
        return (self.language or "").partition("-")[0].lower()


class _InContext(BaseModel):
    context: Context = Field(default_factory=lambda: Context.model_validate({}))


class PriceFilter(BaseModel):
    """Both ends belong to it."""

    min: _Amount | None = Field(None, description="In minor units: 5900 is 59.00.")
    max: _Amount | None = Field(None, description="In minor units: 5900 is 59.00.")


class Filters(BaseModel):
    """All of them must be met; of several values one is enough."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Any]
    categories: list[_Id] | None = Field(None, max_length=MOST_IDS, description="Any of these categories.")
    price: PriceFilter | None = Field(None, description="In context.currency, or else the shop's.")
    available: bool | None = Field(None, description="true: only what can be bought now.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.model_fields_set or self.__pydantic_extra__)


class Pagination(BaseModel):
    """Which part of the results."""

    limit: int = Field(10, ge=1, description=f"Products a page; {MOST_HITS} at most.")
    cursor: str | None = Field(None, max_length=100, description="As the page before it said.")


class Search(_InContext):
    """A query, filters, or both."""

    query: str | None = Field(None, max_length=_MOST_CHARS, description="What is looked for, in a few words.")
    filters: Filters | None = None
    pagination: Pagination = Field(default_factory=lambda: Pagination.model_validate({}))


class Lookup(_InContext):
    """Products and variants by id."""

    ids: list[_Id] = Field(min_length=1, max_length=MOST_IDS, description="Ids of products, of variants, or both.")
    filters: Filters | None = None


class Selected(BaseModel):
    """One choice among the variants."""

    name: str = Field(max_length=100, description="Of the option: Color, Size.")
    label: str = Field(max_length=100, description="As the product's options have it.")


class ProductAsked(_InContext):
    """One product, narrowed down to some variants."""

    id: _Id = Field(description="Of a product or a variant.")
    selected: list[Selected] = Field(
        default_factory=list, max_length=10, description="What the buyer has chosen so far."
    )
    preferences: list[str] = Field(
        default_factory=list,
        max_length=10,
        description="Names of options, the dearest first: where no variant has all that is chosen, the last goes.",
    )
    filters: Filters | None = None


class Item(BaseModel):
    """What is bought."""

    id: _Id = Field(description="Id of a variant, as the catalogue has it.")


class LineItem(BaseModel):
    """So many pieces of a variant."""

    item: Item
    quantity: int = Field(ge=1, le=_MOST_AMOUNT, strict=True, description="Pieces.")


class CartContents(_InContext):
    """All lines of a cart."""

    line_items: list[LineItem] = Field(max_length=MOST_LINES, description="All lines; they replace those before.")


class Question(_InContext):
    """A question about the shop, its rules and services."""

    query: str = Field(min_length=1, max_length=_MOST_CHARS, description="One question, in the buyer's words.")
    ids: list[_Id] = Field(default_factory=list, max_length=MOST_IDS, description="Products that it is about.")
