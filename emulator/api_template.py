"""Template messages (模板消息), subscription notices (订阅通知) and one-time subscription messages."""

from __future__ import annotations

import secrets
from typing import Any

from .calls import Call, Calls
from .errors import Refused
from .records import Json, OwnedTemplate, Person
from .template_fields import fill, names_in

calls = Calls()

#: What `api_add_template` finds by its short id: (title, lines).
LIBRARY: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "43216": ("预约成功通知", (("预约项目", "thing1"), ("预约时间", "time2"), ("地点", "thing3"))),
    "43217": ("活动报名结果通知", (("活动名称", "thing1"), ("活动时间", "time2"), ("结果", "phrase3"))),
    "43218": ("审核结果通知", (("审核内容", "thing1"), ("审核结果", "phrase2"), ("备注", "thing3"))),
    "43219": ("考试安排通知", (("考试名称", "thing1"), ("准考证号", "character_string2"), ("时间", "time3"))),
    "43220": ("进度提醒", (("事项", "thing1"), ("进度", "thing2"), ("更新时间", "time3"))),
}
KEPT_LIMIT = 25


def owned(call: Call, kind: str) -> OwnedTemplate:
    """The account's template of this kind, or 40037 (also for one of the other kind)."""
    template = call.world.state.templates.get(str(call.body.get("template_id")))
    if template is None or template.kind != kind:
        raise Refused(40037)
    return template


def link(call: Call, name: str) -> str:
    url = call.body.get(name) or ""
    if not isinstance(url, str) or len(url.encode()) > 2048:
        raise Refused(40039)
    return url


def card(call: Call, person: Person, kind: str, template: OwnedTemplate, rows: list[Json], url: str) -> None:
    call.world.put(person, "account", kind, template.title, {"fields": rows, "url": url})


@calls.post("/cgi-bin/message/template/send", quota="template/send")
def send(call: Call) -> Json:
    """Accept a template message; the result comes as TEMPLATESENDJOBFINISH."""
    world = call.world
    person = world.receiver(call.body.get("touser"))
    template = owned(call, "template")
    if not person.following:
        raise Refused(world.settings.template_not_following_error)
    url = link(call, "url")
    rows = fill(template, call.body.get("data"))
    again = str(call.body.get("client_msg_id") or "")
    known: Json = {}
    if again:
        since = call.now - world.settings.client_msg_id_seconds
        known = {key: row for key, row in person.fact("client_msg_ids", {}).items() if row[1] > since}
        person.rest()["client_msg_ids"] = known
    if again in known:
        return {"errcode": 0, "errmsg": "ok", "msgid": known[again][0]}
    message_id = world.state.next_number() % 10**10 + 4 * 10**9
    if again:
        known[again] = [message_id, call.now]
    status = "failed:user block" if person.fact("refuses_templates") else "success"
    if status == "success":
        card(call, person, "template", template, rows, url)
    fields = [("MsgID", message_id), ("Status", status)]
    world.jobs.add(world.settings.job_delay, person.id, "TEMPLATESENDJOBFINISH", fields)
    return {"errcode": 0, "errmsg": "ok", "msgid": message_id}


@calls.post("/cgi-bin/message/subscribe/bizsend", quota="subscribe/send")
def bizsend(call: Call) -> None:
    """Send one subscription notice against one consent."""
    world = call.world
    person = world.receiver(call.body.get("touser"))
    template = owned(call, "subscribe")
    url = link(call, "page")
    rows = fill(template, call.body.get("data"))
    left: Json = person.fact("credits") or {}
    if left.get(template.template_id, 0) < 1:
        raise Refused(43101)
    if not template.long_term:
        left[template.template_id] -= 1
    message_id = world.state.next_number()
    row = [
        ("TemplateId", template.template_id),
        ("MsgID", message_id),
        ("ErrorCode", 0),
        ("ErrorStatus", "success"),
    ]
    card(call, person, "subscribe", template, rows, url)
    fields = [("SubscribeMsgSentEvent", [("List", row)])]
    world.jobs.add(world.settings.job_delay, person.id, "subscribe_msg_sent_event", fields)


@calls.post("/cgi-bin/message/template/subscribe", quota="subscribe/send")
def one_time(call: Call) -> None:
    """Send one 一次性订阅消息 against the consent given for its scene; following is not needed."""
    world = call.world
    person = world.receiver(call.body.get("touser"))
    template_id, scene = str(call.body.get("template_id")), str(call.body.get("scene"))
    title = call.body.get("title")
    data = call.body.get("data")
    content = data.get("content") if isinstance(data, dict) else None
    value = content.get("value") if isinstance(content, dict) else None
    if not isinstance(title, str) or not 1 <= len(title) <= 15:
        raise Refused(47003, "argument invalid! title invalid")
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise Refused(47003, "argument invalid! data.content.value invalid")
    consents: list[str] = person.fact("one_time") or []
    key = f"{template_id}:{scene}"
    if key not in consents:
        raise Refused(43101)
    consents.remove(key)
    more = {"fields": [{"name": "", "value": value}], "url": link(call, "url")}
    world.put(person, "account", "subscribe", title, more)


# templates the account owns


def add_owned(call: Call, kind: str, title: str, lines: list[tuple[str, str]]) -> OwnedTemplate:
    state = call.world.state
    if sum(one.kind == kind for one in state.templates.values()) >= KEPT_LIMIT:
        raise Refused(200012)
    content = "\n".join(f"{label}：{{{{{name}.DATA}}}}" for label, name in lines)
    template = OwnedTemplate(template_id=secrets.token_urlsafe(32), kind=kind, title=title, content=content)
    state.templates[template.template_id] = template
    return template


@calls.post("/cgi-bin/template/api_add_template")
def add_template(call: Call) -> Json:
    found = LIBRARY.get(str(call.body.get("template_id_short")))
    if found is None:
        raise Refused(40037)
    title, lines = found
    chosen = call.body.get("keyword_name_list")
    if chosen is not None:
        labels = dict(lines)
        if not isinstance(chosen, list) or not chosen or any(str(one) not in labels for one in chosen):
            raise Refused(40246)
        lines = tuple((one, labels[one]) for one in chosen)
    template = add_owned(call, "template", title, list(lines))
    return {"errcode": 0, "errmsg": "ok", "template_id": template.template_id}


@calls.get("/cgi-bin/template/get_all_private_template", reads=True)
def all_templates(call: Call) -> Json:
    return {
        "template_list": [
            {
                "template_id": one.template_id,
                "title": one.title,
                "primary_industry": "",
                "deputy_industry": "",
                "content": one.content,
                "example": "",
            }
            for one in call.world.state.templates.values()
            if one.kind == "template"
        ]
    }


def drop(call: Call, template_id: Any, kind: str) -> None:
    template = call.world.state.templates.get(str(template_id))
    if template is None or template.kind != kind:
        raise Refused(40037)
    del call.world.state.templates[template.template_id]


@calls.post("/cgi-bin/template/del_private_template")
def delete_template(call: Call) -> None:
    drop(call, call.body.get("template_id"), "template")


@calls.post("/cgi-bin/template/api_set_industry")
def set_industry(call: Call) -> None:
    pair = [str(call.body.get(f"industry_id{number}") or "") for number in (1, 2)]
    if not all(one.isdigit() and 1 <= int(one) <= 41 for one in pair):
        raise Refused(40102, "invalid industry_id")
    call.world.state.misc["industry"] = pair


@calls.get("/cgi-bin/template/get_industry", reads=True)
def get_industry(call: Call) -> Json:
    first, second = call.world.state.misc.get("industry", ["39", "41"])
    return {
        "primary_industry": {"first_class": "政府与公共事业", "second_class": first},
        "secondary_industry": {"first_class": "其它", "second_class": second},
    }


# subscription notices: /wxaapi/newtmpl/


@calls.get("/wxaapi/newtmpl/getcategory", reads=True)
def categories(call: Call) -> Json:
    return {"errcode": 0, "errmsg": "ok", "data": [{"id": 616, "name": "工会服务"}]}


@calls.get("/wxaapi/newtmpl/getpubtemplatetitles", reads=True)
def titles(call: Call) -> Json:
    if "616" not in call.query.get("ids", "").split(","):
        raise Refused(200018)
    start, limit = call.query.get("start", ""), call.query.get("limit", "")
    if not start.isdigit():
        raise Refused(200016)
    if not limit.isdigit() or not 1 <= int(limit) <= 30:
        raise Refused(200017)
    rows = [
        {"tid": int(tid), "title": title, "type": 2, "categoryId": "616"}
        for tid, (title, _) in LIBRARY.items()
    ]
    chosen = rows[int(start) : int(start) + int(limit)]
    return {"errcode": 0, "errmsg": "ok", "count": len(rows), "data": chosen}


@calls.get("/wxaapi/newtmpl/getpubtemplatekeywords", reads=True)
def keywords(call: Call) -> Json:
    found = LIBRARY.get(call.query.get("tid", ""))
    if found is None:
        raise Refused(200014)
    rows = [
        {"kid": number, "name": label, "example": "", "rule": field.rstrip("0123456789")}
        for number, (label, field) in enumerate(found[1], 1)
    ]
    return {"errcode": 0, "errmsg": "ok", "count": len(rows), "data": rows}


@calls.post("/wxaapi/newtmpl/addtemplate")
def add_notice(call: Call) -> Json:
    found = LIBRARY.get(str(call.body.get("tid")))
    if found is None:
        raise Refused(200014)
    title, lines = found
    numbers = call.body.get("kidList")
    if not isinstance(numbers, list) or not 2 <= len(numbers) <= 5:
        raise Refused(200020)
    if any(not isinstance(one, int) or not 1 <= one <= len(lines) for one in numbers):
        raise Refused(200020)
    if len(str(call.body.get("sceneDesc") or "")) > 15:
        raise Refused(200021)
    chosen = [lines[one - 1] for one in numbers]
    names = [name for _, name in chosen]
    for one in call.world.state.templates.values():
        if one.kind == "subscribe" and one.title == title and names_in(one.content) == names:
            raise Refused(200022)
    template = add_owned(call, "subscribe", title, chosen)
    return {"errcode": 0, "errmsg": "ok", "priTmplId": template.template_id}


@calls.get("/wxaapi/newtmpl/gettemplate", reads=True)
def notices(call: Call) -> Json:
    return {
        "errcode": 0,
        "errmsg": "ok",
        "data": [
            {
                "priTmplId": one.template_id,
                "title": one.title,
                "content": one.content,
                "example": "",
                "type": 3 if one.long_term else 2,
                "keywordEnumValueList": [],
            }
            for one in call.world.state.templates.values()
            if one.kind == "subscribe"
        ],
    }


@calls.post("/wxaapi/newtmpl/deltemplate")
def delete_notice(call: Call) -> None:
    drop(call, call.body.get("priTmplId"), "subscribe")
