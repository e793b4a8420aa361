"""Whatever comes in: a document or a reason, never a traceback; whatever is cut can be put together again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from styletui_prep.chunk import cut, join
from styletui_prep.clean import clean
from styletui_prep.decode import Decoded, decode
from styletui_prep.document import SKIP_REASONS, Document, Skip, Tally
from styletui_prep.frontmatter import split_front_matter
from styletui_prep.overlap import containment, longest_run
from styletui_prep.readers.markdown import MarkdownReader
from styletui_prep.readers.wechat import WechatReader
from styletui_prep.sentences import paragraphs, sentence_ends
from styletui_prep.tokens import ApproximateCounter

COUNTER = ApproximateCounter()
# Text as people type it, with everything that means something to a parser.
TYPED = st.text(
    st.one_of(
        st.sampled_from(
            "的一是了我人这修表铺雨。。，！？；：“”‘’（）「」…—　 \n\n\t#*_`>-+1.)[]|~<>&\\$\"'!@/"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=400,
)
PROSE = st.text(st.sampled_from("的一是了我人这修表铺雨。。，！？；：“”（）「」… \n"), max_size=3000)
PLAIN_WORDS = st.text(
    st.sampled_from("的一是了我人这修表铺雨。，！？；：“”（）…—ＡＢ１２😀  "), min_size=1, max_size=80
)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(st.one_of(st.binary(max_size=600), TYPED.map(str.encode), TYPED.map(lambda t: t.encode("gb18030"))))
def test_any_bytes_are_decoded_or_have_a_reason(data: bytes) -> None:
    result = decode(data)
    if isinstance(result, Decoded):
        result.text.encode("utf-8")
    else:
        assert result in SKIP_REASONS


@FEW
@given(PROSE.filter(lambda text: sum("\u4e00" <= c <= "\u9fff" for c in text) > 5))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    result = decode(text.encode())
    assert isinstance(result, Decoded)
    assert result.text == text


@FEW
@given(TYPED, st.sampled_from(["wechat", "markdown", "plain"]), PLAIN_WORDS)
def test_cleaning_never_fails_and_leaves_writable_text(raw: str, profile: str, title: str) -> None:
    text = clean(raw, profile, title).text
    text.encode("utf-8")
    assert text == text.strip()
    assert not any(c in text for c in "\x00\x1b\r\u200b\ufeff\ue000")
    assert "\n\n\n" not in text


@FEW
@given(
    st.lists(
        PLAIN_WORDS.filter(lambda t: t.strip() and t.strip()[0] in "的一是了我人这"), min_size=1, max_size=6
    )
)
def test_cleaning_keeps_plain_paragraphs_to_the_letter(lines: list[str]) -> None:
    wanted = "\n\n".join(line.strip() for line in lines)
    assert clean(wanted, "markdown").text == wanted


@FEW
@given(PROSE, st.integers(1, 60), st.integers(0, 200))
def test_chunks_put_together_are_the_text(text: str, minimum: int, more: int) -> None:
    chunks = cut(text, COUNTER, minimum, minimum + more)
    assert join(chunks) == (text if text.strip() else "")
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.text.strip() for chunk in chunks) or len(chunks) == 1
    assert all(
        chunk.tokens <= minimum + more or len(chunk.text) <= 2 or chunk.text[0].isspace() for chunk in chunks
    )


@FEW
@given(PROSE)
def test_spans_cover_the_text_and_cuts_never_part_end_marks(text: str) -> None:
    spans = list(paragraphs(text))
    assert "".join(text[a:b] for a, b in spans) == text
    for start, end in spans:
        paragraph = text[start:end]
        ends = sentence_ends(paragraph)
        assert ends == sorted(set(ends)) and ends[-1] == len(paragraph)
        assert not any(paragraph[at - 1] in "。！？…" and paragraph[at] in "。！？…”」）" for at in ends[:-1])


@FEW
@given(TYPED)
def test_front_matter_gives_its_body_whatever_it_says(text: str) -> None:
    front = split_front_matter("---\n" + text + "\n---\n正文")
    assert front.body.endswith("正文")
    for value in (front.title, front.author, front.date):
        assert value is None or "\n" not in value


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a.md", "b.txt", "meta.json", "article.md", "c.markdown"]),
        st.one_of(st.binary(max_size=300), TYPED.map(lambda t: t.encode("utf-8"))),
        max_size=5,
    )
)
def test_any_folder_is_read_without_a_traceback(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "account" / "2020" / "2020-01-01_x"
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        for reader in (WechatReader(), MarkdownReader()):
            reader.detect(Path(place))
            for item in reader.read(Path(place), Tally()):
                assert isinstance(item, Document | Skip)
                json.dumps(item.to_json(), ensure_ascii=False).encode()
                if isinstance(item, Skip):
                    assert item.reason in SKIP_REASONS
                else:
                    clean(item.raw, item.profile, item.title)


@FEW
@given(PLAIN_WORDS, PLAIN_WORDS)
def test_overlap_is_a_share(prompt: str, text: str) -> None:
    assert 0.0 <= containment(prompt, text, 4) <= 1.0
    packed = "".join(text.split())
    assert containment(text, text, 4) == (1.0 if packed else 0.0)
    assert longest_run(text, text) == len(packed)
