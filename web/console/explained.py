"""What each setting is for, as staff read it. A test says which one has no words yet, or has words and is no more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SECTIONS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType(
    {
        "wechat": (
            "微信服务号",
            {
                "app_id": "服务号的 AppID",
                "app_secret": "服务号的密钥 AppSecret",
                "token": "服务器配置里的令牌",
                "encoding_aes_key": "消息加解密的密钥",
                "previous_encoding_aes_key": "换密钥时，上一把先留着",
                "original_id": "服务号的原始 ID，gh_ 开头",
                "mode": "消息加密的方式：明文、兼容、安全",
                "api_base": "微信接口的地址，演示时是模拟器",
                "mp_base": "取二维码图片的地址",
                "open_base": "网页里问“这是谁”的地址",
                "connect_timeout": "连微信最多等几秒",
                "read_timeout": "等微信回答最多几秒",
                "templates": "哪类通知用哪个模板消息，空着就是没有申请",
                "menu": "服务号底部的菜单",
            },
        ),
        "data": ("存放的地方", {"dir": "程序写的东西都在这个文件夹里"}),
        "database": (
            "数据库",
            {
                "url": "数据库的地址，空着就用文件夹里的 SQLite",
                "pool_size": "每个进程留着几条连接（PostgreSQL）",
            },
        ),
        "redis": (
            "Redis",
            {"url": "Redis 的地址，空着就用自带的", "prefix": "我们存的每一项前面加的字"},
        ),
        "web": (
            "网站",
            {
                "host": "在哪个网络地址上等人来",
                "port": "端口",
                "base_url": "手机和后台打开我们用的网址",
                "processes": "开几个进程",
                "threads": "每个进程几条线程",
                "trusted_proxies": "前面有几层反向代理",
            },
        ),
        "worker": ("后台任务", {"threads": "同时发几条通知"}),
        "emulator": ("模拟器（演示用）", {"host": "在哪个网络地址上", "port": "端口"}),
        "security": (
            "加密",
            {
                "field_keys": "加密个人信息的密钥，最新的在最前面",
                "index_key": "按加密过的内容找人用的密钥",
            },
        ),
        "log": ("日志", {"level": "记到多细"}),
        "limits": (
            "消息和草稿",
            {
                "body_bytes": "微信发来的一条消息最多多少字节",
                "timestamp_seconds": "和现在差过这么多秒的消息不收",
                "answer_seconds": "最晚几秒一定要回（微信只等 5 秒）",
                "lease_seconds": "进程断了，过几秒由别的接着办",
                "dedup_seconds": "同一条消息再来，多少秒内照原样回",
                "received_days": "办过的消息记几天，免得办两次",
                "form_minutes": "填表停了多少分钟先收起来",
                "draft_days": "收起来的草稿留几天",
                "kept_notice_days": "“我的消息”里看过的留几天",
                "handover_days": "转人工的对话，办完以后记录留几天",
            },
        ),
        "matchmaking": (
            "相亲",
            {
                "request_minutes": "“想认识TA”多少分钟没人回就算过期",
                "requests_open": "一个人同时最多几个在等回音",
                "requests_per_day": "一个人一天最多几次",
                "card_requests_per_hour": "一张卡片一小时最多收几次",
                "ask_again_days": "没有回音的，过几天可以再问一次",
                "code_days": "临时二维码用几天（微信最多 30 天）",
                "code_renew_days": "剩下不到几天，打印时换新码",
                "meeting_minutes": "同桌聊几分钟",
                "meeting_lead_minutes": "答应以后最快几分钟见面",
                "meeting_gap_minutes": "同一桌两场之间隔几分钟",
            },
        ),
        "appointments": (
            "预约",
            {
                "calendar": "随程序带的节假日文件",
                "days_ahead": "最远约到几天以后",
                "open_bookings": "一个人同时最多几个预约",
                "reminder_hours": "提前几小时提醒",
                "year_warning_days": "新一年还没有节假日，提前几天提醒同事",
            },
        ),
        "crisis": (
            "情绪关怀",
            {
                "words": "除了自带的，还有哪些话要马上关怀",
                "hotlines": "回答里说的热线，请工会核对",
                "on_duty": "马上告诉哪些同事，空着就是值班和咨询师",
                "again_minutes": "同一个人再说，过多少分钟再告诉一次",
            },
        ),
        "waiting": (
            "候补",
            {
                "hold_minutes": "空出来的名额给下一位留几分钟",
                "day_from": "早上几点开始问人",
                "day_until": "晚上几点以后不问",
            },
        ),
        "broadcasts": (
            "群发",
            {
                "batch_size": "一批多少人（微信收 2 到 10000）",
                "calls_per_minute": "一分钟最多几批",
                "slice_size": "排名单时一次看多少人",
                "chunk_size": "用客服消息发，一次拿多少人",
                "lease_seconds": "发到一半断了，过几秒接着办",
                "repeat_seconds": "不知道成没成的一批，过几秒用同一个编号再交一次",
                "ask_after_seconds": "微信没有说结果的，过几秒去问",
                "tries": "微信忙时，一个人最多试几次",
                "failure_percent": "一百个里失败几个就自动停",
                "failure_minimum": "至少发过多少人才这样算",
            },
        ),
        "persons": (
            "个人信息",
            {
                "export_minutes": "本人导出的链接有效几分钟",
                "exports_per_day": "一个人一天最多几个这样的链接",
                "exam_years": "考过的试，姓名和证件号留几年",
                "unplaced_days": "没排上或退了报名的，考试以后留几天",
            },
        ),
        "console": (
            "后台登录",
            {
                "idle_minutes": "多少分钟不用就退出",
                "hours": "登录最长几小时",
                "invitation_days": "邀请链接有效几天",
                "scan_minutes": "登录的二维码有效几分钟",
                "scans_per_address": "一个网络十分钟最多几个这样的码",
                "failures": "连着输错几次开始要等",
                "first_delay_seconds": "第一次等几秒，以后加倍",
                "longest_delay_minutes": "最多等几分钟",
                "calm_hours": "几小时没再错，就从头算",
                "log_days": "输错和退出的记录留几天",
            },
        ),
    }
)
"""Section -> its title, and what each of its keys is for."""
