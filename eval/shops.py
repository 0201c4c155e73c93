"""Which shops a suite runs on: those of a directory, fresh random ones, or the one shop named.

In: `Options` (`shops`, `shop`, `seed`, the settings `random` and `varied`). Out: shop directories. Random ones are of
kinds of shop that are kept out of training, and are made anew from the seed wherever they are not there yet; with
`varied=1` some of them keep ranges and values per kind of product, and without they are as they always were.
Simulated customers are invented: where they play on a real shop, it is a copy without its own customers. Errors:
`ConfigError`.
"""

from collections.abc import Sequence
from pathlib import Path

from errors import ConfigError
from eval.suite import Options
from finetune.selfplay.shops.make import make_shop, shop_name
from finetune.selfplay.shops.population import peopled

VARIED = {"varied": "1: some random shops keep ranges and values per kind of product (default 0)"}
_APART = 900_000  # seeds of evals are none that anybody trains with


def played_shops(options: Options, default: int = 8) -> Sequence[Path]:
    """`chosen_shops` for simulated customers, never the shop's own."""
    invented = options.work / "invented"
    return [peopled(shop, invented / shop.resolve().name, options.seed) for shop in chosen_shops(options, default)]


def chosen_shops(options: Options, default: int = 8) -> Sequence[Path]:
    """`--shops`, else `--set random=N` fresh ones, else `--shop`."""
    if options.shops is not None:
        if not options.shops.is_dir():
            raise ConfigError(f"--shops {options.shops}: there is no such directory")
        found = sorted(path.parent for path in options.shops.glob("*/shop.toml"))
        if not found:
            raise ConfigError(f"--shops {options.shops} holds no shop directories (DIR/*/shop.toml)")
        return found
    count = options.integer("random", default, least=0)
    if not count:
        return [options.shop]
    seed = _APART + options.seed
    vary = bool(options.integer("varied", 0, least=0))
    form = "varied-" if vary else ""
    return [make_shop(options.work / f"{form}{seed}-{shop_name(n)}", seed, n, "held-out", vary) for n in range(count)]
