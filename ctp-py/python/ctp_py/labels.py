"""What the trade calls a value, in Chinese and English."""

from __future__ import annotations

ORDER_STATUS = {
    "0": "全部成交 all traded",
    "1": "部分成交还在队列中 part traded, queueing",
    "2": "部分成交不在队列中 part traded, not queueing",
    "3": "未成交还在队列中 no trade, queueing",
    "4": "未成交不在队列中 no trade, not queueing",
    "5": "撤单 canceled",
    "a": "未知 unknown",
    "b": "尚未触发 not touched",
    "c": "已触发 touched",
}

SUBMIT_STATUS = {
    "0": "已经提交 insert submitted",
    "1": "撤单已经提交 cancel submitted",
    "2": "修改已经提交 modify submitted",
    "3": "已经接受 accepted",
    "4": "报单已经被拒绝 insert rejected",
    "5": "撤单已经被拒绝 cancel rejected",
    "6": "改单已经被拒绝 modify rejected",
}

DIRECTION = {"0": "买 buy", "1": "卖 sell"}

OFFSET = {
    "0": "开仓 open",
    "1": "平仓 close",
    "2": "强平 force close",
    "3": "平今 close today",
    "4": "平昨 close yesterday",
}


def label(names: dict[str, str], value: str | None) -> str:
    """Returns the label of a value; an unknown one is shown as it came."""
    if value is None:
        return "未设置 not set"
    return names.get(str(value), f"未知值 unknown value {str(value)!r}")
