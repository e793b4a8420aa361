"""Words that carry grammar rather than matter: what remains of a style when the topic is taken away.

`ZH` and `EN` are measured as part of a style; the other sets only keep empty words out of outlines.
"""

from __future__ import annotations

from typing import Final

_ZH = """
的 地 得 了 着 过 们 是 在 有 和 与 及 或 而 且 并 但 但是 可 可是 不过 然而 却
只是 因为 因此 所以 于是 由于 如果 要是 假如 只要 只有 除非 虽然 尽管 即使 哪怕 无论
不管 既然 以及 还是 或者 不但 不仅 而且 并且 甚至 何况 况且 我 你 您 他 她 它 我们
你们 他们 她们 它们 咱们 自己 人家 大家 别人 这 那 这个 那个 这些 那些 这里 那里 这儿
那儿 这样 那样 这么 那么 什么 怎么 怎样 为什么 哪 哪里 哪儿 哪个 谁 几 多少 某 各 每
每个 一个 一些 一点 一样 一种 一下 不 没 没有 别 未 非 无 也 都 就 才 又 再 还 很
太 最 更 挺 真 好 极 较 比较 十分 非常 特别 相当 有点 几乎 差不多 已 已经 曾 曾经 正
正在 将 将要 会 能 能够 可以 可能 应该 应当 必须 要 想 得以 肯 敢 愿 愿意 总 总是 常
常常 往往 经常 偶尔 一直 仍 仍然 依然 始终 刚 刚刚 马上 立刻 终于 到底 究竟 毕竟 居然
竟然 果然 其实 当然 也许 大概 或许 恐怕 似乎 好像 简直 只 仅 仅仅 光 单 另 另外 其他
其它 其余 本 该 此 其 之 所 者 于 以 为 被 把 给 让 叫 使 令 对 对于 关于 从 自
自从 向 往 朝 到 至 直到 当 随着 按 按照 依 根据 通过 经过 凭 用 拿 替 跟 同 比 离
除 除了 连 沿着 上 下 里 中 内 外 前 后 旁 间 之间 之前 之后 以前 以后 以上 以下 时
时候 起来 下来 下去 出来 出去 上来 上去 过来 过去 吗 呢 吧 啊 呀 哇 哦 噢 嗯 唉 哎
嘛 啦 罢了 而已 似的 等 等等 便 即 则 若 如 如此 例如 比如 譬如 像 像是 就是 还有
是否
"""

_EN = """
a an the this that these those some any no none every each either neither both all many much more most
few fewer little less least several enough such another other others same own i me my mine myself we us
our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
itself they them their theirs themselves who whom whose which what whoever whatever one ones someone
somebody something anyone anybody anything everyone everybody everything nobody nothing am is are was
were be been being do does did done doing have has had having will would shall should can could may
might must ought need not n't never and or but nor so yet for if unless until while when whenever where
wherever why how because since although though whereas whether than as of at by in on to from with
without within into onto upon about above below over under between among through during before after
behind beside beyond against along across around near off out up down toward towards per via here there
then thus hence therefore however too very quite rather almost just only even still also again ever
always often sometimes perhaps maybe once twice now already else instead don't doesn't didn't won't
wouldn't can't couldn't shouldn't isn't aren't wasn't weren't haven't hasn't hadn't i'm i've i'll i'd
you're you've you'll you'd he's she's it's we're we've we'll they're they've they'll that's there's
what's let's
"""

# Heavier than grammar, yet in everybody's text.
_LIGHT_EN = """
back get go got know like made make old said see take thing things think time way well went o'clock
mr mrs ms dr next last
"""

# Seldom what a text is about, though they tell something of a sentence.
_PLAIN_EN = """
came come comes gave give given put thought talked talk asked ask sat sit told tell looked look going goes gone
left turned turn took taken kept keep found find wanted want used called long good great first whole afterwards
somewhere nowhere anywhere everywhere people man woman day days year years word words two three four five six seven
eight nine ten eleven twelve twenty thirty forty fifty hundred thousand half bit lot really soon later right
wrong morning evening night today tomorrow yesterday
"""

# An English phrase may be cut before one of these.
_PHRASE_STARTS_EN = """
of in on at to by with from for into onto than through over under between about and but or that as before after
until when while where because if which who
"""

# What a phrase that was cut short should not end with.
_DANGLING_EN = """
a an the this that these those of in on at to by with from for into onto than through over under between about
every any some no and or but nor which who as if when where because my his her its their our your is was were are
be been am being had has have would could should will can may might must do does did not very so too quite rather
just only i he she it me we they it's i'd i've i'll he'd she'd we'd they'd there's
"""

_EMPTY_ZH = """
一个 一下 一些 一样 一会 一会儿 一点 没有 不是 就是 还是 可是 但是 知道
觉得 起来 出来 下来 过来 这么 那么 怎么 什么 自己 我们 你们 他们 她们 它们
这个 那个 这样 那样 时候 东西 有点 有些 已经 因为 所以 如果 不过 然后 后来
大家 可以 应该 这里 那里 哪里 不能 不会
"""

# Tagged as numbers or names, but any text may have them.
_VAGUE_ZH = """
十分 第二天 第一 第二 第三 诸位 东西 大声 半个钟头 千万 万一 一件事 一会
一点点 一下一下 一个个 两个 半天 礼拜 太阳 外国 日志 阴阳
"""

ZH: Final = frozenset(_ZH.split())
EN: Final = frozenset(_EN.split())
DULL_EN: Final = EN | frozenset(_LIGHT_EN.split())
PLAIN_EN: Final = frozenset(_PLAIN_EN.split())
PHRASE_STARTS_EN: Final = frozenset(_PHRASE_STARTS_EN.split())
DANGLING_EN: Final = frozenset(_DANGLING_EN.split())
EMPTY_ZH: Final = frozenset(_EMPTY_ZH.split())
VAGUE_ZH: Final = frozenset(_VAGUE_ZH.split())
