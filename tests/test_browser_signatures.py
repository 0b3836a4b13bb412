"""The page that verifies an entry knows both sorts of keys: in a real browser, without a server."""

from importlib.resources import files

import pytest
from browser_kit import chromium, needs_chromium
from evidence_world import SIGNER
from test_key_rotation import NEW

from agent.evidence.note import Checkpoint

pytestmark = needs_chromium
SCRIPT = (
    (files("agent.web") / "pages/static/verify.js").read_text().split("async function rootOf")[0]
)
ASK = """async ([script, note, vkey]) => {
  const ask = "return parseKey(vkey).then((key) => isSigned(parseCheckpoint(note), key));";
  return await new Function("note", "vkey", script + ask)(note, vkey);
}"""
HOST = "http://localhost:9/"
"""Nobody is there: browsers lend their cryptography to pages of this machine only."""


@pytest.fixture(scope="module")
def page():
    with chromium() as browser:
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
        page.goto(HOST)
        yield page


@pytest.mark.parametrize("signer", [SIGNER, NEW], ids=["ed25519", "p256"])
def test_a_signature_holds_and_one_of_another_checkpoint_does_not(page, signer):
    vkey = str(signer.verifier)
    for size in range(5, 17):  # the numbers of ECDSA differ in length
        note = bytes(signer.sign(str(Checkpoint(signer.name, size, bytes(32))))).decode()
        assert page.evaluate(ASK, [SCRIPT, note, vkey]) is True
        other = note.replace(f"\n{size}\n", "\n99\n")
        assert page.evaluate(ASK, [SCRIPT, other, vkey]) is False
