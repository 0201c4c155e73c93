"""Every word that the page itself says, in each of the page's languages.

In: a key, a language and the slots of the text. Out: the text. What customers, products and the agent say is
not here: it comes from the shop. A key holds one text for each language.
"""

from collections.abc import Mapping

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}

LABELS: Mapping[str, tuple[str, str]] = {
    # key: (English, Chinese)
    "tagline": ("AI assistant", "AI 助手"),
    "tagline_help": ("You are talking to an AI, not to a person.", "与您对话的是人工智能，不是真人。"),
    "language": ("Language", "语言"),
    "customer": ("Customer", "顾客"),
    "visitor": ("Visitor (not signed in)", "访客（未登录）"),
    "new": ("New conversation", "新对话"),
    "conversation": ("Conversation", "对话"),
    "message": ("Your message", "您的消息"),
    "placeholder": ("Ask about products, orders or returns…", "咨询商品、订单或退换货……"),
    "send": ("Send", "发送"),
    "stop": ("Stop", "停止"),
    "retry": ("Ask again", "重新提问"),
    "thinking": ("Looking it up…", "正在查询……"),
    "stopped": ("Stopped. What was already done stays done.", "已停止。已完成的操作不会撤销。"),
    "failed": (
        "Something went wrong on our side. Your message is safe to send again.",
        "我们这边出了点问题，您可以放心地重新发送。",
    ),
    "signed_in": (
        "You are signed in. What you told us before still counts, and we can go on here.",
        "您已登录。您之前告诉我们的内容仍然有效，可以在这里继续。",
    ),
    "person_answers": ("A person will answer here.", "将由人工客服在此回复。"),
    "handed_off": (
        "A person will take over. The assistant stays quiet until then.",
        "人工客服将接手，在此之前助手不再回复。",
    ),
    "proposal": ("Please confirm", "请确认"),
    "nothing_yet_done": ("Nothing is done until you say yes.", "在您确认之前不会执行任何操作。"),
    "yes": ("Yes, do it", "是的，确认"),
    "no": ("No", "不用了"),
    "profile": ("What we know", "我们了解的信息"),
    "profile_empty": (
        "Nothing yet. What the customer says shows up here, with the words it comes from.",
        "暂无信息。顾客说过的内容会显示在这里，并附原话。",
    ),
    "wanted": ("Wants to get done", "想办的事"),
    "find": ("looking for", "在找"),
    "question": ("question", "问题"),
    "delivery": ("delivery", "配送"),
    "return": ("return", "退货"),
    "cancel": ("cancel", "取消"),
    "call": ("the assistant's call", "助手的调用"),
    "slot_product": ("Product", "商品"),
    "slot_query": ("Words", "描述"),
    "slot_question": ("Question", "问题"),
    "slot_order_id": ("Order", "订单"),
    "slot_max_price": ("At most", "最高价"),
    "slot_min_price": ("At least", "最低价"),
    "slot_state": ("State", "状态"),
    "open": ("open", "进行中"),
    "earlier": ("No longer true", "已失效"),
    "new_trait": ("new", "新"),
    "like": ("likes", "喜欢"),
    "dislike": ("avoids", "不要"),
    "fact": ("", ""),
    "shop": ("shop record", "店铺记录"),
    "stated": ("stated", "顾客所述"),
    "observed": ("observed", "行为观察"),
    "inferred": ("inferred", "推断"),
    "confidence": ("confidence {percent}%", "可信度 {percent}%"),
    "since": ("since {day}", "自 {day} 起"),
    "until": ("until {day}", "至 {day}"),
    "sure": ("{then}% on {day}, {now}% now", "{day} 为 {then}%，现为 {now}%"),
    "together": (
        "Together {percent}%: each independent piece leaves less doubt.",
        "合计 {percent}%：每条独立的依据都会减少疑问。",
    ),
    "replaced": ("Replaced", "取代了"),
    "writers": ("May be changed by: {who}", "可由以下来源更改：{who}"),
    "fades": ("Counts half after {days} days", "{days} 天后可信度减半"),
    "lasts": ("Does not fade", "不随时间减弱"),
    "history": ("History", "历史记录"),
    "older": ("{count} older lines are in the journal.", "另有 {count} 条更早的记录。"),
    "retract": ("withdrawn", "已撤回"),
    "undo": ("an earlier line was undone", "撤销了先前的一条记录"),
    "undone": ("undone", "已撤销"),
    "everything": ("everything", "全部"),
    "disagrees": ("disagrees", "不一致"),
    "turn": ("customer's words", "顾客原话"),
    "event": ("behaviour", "行为"),
    "record": ("record", "记录"),
    "yes_value": ("yes", "是"),
    "no_value": ("no", "否"),
    "products": ("Products", "商品"),
    "products_empty": ("Products that the assistant finds show up here.", "助手找到的商品会显示在这里。"),
    "in_stock": ("In stock", "有货"),
    "low_stock": ("Only {count} left", "仅剩 {count} 件"),
    "out_of_stock": ("Out of stock", "缺货"),
    "rating": ("{rating} of 5, {count} reviews", "{rating} 分（满分 5 分），{count} 条评价"),
    "why": ("Matches what we know: {reason}", "符合您的偏好：{reason}"),
    "details": ("Details", "详情"),
    "steps": ("Steps of this turn", "本轮步骤"),
    "steps_empty": ("The tools that the assistant uses show up here.", "助手使用的工具会显示在这里。"),
    "ok": ("done", "成功"),
    "not_ok": ("failed", "失败"),
    "arguments": ("Arguments", "参数"),
    "result": ("Result", "结果"),
    "usage_calls": ("model calls", "模型调用"),
    "usage_tokens": ("tokens in / out", "输入 / 输出词元"),
    "usage_seconds": ("seconds", "秒"),
    "usage_gate": ("gate: checked / blocked", "核对 / 拦截"),
}


def label(key: str, language: str, **slots: str | int) -> str:
    """The text of `key`; a language that the page does not have falls back to English."""
    languages = tuple(LANGUAGES)
    texts = LABELS[key]
    text = texts[languages.index(language)] if language in languages else texts[0]
    return text.format(**slots) if slots else text


def has_label(key: str) -> bool:
    """Whether the table knows the key: names from outside, like a tool's slots, need not be in it."""
    return key in LABELS
