"""What a column may hold about people, as pages call it (`catalog.hint_rules`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "hint.online identifier": ("online identifier", "网络标识"),
    "hint.e-mail address": ("e-mail address", "电子邮箱"),
    "hint.telephone number": ("telephone number", "电话号码"),
    "hint.home location": ("home location", "住所位置"),
    "hint.date of birth": ("date of birth", "出生日期"),
    "hint.identity number": ("identity number", "证件号码"),
    "hint.account number": ("account number", "账户号码"),
    "hint.vehicle plate": ("vehicle plate", "车牌号"),
    "hint.health": ("health", "健康信息"),
    "hint.biometric": ("biometric", "生物特征"),
    "hint.sensitive trait": ("sensitive trait", "敏感特征"),
    "hint.credential": ("credential", "口令凭证"),
    "hint.pay": ("pay", "薪酬"),
    "hint.personal name": ("personal name", "姓名"),
    "hint.postal address": ("postal address", "通信地址"),
    "hint.not checked": ("not checked", "未检查"),
}
