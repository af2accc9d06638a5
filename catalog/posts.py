"""The three operators of an exchange who check each other (三员), and what each may do, as a table: no row, no act.

Law: (1) once each post is filled, who proposes an act that needs assent is never who assents to it: the two posts
differ in every row, and one person has one post. (2) The audit operator reads everything and changes nothing. (3) Until
then one person answers for all three posts, and the exchange's public documents say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAME_CHARACTERS_MAX = 64


class Post(StrEnum):
    """What an operator is there for."""

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"


# what a post is called in English and 中文
POSTS: Mapping[Post, tuple[str, str]] = {
    Post.SYSTEM: ("system operator", "系统管理员"),
    Post.SECURITY: ("security operator", "安全管理员"),
    Post.AUDIT: ("audit operator", "审计管理员"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something an operator does: the posts that may do it, and the post whose assent it waits for, None for none."""

    key: str
    by: frozenset[Post]
    assent: Post | None
    en: str
    zh: str


_SYSTEM, _SECURITY = frozenset({Post.SYSTEM}), frozenset({Post.SECURITY})
_EITHER = _SYSTEM | _SECURITY

ACTS: Mapping[str, Act] = {
    act.key: act
    for act in (
        Act("admit", _SYSTEM, Post.SECURITY, "admit a member", "接纳成员"),
        Act("reject", _SYSTEM, None, "refuse an application", "拒绝申请"),
        # what stops harm waits for nobody; what lets it in again does
        Act("suspend-member", _SECURITY, None, "suspend a member", "暂停成员"),
        Act("resume-member", _SECURITY, Post.SYSTEM, "let a member in again", "恢复成员"),
        Act("expel-member", _SYSTEM, Post.SECURITY, "expel a member", "除名成员"),
        Act("grant-credential", _SYSTEM, Post.SECURITY, "grant a credential", "授予凭证"),
        Act("revoke-credential", _SECURITY, None, "revoke a credential", "吊销凭证"),
        Act("reread-member", _SYSTEM, Post.SECURITY, "take over what a member says of itself", "更新成员信息"),
        Act("name-deputy", _SYSTEM, Post.SECURITY, "name another exchange of the space", "任命副交易所"),
        Act("dismiss-deputy", _SYSTEM, Post.SECURITY, "dismiss another exchange of the space", "解任副交易所"),
        Act("name-arbitrator", _SYSTEM, Post.SECURITY, "name an arbitrator", "任命仲裁员"),
        Act("dismiss-arbitrator", _SYSTEM, Post.SECURITY, "dismiss an arbitrator", "解任仲裁员"),
        Act("revoke", _SECURITY, Post.SYSTEM, "revoke what the space gave out", "吊销凭证"),
        Act("credit", _SYSTEM, Post.SECURITY, "issue settlement tokens", "发行结算凭证"),
        Act("attest", _SYSTEM, None, "collect the witnesses' attestation", "收集见证"),
        Act("review", _SYSTEM, None, "review and list a product", "审核上架"),
        Act("read-listing", _SYSTEM, None, "read drawn pieces of a product", "查看产品的抽样数据片"),
        Act("suspend-listing", _EITHER, None, "suspend a listing", "暂停产品"),
        Act("resume-listing", _SYSTEM, Post.SECURITY, "list a suspended product again", "恢复产品"),
        Act("refuse-listing", _SYSTEM, None, "refuse a product", "拒绝产品"),
        Act("stop-use", _EITHER, None, "stop a use that runs", "停止运行中的使用"),
        Act("allow-use", _SECURITY, Post.SYSTEM, "allow a stopped use again", "恢复被停止的使用"),
        Act("add-source", _SYSTEM, Post.SECURITY, "harvest another catalogue", "接入外部目录"),
        Act("harvest-source", _SYSTEM, None, "read a source now", "立即采集"),
        Act("pause-source", _EITHER, None, "pause a source", "暂停来源"),
        Act("suspend-source", _EITHER, None, "suspend a source", "停用来源"),
        Act("resume-source", _SYSTEM, Post.SECURITY, "resume a source", "恢复来源"),
        Act("drop-source", _SYSTEM, None, "drop a source", "移除来源"),
        Act("approve-leaving", _SYSTEM, Post.SECURITY, "approve a plan to leave", "批准退出计划"),
        Act("refuse-leaving", _SYSTEM, None, "refuse a plan to leave", "退回退出计划"),
        Act("create-space", _SYSTEM, Post.SECURITY, "make a space", "创建空间"),
        Act("change-space", _SYSTEM, Post.SECURITY, "change a space or its rules", "变更空间规则"),
        Act("close-space", _SYSTEM, Post.SECURITY, "wind up a space", "撤销空间"),
        Act("add-template", _SYSTEM, Post.SECURITY, "offer a contract template", "发布合约模板"),
        Act("withdraw-template", _EITHER, None, "withdraw a contract template", "撤回合约模板"),
        Act("add-operator", _SYSTEM, Post.SECURITY, "name an operator", "任命管理员"),
        Act("dismiss-operator", _SYSTEM, Post.SECURITY, "dismiss an operator", "解任管理员"),
    )
}

# days in which an act that waits is assented to, or lapses
ASSENT_DAYS = 7


def post(name: str) -> Post:
    """Read the name of a post; raises CatalogError."""
    if name not in set(Post):
        raise CatalogError(f"unknown post `{name[:40]}`", path="post", hint=f"one of {', '.join(Post)}")
    return Post(name)


def filled(posts: Collection[Post]) -> bool:
    """Say whether three operators check each other: somebody is on each post."""
    return set(Post) <= set(posts)


def refusal(act: Act, at: Post) -> str:
    """Return why an operator may not do an act, empty if it may."""
    if at in act.by:
        return ""
    return f"a {POSTS[at][0]} may not {act.en}; that is for the {' or the '.join(sorted(act.by))} operator"
