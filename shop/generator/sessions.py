"""Behaviour: shelves and orders come in, Segment-like events in sessions go out, in the order of time."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from shop.generator.people import NOW
from shop.generator.products import Article, Product
from shop.generator.purchases import Purchase, Shelf
from shop.generator.ranges import load_words

Event = dict[str, Any]


def make_events(shelves: Sequence[Shelf], purchases: Sequence[Purchase], count: int, seed: int) -> list[Event]:
    """Exactly `count` events: the sessions and reviews around each order, then window-shopping to fill up."""
    rng = random.Random(f"{seed}/events")
    visits = Visits(rng)
    by_person = {shelf.person.id: shelf for shelf in shelves}
    events = [event for order in purchases for event in visits.buying(by_person[order.person.id], order)]
    eager = [rng.lognormvariate(0, 0.9) for _ in shelves]
    while len(events) < count:
        shelf = rng.choices(shelves, eager)[0]
        start = NOW - timedelta(days=365 * rng.random() ** 1.4, minutes=rng.randint(40, 300))
        events += visits.looking(shelf, start)[: count - len(events)]
    events.sort(key=lambda event: (event["timestamp"], event["userId"]))
    return [{"messageId": f"ev-{number:06}", **event} for number, event in enumerate(events, start=1)]


class Visits:
    """Makes one visit's events. Holds the random source and the words."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._reviews: dict[str, dict[int, list[str]]] = load_words("reviews")
        self._colors: dict[str, list[str]] = load_words("colors")

    def looking(self, shelf: Shelf, start: datetime) -> list[Event]:
        """A search, a few products, now and then something in the cart that stays there."""
        rng, focus = self._rng, shelf.pick(self._rng)
        moment = Clock(start, rng)
        query = self.query(shelf, focus)
        events = [self._event(shelf, "Products Searched", moment.next(), {"query": query})]
        seen = {product.sku: product for product in [focus, *(shelf.pick_near(focus, rng) for _ in range(4))]}
        for position, product in enumerate(list(seen.values())[: rng.choices((1, 2, 3, 4), (3, 4, 3, 2))[0]], start=1):
            events += self._look(shelf, product, position, query, moment)
        if rng.random() < 0.18:
            events.append(self._add(shelf, focus, shelf.article(focus, rng), 1, moment))
        return events

    def buying(self, shelf: Shelf, order: Purchase) -> Iterator[Event]:
        """The visit that ends in an order, and maybe a review some days after it arrived."""
        first = order.lines[0].product
        moment = Clock(order.placed - timedelta(minutes=4 + 4 * len(order.lines)), self._rng, most_seconds=35)
        query = self.query(shelf, first)
        yield self._event(shelf, "Products Searched", moment.next(), {"query": query})
        if self._rng.random() < 0.6:
            yield from self._look(shelf, shelf.pick_near(first, self._rng), 1, query, moment)
        for position, line in enumerate(order.lines, start=2):
            yield from self._look(shelf, line.product, position, query, moment)
            yield self._add(shelf, line.product, line.article, line.quantity, moment)
        bought = [
            {
                "product_id": x.product.sku,
                "sku": x.article.sku,
                "price": x.article.price,
                "quantity": x.quantity,
            }
            for x in order.lines
        ]
        properties = {"order_id": order.id, "total": order.total, "currency": "USD", "products": bought}
        yield self._event(shelf, "Order Completed", order.placed, properties)
        yield from self._review(shelf, order)

    def query(self, shelf: Shelf, product: Product) -> str:
        """What the person types to find such a product, in their language."""
        rng, taste, english = self._rng, shelf.person.taste, shelf.person.language == "en"
        words = rng.choice(product.kind.search_en if english else product.kind.search_zh)
        has = {article.color for article in product.articles}
        color = next((color for color in taste.colors if color in has), "")
        if color and rng.random() < 0.35:
            words = f"{color} {words}" if english else f"{self._colors[color][1]}{words}"
        sized = [article.size for article in product.articles if taste.wears(article.size)]
        if sized and sized[0] != "one size" and rng.random() < 0.15:
            words += f" size {sized[0]}" if english else f" {sized[0]}码"
        if product.brand in taste.brands and rng.random() < 0.2:
            words = f"{product.brand} {words}"
        return words.lower() if rng.random() < 0.7 else words

    def _look(self, shelf: Shelf, product: Product, position: int, query: str, moment: "Clock") -> Iterator[Event]:
        properties = _of_product(product)
        if self._rng.random() < 0.7:
            clicked = {"product_id": product.sku, "position": position, "query": query}
            yield self._event(shelf, "Product Clicked", moment.next(), clicked)
        yield self._event(shelf, "Product Viewed", moment.next(), properties)

    def _add(self, shelf: Shelf, product: Product, article: Article, quantity: int, moment: "Clock") -> Event:
        chosen = {"sku": article.sku, "color": article.color, "size": article.size, "quantity": quantity}
        return self._event(shelf, "Product Added", moment.next(), _of_product(product) | chosen)

    def _review(self, shelf: Shelf, order: Purchase) -> Iterator[Event]:
        rng = self._rng
        if order.arrived is None or rng.random() > 0.35:
            return
        at = order.arrived + timedelta(days=rng.randint(3, 20), minutes=rng.randint(0, 900))
        if at < NOW:
            stars = rng.choices((1, 2, 3) if order.status != "delivered" else (5, 4, 3), (55, 33, 12))[0]
            text = rng.choice(self._reviews[shelf.person.language][stars])
            product = rng.choice(order.lines).product
            properties = {
                "product_id": product.sku,
                "rating": stars,
                "review_body": text,
                "order_id": order.id,
            }
            yield self._event(shelf, "Product Reviewed", at, properties)

    def _event(self, shelf: Shelf, name: str, at: datetime, properties: dict[str, Any]) -> Event:
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        return {"userId": shelf.person.id, "event": name, "timestamp": stamp, "properties": properties}


class Clock:
    """Moments of one visit, each some seconds after the last."""

    def __init__(self, start: datetime, rng: random.Random, most_seconds: int = 90) -> None:
        self._at, self._rng, self._most = start, rng, most_seconds

    def next(self) -> datetime:
        self._at += timedelta(seconds=self._rng.randint(4, self._most))
        return self._at


def _of_product(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.sku,
        "category": product.category,
        "brand": product.brand,
        "price": product.price,
    }
