"""The tools that the model sees: one record in one file each, in the order in which the prompt lists them.

In: `Services`. Out: LangChain tools with a JSON schema from the shop's facets and profile schema. Every tool returns a
short text for the model and an artifact, the JSON that replies, cards and the contract are made from. How to add a tool
is described in docs/add-a-tool.md. Errors: `ConfigError` for records that do not go together.
"""

from collections.abc import Sequence
from functools import cache

from langchain_core.tools import BaseTool

from agent.context import Services
from agent.models.profile import Descriptions
from agent.replies.gate.keys import Keys, joined
from agent.tools import (
    cancel_order,
    cart,
    change_address,
    compare_products,
    exchange_item,
    find_answer,
    find_orders,
    get_order,
    get_product,
    get_profile,
    get_total,
    hand_off,
    list_orders,
    manage_data,
    report_problem,
    return_items,
    search_products,
    update_profile,
)
from agent.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (
    get_profile.TOOL,
    update_profile.TOOL,
    manage_data.TOOL,
    search_products.TOOL,
    get_product.TOOL,
    compare_products.TOOL,
    get_total.TOOL,
    cart.TOOL,
    find_answer.TOOL,
    list_orders.TOOL,
    get_order.TOOL,
    find_orders.TOOL,
    cancel_order.TOOL,
    return_items.TOOL,
    exchange_item.TOOL,
    change_address.TOOL,
    report_problem.TOOL,
    hand_off.TOOL,
)


def build_tools(services: Services, descriptions: Descriptions = "brief") -> list[BaseTool]:
    """The tools that a model is told of, as LangChain calls them; "full" descriptions say when to use each."""
    return [tool.bind(services, descriptions) for tool in services.tools if tool.is_offered(descriptions)]


def runnable_tools(services: Services, offered: Sequence[BaseTool]) -> list[BaseTool]:
    """All tools, those as they are offered among them: what code calls for a small model runs too."""
    known = {tool.name: tool for tool in offered}
    return [known.get(tool.name) or tool.bind(services, "full") for tool in services.tools]


@cache
def evidence_keys(tools: tuple[Tool, ...]) -> Keys:
    """How the gate reads the results of these tools."""
    return joined(tool.keys for tool in tools)
