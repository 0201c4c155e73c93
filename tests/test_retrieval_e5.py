"""The encoder of questions: what its file holds becomes numbers, and texts that mean the same lie together."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ConfigError, ModelError
from retrieval import e5
from retrieval.e5 import load, numbers, sentences

MEANING_THE_SAME = (
    ("How long does delivery take?", "快递要几天才到？", "¿Cuánto tarda el envío?"),
    ("Can I return a sale item?", "打折的东西能退吗？", "¿Puedo devolver artículos rebajados?"),
    ("Do you have gift cards?", "你们有礼品卡吗？", "¿Venden tarjetas de regalo?"),
)


@given(st.lists(st.lists(st.integers(0, 15), min_size=32, max_size=32), min_size=1, max_size=4), st.floats(-4, 4))
def test_a_block_holds_32_numbers_of_4_bits_times_its_scale(rows: list[list[int]], scale: float) -> None:
    half = np.float16(scale)
    blocks = np.array(
        [[*half.tobytes(), *(row[place] | row[place + 16] << 4 for place in range(16))] for row in rows], np.uint8
    )
    wanted = (np.array(rows, np.float32) - 8) * np.float32(half)
    assert np.array_equal(numbers(blocks), wanted)


def test_a_question_is_nearest_to_what_means_the_same_in_another_language() -> None:
    english, *others = (sentences().encode(texts) for texts in zip(*MEANING_THE_SAME, strict=True))
    for other in others:
        assert (english @ other.T).argmax(axis=1).tolist() == [*range(len(MEANING_THE_SAME))]


def test_vectors_have_length_one_whatever_the_company_and_the_order() -> None:
    texts = ["退货政策是什么", "", "a", "How long is the warranty? " * 40]
    together, alone = sentences().encode(texts), np.concatenate([e5.Sentences().encode([text]) for text in texts])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-3)
    assert sentences().encode([]).shape[0] == 0


def test_the_first_text_of_a_pair_is_cut_before_the_second() -> None:
    _, tokenizer, _ = load()
    batch = tokenizer.pairs([("word " * 100, "in blue, please"), ("hi", "there")], 20)
    assert batch.ids.shape[1] == 20 and batch.mask.sum(1).tolist()[0] == 20
    alone = tokenizer.pairs([("", "in blue, please")], 20)
    assert batch.part[0].sum() == alone.part[0].sum() and batch.part[1].sum() < batch.mask[1].sum()


def test_marked_words_are_marked_wherever_they_stand_as_whole_words() -> None:
    _, tokenizer, _ = load()

    def marked(text: str, words: str, most: int = 40) -> list[str]:
        batch = tokenizer.pairs([("note: size, M", text)], most, [words])
        places = [place for place, part in enumerate(batch.part[0].tolist()) if part == 2]
        return [str(tokenizer.piece(int(batch.ids[0][place]))) for place in places]

    assert marked("Medium in all, medium always", "medium") == ["▁Medium", "▁medium"]
    assert marked("im a medium", "M") == []
    assert marked("我喜欢黑色的", "黑色") == ["黑色"]
    assert marked("要灰L放车", "灰") == ["灰"]
    assert marked("anything else", "") == marked("anything else", "wool") == []
    assert marked("word " * 40 + "medium", "medium", most=20) == []  # cut off


def test_another_file_and_a_missing_package_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5, "PACKAGE", "no-such-package")
    with pytest.raises(ConfigError, match=r"make \.venv/installed"):
        e5._path()
    monkeypatch.undo()
    monkeypatch.setattr(e5, "SHA256", "0" * 64)
    with pytest.raises(ModelError, match="SHA-256"):
        e5._path()
    other = tmp_path / "other.bin"
    other.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"other\.bin"):
        e5._read(other)
