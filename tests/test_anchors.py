"""Timestamps of others: what they prove, what is refused, and that their failure stops nothing."""

import json
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
from anchor_kit import make_authority, serve_authority, stamp
from evidence_world import HOUR, SIGNER, START, open_world
from prometheus_client import CollectorRegistry
from rfc3161_client import decode_timestamp_response

from agent.evidence.anchors.authority import Authority
from agent.evidence.anchors.der import read_stamp
from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.receipt import body_of, proof_of_copy, receipts
from agent.evidence.anchors.standing import read_standing, words
from agent.evidence.anchors.tending import AnchorCollector, Tender
from agent.evidence.anchors.timestamp import make_query, verify_reply
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.evidence.verify import LogInvalid, verify_store
from agent.reports.sealed import read_seal

NOTE = b"example.com/log\n1\nAAAA\n\n"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    with serve_authority(make_authority(tmp_path_factory.mktemp("tsa") / "own")) as served:
        yield served


@pytest.fixture
def own(authority):
    """The authority, behaving again, as an anchor."""
    authority.status, authority.canned = 200, None
    authority.asked.clear()
    return Authority(authority.url, authority.folder / "root.pem", HOUR)


class Elsewhere:
    """An anchor that keeps copies in memory, at a time that the test says; or does not."""

    kind, every = "s3", HOUR

    def __init__(self, place="s3://elsewhere/checkpoints"):
        self.place, self.kept, self.now, self.down = place, {}, START, False

    def put(self, note, size):
        if self.down:
            raise AnchorError("it is down")
        self.kept[size] = note
        return Given(time=self.now, proof=proof_of_copy(note, {"key": str(size)}))

    def check(self):
        return "it is there"


def test_a_reply_is_verified_down_to_the_root(own, authority):
    given = own.put(NOTE, 1)
    assert abs(given.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert verify_reply(given.proof, NOTE, authority.roots) == given.time
    assert "it answers" in own.check()


def test_a_stamp_of_another_message_is_refused(own, authority):
    reply = own.put(NOTE, 1).proof
    with pytest.raises(AnchorError, match="of another message"):
        verify_reply(reply, NOTE + b"x", authority.roots)


def test_a_reply_to_another_request_is_refused(own, authority):
    authority.canned = stamp(authority.folder, make_query(NOTE).der)
    with pytest.raises(AnchorError, match="its nonce differs"):
        own.put(NOTE, 1)


def test_a_stamp_of_a_stranger_is_refused(own, tmp_path):
    stranger = make_authority(tmp_path / "stranger")
    reply = own.put(NOTE, 1).proof
    with pytest.raises(AnchorError, match=r"does not hold: .*; nor does it for openssl"):
        verify_reply(reply, NOTE, (stranger / "root.pem").read_bytes())


def test_a_changed_signature_is_refused(own, authority):
    reply = bytearray(own.put(NOTE, 1).proof)
    reply[-5] ^= 1
    with pytest.raises(AnchorError, match="does not hold"):
        verify_reply(bytes(reply), NOTE, authority.roots)


@pytest.mark.parametrize(
    ("status", "canned", "message"),
    [
        (500, b"", "it answers 500 Internal Server Error"),
        (200, b"<html>", "no timestamp was granted"),
        (200, b"", "no timestamp was granted"),
        (200, bytes.fromhex("30053003020102"), "no timestamp was granted: status 02"),
        (200, b"x" * (1 << 19), "its reply has more than"),
    ],
)
def test_what_is_no_stamp_is_one_line(own, authority, status, canned, message):
    authority.status, authority.canned = status, canned
    with pytest.raises(AnchorError, match=message) as caught:
        own.put(NOTE, 1)
    assert "\n" not in str(caught.value)


def test_what_a_reply_says_is_read_as_the_library_and_openssl_read_it(own, tmp_path):
    reply = own.put(NOTE, 1).proof
    mine, theirs = read_stamp(reply), decode_timestamp_response(reply).tst_info
    assert mine.time == theirs.gen_time
    assert mine.imprint == theirs.message_imprint.message
    assert mine.nonce == theirs.nonce
    (tmp_path / "reply").write_bytes(reply)
    command = ["openssl", "ts", "-reply", "-in", tmp_path / "reply", "-text"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    assert f"Nonce: 0x{mine.nonce:016X}" in told
    assert f"Time stamp: {mine.time:%b %e %H:%M:%S %Y} GMT" in told


def test_no_torn_or_changed_reply_holds(own, authority):
    """A stamp that can still be read after a bit flipped must not hold, unless it says the same."""
    reply = own.put(NOTE, 1).proof
    for cut in range(0, len(reply), 61):
        with pytest.raises(AnchorError):
            verify_reply(reply[:cut], NOTE, authority.roots)
    before = read_stamp(reply)
    for place in range(0, 220, 3):  # up to the end of the part that says what was stamped
        changed = bytearray(reply)
        changed[place] ^= 0x10
        try:
            stamp_of = read_stamp(bytes(changed))
        except AnchorError:
            continue
        if stamp_of != before:
            with pytest.raises(AnchorError):
                verify_reply(bytes(changed), NOTE, authority.roots)


def test_nobody_at_the_address_is_one_line(authority):
    nobody = Authority("http://127.0.0.1:9/tsr", authority.folder / "root.pem", HOUR)
    with pytest.raises(AnchorError, match="it does not answer"):
        nobody.put(NOTE, 1)


def test_what_the_library_refuses_openssl_judges(tmp_path):
    """openssl's own authority writes certificates in an order that DER does not allow."""
    folder = make_authority(tmp_path / "own", extra=True)
    query = make_query(NOTE)
    reply = stamp(folder, query.der)
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(reply)
    roots = (folder / "root.pem").read_bytes()
    assert read_stamp(reply).nonce == query.nonce
    assert verify_reply(reply, NOTE, roots, query.nonce) == read_stamp(reply).time
    with pytest.raises(AnchorError, match="another message"):
        verify_reply(reply, b"other", roots)
    torn = reply[:-5] + bytes([reply[-5] ^ 1]) + reply[-4:]
    with pytest.raises(AnchorError, match="does not hold"):
        verify_reply(torn, NOTE, roots)


@pytest.mark.parametrize("extra", [False, True], ids=["library", "openssl"])
def test_a_stamp_outlives_the_certificate_that_signed_it(tmp_path, extra):
    folder = make_authority(tmp_path / "own", lasts=timedelta(seconds=2), extra=extra)
    reply = stamp(folder, make_query(NOTE).der)
    time.sleep(2.5)
    roots = (folder / "root.pem").read_bytes()
    assert verify_reply(reply, NOTE, roots) == read_stamp(reply).time
    late = stamp(folder, make_query(NOTE).der)  # openssl signs after the end as well
    with pytest.raises(AnchorError, match="does not hold"):
        verify_reply(late, NOTE, roots)


def test_a_receipt_is_sealed_and_says_until_where_the_log_is_anchored(tmp_path, own, authority):
    with open_world(tmp_path) as world:
        assert words(read_standing(world.store, {}, now=START)) == "chained, not anchored"
        world.run(0, {("r1", "a"): "pass"})
        Tender(world.log, [own]).tend(START + HOUR)
        world.verify()
        with world.store.reading() as view:
            (receipt,) = receipts(view)
        assert (receipt.size, receipt.by, receipt.place) == (2, "rfc3161", authority.url)
        roots = {authority.url: authority.roots}
        said = words(read_standing(world.store, roots, now=START, lag=timedelta(days=36500)))
        assert said == f"anchored until size 2 at {receipt.time:%Y-%m-%dT%H:%M:%SZ} by rfc3161"
        assert "whose roots are not known" in words(read_standing(world.store, {}, now=START))


def test_a_report_says_by_whom_its_log_is_anchored(tmp_path, own, authority):
    with open_world(tmp_path) as world:
        world.run(0, {("r1", "a"): "pass"})
        Tender(world.log, [own]).tend(START + HOUR)
        roots = {authority.url: authority.roots}
        seal = read_seal(world.store, verify=True, now=datetime.now(UTC), roots=roots)
        assert seal.verified == "valid"
        assert seal.anchored.startswith("anchored until size 2 at ")
        strangers = {authority.url: (authority.folder / "cert.pem").read_bytes()[:60]}
        wrong = read_seal(world.store, verify=False, now=START, roots=strangers)
        assert wrong.anchored.startswith("invalid: entry 2: ")


def test_entries_that_waited_too_long_are_said(tmp_path, own, authority):
    """What claims to be of January and was first stamped today is late, whoever is to blame."""
    with open_world(tmp_path) as world:
        world.run(0, {("r1", "a"): "pass"})
        Tender(world.log, [own]).tend(START + HOUR)
        roots = {authority.url: authority.roots}
        standing = read_standing(world.store, roots, now=datetime.now(UTC))
        (late,) = standing.late
        assert (late.first, late.last, late.waited > timedelta(days=30)) == (0, 2, True)
        assert "entries 0 to 2 waited up to " in words(standing)


def test_entries_in_time_are_not_late_and_the_newest_may_wait(tmp_path):
    other = Elsewhere()
    with open_world(tmp_path) as world:
        tender = Tender(world.log, [other])
        for hour in range(0, 60, 20):
            world.run(hour, {("r1", "a"): "pass"})
            other.now = START + (hour + 1) * HOUR
            assert tender.tend(other.now) == 1
        assert read_standing(world.store, {}, now=START + 50 * HOUR).late == ()
        # The last receipt has itself no anchor yet.
        (late,) = read_standing(world.store, {}, now=START + 80 * HOUR).late
        assert (late.first, late.last, late.waited) == (6, 6, 39 * HOUR)


def test_an_anchor_that_was_away_makes_what_waited_late(tmp_path):
    other = Elsewhere()
    with open_world(tmp_path) as world:
        for hour in (0, 30):
            world.run(hour, {("r1", "a"): "pass"})
        other.now = START + 31 * HOUR
        Tender(world.log, [other]).tend(other.now)
        (late,) = read_standing(world.store, {}, now=other.now).late
        assert (late.first, late.last, late.waited) == (0, 1, 31 * HOUR)


def test_a_log_that_was_rewritten_does_not_fit_its_receipts(tmp_path, own):
    with open_world(tmp_path) as world:
        world.run(0, {("r1", "a"): "fail"})
        Tender(world.log, [own]).tend(START + HOUR)
        with world.store.reading() as view:
            (receipt,) = receipts(view)
            proof = view.content(bytes.fromhex(receipt.proof))
    (tmp_path / "two").mkdir()
    with Store.open(tmp_path / "two/evidence.db") as store:
        with Log.open(store, SIGNER, at=START) as log:
            log.append(Kind.AGENT, {"event": "start"}, START)
            body = body_of(
                by=receipt.by, place=receipt.place, size=2, time=receipt.time, proof=proof
            )
            log.append(Kind.ANCHOR, body, START + HOUR, [proof])
        with pytest.raises(LogInvalid, match=r"entry 2: .* another checkpoint of size 2: the log"):
            verify_store(store, SIGNER.verifier)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": START}, "its timestamp is of .*, not of 2026-01-01"),
        ({"size": 9}, "there was no checkpoint of size 9 before it"),
        ({"by": "s3", "proof": b"{}"}, "holds another checkpoint of size 1"),
        ({"proof": b"torn"}, "no timestamp was granted"),
    ],
    ids=["another time", "a size to come", "another copy", "no stamp"],
)
def test_a_receipt_that_says_what_its_proof_does_not_is_invalid(tmp_path, own, changed, message):
    with Store.open(tmp_path / "evidence.db") as store:
        with Log.open(store, SIGNER, at=START) as log:
            given = own.put(log.checkpoint(), 1)
            told = {"by": "rfc3161", "place": own.place, "size": 1, "time": given.time}
            told = {**told, "proof": given.proof, **changed}
            log.append(Kind.ANCHOR, body_of(**told), START, [told["proof"]])
        with pytest.raises(LogInvalid, match=f"entry 1: .*{message}"):
            verify_store(store, SIGNER.verifier)


def test_a_failing_anchor_is_counted_and_asked_again_more_and_more_rarely(tmp_path):
    good, bad = Elsewhere("s3://good"), Elsewhere("s3://bad")
    bad.down = True
    with open_world(tmp_path) as world:
        tender = Tender(world.log, [bad, good])
        tried = []
        for minute in range(200):
            before = tender.failures["s3"]
            tender.tend(START + minute * MINUTE)
            if tender.failures["s3"] > before:
                tried.append(minute)
        assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183]
        assert good.kept
        bad.down = False
        bad.now = START + 243 * MINUTE
        assert tender.tend(bad.now) == 1
        assert bad.kept.keys() == {2}
        assert tender.tend(bad.now + MINUTE) == 0


def test_receipts_alone_call_for_an_anchor_twice_a_day(tmp_path):
    other = Elsewhere()
    with open_world(tmp_path) as world:
        tender, asked = Tender(world.log, [other]), []
        for hour in range(48):
            other.now = START + hour * HOUR
            if tender.tend(other.now):
                asked.append(hour)
        assert asked == [0, 12, 24, 36]
        world.run(48, {("r1", "a"): "pass"})
        other.now = START + 49 * HOUR
        assert tender.tend(other.now) == 1


def test_a_new_agent_knows_what_was_anchored_before(tmp_path):
    other = Elsewhere()
    with open_world(tmp_path) as world:
        Tender(world.log, [other]).tend(START)
        assert Tender(world.log, [other]).tend(START + MINUTE) == 0


def test_the_metrics_age_only_while_something_waits(tmp_path):
    other, registry, now = Elsewhere(), CollectorRegistry(), [START]
    with open_world(tmp_path) as world:
        tender = Tender(world.log, [other])
        registry.register(AnchorCollector(tender, lambda: now[0]))

        def value(name):
            return registry.get_sample_value(name, {"kind": "s3"})

        assert value("assay_anchor_timestamp_seconds") == 0
        other.now = START
        tender.tend(START)
        now[0] = START + 5 * HOUR
        assert value("assay_anchor_timestamp_seconds") == now[0].timestamp()
        world.run(0, {("r1", "a"): "pass"})
        assert value("assay_anchor_timestamp_seconds") == START.timestamp()
        other.down = True
        tender.tend(now[0])
        assert value("assay_anchor_failures_total") == 1


def test_the_proof_of_a_copy_names_where_it_is():
    proof = json.loads(proof_of_copy(b"x", {"bucket": "b"}))
    assert proof["bucket"] == "b"
    assert proof["sha256"].startswith("2d711642b726b04401627ca9fbac32f5")
