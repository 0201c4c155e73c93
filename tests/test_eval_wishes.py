"""The suite of recognised wishes, on small invented files of the three forms."""

import csv
import json
from pathlib import Path

import pytest

from agent.guided.recogniser.labels import WISHES
from errors import ConfigError, DataError
from eval.suite import Options
from eval.suites.wishes import SUITE, cases, fitting_wishes, metrics, run


def test_only_wishes_that_there_are_fit() -> None:
    named = {wish for labels in fitting_wishes().values() for wishes in labels.values() for wish in wishes}
    assert named <= set(WISHES)


def test_each_form_is_read_and_its_messages_are_recognised(tmp_path: Path) -> None:
    bitext = tmp_path / "requests.csv"
    with bitext.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["role", "instruction", "intent", "category", "response"])
        writer.writerow(["assistant", "please cancel my order", "cancel_order", "ORDER", "Of course."])
        writer.writerow(["assistant", "where is my parcel", "track_order", "ORDER", "On its way."])
        writer.writerow(["assistant", "sing me something", "sing", "OTHER", "No."])
    clinc = tmp_path / "others.json"
    clinc.write_text(json.dumps({"oos_test": [["who painted the sunflowers", "oos"]], "test": [["hi", "greet"]]}))
    shopping = tmp_path / "talks.json"
    said = [
        {"participant": "Wizard", "utterance": "Hello?", "intents": [["greeting", 4.0]]},
        {"participant": "Client", "utterance": "show me warm gloves", "intents": [["recommend", 3.0]]},
        {"participant": "Client", "utterance": "what are the second ones made of?", "intents": [["o_question", 3.0]]},
    ]
    shopping.write_text(json.dumps([{"utterances": said}]))
    found = {path.name: cases(Options(data=path)) for path in (bitext, clinc, shopping)}
    assert {name: len(some) for name, some in found.items()} == {"requests.csv": 2, "others.json": 1, "talks.json": 2}
    assert {case.data["before"] for case in found["talks.json"]} == {"", "show me warm gloves"}
    records = [run(case, None) for case in (*found["requests.csv"], *found["talks.json"])]
    figures = metrics(records)
    assert figures["right"] == 1 and figures["acts"] == 0 and figures["right/cancel_order"] == 1
    assert metrics([])["right"] == 0


def test_other_files_are_refused_with_what_is_expected(tmp_path: Path) -> None:
    broken = tmp_path / "talks.json"
    broken.write_text('[{"utterances": [{"participant": "Client"}]}]')
    with pytest.raises(DataError, match="expected talks"):
        cases(Options(data=broken))
    with pytest.raises(ConfigError, match="--data is missing"):
        cases(Options())
    assert SUITE.name == "wishes"
