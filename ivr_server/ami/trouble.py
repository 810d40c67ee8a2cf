"""What is wrong with the manager interface, as a code and as a sentence for people, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REFUSALS: Final = frozenset({"secret", "rights", "needs", "certificate"})  # nothing changes until a person acts

SENTENCES: Final = {
    "unreachable": (
        "Asterisk's manager interface cannot be reached: {detail}.",
        "无法连接 Asterisk 管理接口：{detail}。",
    ),
    "greeting": (
        "What answers there is not Asterisk's manager interface; check ami.host, ami.port and ami.tls.",
        "该地址上应答的不是 Asterisk 管理接口，请检查 ami.host、ami.port 和 ami.tls。",
    ),
    "silent": (
        "Asterisk's manager interface has stopped answering.",
        "Asterisk 管理接口没有响应。",
    ),
    "closed": (
        "Asterisk ended the connection to its manager interface.",
        "Asterisk 断开了管理接口连接。",
    ),
    "lost_touch": (
        "Asterisk sent more than could be taken in; the picture is being asked for anew.",
        "Asterisk 发送的消息过多，正在重新获取状态。",
    ),
    "answer": (
        "Asterisk's manager interface did not answer as it should: {detail}.",
        "Asterisk 管理接口应答异常：{detail}。",
    ),
    "resync": (
        "The picture of what Asterisk does could not be taken; it is tried again.",
        "未能获取 Asterisk 的当前状态，正在重试。",
    ),
    "secret": (
        "Asterisk refused the sign-in of [{detail}]: check its secret and its permit line in manager.conf.",
        "Asterisk 拒绝了 [{detail}] 的登录：请检查 manager.conf 中的 secret 和 permit。",
    ),
    "rights": (
        "Take these rights out of manager.conf: {detail}. They show callers' keys and passwords, or run programs; "
        "the server does not work with them.",
        "请从 manager.conf 中去掉这些权限：{detail}。它们会暴露来电者的按键和密码，或可运行程序，服务器拒绝使用。",
    ),
    "needs": (
        "The manager user may not do {detail}: the line write in manager.conf needs call, reporting and originate, "
        "and Asterisk needs its module res_fax.",
        "管理接口用户无权执行 {detail}：manager.conf 的 write 行需要 call、reporting 和 originate，"
        "并须加载 res_fax 模块。",
    ),
    "certificate": (
        "The certificate of Asterisk's manager interface is not believed: {detail}.",
        "Asterisk 管理接口的证书不可信：{detail}。",
    ),
    "ends_soon": (
        "The certificate of Asterisk's manager interface ends on {detail}; renew it.",
        "Asterisk 管理接口的证书将于 {detail} 到期，请更新。",
    ),
    "plain": (
        "The manager interface of Asterisk at {detail} is used without TLS; set ami.tls.",
        "与 {detail} 的 Asterisk 管理接口连接未加密，请设置 ami.tls。",
    ),
    "untested": (
        "Whether the manager user sees callers' keys could not be tested: {detail} is not in the dialplan.",
        "无法检验管理接口用户能否看到来电者的按键：拨号方案中没有 {detail}。",
    ),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A code of SENTENCES and its detail, which holds no secret."""

    code: str
    detail: str = ""

    @property
    def refused(self) -> bool:
        """Whether a person must act before it can get better."""
        return self.code in REFUSALS

    def sentence(self, language: str = "en-US") -> str:
        """In words."""
        english, chinese = SENTENCES[self.code]
        return (chinese if language.startswith("zh") else english).format(detail=self.detail)
