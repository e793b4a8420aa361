from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from styletui_prep.document import Document, Skip, Tally
from styletui_prep.errors import UserError
from styletui_prep.frontmatter import iso_date, split_front_matter, without_date
from styletui_prep.readers import choose, kinds
from styletui_prep.readers.markdown import MarkdownReader
from styletui_prep.readers.wechat import WechatReader

Add = Callable[..., Path]


def read(reader: MarkdownReader | WechatReader, root: Path) -> tuple[list[Document], dict[str, str]]:
    items = list(reader.read(root, Tally()))
    return (
        [item for item in items if isinstance(item, Document)],
        {item.source: item.reason for item in items if isinstance(item, Skip)},
    )


def test_the_founding_layout_is_recognised_from_every_level(backup: Path, add_article: Add) -> None:
    folder = add_article("门槛", "2019-03-04", "正文。")
    for root in (
        backup,
        backup / "半坡修表铺",
        backup / "半坡修表铺" / "2019",
        folder,
        folder / f"{folder.name}.md",
    ):
        chosen = choose(root)
        assert chosen is not None
        assert (chosen[0].kind, chosen[1].confidence) == ("wechat", 0.95)
        documents, _ = read(WechatReader(), root)
        assert [(d.title, d.date, d.account) for d in documents] == [("门槛", "2019-03-04", "半坡修表铺")]


def test_title_and_date_come_from_meta_json(backup: Path, add_article: Add) -> None:
    title = "破蛋推｜a/b:  两个空格。"
    add_article(title, "2017-07-31", "正文。", name="2017-07-31_破蛋推｜a_b_  两个空格。")
    documents, _ = read(WechatReader(), backup)
    assert [(d.title, d.date) for d in documents] == [(title, "2017-07-31")]


@pytest.mark.parametrize(
    "meta", ["{broken", "[]", "", '{"title": 3, "date": "soon"}', "\x00\x01", '{"title": "\\ud800"}']
)
def test_a_bad_meta_json_costs_nothing_but_a_note(backup: Path, add_article: Add, meta: str) -> None:
    add_article("门槛", "2019-03-04", "正文。", meta=meta)
    documents, skipped = read(WechatReader(), backup)
    assert [d.date for d in documents] == ["2019-03-04"]
    assert documents[0].title in ("门槛", "?")
    assert not skipped
    json.dumps(documents[0].to_json(), ensure_ascii=False).encode()


def test_publish_time_is_read_on_chinas_clock(backup: Path, add_article: Add) -> None:
    folder = add_article(
        "门槛", "2019-03-04", "正文。", name="no date here", meta='{"title":"门槛","publish_time":1501434882}'
    )
    assert folder.name == "no date here"
    documents, _ = read(WechatReader(), folder)
    assert documents[0].date == "2017-07-31"  # still the 30th in UTC


def test_two_markdown_files_in_a_folder_are_one_document(backup: Path, add_article: Add) -> None:
    folder = add_article("门槛", "2019-03-04", "正文。")
    (folder / "article.md").write_text("正文旧。", encoding="utf-8")
    documents, skipped = read(WechatReader(), backup)
    assert len(documents) == 1
    assert "正文。" in documents[0].raw
    assert list(skipped.values()) == ["twin_file"]


def test_the_old_file_name_serves_where_the_new_one_is_empty(backup: Path, add_article: Add) -> None:
    folder = add_article("门槛", "2019-03-04", "正文。")
    (folder / "article.md").write_text("旧的正文。", encoding="utf-8")
    (folder / f"{folder.name}.md").write_bytes(b"")
    documents, skipped = read(WechatReader(), backup)
    assert [d.raw for d in documents] == ["旧的正文。"]
    assert list(skipped.values()) == ["empty"]


def test_a_folder_without_text_and_a_stray_file_are_reported(backup: Path, add_article: Add) -> None:
    folder = add_article("门槛", "2019-03-04", "正文。")
    (folder / f"{folder.name}.md").rename(folder / f"{folder.name}.html")
    (backup / "README.md").write_text("说明。", encoding="utf-8")
    _, skipped = read(WechatReader(), backup)
    assert sorted(skipped.values()) == ["no_text_file", "outside_layout"]


def test_markdown_takes_title_and_date_from_front_matter_or_name_never_from_the_file_system(
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes"
    (notes / "2021-02-03-折叠").mkdir(parents=True)
    (notes / "a.md").write_text(
        "---\ntitle: 门槛  之二\ndate: 2020-05-06 07:08:09\nauthor: 林渡\n---\n正文。", encoding="utf-8"
    )
    (notes / "2019年3月4日 雪.md").write_text("正文。", encoding="utf-8")
    (notes / "2021-02-03-折叠" / "index.md").write_text("正文。", encoding="utf-8")
    (notes / "plain.txt").write_text("正文。", encoding="utf-8")
    (notes / "x.toml.md").write_text('+++\ntitle = "汤"\ndate = 2018-01-02\n+++\n正文。', encoding="utf-8")
    (notes / "skip.png").write_bytes(b"\x89PNG\x00")
    documents, skipped = read(MarkdownReader(), notes)
    assert {(d.title, d.date, d.author) for d in documents} == {
        ("门槛  之二", "2020-05-06", "林渡"),
        ("雪", "2019-03-04", None),
        ("折叠", "2021-02-03", None),
        ("plain", None, None),
        ("汤", "2018-01-02", None),
    }
    assert not skipped


def test_broken_front_matter_is_noted_and_not_read_as_prose(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: [没有关\ndate: x\n---\n正文。", encoding="utf-8")
    documents, _ = read(MarkdownReader(), tmp_path)
    assert documents[0].notes == ("bad_front_matter",)
    assert split_front_matter(documents[0].raw).body == "正文。"
    # Dashes around prose are the author's own rules.
    assert split_front_matter("---\n从前有座山，山里有座庙。\n---\n正文。").body.startswith("---")


def test_binary_garbled_and_empty_files_have_their_reasons(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "b.md").write_bytes(b"")
    (tmp_path / "c.md").write_text(
        ("早上六点四十二分，雾还没散；数了数还是十一块。" * 4).encode().decode("gb18030", "replace"),
        encoding="utf-8",
    )
    (tmp_path / "d.txt").write_bytes("今天早上，我们看见江上的船。".encode("gbk"))
    documents, skipped = read(MarkdownReader(), tmp_path)
    name = tmp_path.name
    assert skipped == {f"{name}/a.md": "binary", f"{name}/b.md": "empty", f"{name}/c.md": "looks_garbled"}
    assert [(d.raw, d.encoding) for d in documents] == [("今天早上，我们看见江上的船。", "gb18030")]


def test_links_that_go_round_or_out_or_nowhere_and_pipes(tmp_path: Path) -> None:
    notes, outside = tmp_path / "notes", tmp_path / "outside"
    notes.mkdir()
    outside.mkdir()
    (outside / "secret.md").write_text("外面。", encoding="utf-8")
    (notes / "a.md").write_text("正文。", encoding="utf-8")
    (notes / "round").symlink_to(notes, target_is_directory=True)
    (notes / "up").symlink_to(tmp_path, target_is_directory=True)
    (notes / "out").symlink_to(outside, target_is_directory=True)
    (notes / "self.md").symlink_to(notes / "self.md")
    (notes / "gone.md").symlink_to(notes / "nowhere.md")
    os.mkfifo(notes / "pipe.md")
    documents, skipped = read(MarkdownReader(), notes)
    assert [d.source for d in documents] == ["notes/a.md"]
    assert skipped == {
        "notes/round": "link_loop",
        "notes/up": "link_loop",
        "notes/out": "link_outside",
        "notes/self.md": "link_loop",
        "notes/gone.md": "broken_link",
        "notes/pipe.md": "not_a_file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    (tmp_path / "a.md").write_text("正文。", encoding="utf-8")
    (tmp_path / "a.md").chmod(0)
    documents, skipped = read(MarkdownReader(), tmp_path)
    (tmp_path / "shut").chmod(0o700)
    assert not documents
    assert sorted(skipped.values()) == ["unreadable", "unreadable_folder"]


def test_a_read_that_fails_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text("正文。", encoding="utf-8")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    documents, skipped = read(MarkdownReader(), tmp_path)
    assert not documents
    assert list(skipped.values()) == ["unreadable"]


def test_file_names_that_are_no_utf8_stay_writable(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    try:
        with open(folder + b"/\xff\xfe.md", "wb") as file:  # noqa: PTH123 - a bytes path
            file.write("正文。".encode())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    documents, _ = read(MarkdownReader(), tmp_path)
    json.dumps([documents[0].source, documents[0].title], ensure_ascii=False).encode()


def test_unknown_kind_and_unrecognised_places(tmp_path: Path) -> None:
    assert choose(tmp_path) is None
    with pytest.raises(UserError) as caught:
        choose(tmp_path, "diary")
    assert (caught.value.code, caught.value.exit_code) == ("unknown_kind", 2)
    assert kinds() == ("wechat", "markdown")


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2017-07-31", "2017-07-31"),
        ("2017/7/1 08:00", "2017-07-01"),
        ("写于2017年7月31日夜", "2017-07-31"),
        ("20170731随笔", "2017-07-31"),
        ("2017-02-30", None),
        ("13812345678", None),
        (20170731, "2017-07-31"),
        ("soon", None),
        (None, None),
        (True, None),
    ],
)
def test_dates(value: object, date: str | None) -> None:
    assert iso_date(value) == date


def test_names_without_their_date_or_hash() -> None:
    assert without_date("2017-07-31-门槛") == "门槛"
    assert without_date("2017年7月31日 门槛") == "门槛"
    assert without_date("门槛 0123456789abcdef0123456789abcdef") == "门槛"
    assert without_date("门槛") == "门槛"
