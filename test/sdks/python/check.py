"""Reads a Rollcall with example rooms by the official Python SDK; prints an `ok` or `not ok` line for each check."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

import twilio
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.insights.v1.room import RoomInstance
from twilio.rest.insights.v1.room.participant import ParticipantInstance

BASE_URL = os.environ["ROLLCALL_BASE_URL"]
ACCOUNT_SID = os.environ["ROLLCALL_ACCOUNT_SID"]
AUTH_TOKEN = os.environ["ROLLCALL_AUTH_TOKEN"]
ROOM_SID = os.environ["ROLLCALL_ROOM_SID"]
UNKNOWN_PARTICIPANT_SID = "PA" + "0" * 32


def main():
    with open(os.environ["ROLLCALL_EXPECTED"], encoding="utf-8") as file:
        expected = json.load(file)
    print("# twilio", twilio.__version__, flush=True)
    client = connect(AUTH_TOKEN)
    failures = sum(not passes(name, check, client, expected) for name, check in CHECKS)
    sys.exit(1 if failures else 0)


def connect(auth_token):
    client = Client(ACCOUNT_SID, auth_token)
    client.insights.base_url = BASE_URL
    return client


def passes(name, check, client, expected):
    try:
        check(client, expected)
    except Exception as error:  # any exception fails the check, also one of the SDK
        print(f"not ok {name}: {type(error).__name__}: {error}".replace("\n", " "), flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def list_default(client, expected):
    require_all(participants_of(client).list(), expected)


def list_page_size_1000(client, expected):
    require_all(participants_of(client).list(page_size=1000), expected)


def list_limit_5000(client, expected):
    require_all(participants_of(client).list(limit=5000), expected)


def list_limit_1500(client, expected):
    found = participants_of(client).list(limit=1500)
    equal(len({p.participant_sid for p in found}), 1500, "distinct participants")
    equal(len(found), 1500, "participants")


def stream(client, expected):
    require_all(list(participants_of(client).stream(page_size=333)), expected)


def dates(client, expected):
    for found, wanted in each_participant(client, expected):
        equal(type(found.join_time), datetime, "type of join_time")
        equal(found.join_time, date_of(wanted["join_time"]), f"join_time of {wanted['identity']}")
        equal(found.join_time.utcoffset(), timedelta(0), "offset of join_time")
        equal(found.leave_time, date_of(wanted["leave_time"]), f"leave_time of {wanted['identity']}")


def values(client, expected):
    statuses = members(ParticipantInstance.RoomStatus)
    codecs = members(ParticipantInstance.Codec)
    for found, wanted in each_participant(client, expected):
        who = wanted["identity"]
        require(type(found.duration_sec) in (int, type(None)), f"duration_sec of {who} is an int")
        equal(found.duration_sec, wanted["duration_sec"], f"duration_sec of {who}")
        require(found.status in statuses, f"{found.status} is a status")
        equal(found.status, wanted["status"], f"status of {who}")
        require(codecs.issuperset(found.codecs), f"{found.codecs} are codecs")
        equal(sorted(found.codecs), wanted["codecs"], f"codecs of {who}")
        equal(found.end_reason, wanted["end_reason"], f"end_reason of {who}")
        equal(found.error_code, wanted["error_code"], f"error_code of {who}")
        equal(found.account_sid, ACCOUNT_SID, "account_sid")
        equal(found.room_sid, ROOM_SID, "room_sid")


def objects(client, expected):
    for found, _ in each_participant(client, expected):
        equal(type(found.publisher_info), dict, "type of publisher_info")
        equal(type(found.properties), dict, "type of properties")


def page_by_page(client, expected):
    first = participants_of(client).page(page_size=1000)
    second = first.next_page()
    third = second.next_page()
    pages = [[p.participant_sid for p in page] for page in (first, second, third)]
    equal([len(sids) for sids in pages], [1000, 1000, 500], "sizes of the pages")
    equal(len({sid for sids in pages for sid in sids}), 2500, "distinct participants")
    equal(third.next_page(), None, "page after the last")
    equal(first.previous_page(), None, "page before the first")
    equal([p.participant_sid for p in second.previous_page()], pages[0], "page before the second")


def rooms(client, expected):
    """The audio room began a minute before the large one, has no VP8, and is completed."""
    began = date_of(expected["create_time"])
    large, audio = {ROOM_SID}, {expected["audio_room_sid"]}
    room_type, codec = RoomInstance.RoomType, RoomInstance.Codec
    hour_before = began - timedelta(hours=1)
    typed = room_sids(client, room_type=[room_type.GROUP], codec=[codec.VP8], created_after=hour_before)
    equal(typed, large, "group rooms with VP8")
    either = room_sids(client, codec=[codec.VP8, codec.OPUS], created_after=hour_before)
    equal(either, large | audio, "rooms with VP8 or opus")
    equal(room_sids(client, room_type=[room_type.GO], created_after=hour_before), set(), "go rooms")
    equal(room_sids(client, created_after=began), large, "rooms created on or after that second")
    equal(room_sids(client, created_before=began), audio, "rooms created before that second")
    equal(room_sids(client, room_name=expected["room_name"]), large, "rooms of that name")


def fetch_room(client, expected):
    room = client.insights.v1.rooms(ROOM_SID).fetch()
    durations = [p["duration_sec"] or 0 for p in expected["participants"]]
    equal(room.room_sid, ROOM_SID, "room_sid")
    equal(room.room_name, expected["room_name"], "room_name")
    equal(room.create_time, date_of(expected["create_time"]), "create_time")
    equal(room.end_time, None, "end_time")
    equal(room.room_status, RoomInstance.RoomStatus.IN_PROGRESS, "room_status")
    equal(room.room_type, RoomInstance.RoomType.GROUP, "room_type")
    equal(sorted(room.codecs), ["H264", "VP8", "opus"], "codecs")
    equal(room.unique_participants, len(durations), "unique_participants")
    equal(room.unique_participant_identities, len(durations), "unique_participant_identities")
    equal(room.total_participant_duration_sec, sum(durations), "total_participant_duration_sec")
    equal(room.url, f"{BASE_URL}/v1/Video/Rooms/{ROOM_SID}", "url")
    equal(room.links, {"participants": f"{room.url}/Participants"}, "links")


def fetch_participant(client, expected):
    listed = participants_of(client).list(limit=3)[2]
    found = client.insights.v1.rooms(ROOM_SID).participants(listed.participant_sid).fetch()
    equal(vars_of(found), vars_of(listed), "participant fetched and listed")
    equal(found.url, f"{BASE_URL}/v1/Video/Rooms/{ROOM_SID}/Participants/{found.participant_sid}", "url")


def unknown_participant(client, expected):
    room = client.insights.v1.rooms(ROOM_SID)
    fails_with(404, 20404, lambda: room.participants(UNKNOWN_PARTICIPANT_SID).fetch())


def wrong_token(client, expected):
    stranger = connect("0" * 40)
    fails_with(401, 20003, lambda: stranger.insights.v1.rooms(ROOM_SID).fetch())


CHECKS = [
    ("list, default page size", list_default),
    ("list, page size 1000", list_page_size_1000),
    ("list, limit 5000", list_limit_5000),
    ("list, limit 1500", list_limit_1500),
    ("stream", stream),
    ("times are dates", dates),
    ("duration, status, reason, error, codecs", values),
    ("publisher_info and properties are objects", objects),
    ("page by page, and back", page_by_page),
    ("rooms by type, codec, date and name", rooms),
    ("fetch a room", fetch_room),
    ("fetch a participant", fetch_participant),
    ("unknown participant is 404, 20404", unknown_participant),
    ("wrong token is 401, 20003", wrong_token),
]


def participants_of(client):
    return client.insights.v1.rooms(ROOM_SID).participants


def each_participant(client, expected):
    by_identity = {p["identity"]: p for p in expected["participants"]}
    found = participants_of(client).list(page_size=1000)
    equal(len(found), len(by_identity), "participants")
    return [(one, by_identity[one.participant_identity]) for one in found]


def room_sids(client, **filters):
    return {room.room_sid for room in client.insights.v1.rooms.list(**filters)}


def require_all(found, expected):
    """Checks that every participant is there once: the number of rows is right, and no SID or identity is repeated."""
    count = len(expected["participants"])
    equal(len(found), count, "participants")
    equal(len({p.participant_sid for p in found}), count, "distinct SIDs")
    equal(
        {p.participant_identity for p in found},
        {p["identity"] for p in expected["participants"]},
        "identities",
    )


def fails_with(status, code, call):
    try:
        call()
    except TwilioRestException as error:
        equal((error.status, error.code), (status, code), "status and code")
        return
    raise AssertionError("no exception")


def date_of(text):
    return text and datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def members(enum):
    return {value for name, value in vars(enum).items() if not name.startswith("_")}


def vars_of(instance):
    return {name: value for name, value in vars(instance).items() if not name.startswith("_")}


def equal(actual, wanted, what):
    require(actual == wanted, f"{what} is {shortened(actual)}, not {shortened(wanted)}")


def require(holds, what):
    if not holds:
        raise AssertionError(what)


def shortened(value):
    text = repr(value)
    return text if len(text) <= 120 else text[:120] + "…"


if __name__ == "__main__":
    main()
