"""The catalogue, the answers and the policy: what loads, what is rejected, and with which words."""

import json
from pathlib import Path

import pytest

from errors import ConfigError, DataError, NotFound
from retrieval.answers import load_answers
from retrieval.catalog import load_catalog
from retrieval.policy import split_policy
from tests.retrieval_shop import POLICY, product, write_shop


def _line(number: int, **changes: object) -> str:
    return json.dumps(product(number, **changes), ensure_ascii=False)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"sku": "X", ', "broken JSON"),
        ("[]", "a product is a JSON object, not list"),
        (
            '{"title": "t", "category": "c", "price": 1, "variants": [{"sku": "v", "stock": 1}]}',
            "sku: field required",
        ),
        (_line(5, price=-1), "price: input should be greater than or equal to 0, not -1"),
        (_line(5, price=float("nan")), "price: input should be a finite number"),
        (_line(5, variants=[]), "variants: "),
        (_line(5, variants=[{"sku": "v", "stock": -2}]), "variants.0.stock: "),
        (_line(5, sku="P-001"), "duplicate sku 'P-001'"),
        (_line(5, variants=[{"sku": "P-001-0-0", "stock": 1}]), "duplicate sku 'P-001-0-0'"),
        (_line(5, variants=[{"sku": "v", "stock": 1}, {"sku": "v", "stock": 1}]), "duplicate sku 'v'"),
        (_line(5, facets={"material": [1]}), "facets.material"),
    ],
)
def test_a_broken_line_is_reported_with_its_number_and_the_rest_loads(tmp_path: Path, line: str, reason: str) -> None:
    write_shop(tmp_path, [_line(1), "", line, _line(2)])
    catalog = load_catalog(tmp_path / "catalog.jsonl")
    assert [found.sku for found in catalog.products] == ["P-001", "P-002"]
    assert [found.line_number for found in catalog.rejected] == [3]
    assert catalog.rejected[0].reason.startswith(reason)


def test_a_line_that_is_not_utf8_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "catalog.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + _line(1).encode() + b"\r\n\xff\xfe\n" + _line(2).encode())
    catalog = load_catalog(path)
    assert len(catalog.products) == 2
    assert catalog.rejected[0].reason == "not UTF-8 at byte 0"


def test_a_product_is_found_by_its_own_sku_and_by_a_variants(tmp_path: Path) -> None:
    catalog = load_catalog(write_shop(tmp_path) / "catalog.jsonl")
    assert catalog.find("P-003-0-0") is catalog.find("P-003")
    assert catalog.find("P-003").titles["zh"] == "徒步袜3号"
    with pytest.raises(NotFound, match="P-999"):
        catalog.find("P-999")


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no catalogue at .*catalog\.jsonl"):
        load_catalog(tmp_path / "catalog.jsonl")


def test_policy_passages_carry_the_path_of_their_headings() -> None:
    passages = split_policy(POLICY)
    assert [passage.heading for passage in passages] == ["Returns", "Returns > Exchanges", "Shipping"]
    assert passages[2].text == "Orders above 75 dollars ship free."


def test_a_policy_that_skips_a_level_still_splits() -> None:
    assert [p.heading for p in split_policy("intro\n# A\n### C\ntext\n## B\nmore")] == ["", "C", "B"]


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("- {id: a, samples: {en: [x]}, text: {en: '{days} days'}}", "'a', en: not in needs: days"),
        ("- {id: a, samples: {}, text: {en: x}}\n- {id: a, samples: {}, text: {en: x}}", "'a' is used twice"),
        ("- {id: a, samples: {}, text: {en: x}, tone: nice}", "entry 0.tone"),
        ("- {id: a", "not YAML"),
        ("- {id: a, samples: {}, text: {en: 'a { b'}}", "'a', en"),
    ],
)
def test_a_wrong_template_is_refused_by_name(tmp_path: Path, yaml: str, message: str) -> None:
    (tmp_path / "answers.yaml").write_text(yaml, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_answers(tmp_path / "answers.yaml")
