"""The API: pages by cursor, validators, forms, proofs that hold, and errors of one line."""

import csv
import gzip
import io
import json
import re
from datetime import timedelta
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path

import pytest
from evidence_world import SIGNER, START
from web_kit import NOW, OTHER, ask, ask_json, history, served

from agent.evidence.note import open_checkpoint
from agent.evidence.tree import (
    ProofInvalid,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from agent.web.api import answers
from agent.web.api.forms import FINDINGS

API = "/api/v1"
DOCUMENT = Path(__file__).parents[1] / "docs/api.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("api"), tell=history) as server:
        yield server


def get(server, path, **headers):
    return ask_json(server, API + path, **headers)


def pages(server, path, limit):
    """All rows of a listing, page by page."""
    mark = "&" if "?" in path else "?"
    page = get(server, f"{path}{mark}limit={limit}")
    rows = page["items"]
    while page["next"]:
        assert len(page["items"]) == limit
        page = get(server, f"{path}{mark}limit={limit}&cursor={page['next']}")
        rows += page["items"]
    return rows


LISTINGS = {
    "/rules": 3,
    "/controls?all=true": 10,
    "/targets": 3,
    "/findings": 10,
    "/standings": 4,
    "/deviations": 10,
    "/runs": 10,
    "/gaps": 2,
    "/log/entries": 12,
    "/log/entries?kind=run": 10,
    "/log/checkpoints": 12,
    "/history?rule=r1&resource=b0": 4,
    "/waivers": 2,
    "/attestations": 2,
    "/duties?control=weaknesses-reported": 3,
}


@pytest.mark.parametrize("path", LISTINGS)
def test_page_by_page_comes_the_same_as_at_once(server, path):
    at_once = pages(server, path, 1000)
    assert len(at_once) >= LISTINGS[path]
    assert pages(server, path, 2) == at_once
    assert pages(server, path, 1) == at_once


def test_the_link_to_the_next_page_leads_there(server):
    path = API + "/findings?outcome=fail&outcome=error&limit=1&format=csv"
    _, headers, _ = ask(server, path)
    link = headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    rows = list(csv.DictReader(io.StringIO(ask(server, link)[2].decode())))
    (second,) = get(server, "/findings?outcome=fail&outcome=error&limit=2")["items"][1:]
    assert [row["resource"].lstrip("'") for row in rows] == [second["resource"]]


@pytest.mark.parametrize(
    "other", ["/findings?rule=r2&cursor=", "/deviations?cursor=", "/findings?cursor=x"]
)
def test_a_cursor_is_good_for_its_own_question_only(server, other):
    cursor = get(server, "/findings?limit=1")["next"]
    status, headers, body = ask(server, API + other + cursor)
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(body)["detail"].startswith("this cursor leads nowhere")


def test_findings_are_as_of_a_time_and_what_was_too_old_is_not_known(server):
    early = get(server, "/findings?at=2026-01-01T00:30:00Z&rule=r1")
    late = get(server, "/findings?at=2026-01-01T05:30:00%2B00:00&rule=r1")
    outcomes = [
        {row["resource"]: row["outcome"] for row in page["items"] if row["target"] == OTHER}
        for page in (early, late)
    ]
    assert outcomes[0] == {"b0": "fail", "b1": "pass", "b2": "pass", "b3": "fail"}
    assert outcomes[1] == {"b0": "pass", "b1": "fail", "b2": "pass", "b3": "pass"}
    assert {row["stale"] for row in late["items"] if row["target"] != OTHER} == {False}
    now = get(server, "/findings?rule=r1&target=aws:111122223333")
    assert {row["stale"] for row in now["items"]} == {True}
    standings = get(server, "/standings?target=aws:111122223333&rule=r1")["items"]
    assert [row["status"] for row in standings] == ["unknown"]
    assert get(server, "/findings?at=2025-01-01T00:00:00Z")["items"] == []


@pytest.mark.parametrize(
    ("hour", "states"),
    [
        (6, {}),
        (7, {"short": "upcoming", "long": "upcoming"}),
        (9, {"short": "active", "long": "active"}),
        (10, {"short": "expired", "long": "active"}),
        (11, {"short": "expired", "long": "removed"}),
    ],
)
def test_waivers_are_as_the_log_had_them_at_a_time(server, hour, states):
    at = f"2026-01-01T{hour:02}:00:00Z"
    rows = get(server, f"/waivers?at={at}")["items"]
    assert {row["waiver"]: row["state"] for row in rows} == states
    assert {row["recorded_at"] for row in rows} <= {"2026-01-01T07:00:00Z"}
    for state in set(states.values()):
        found = get(server, f"/waivers?at={at}&state={state}&rule=r1")["items"]
        assert found == [row for row in rows if row["state"] == state]
    assert get(server, f"/waivers?at={at}&rule=r2")["items"] == []


def test_what_people_stated_is_told_and_counts_from_when_the_log_took_it(server):
    first, second = get(server, "/attestations?control=weaknesses-reported")["items"]
    assert (first["period"], second["recorded_at"]) == ("2025-12", "2026-01-01T13:00:00Z")
    assert first["files"] == [f"{'0' * 64}  list.csv"]
    since = f"/attestations?from={second['recorded_at']}"
    assert get(server, since)["items"] == [second]
    assert get(server, "/attestations?control=other")["items"] == []

    def state(at):
        duties = get(server, f"/duties?control=weaknesses-reported&at={at}")["items"]
        return next(row["state"] for row in duties if row["period"] == "2026-01")

    assert state("2026-01-01T12:30:00Z") == "upcoming"
    assert state("2026-01-01T13:30:00Z") == "done"
    overdue = get(server, "/duties?state=overdue&at=2027-01-01T00:00:00Z")["items"]
    assert {row["state"] for row in overdue} == {"overdue"}
    assert min(row["days_late"] for row in overdue) > 0
    text = ask(server, API + "/waivers?format=csv")[2].decode()
    assert text.startswith("state,waiver,rule,resources,from,until,approved_by,recorded_at\r\n")


def test_a_listing_is_csv_by_format_or_by_accept_and_runs_no_formula(server):
    by_format = ask(server, API + "/findings?rule=r2&format=csv")
    by_accept = ask(server, API + "/findings?rule=r2", Accept="application/json;q=0.5, text/csv")
    assert by_format[2] == by_accept[2]
    assert by_accept[1]["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept" in by_accept[1]["Vary"]
    rows = list(csv.DictReader(io.StringIO(by_format[2].decode())))
    assert {row["resource"] for row in rows} == {"'=HYPERLINK(1)"}
    assert {row["outcome"] for row in rows} == {"error"}
    for accept in ("*/*", "text/csv;q=0.1, application/json", "text/csv;q=x", ""):
        _, headers, _ = ask(server, API + "/findings", Accept=accept)
        assert headers["Content-Type"] == "application/json", accept


@pytest.mark.parametrize(
    "path", ["/findings", "/deviations", "/log", "/log/entries/3", "/rules", "/waivers", "/duties"]
)
def test_what_the_caller_has_is_not_sent_again(server, path):
    _, headers, body = ask(server, API + path)
    assert body
    for known in (headers["ETag"], f'"x", {headers["ETag"][2:]}', "*"):
        status, again, body = ask(server, API + path, If_None_Match=known)
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert ask(server, API + path, If_None_Match='"x"')[0] == 200


def test_time_that_passes_is_no_change(tmp_path):
    moments = (NOW + timedelta(seconds=number) for number in count())
    with served(tmp_path, tell=history, now=lambda: next(moments)) as server:
        for path in ("/findings", "/standings", "/runs?limit=1"):
            first, second = (ask(server, API + path)[1]["ETag"] for _ in range(2))
            assert first == second
        at = [get(server, "/findings")["at"] for _ in range(2)]
        assert at[0] != at[1]


def test_head_answers_as_get_without_a_body(server):
    status, headers, body = ask(server, API + "/rules", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(ask(server, API + "/rules")[2])


@pytest.mark.parametrize("path", ["/log/checkpoints", "/exports/entries?format=jsonl"])
def test_answers_are_compressed_for_who_can_read_that(server, path):
    status, headers, body = ask(server, API + path, Accept_Encoding="gzip")
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "Accept-Encoding" in headers["Vary"]
    assert gzip.decompress(body) == ask(server, API + path)[2]


@pytest.mark.parametrize("what", ["findings", "deviations", "runs", "gaps", "entries"])
def test_an_export_is_all_of_a_listing(server, what):
    listing = "/log/entries" if what == "entries" else f"/{what}"
    _, headers, body = ask(server, f"{API}/exports/{what}")
    assert headers["Content-Disposition"] == f'attachment; filename="assay-{what}.jsonl"'
    rows = pages(server, listing, 1000)
    assert [json.loads(line) for line in body.splitlines()] == rows
    _, headers, body = ask(server, f"{API}/exports/{what}?format=csv")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(io.StringIO(body.decode())))) == len(rows) + 1


def test_an_export_reads_a_batch_when_the_one_before_was_sent():
    asked = []

    def fetch(after, limit):
        asked.append((after, limit))
        return [{"row": len(asked)}], (len(asked),) if len(asked) < 3 else None

    for lines in (answers._jsonl(fetch), answers._csv(FINDINGS, fetch)):
        asked.clear()
        sent = [len(asked) for _ in lines]
        assert sent[-1] == 3
        assert sent == sorted(sent)
        assert asked == [(None, answers.BATCH), ((1,), answers.BATCH), ((2,), answers.BATCH)]
        assert sent.count(1) >= 1


def test_an_export_streams_what_is_more_than_a_batch(server, monkeypatch):
    whole = ask(server, f"{API}/exports/findings")[2]
    monkeypatch.setattr("agent.web.api.answers.BATCH", 3)
    assert ask(server, f"{API}/exports/findings")[2] == whole


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/findings?frm=1", 422, "frm: there is no such parameter"),
        ("/findings?at=yesterday", 422, "at: a time as RFC 3339 writes it"),
        ("/findings?at=2026-02-30T00:00:00Z", 422, "at: day"),
        ("/findings?limit=0", 422, "limit: input should be greater than or equal to 1"),
        ("/findings?limit=1001", 422, "limit: input should be less than or equal to 1000"),
        ("/findings?outcome=bad", 422, "outcome.0: input should be 'fail', 'error'"),
        ("/history?rule=r1", 422, "resource: field required"),
        ("/rules/none", 404, "there is no rule none in force"),
        ("/controls/none", 404, "there is no control none"),
        ("/runs/0", 404, "entry 0 is not a run"),
        ("/log/entries/9999", 404, "there is no entry 9999"),
        ("/log/checkpoints/9999", 404, "there is no checkpoint of size 9999"),
        ("/log/contents/" + "0" * 64, 404, "there is no such content"),
        ("/log/proofs/inclusion?entry=3&size=3", 404, "there is no entry 3 in a tree of 3"),
        ("/log/proofs/inclusion?entry=3&size=9999", 404, "entries, not 9999"),
        ("/log/proofs/consistency?first=5&second=4", 404, "a tree of 4 has no beginning of 5"),
        ("/nothing", 404, "there is nothing at /api/v1/nothing"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(server, path, status, detail):
    got, headers, body = ask(server, API + path)
    problem = json.loads(body)
    assert (got, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert headers["Content-Type"] == "application/problem+json"
    assert detail in problem["detail"]
    assert "\n" not in problem["detail"]


def test_every_entry_is_proven_by_its_bytes(server):
    head = get(server, "/log")
    signed = open_checkpoint(head["checkpoint"].encode(), SIGNER.verifier)
    assert (signed.size, signed.root.hex()) == (head["size"], head["root"])
    for entry in range(head["size"]):
        _, headers, body = ask(server, f"{API}/log/entries/{entry}")
        assert "immutable" in headers["Cache-Control"]
        proof = get(server, f"/log/proofs/inclusion?entry={entry}")
        assert proof["leaf"] == sha256(b"\0" + body).hexdigest() == leaf_hash(body).hex()
        path = [bytes.fromhex(each) for each in proof["path"]]
        verify_inclusion(leaf_hash(body), entry, head["size"], path, signed.root)
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf_hash(body + b" "), entry, head["size"], path, signed.root)


def test_every_size_continues_the_one_before(server):
    size = get(server, "/log")["size"]
    for first, second in [*pairwise(range(1, size + 1)), (3, size)]:
        proof = get(server, f"/log/proofs/consistency?first={first}&second={second}")
        roots = [bytes.fromhex(proof[name]) for name in ("first_root", "second_root")]
        path = [bytes.fromhex(each) for each in proof["path"]]
        verify_consistency(first, second, *roots, path)
        for checkpoint, root in zip(proof["checkpoints"], roots, strict=True):
            assert open_checkpoint(checkpoint.encode(), SIGNER.verifier).root == root
    newest = ask(server, API + "/log/checkpoint")[2].decode()
    assert newest == get(server, "/log")["checkpoint"]
    assert newest == ask(server, f"{API}/log/checkpoints/{size}")[2].decode()


def test_what_a_rule_read_is_had_by_its_digest_and_is_never_shown_in_place(server):
    spans = get(server, "/history?rule=r1&resource=b0")["items"]
    digest = spans[0]["values"]
    _, headers, body = ask(server, f"{API}/log/contents/{digest}")
    assert sha256(body).hexdigest() == digest
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")


def test_a_run_is_shown_rule_by_rule(server):
    run = get(server, "/runs")["items"][0]
    detail = get(server, f"/runs/{run['entry']}")
    assert {name: detail[name] for name in run} == run
    assert (run["fail"], run["pass"], run["error"]) == (2, 2, 1)
    assert detail["counts"]["r1"]["fail"] == 2


def test_a_period_is_half_open(server):
    first, second = (row["finished"] for row in get(server, "/runs?target=" + OTHER)["items"][:2])
    found = get(server, f"/runs?target={OTHER}&from={first}&to={second}")["items"]
    assert [row["finished"] for row in found] == [first]
    assert get(server, f"/runs?from={second}&to={first}")["items"] == []
    assert first.startswith(f"{START:%Y-%m-%d}")


def test_every_path_is_in_the_document_for_people(server):
    described = set(get(server, "/openapi.json")["paths"])
    told = set(re.findall(r"^\| `(/api/v1[^`]*)` \|", DOCUMENT.read_text(), re.MULTILINE))
    assert told == described
