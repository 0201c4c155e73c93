"""The examples of docs/openai-clients.md, run as they stand there against a real server."""

import re
from pathlib import Path
from typing import Any

import pytest

from agent.models.scripted import Planned, ScriptedModel
from tests.completions_shop import agent, serving

PAGE = Path("docs/openai-clients.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ADDRESS, KEY = "http://127.0.0.1:7860/v1", "YOUR-KEY"


def test_the_examples_of_the_page_run_one_after_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLES) == 3
    jackets = Planned((("search_products", {"query": "rain jackets"}),))
    weighed = Planned((("get_product", {"sku": "JKT-1001", "facts": ["weight"]}),))
    model, names = ScriptedModel(), dict[str, Any]()
    with agent(tmp_path, model) as shopkeeper, serving(shopkeeper) as url:
        for example, plan in zip(EXAMPLES, (jackets, weighed, jackets), strict=True):
            model.expect(plan)
            exec(compile(example.replace(ADDRESS, url).replace(KEY, "shop"), PAGE[:20], "exec"), names)
            assert capsys.readouterr().out.strip()
    assert names["chunk"].shopkeeper["history"] == "continued"
    assert names["chunk"].shopkeeper["consultation"] == names["answer"].shopkeeper["consultation"]
    assert "$" in names["reply"].content
