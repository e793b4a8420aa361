"""What a WeChat article carries around its text: calls to follow, credits, counters, interface words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from styletui_prep.blocks import BOLD_EDGE, ITEM, QUOTE, Block
from styletui_prep.script import comparable

_HEAD_BLOCKS = 8
_SHORT = 60
_STUB = 200

_ROLE_AUTHOR = r"文\s?/\s?图|图\s?/\s?文|图文|文图|文字|撰文|撰稿|作者|原创|文案|供稿|投稿|文"
_ROLE_OTHER = r"排版|编辑|责编|责任编辑|美编|校对|审核|终审|初审|监制|策划|摄影|插画|配图|图片|图|设计|视频|音频|朗读|主播|出品|题字|制图|统筹"
_DELIMITER = r"\s*[|｜丨︱/／:：]\s*"
_CREDIT = re.compile(
    rf"(?P<author>{_ROLE_AUTHOR})?(?(author)|(?:{_ROLE_OTHER})){_DELIMITER}(?P<name>\S(?:.{{0,22}}\S)?)"
)
_NEXT_CREDIT = re.compile(rf"\s+(?=(?:{_ROLE_AUTHOR}|{_ROLE_OTHER})\s*[|｜丨︱/／:：])")
_NAME_SEPARATOR = re.compile(r"\s*(?:[、，,&＆;；/]|\s和\s|\s{1,})\s*")

_REPRINT = re.compile(
    r"(?:(?:本文|文章|此文|全文|内容|以下内容)\s*(?:系|为)?\s*(?:转载自?|转自|摘自|选自|来源于|来自)|转载自|转自(?=[\s:：「『“《\"]))"
    r"\s*[:：]?(?P<from>.*)"
    r"|[\[【（(]?\s*(?:转载|转帖)\s*(?:[\]】）)]|$|[|｜丨:：])\s*(?P<rest>.*)"
    r"|(?:文章|本文)?来源{d}(?P<source>.*)|原载{d}?(?P<first>.*)|(?:原文)?作者授权转载.*".replace(
        "{d}", r"\s*[|｜丨︱/／:：]\s*"
    )
)
_REPRINT_TITLE = re.compile(r"\s*[\[【（(]?(?:转载|转)\s*(?:[\]】）)]|[|｜丨:：])")

# Whole lines that stand before the text.
_HEAD = re.compile(
    r"(?:请)?点击(?:上方|上面|标题下|下方)?.{0,4}(?:蓝字|蓝色字|名片|卡片).{0,20}|(?:请)?(?:点击|点选|戳)(?:上方|上面|下方|标题).{0,20}(?:关注|订阅).{0,12}|.{0,6}(?:关注我们|关注我|一键关注|设为星标|加星标|星标我们).{0,16}"
    r"|本文是.{1,24}第\s*[\d一二三四五六七八九十百千零〇]+\s*篇.{0,8}|(?:共计|全文|本文)(?:约|共|共计)?\s*\d+\s*个?字.{0,24}"
    r"|(?:预计)?阅读(?:全文)?(?:时间|本文)?(?:大?约|需要?|大概需要?)+\s*\d+\s*分钟.{0,8}|第\s*\d+\s*篇(?:原创|推文|文章)"
    r"|原创(?:文章)?第\s*\d+\s*篇|(?:听全文|收听).{0,8}"
    r"|在小说阅读器读本章|去阅读|在小说阅读器中沉浸阅读|预览时标签不可点|微信扫一扫.{0,12}|关注该公众号|图片|头图|封面"
)
# Whole lines that stand after it.
_TAIL = re.compile(
    r"觉得.{0,10}(?:点|给).{0,12}(?:在看|赞).{0,12}|(?:喜欢|如果|记得|别忘|欢迎|麻烦|请|动动|顺手|点).{0,14}(?:在看|点个?赞|小花).{0,12}"
    r"|(?:长按|扫描|扫一扫|识别)?(?:下方|下图|上方|上图|左侧|右侧|图中|长按)?.{0,4}(?:扫描|识别|长按|扫一扫).{0,6}二维码.{0,20}|扫描下方二维码.{0,20}"
    r"|转载请(?:注明|联系|后台).{0,30}|未经(?:授权|许可).{0,20}转载.{0,10}|版权(?:声明|所有)\s*[:：]?.{0,30}|星球介绍|赞赏作者|喜欢作者|分享收藏.{0,12}|.{0,6}赞 ，轻点两下取消赞.*"
    r"|在看 ，轻点两下取消在看.*|阅读原文|轻触阅读原文|点击阅读原文.{0,12}|继续滑动看下一个|向上滑动看下一个|知道了|使用小程序|取消|允许|×|分析|收藏|分享|留言|写留言|赞|在看"
    r"|[-—\s]*(?:END|The End|完|全文完)[-—\s]*|人划线|微信号\s*[:：]\s*[\w-]+|(?:投稿|商务|联系)(?:邮箱|合作|方式)\s*[:：].{0,40}|欢迎(?:关注|转发|分享|留言|投稿).{0,24}"
    r"|(?:预览时标签不可点|微信扫一扫.{0,12}|关注该公众号|视频|小程序)|点击(?:上方|下方).{0,4}(?:蓝字|名片|卡片).{0,20}",
    re.IGNORECASE,
)
_CUT_HERE = re.compile(r"喜欢此内容的人还喜欢|继续滑动看下一个|精选留言|写下你的留言")
_MORE_READING = re.compile(
    r"[-—【\[\s]*(?:推荐阅读|往期推荐|往期回顾|往期精选|往期文章|延伸阅读|相关阅读|更多阅读|猜你喜欢)[-—】\]\s:：]*"
)
_SENTENCE_END = re.compile(r"[。！？!?…”」』]\s*\Z")
_STUBS = re.compile(
    r"该内容已被发布者删除|此内容因违规无法查看|该内容暂时无法查看|此帐号已被屏蔽|该公众号已迁移|内容审核中|链接已过期"
)


@dataclass(slots=True)
class Stripped:
    """Blocks without furniture. `authors`: who the credit lines name; `reprint`: where it says it was taken
    from (an empty string when it only says that it was taken), None when it says nothing of the kind."""

    blocks: list[Block]
    authors: list[str] = field(default_factory=list)
    reprint: str | None = None
    removed: Counter[str] = field(default_factory=Counter)


def is_stub(blocks: list[Block]) -> bool:
    """True when nothing but the notice of a deleted or blocked page is there."""
    text = "\n".join(block.text for block in blocks)
    return len(text) <= _STUB and bool(_STUBS.search(text))


def strip_furniture(blocks: list[Block], title: str) -> Stripped:
    """Take furniture off both ends. Lines are only taken whole and short: an essay may be about a 二维码.

    Head rules look at the first eight blocks, tail rules at the second half; a line that repeats the title
    at the very top goes too.
    """
    result = Stripped([])
    total = len(blocks)
    listing = False
    for index, block in enumerate(blocks):
        head, tail = index < _HEAD_BLOCKS, index >= total // 2
        kept: list[str] = []
        cut = False
        for line in block.text.split("\n"):
            plain = line.replace(BOLD_EDGE, "").strip(" \t\u3000*_")
            if tail and _CUT_HERE.match(plain) and len(plain) <= _SHORT:
                cut = True
                break
            if tail and _MORE_READING.fullmatch(plain):
                listing = True
            elif listing and (block.links_only or _is_listed(plain)):
                result.removed["furniture"] += 1
                continue
            else:
                listing = False
                if not _take_line(plain, head, tail, index < 2, title, result):
                    kept.append(line)
                continue
            result.removed["furniture"] += 1
        text = "\n".join(kept)
        if text.strip():
            result.blocks.append(Block(block.kind, text, block.marker, block.links_only, block.level))
        if cut:
            result.removed["furniture"] += total - index
            break
    return result


def _is_listed(line: str) -> bool:
    return len(line) <= 40 and not _SENTENCE_END.search(line)


def _take_line(line: str, head: bool, tail: bool, first: bool, title: str, result: Stripped) -> bool:
    """True when `line` is furniture; credits and reprint marks are noted on the way."""
    if not line or len(line) > _SHORT or not (head or tail):
        return False
    if _credits(line, result):
        result.removed["credits"] += 1
        return True
    if _note_reprint(line, result):
        result.removed["credits"] += 1
        return True
    if (head and _HEAD.fullmatch(line)) or (tail and _TAIL.fullmatch(line)):
        result.removed["furniture"] += 1
        return True
    if first and title and comparable(line) == comparable(title):
        result.removed["furniture"] += 1
        return True
    return False


def _credits(line: str, result: Stripped) -> bool:
    found: list[str] = []
    for part in _NEXT_CREDIT.split(line):
        match = _CREDIT.fullmatch(part)
        # A sentence after a colon is somebody speaking, not a name.
        if match is None or re.search(r"[。！？!?，；]", match["name"]):
            return False
        if match["author"]:
            found += [name for name in _NAME_SEPARATOR.split(match["name"]) if name]
    result.authors += found
    return True


def _note_reprint(line: str, result: Stripped) -> bool:
    match = _REPRINT.fullmatch(line)
    if match is None or re.search(r"[。！？!?；].", line):
        return False
    result.reprint = next((group.strip() for group in match.groups() if group), "")
    return True


def reprint_in_title(title: str) -> bool:
    """`【转载】…`, `转｜…`"""
    return bool(_REPRINT_TITLE.match(title))


def without_doubles(blocks: list[Block], removed: Counter[str]) -> list[Block]:
    """Undo the exporter's doubling: after a quotation or list item its paragraphs come once more as plain text.

    Only paragraphs that follow their twin before any other plain text are taken, so an author's own refrain stays.
    """
    result: list[Block] = []
    pending: list[str] = []
    for block in blocks:
        key = comparable(block.text)
        if block.kind in (QUOTE, ITEM):
            halves = block.text.split("\n")
            middle = len(halves) // 2
            if (
                len(halves) % 2 == 0
                and key
                and comparable("".join(halves[:middle])) == comparable("".join(halves[middle:]))
            ):
                block = Block(block.kind, "\n".join(halves[:middle]), block.marker, block.links_only)
                removed["doubled"] += 1
            keys = [comparable(line) for line in block.text.split("\n")]
            pending += keys if len(keys) == 1 else [*keys, comparable(block.text)]
        elif key and key in pending:
            pending.remove(key)
            removed["doubled"] += 1
            continue
        else:
            pending = []
        result.append(block)
    return result
