"""The ten tools that the model sees, bound to one shop.

In: `Services`. Out: LangChain tools with a JSON schema from the shop's facets and profile schema. Every tool returns
a short text for the model and an artifact, the JSON that replies, cards and the contract are made from.
"""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool

from agent.context import Services
from agent.models.profile import Descriptions
from agent.tools.explained import explained
from agent.tools.orders import cancel_order, change_address, get_order, hand_off, list_orders, return_items
from agent.tools.profile import get_profile, update_profile
from agent.tools.schemas import tool_schemas
from agent.tools.search import find_answer, search_products

FUNCTIONS: Sequence[Callable[..., Any]] = (
    get_profile,
    update_profile,
    search_products,
    find_answer,
    list_orders,
    get_order,
    cancel_order,
    return_items,
    change_address,
    hand_off,
)


def build_tools(services: Services, descriptions: Descriptions = "brief") -> list[BaseTool]:
    """The tools in the order in which the prompt lists them; "full" descriptions say when to use each."""
    schemas = tool_schemas(services)
    if descriptions == "full":
        schemas = {name: explained(name, schema) for name, schema in schemas.items()}
    return [
        StructuredTool.from_function(
            function,
            name=function.__name__,
            description=schemas[function.__name__].description,
            args_schema=schemas[function.__name__].parameters,
            response_format="content_and_artifact",
        )
        for function in FUNCTIONS
    ]
