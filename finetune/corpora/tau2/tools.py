"""The tools of a tau2-style retail shop, as plain functions on its database, and how their results read.

In: a database as in `db.json` (it is copied, never changed) and calls by name. Out: results as short text. Each
tool checks its preconditions one by one; what is not possible is a NotFound or Refused that says why, and `execute`
hands the reason back as the result, as a model would see it.

A result's lines end with the id that stands for them, behind "=", and variants are listed from the cheapest to the
dearest; those that are not available are only counted, since none can be bought. Tracking numbers, which no call takes,
are left out.
"""

import ast
import copy
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from errors import NotFound, Refused, ShopkeeperError, choices
from finetune.corpora.tau2.signatures import ADDRESS, REASONS, SIGNATURES

Json = dict[str, Any]

_OPERATIONS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class RetailTools:
    """The tools on a copy of a database. ``RetailTools(db).execute("get_order_details", {"order_id": "#W1"})``"""

    def __init__(self, db: Json) -> None:
        self.products: Json = db["products"]  # no tool changes products
        self.users: Json = copy.deepcopy(db["users"])
        self.orders: Json = copy.deepcopy(db["orders"])

    def execute(self, name: str, arguments: Json) -> str:
        """The result of a call as text; what is refused, or is no such call, begins with "error: "."""
        try:
            if name not in SIGNATURES:
                raise NotFound(f"no tool {name}")
            if set(arguments) != set(SIGNATURES[name]):
                raise Refused(f"{name} takes {', '.join(SIGNATURES[name]) or 'no arguments'}")
            return str(getattr(self, name)(**arguments))
        except ShopkeeperError as error:
            return f"error: {error}"

    def find_user_id_by_email(self, email: str) -> str:
        for user in self.users.values():
            if user["email"].lower() == email.lower():
                return str(user["user_id"])
        raise NotFound("no such user")

    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:
        for user in self.users.values():
            name = user["name"]
            same = (name["first_name"].lower(), name["last_name"].lower()) == (first_name.lower(), last_name.lower())
            if same and user["address"]["zip"] == zip:
                return str(user["user_id"])
        raise NotFound("no such user")

    def get_user_details(self, user_id: str) -> str:
        user = self._user(user_id)
        payments = ", ".join(_payment(method) for method in user["payment_methods"].values())
        name = f"{user['name']['first_name']} {user['name']['last_name']}"
        return (
            f"{user_id}: {name}, {user['email']}\naddress: {_address(user['address'])}\n"
            f"payment: {payments}\norders: {', '.join(user['orders'])}"
        )

    def get_order_details(self, order_id: str) -> str:
        order = self._order(order_id)
        paid = ", ".join(
            f"{entry['transaction_type']} {entry['amount']} {entry['payment_method_id']}"
            for entry in order["payment_history"]
        )
        home = order["address"] == self.users.get(order["user_id"], {}).get("address")
        lines = [f"{order_id} {order['status']}, {paid}"]
        lines.append("to: own address" if home else f"to: {_address(order['address'])}")
        lines += [
            f"- {item['name']} [{item['product_id']}]: {_options(item)}, {item['price']} = {item['item_id']}"
            for item in order["items"]
        ]
        return "\n".join(lines)

    def get_product_details(self, product_id: str) -> str:
        if product_id not in self.products:
            raise NotFound("no such product")
        product = self.products[product_id]
        variants = sorted(product["variants"].values(), key=lambda variant: variant["price"])
        names = ", ".join(variants[0]["options"]) if variants else "none"
        lines = [f"{product['name']} [{product_id}]: {names}"]
        lines += [
            f"- {_options(variant)}, {variant['price']} = {variant['item_id']}"
            for variant in variants
            if variant["available"]
        ]
        gone = len(variants) + 1 - len(lines)
        return "\n".join(lines + [f"{gone} more are not available"] * bool(gone))

    def get_item_details(self, item_id: str) -> str:
        product, variant = self._variant(item_id)
        state = "available" if variant["available"] else "not available"
        return f"{product['name']} [{product['product_id']}]: {_options(variant)}, {variant['price']}, {state}"

    def list_all_product_types(self) -> str:
        pairs = sorted((product["name"], product_id) for product_id, product in self.products.items())
        return "\n".join(f"{name} = {product_id}" for name, product_id in pairs)

    def calculate(self, expression: str) -> str:
        try:
            value = _value(ast.parse(expression, mode="eval").body)
        except (SyntaxError, ZeroDivisionError, ValueError) as error:
            raise Refused(f"cannot calculate {expression[:60]!r}: numbers, + - * / and brackets only") from error
        return f"{value:.2f}"

    def cancel_pending_order(self, order_id: str, reason: str) -> str:
        order = self._order(order_id)
        self._expect(order, "pending")
        if reason not in REASONS:
            raise Refused(f"reason {reason!r} is none of: {', '.join(REASONS)}")
        order["status"] = "cancelled"
        for entry in list(order["payment_history"]):
            self._pay(order, -entry["amount"], entry["payment_method_id"])
        return f"{order_id} cancelled"

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> str:
        order = self._order(order_id)
        self._expect(order, "delivered")
        difference = self._difference(order, item_ids, new_item_ids, payment_method_id)
        order["status"] = "exchange requested"
        return f"{order_id} exchange requested, difference {difference} {payment_method_id}"

    def modify_pending_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> str:
        order = self._order(order_id)
        self._expect(order, "pending")
        difference = self._difference(order, item_ids, new_item_ids, payment_method_id)
        self._pay(order, difference, payment_method_id)
        for old, new in zip(item_ids, new_item_ids, strict=True):
            _, variant = self._variant(new)
            item = next(item for item in order["items"] if item["item_id"] == old)
            item |= {"item_id": new, "price": variant["price"], "options": variant["options"]}
        order["status"] = "pending (item modified)"
        return f"{order_id} items modified, difference {difference} {payment_method_id}"

    def modify_pending_order_address(self, order_id: str, **address: str) -> str:
        order = self._order(order_id)
        self._expect_pending(order)
        order["address"] = address
        return f"{order_id} address modified"

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> str:
        order = self._order(order_id)
        self._expect_pending(order)
        method = self._method(order["user_id"], payment_method_id)
        history = order["payment_history"]
        if len(history) != 1 or history[0]["transaction_type"] != "payment":
            raise Refused(f"{order_id} has no single payment to change")
        if history[0]["payment_method_id"] == payment_method_id:
            raise Refused(f"{order_id} is already paid with {payment_method_id}: expected another method")
        amount = history[0]["amount"]
        self._expect_balance(method, amount)
        self._pay(order, amount, payment_method_id)
        self._pay(order, -amount, history[0]["payment_method_id"])
        return f"{order_id} payment modified"

    def modify_user_address(self, user_id: str, **address: str) -> str:
        self._user(user_id)["address"] = address
        return f"{user_id} address modified"

    def return_delivered_order_items(self, order_id: str, item_ids: Sequence[str], payment_method_id: str) -> str:
        order = self._order(order_id)
        self._expect(order, "delivered")
        method = self._method(order["user_id"], payment_method_id)
        paid = [entry["payment_method_id"] for entry in order["payment_history"]]
        if method["source"] != "gift_card" and payment_method_id not in paid:
            raise Refused(f"refund to {payment_method_id} is not possible: expected a gift card or {paid[0]}")
        _expect_items(order, item_ids)
        order["status"] = "return requested"
        return f"{order_id} return requested, refund to {payment_method_id}"

    def transfer_to_human_agents(self, summary: str) -> str:
        return "transferred"

    def _user(self, user_id: str) -> Json:
        if user_id not in self.users:
            raise NotFound("no such user")
        user: Json = self.users[user_id]
        return user

    def _order(self, order_id: str) -> Json:
        if order_id not in self.orders:
            raise NotFound("no such order")
        order: Json = self.orders[order_id]
        return order

    def _variant(self, item_id: str) -> tuple[Json, Json]:
        for product in self.products.values():
            if item_id in product["variants"]:
                return product, product["variants"][item_id]
        raise NotFound("no such item")

    def _method(self, user_id: str, payment_method_id: str) -> Json:
        methods = self._user(user_id)["payment_methods"]
        if payment_method_id not in methods:
            raise NotFound(f"no such payment method: {choices(methods)}")
        method: Json = methods[payment_method_id]
        return method

    def _expect(self, order: Json, status: str) -> None:
        if order["status"] != status:
            raise Refused(f"{order['order_id']} is {order['status']}, not {status}")

    def _expect_pending(self, order: Json) -> None:
        if "pending" not in order["status"]:
            raise Refused(f"{order['order_id']} is {order['status']}, not pending")

    def _expect_balance(self, method: Json, amount: float) -> None:
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise Refused(f"{method['id']} has {method['balance']}, less than {amount}")

    def _difference(self, order: Json, old: Sequence[str], new: Sequence[str], payment_method_id: str) -> float:
        """What the new items cost more than the old, after all checks of an exchange."""
        _expect_items(order, old)
        if len(old) != len(new):
            raise Refused(f"{len(old)} items and {len(new)} new ones: expected as many")
        difference = 0.0
        for old_id, new_id in zip(old, new, strict=True):
            item = next(item for item in order["items"] if item["item_id"] == old_id)
            product, variant = self._variant(new_id)
            if product["product_id"] != item["product_id"]:
                raise Refused(f"{new_id} is a {product['name']}, not a {item['name']}")
            if not variant["available"]:
                raise Refused(f"{new_id} is not available")
            difference += variant["price"] - item["price"]
        self._expect_balance(self._method(order["user_id"], payment_method_id), difference)
        return round(difference, 2)

    def _pay(self, order: Json, amount: float, payment_method_id: str) -> None:
        """Take the amount, or give it back if negative, and write it down."""
        method = self._method(order["user_id"], payment_method_id)
        if method["source"] == "gift_card":
            method["balance"] = round(method["balance"] - amount, 2)
        kind = "payment" if amount >= 0 else "refund"
        order["payment_history"].append(
            {"transaction_type": kind, "amount": round(abs(amount), 2), "payment_method_id": payment_method_id}
        )


def _expect_items(order: Json, item_ids: Sequence[str]) -> None:
    there = Counter(item["item_id"] for item in order["items"])
    for item_id, count in Counter(item_ids).items():
        if there[item_id] < count:
            raise NotFound(f"{order['order_id']} has {there[item_id]} of item {item_id}, not {count}")


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("not arithmetic")


def _address(address: Json) -> str:
    return " | ".join(address.get(part, "") for part in ADDRESS)


def _options(thing: Json) -> str:
    return ", ".join(thing["options"].values())


def _payment(method: Json) -> str:
    if method["source"] == "gift_card":
        return f"{method['id']} (balance {method['balance']})"
    if method["source"] == "credit_card":
        return f"{method['id']} ({method.get('brand', 'card')} {method.get('last_four', '')})"
    return str(method["id"])
