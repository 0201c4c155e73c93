"""A small shop for the retrieval tests: nothing comes in, a folder with shop.toml and its data goes out."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.embedder import Embedder

SHOP_TOML = """
name = "Test Shop"
[facets]
category = {type = "choice", level = "product"}
brand = {type = "choice", level = "product"}
color = {type = "choice", level = "variant", aliases = {"深绿色" = "dark green", "黑色" = "black"}}
size = {type = "choice", level = "variant"}
material = {type = "choice", level = "product", many = true}
vegan = {type = "boolean", level = "product"}
liters = {type = "number", level = "product"}
"""

POLICY = """# Policy

## Returns
Unworn items can be returned within 30 days. Worn items are refused.

### Exchanges
An exchange for another size is free of charge.

## Shipping
Orders above 75 dollars ship free.
"""

ANSWERS = """
- id: returns
  topic: returns
  samples:
    en: ["How do I return an item?", "What is your return policy?", "Can I send something back?"]
    zh: ["怎么退货？", "退货政策是什么？", "不合适可以退吗？"]
  text: {en: "Within {return_days} days.", zh: "{return_days}天内可以退货。"}
  needs: [return_days]
- id: shipping_time
  topic: shipping
  samples:
    en: ["How long does shipping take?", "When will my order arrive?"]
    zh: ["多久能送到？", "几天到货？"]
  text: {en: "3-5 days.", zh: "3-5天。"}
- id: gift_cards
  topic: payment
  samples:
    en: ["Do you sell gift cards?", "Can I buy a gift voucher?"]
    zh: ["有礼品卡吗？", "可以买礼品卡吗？"]
  text: {en: "Yes."}
"""

_NAMES = {
    "jackets": ("Rain Jacket", "防水夹克"),
    "fleeces": ("Warm Fleece", "保暖抓绒衣"),
    "boots": ("Hiking Boots", "登山靴"),
    "socks": ("Trekking Socks", "徒步袜"),
    "tents": ("Two Person Tent", "双人帐篷"),
}
_SIZES = {"jackets": ["S", "M", "XL"], "fleeces": ["S", "M"], "boots": ["41", "42"]}
_MATERIALS = ["wool", "merino wool", "recycled nylon", "nylon", "down", "synthetic down", "gore-tex"]
_COLORS = ["black", "dark green", "light blue", "blue", "grey", "olive"]


@lru_cache(maxsize=1)
def embedder() -> Embedder:
    """The default embedder, loaded once for all tests."""
    return Embedder()


def product(number: int, **changes: Any) -> dict[str, Any]:
    """One catalogue line, made from its number alone."""
    category = list(_NAMES)[number % len(_NAMES)]
    sizes = _SIZES.get(category, ["one size"])
    title, title_zh = _NAMES[category]
    material = _MATERIALS[number % len(_MATERIALS)]
    sku = f"P-{number:03}"
    variants = [
        {
            "sku": f"{sku}-{c}-{s}",
            "color": _COLORS[(number + c) % 6],
            "size": size,
            "price": price(number) + c,
        }
        | {"stock": (number + c + s) % 3}
        for c in range(2)
        for s, size in enumerate(sizes)
    ]
    made = {
        "sku": sku,
        "title": f"{title} {material.title()} No {number}",
        "title_zh": f"{title_zh}{number}号",
        "description": f"For days outside, made of {material}.",
        "category": category,
        "brand": ["Alder", "Pine"][number % 2],
        "price": price(number),
        "facets": {"material": [material], "vegan": number % 2 == 0, "liters": 10 + number},
        "rating": 3 + number % 20 / 10,
        "reviews": number,
        "variants": variants,
    }
    return made | changes


def price(number: int) -> float:
    return 10.0 + number * 7 % 200


def write_shop(folder: Path, lines: list[str] | None = None) -> Path:
    """Write the shop into `folder`; `lines` replaces the 40 products of the catalogue."""
    folder.mkdir(parents=True, exist_ok=True)
    if lines is None:
        lines = [json.dumps(product(number), ensure_ascii=False) for number in range(40)]
    (folder / "catalog.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "shop.toml").write_text(SHOP_TOML, encoding="utf-8")
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    (folder / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    return folder
