"""What is said about one's own data: taking it away, being forgotten, and what stays."""

from __future__ import annotations

from bot.replies import Say, Tap
from bot.texts import HELP, REFUSALS
from core.config import Config

GOES = (
    "资料卡、照片、墙上的卡片和联系方式",
    "还没到的预约和考试报名：取消，名额让给别人",
    "聊天、消息、没填完的内容、退订和订阅的设置",
    "这个微信和我们的联系：再发消息，就是新朋友了",
)
"""What erasing takes away, line by line."""
STAYS = (
    "考过的考试：姓名、身份证号留 {years} 年，发证、复核要用",
    "来过多少人次（咨询、活动、群发）：只剩编号，不知道是谁",
    "工作人员做过什么的记录：法规要求留底，只写编号",
    "备份里的旧数据：随备份到期一起删掉",
)
"""What erasing leaves, and why."""
KEPT_FOR = (
    "没填完的内容：{limits.draft_days} 天",
    "看过的消息：{limits.kept_notice_days} 天",
    "找人工的对话：回了就删，找过这件事留 {limits.handover_days} 天",
    "考试报名：考过的留 {persons.exam_years} 年，发证、复核要用；撤回或没排上的，考完留 {persons.unplaced_days} 天",
    "别的：一直到你自己删、撤下或注销",
)
"""How long things are kept of somebody who stays; the blanks are settings."""


def kept_for(config: Config) -> list[str]:
    """How long what is kept."""
    return [line.format(limits=config.limits, persons=config.persons) for line in KEPT_FOR]


def what_goes(years: int) -> str:
    """What is read before somebody says that they want to be erased."""
    goes = "\n".join(f"· {line}" for line in GOES)
    stays = "\n".join(f"· {line.format(years=years)}" for line in STAYS)
    return f"注销会删掉：\n{goes}\n会留下：\n{stays}\n删了找不回来。想留一份，先回“导出我的数据”；不注销回“取消”。"


SURE = "真的要注销，就打“确认注销”四个字，马上生效。不注销回“取消”。"
NOT_THE_WORDS = "要一字不差打“确认注销”才会注销。"
NOT_SURE = f"{NOT_THE_WORDS}改主意了回“取消”。"
ERASED = Say("已经注销了，你的资料都删掉了。谢谢你来过，什么时候想回娘家，发条消息就行。")
ERASED_ALREADY = Say("已经注销好了，不用再点。")
FIRST_READ = Say("想注销，先回“注销”，看清楚会删掉什么、留下什么。", (Tap("注销"), HELP))


def export(url: str, minutes: int) -> Say:
    """The link by which one's data is taken away."""
    return Say(
        f"你在我们这儿的数据，打包成一个文件。{minutes} 分钟内打开，只能下载一次，别转给别人。",
        (Tap("打开下载页", url=url),),
    )


REFUSALS |= {
    "just_gone": "工作人员刚把你的两份资料合成一份，这一步还没做。请再说一遍“注销”。",
    "export_often": lambda limit, **_: f"今天已经导出过 {limit} 次了，明天再来。",
}
