"""The tool that answers a question about products: facts, what is in stock, or what the description says.

In: which products (positions in the list shown last, words of a title, SKUs), the question, a color and a size. Out: an
`Outcome` of kind "product". Errors: `RefusedWrite` where it is not clear which product is meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AnyMessage

from agent.context import Services, TurnContext
from agent.replies.card import Card
from agent.replies.composer import Artifact, Composer
from agent.replies.gate.keys import Keys
from agent.shown import SPEAKS_OF, Reference, Unclear, products_meant, shown_in
from agent.tools.find_answer import approved
from agent.tools.outcome import Outcome, RefusedWrite, Runtime, outcome
from agent.tools.product_facts import Facts, Question
from agent.tools.products import best_variant, product_card, product_json
from agent.tools.schemas import Json, arguments, text
from agent.tools.tool import Source, Tool
from agent.tools.variants import ASKED, in_sizes_of, remembered
from language.names import in_sentence, label_in
from retrieval.catalog import Product
from retrieval.search import ProductHit

NAME = "get_product"
MOST = 4  # products that one reply speaks of
_COLOR = "color"
_LOW = 3  # pieces left that are worth a word
_SURE = 0.8  # of an approved answer that counts more than a sentence of the description
TRUTHS = ("true", "false")


def get_product(
    runtime: Runtime,
    product: Reference | list[Reference] | None = None,
    question: str = "",
    color: str | None = None,
    size: str | None = None,
) -> Outcome:
    """What the catalogue says of the products; without a question, what they are."""
    context = runtime.context
    products = asked_products(product, runtime)[:MOST]
    facts = Facts.of_shop(context.services)
    said, messages = context.read(question), runtime.state["messages"]
    asked = {each.sku: Question(said, color, _size(each, size, context, messages)) for each in products}
    artifact = {
        "kind": "product",
        SPEAKS_OF: [each.sku for each in products],
        "products": [
            _shown(each, context)
            | {
                "facts": [fact.to_json() for fact in facts.of(each, asked[each.sku])],
                ASKED: facts.variant_asked(each, asked[each.sku]),
            }
            for each in products
        ],
    }
    if (found := _approved(artifact, question, context)) is not None:
        return found
    told = "; ".join(f"{each['title']}: {each['facts'] or each['description']}" for each in artifact["products"])  # type: ignore[index]
    return outcome(context, artifact, f"told about {', '.join(each.title for each in products)}", told)


def _approved(artifact: Mapping[str, Any], question: str, context: TurnContext) -> Outcome | None:
    """The shop's approved answer to what the catalogue says nothing of: "can it go in a normal wash"."""
    kinds = {(fact["kind"], fact.get("facet")) for each in artifact["products"] for fact in each["facts"]}
    if not question or any(kind != "text" for kind, _ in kinds) or any(each[ASKED] for each in artifact["products"]):
        return None
    hit = context.services.retriever.answer(question, context.language)
    least = _SURE if any(facet != "all" for _, facet in kinds) else 0.0
    if hit is None or not hit.template.of_products or hit.score < least:
        return None
    told, answer = approved(hit.template, context)
    return told, {**answer, SPEAKS_OF: artifact[SPEAKS_OF]}


def _size(product: Product, size: str | None, context: TurnContext, messages: Sequence[AnyMessage]) -> str | None:
    """The size that is asked for; "a size up" is from the one that was spoken of last."""
    own = remembered(product, messages).get("size", "")
    return in_sizes_of(product, str(size or ""), own, context.services.retriever.facets) or None


def asked_products(references: Reference | Sequence[Reference] | None, runtime: Runtime) -> list[Product]:
    """The products that a call means. Errors: `RefusedWrite` that asks which, or says that there is none."""
    catalog = runtime.context.services.retriever.catalog
    try:
        found = products_meant(references, shown_in(runtime.state["messages"]), catalog)
    except Unclear as unclear:
        raise unclear_product(unclear, runtime.context) from unclear
    if not found:
        raise RefusedWrite("nothing was shown yet", "no_product")
    return found


def unclear_product(unclear: Unclear, context: TurnContext) -> RefusedWrite:
    """What is said where several products fit, or none."""
    if not unclear.candidates:
        return RefusedWrite(str(unclear), "no_product")
    names = "; ".join(each.titles.get(context.language, each.title) for each in unclear.candidates)
    return RefusedWrite(str(unclear), "which_product", names=names)


def say(composer: Composer, artifact: Artifact) -> str:
    """The answers, product by product; without any, what the product is."""
    return "\n".join(_told(composer, product) for product in artifact["products"])


def _told(composer: Composer, product: Mapping[str, Any]) -> str:
    if not product["facts"]:
        return f"{composer.product(product)}\n{product['description']}"
    return " ".join(_fact(composer, product, fact) for fact in product["facts"])


def _fact(composer: Composer, product: Mapping[str, Any], fact: Mapping[str, Any]) -> str:
    title = product["titles"].get(composer.language, product["title"])
    facet = fact.get("facet", "")
    label, value = label_of(composer, facet), composer.worded(facet, fact.get("value", ""))
    values = [truth(composer, composer.worded(facet, each)) for each in fact.get("values", [])]
    match fact["kind"]:
        case "value" if fact["value"] in TRUTHS:
            return composer.say(f"fact_is_{fact['value']}", title=title, label=label)
        case "yes" | "no" | "unsaid" | "value":
            return composer.say(
                f"fact_{fact['kind']}", title=title, label=label, value=value, values=composer.say("comma").join(values)
            )
        case "price":
            return composer.say("fact_price", title=title, price=composer.money(fact["price"]))
        case "rating":
            return composer.say("fact_rating", title=title, rating=f"{fact['rating']:.1f}", count=fact["reviews"])
        case "text":
            key = "fact_text_all" if fact.get("facet") else "fact_text"
            return composer.say(key, title=title, text=fact["value"])
        case "stock" | "no_variant":
            return say_stock(composer, title, fact)
        case kind:
            return composer.say(f"fact_{kind}", title=title)


def say_stock(composer: Composer, title: str, fact: Mapping[str, Any]) -> str:
    """Whether it is there, how many are left where they are few, and what else there is."""
    stock, value = fact.get("stock", 0), composer.worded(_COLOR, fact.get("value", ""))
    if fact["kind"] == "no_variant":
        said = composer.say("fact_no_variant", title=title, value=value)
    else:
        key = "fact_low" if 0 < stock <= _LOW else "fact_there" if stock else "fact_sold_out"
        said = composer.say(key, title=f"{title} ({value})" if value else title, n=stock)
    if not fact.get("values"):
        return said
    others = composer.say("comma").join(composer.worded(_COLOR, each) for each in fact["values"])
    return f"{said} {composer.say('fact_variants' if stock else 'fact_nearest', values=others)}"


def label_of(composer: Composer, facet: str) -> str:
    """A facet's label within a sentence."""
    labels = composer.services.shop.facets.get(facet, {}).get("label", {})
    return in_sentence(label_in(labels, composer.language, facet), composer.language)


def truth(composer: Composer, value: str) -> str:
    """A value in words: "yes" for "true"."""
    return composer.say(f"truth_{value}") if value in TRUTHS else value


def _shown(product: Product, context: TurnContext) -> Json:
    """A product as cards show it, by the variant that is there."""
    hit = ProductHit(product, best_variant(product), 1.0, ())
    return product_json(hit, context.services.shop.currency)


def cards(composer: Composer, artifact: Artifact) -> Sequence[Card]:
    """One card for each product."""
    return [product_card(composer, product) for product in artifact["products"]]


def reference_argument(services: Services) -> Json:
    """The argument that names products."""
    return {
        "type": ["string", "integer", "array"],
        "items": {"type": ["string", "integer"]},
        "description": (
            "Which product: its position in the list shown last (1, 2, ...), words of its title, its SKU, or "
            '"it" for the one last spoken of; a list for several, "shown" for all of the list.'
        ),
    }


TOOL = Tool(
    name=NAME,
    brief="facts of a product that was shown or named",
    when=(
        "Answer a question about one or a few certain products: what it is made of, its weight, whether it is "
        "waterproof, what others say of it, what it costs, whether a size or color is in stock. Use it whenever the "
        "customer asks about something that was shown or that they name, also for whatever only the description may "
        "tell. To find products use search_products, to put several side by side compare_products."
    ),
    parameters=lambda services: arguments(
        {
            "product": reference_argument(services),
            "question": text("What the customer asks of it, in their own words."),
            "color": text("The color whose stock is asked for, if one is."),
            "size": text("The size whose stock is asked for, if one is."),
        },
        required=("product", "question"),
    ),
    function=get_product,
    kind="product",
    say=say,
    cards=cards,
    keys=Keys(units={"reviews": "spec"}),
    sources={"question": Source.NEWEST_WORDS},
)
