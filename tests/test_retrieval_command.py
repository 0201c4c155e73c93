"""The command: what it prints, with which exit code, and nothing of the libraries beneath it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.retrieval_shop import write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


def _run(shop: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retrieval", *arguments, "--shop", str(shop)]
    return subprocess.run(command, capture_output=True, text=True)


def test_search_prints_a_json_list_of_flat_hits_and_nothing_else(shop: Path) -> None:
    done = _run(shop, "search", "rain jacket", "--color", "green", "--size", "medium", "--json", "-k", "2")
    assert (done.returncode, done.stderr) == (0, "")
    hits = json.loads(done.stdout)
    assert hits
    for hit in hits:
        assert hit["variant"].startswith(hit["sku"]) and (hit["color"], hit["size"]) == ("dark green", "M")
        assert {"title", "price", "category", "score", "reasons", "material"} <= set(hit)


def test_search_in_words_names_the_like_that_moved_a_product(shop: Path) -> None:
    done = _run(shop, "search", "socks", "--prefer", "color=blue", "--without", "material=wool")
    assert done.returncode == 0
    assert "likes color: blue" in done.stdout and "wool" not in done.stdout


def test_answer_prints_the_template_and_the_passage(shop: Path) -> None:
    done = _run(shop, "answer", "How can I return an item?", "--json")
    report = json.loads(done.stdout)
    assert report["answer"]["id"] == "returns" and report["policy"]["heading"] == "Returns"
    assert _run(shop, "answer", "what is the capital of France").stdout == "answer: none\npolicy: none\n"


def test_check_reports_rejected_lines_and_says_so_in_its_exit_code(shop: Path, tmp_path: Path) -> None:
    assert _run(shop, "check").returncode == 0
    done = _run(write_shop(tmp_path, ["{oops"]), "check")
    assert done.returncode == 1
    assert "line 1: broken JSON" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("search", "tent", "--color", "purple"), 2, "error: no color is called 'purple'; values: black, blue"),
        (("search", "tent", "--max-price", "-3"), 2, "error: max_price must be a price of 0 or more, not -3.0"),
        (("search", "tent", "-k", "0"), 2, "error: k must be 1 or more, not 0"),
        (("build", "--embedder", "no/such/model"), 6, "error: cannot load the embedder 'no/such/model'"),
    ],
)
def test_an_error_is_one_line_with_the_exit_code_of_its_class(
    shop: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = _run(shop, *arguments)
    assert done.returncode == code
    assert done.stderr.startswith(message) and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_folder_that_is_no_shop_is_named(tmp_path: Path) -> None:
    done = _run(tmp_path, "build")
    assert done.returncode == 2 and str(tmp_path) in done.stderr


def test_help_teaches_with_examples_and_exit_codes() -> None:
    done = subprocess.run([sys.executable, "-m", "retrieval", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "examples:" in done.stdout and "exit codes:" in done.stdout
