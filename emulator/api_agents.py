"""Human agents (客服账号) and their sessions."""

from __future__ import annotations

from typing import Any

from .calls import Call, Calls
from .errors import Refused
from .records import Json

calls = Calls()


def agents(call: Call) -> dict[str, Json]:
    found: dict[str, Json] = call.world.state.misc.setdefault("agents", {})
    return found


def agent(call: Call, account: Any) -> Json:
    found = agents(call).get(str(account))
    if found is None:
        raise Refused(65401)
    return found


@calls.post("/customservice/kfaccount/add")
def add(call: Call) -> None:
    account = call.body.get("kf_account")
    if not isinstance(account, str) or "@" not in account:
        raise Refused(65401)
    if account in agents(call):
        raise Refused(65406, "kf_account exist")
    agents(call)[account] = {
        "kf_account": account,
        "kf_nick": str(call.body.get("nickname") or ""),
        "kf_id": str(1000 + len(agents(call)) + 1),
        "kf_headimgurl": "",
    }


@calls.post("/customservice/kfaccount/update")
def update(call: Call) -> None:
    agent(call, call.body.get("kf_account"))["kf_nick"] = str(call.body.get("nickname") or "")


@calls.get("/customservice/kfaccount/del")
def delete(call: Call) -> None:
    account = call.query.get("kf_account", "")
    agent(call, account)
    del agents(call)[account]


@calls.get("/cgi-bin/customservice/getkflist", reads=True)
def listing(call: Call) -> Json:
    return {"kf_list": list(agents(call).values())}


@calls.get("/cgi-bin/customservice/getonlinekflist", reads=True)
def online(call: Call) -> Json:
    return {
        "kf_online_list": [
            {"kf_account": one["kf_account"], "status": 1, "kf_id": one["kf_id"], "accepted_case": 0}
            for one in agents(call).values()
        ]
    }


@calls.post("/customservice/kfsession/create")
def create_session(call: Call) -> None:
    account = agent(call, call.body.get("kf_account"))["kf_account"]
    person = call.world.receiver(call.body.get("openid"))
    held = person.fact("agent")
    if held is not None and held["kf_account"] != account:
        raise Refused(65414, "session held by other agent")
    if held is None:
        person.rest()["agent"] = {"kf_account": account, "createtime": int(call.now)}
        call.world.jobs.add(0, person.id, "kf_create_session", [("KfAccount", account)])


@calls.post("/customservice/kfsession/close")
def close_session(call: Call) -> None:
    account = agent(call, call.body.get("kf_account"))["kf_account"]
    person = call.world.receiver(call.body.get("openid"))
    held = person.fact("agent")
    if held is None or held["kf_account"] != account:
        raise Refused(65413)
    person.rest().pop("agent")
    call.world.jobs.add(0, person.id, "kf_close_session", [("KfAccount", account)])


@calls.get("/customservice/kfsession/getsession", reads=True)
def get_session(call: Call) -> Json:
    person = call.world.receiver(call.query.get("openid"))
    held = person.fact("agent") or {"kf_account": "", "createtime": 0}
    return {"errcode": 0, "errmsg": "ok", **held}


@calls.get("/customservice/kfsession/getsessionlist", reads=True)
def session_list(call: Call) -> Json:
    account = agent(call, call.query.get("kf_account"))["kf_account"]
    return {
        "sessionlist": [
            {"openid": person.openid, "createtime": held["createtime"]}
            for person in call.world.state.phones()
            if (held := person.fact("agent")) is not None and held["kf_account"] == account
        ]
    }


@calls.get("/customservice/kfsession/getwaitcase", reads=True)
def wait_case(call: Call) -> Json:
    return {"count": 0, "waitcaselist": []}


@calls.post("/customservice/msgrecord/getmsglist", reads=True)
def records(call: Call) -> Json:
    """The chat log of at most 24 hours, 10,000 rows at a time."""
    start, end = call.body.get("starttime"), call.body.get("endtime")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= end - start <= 86400:
        raise Refused(40035)
    first, number = call.body.get("msgid", 1), call.body.get("number", 10_000)
    if not isinstance(first, int) or not isinstance(number, int) or not 1 <= number <= 10_000:
        raise Refused(40035)
    rows = []
    for person in call.world.state.phones():
        rows += [
            (one.id, person.openid, one)
            for one in person.chat or []
            if one.side != "system" and start <= one.at <= end and one.id >= first
        ]
    rows.sort(key=lambda row: row[0])
    taken = rows[:number]
    return {
        "recordlist": [
            {
                "openid": openid,
                "opercode": 2003 if one.side == "worker" else 2002,
                "text": one.text,
                "time": int(one.at),
                "worker": "",
            }
            for _, openid, one in taken
        ],
        "number": len(taken),
        "msgid": taken[-1][0] + 1 if taken else first,
    }
