"""The bill in Chinese."""

from __future__ import annotations

from calendar import monthrange
from typing import Final

from fax.words.wording import Words, is_day


def _month(month: str) -> str:
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def _days(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"{number}月1日至{number}月{monthrange(year, number)[1]}日"


def _date(day: str) -> str:
    if not is_day(day):
        return day
    year, month, number = day.split("-")
    return f"{year}年{int(month)}月{int(number)}日"


CHINESE: Final = Words(
    title="通信费用详单",
    name="客户",
    number="号码",
    account="账户",
    period="账期",
    issued="开具日期",
    job="传真任务号",
    telephone="客服电话",
    pay_now="应缴金额",
    nothing_due="本期无需缴费",
    credit="本期多缴",
    pay_by=lambda day: f"请在{_date(day)}前缴费",
    summary="费用汇总",
    category="项目",
    items="笔数",
    quantity="用量",
    amount=lambda mark: f"金额 ({mark})",
    categories={
        "rental": "月租费",
        "local": "本地通话费",
        "long_distance": "长途通话费",
        "data": "上网流量费",
        "value_added": "增值业务费",
    },
    month_total="本期费用合计",
    late_fee="违约金",
    paid="已缴",
    still_open="本期应缴",
    overpaid="本期多缴",
    arrears="未缴清的月份",
    open_month="账期",
    due="缴费截止日期",
    arrears_total="欠费合计",
    how_to_pay="缴费方式",
    details="通话与费用明细",
    no_lines="本账期没有通话和其他费用明细。",
    at="日期与时间",
    other_party="对方号码",
    duration="时长",
    volume="流量",
    given_back="退还",
    continued="（续）",
    subtotal=lambda count: f"小计 {count:,} 笔",
    without_detail="没有明细的部分",
    reduced="优惠与调整",
    count=lambda count: f"{count:,} 笔",
    first_lines=lambda shown, count: (
        f"明细共 {count:,} 笔，本传真依序列出前 {shown:,} 笔，其余请到营业厅或向客服查询。"
        "汇总与小计包括全部明细。"
    ),
    none_listed="本传真不列出这一项的明细。",
    shown_of=lambda shown, count: f"本项只列出前 {shown:,} 笔，共 {count:,} 笔。",
    page=lambda number, count: f"第 {number} 页，共 {count} 页",
    month=_month,
    days=_days,
    date=_date,
    short_date=lambda day: day[5:] if is_day(day) else day,
    resumed=lambda first: f"续传：从第 {first} 页开始",
    repeat=lambda page: f"第 {page} 页可能与上次收到的重复",
    joined="；",
)
