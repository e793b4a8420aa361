from __future__ import annotations

import pytest
from styletui_prep.clean import clean, is_hard_wrapped


def wechat(text: str, title: str = "") -> str:
    return clean(text, "wechat", title).text


def test_punctuation_widths_and_double_spaces_stay_as_typed() -> None:
    text = (
        "早上六点四十二分，  雾还没散。。他说：“真的？！”我ＡＢ了一下（不对）~~ 😀👨‍👩‍👧 ——也行；就这样！！！"
    )
    assert clean(text, "markdown").text == text
    assert wechat(text) == text


def test_bold_marks_and_the_spaces_the_exporter_put_around_them_go() -> None:
    assert wechat("我选择 **天心阁** 作为起点，**  **").startswith("我选择天心阁作为起点")
    assert wechat("我选择 天心阁 作为起点，走过去。") == "我选择天心阁作为起点，走过去。"
    assert wechat("**「好」**了，他说**不打紧** 。") == "「好」了，他说不打紧。"


def test_an_authors_own_spaces_are_not_taken() -> None:
    assert wechat("他说  好  我就  走了。") == "他说  好  我就  走了。"
    spaced = "今天 天气 不错 我们 出门 走走 看看 江水 涨了 没有"
    assert wechat(spaced) == spaced
    assert wechat("我用 Python 写了三行，没有错。") == "我用 Python 写了三行，没有错。"


def test_code_tables_pictures_formulas_and_quotations_go_and_are_counted() -> None:
    text = (
        "开头一段。\n\n> 别人说的话。\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "![图](x.png)\n\n$$e=mc^2$$\n\n看[这一篇](https://example.invalid/a)和 https://example.invalid/b?c=1 就懂。\n\n<script>alert(1)</script>\n"
    )
    cleaned = clean(text, "markdown")
    assert cleaned.text == "开头一段。\n\n看这一篇和 就懂。"
    assert cleaned.removed == {
        "code": 1,
        "formula": 1,
        "html": 1,
        "image": 1,
        "link": 2,
        "quote": 1,
        "table": 1,
    }


def test_html_keeps_its_prose_and_drops_its_scripts() -> None:
    assert (
        clean("<div><p>第一段。</p><p>第二<b>段</b>。</p><style>p{}</style></div>\n", "markdown").text
        == "第一段。\n\n第二段。"
    )
    assert clean('一行<br/>两行<a name="x"></a>', "markdown").text == "一行\n两行"


def test_lists_keep_their_marks_on_neighbouring_lines() -> None:
    assert clean("要带的：\n\n* 镊子\n* 油\n   1. 稀的\n   2. 稠的\n\n走。", "markdown").text == (
        "要带的：\n\n- 镊子\n- 油\n  1. 稀的\n  2. 稠的\n\n走。"
    )


def test_indented_chinese_is_prose_and_indented_code_is_not() -> None:
    assert clean("    这一段是打了四个空格的正文。\n", "markdown").text == "这一段是打了四个空格的正文。"
    assert clean("说明。\n\n    for i in range(3): print(i)\n", "markdown").text == "说明。"


def test_a_note_that_looks_like_a_link_definition_is_not_swallowed() -> None:
    assert "[注]: 这里是说明" in clean("[注]: 这里是说明\n\n正文。", "markdown").text
    assert clean("见[这里][1]。\n\n[1]: https://example.invalid\n", "markdown").text == "见这里。"


def test_furniture_goes_from_both_ends_and_credits_are_read() -> None:
    text = "\n\n".join(
        [
            "点击上方蓝字关注半坡修表铺", "点击上方“半坡修表铺”关注我们", "图文 | 林渡", "排版 | 阿棱", "本文是半坡修表铺第341篇推文", "共计1707个字，13张图",
            "早上六点，雾。", "我贴了张二维码在门上，诸位扫描下方二维码，就能看见价钱，我说的是门上那一张。", "他给我点个赞。", "就到这里。",
            "又及：猫睡了。", '觉得不错，就点个 “在看” 或 "赞" 吧~', "扫描下方二维码", "转载请注明“转自半坡修表铺”",
            "推荐阅读", "[那年的钟](https://example.invalid/1)", "喜欢此内容的人还喜欢", "另一篇", "再一篇",
        ]
    )  # fmt: skip
    cleaned = clean(text, "wechat")
    assert cleaned.text.split("\n\n") == [
        "早上六点，雾。",
        "我贴了张二维码在门上，诸位扫描下方二维码，就能看见价钱，我说的是门上那一张。",
        "他给我点个赞。",
        "就到这里。",
        "又及：猫睡了。",
    ]
    assert cleaned.authors == ("林渡",)
    assert cleaned.reprint is None


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("文 | 方培之", ("方培之",)),
        ("作者：方培之", ("方培之",)),
        ("文/方培之  图/阿棱", ("方培之",)),
        ("图文 | 林渡、方培之", ("林渡", "方培之")),
        ("编辑：你怎么又来了？我说来看看。", ()),
        ("排版 | 阿棱", ()),
    ],
)
def test_credit_lines(line: str, authors: tuple[str, ...]) -> None:
    assert clean(f"{line}\n\n正文一段。\n\n正文又一段。", "wechat").authors == authors


@pytest.mark.parametrize(
    ("line", "reprint"),
    [
        ("本文转载自梧江文艺", "梧江文艺"),
        ("【转载】", ""),
        ("来源：梧江文艺", "梧江文艺"),
        ("转载请注明“转自半坡修表铺”", None),
        ("来自北边的风", None),
        ("转自行车的轮子", None),
    ],
)
def test_reprint_marks(line: str, reprint: str | None) -> None:
    assert clean(f"{line}\n\n正文一段。\n\n正文又一段。", "wechat").reprint == reprint


def test_doubled_quotations_and_items_come_once_and_refrains_stay() -> None:
    text = "> 别人的话。\n\n别人的话。\n\n- 镊子\n\n镊子\n\n- 油\n\n油\n\n我走了。\n\n雨。\n\n我走了。"
    cleaned = clean(text, "wechat")
    assert cleaned.text == "- 镊子\n- 油\n\n我走了。\n\n雨。\n\n我走了。"
    assert cleaned.removed["doubled"] == 3
    # In other people's Markdown a repetition is the author's.
    assert clean("> 甲。\n\n甲。", "markdown").text == "甲。"


def test_a_deleted_page_is_a_stub() -> None:
    assert clean("该内容已被发布者删除", "wechat").stub
    assert not clean("他说该内容已被发布者删除。" + "长" * 300, "wechat").stub


def test_own_title_is_not_part_of_the_text() -> None:
    cleaned = clean("# 门槛\n\n# 门槛\n\n正文。", "markdown", "2021-01-01-门槛")
    assert (cleaned.title, cleaned.text) == ("门槛", "正文。")
    kept = clean("---\ntitle: 门槛\n---\n# 引子\n\n正文。", "markdown", "x")
    assert (kept.title, kept.text) == ("门槛", "引子\n\n正文。")


def test_plain_text_paragraphs() -> None:
    assert clean("　　第一段。\n　　第二*段*。\n", "plain").text == "第一段。\n\n第二*段*。"
    assert clean("一行一段。\n又一段。", "plain").text == "一行一段。\n\n又一段。"
    assert clean("诗一行\n诗二行\n\n另一节", "plain").text == "诗一行\n诗二行\n\n另一节"


def test_hard_wrapped_lines_are_joined_and_verse_is_not() -> None:
    column = "这是一行被编辑器按照列宽折断的文字它在句子当中就断开了没有标点"
    paragraph = "\n".join([column] * 8)
    assert is_hard_wrapped([paragraph])
    assert clean(paragraph + "。", "markdown").text == column * 8 + "。"
    assert not is_hard_wrapped(["床前明月光\n疑是地上霜\n举头望明月\n低头思故乡"] * 3)


def test_hostile_text_passes_as_data_without_control_characters() -> None:
    text = "[/] [@click=app.quit]点我[/] \x1b[31m红\x1b[0m \u202e反 \u200b零宽 {0} %s ${x}"
    cleaned = clean(text, "markdown").text
    assert "[/] [@click=app.quit]点我[/]" in cleaned
    assert "{0} %s ${x}" in cleaned
    assert not set(cleaned) & set("\x1b\u202e\u200b")
