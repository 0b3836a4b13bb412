"""Webhooks as they are configured, listed, tried and served."""

import json
import signal

import pytest
from agent_kit import TARGET, Served, client, configure, items
from webhook_kit import KEY, SECRET, receiving

from agent.config import ConfigError, load_settings


def refused(folder, **webhook):
    entry = {"name": "chat", "url": "https://example.com/", "secret_env": "S"} | webhook
    path = folder / "assay.yaml"
    path.write_text(json.dumps({"webhooks": [{k: v for k, v in entry.items() if v is not None}]}))
    with pytest.raises(ConfigError) as error:
        load_settings(path, {})
    return str(error.value).partition(": ")[2]


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ({"url": "http://example.com/"}, "is not encrypted; use https"),
        ({"url": "http://10.0.0.1/"}, "is not encrypted"),
        ({"url": "http://localhost.example.com/"}, "is not encrypted"),
        ({"url": "ftp://example.com/"}, "is not an https address"),
        ({"url": "https://"}, "is not an https address"),
        ({"url": "https://example.com:99999/"}, "is not an https address"),
        ({"url": "https://example.com/\r\nX: y"}, "is not an https address"),
        ({"url": "https://ana:pw@example.com/"}, "a password in it would be shown"),
        ({"url": "https://example.com/#x"}, "what follows # is never sent"),
        ({"secret_env": None}, "give a file, or in its place `secret_env`"),
        ({"secret_file": "x"}, "give a file, or in its place `secret_env`"),
        ({"secret_env": "a-b"}, "is not the name of a variable"),
        ({"name": "../x"}, "is not of a-z, 0-9 and -"),
        ({"give_up": "soon"}, "is not a duration"),
        ({"timeout": "2m"}, "at most 60s"),
        ({"events": ["deviation.gone"]}, "Invalid enum value 'deviation.gone'"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_a_webhook_that_is_wrong_is_refused_with_its_place(tmp_path, webhook, words):
    assert words in refused(tmp_path, **webhook)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost/"])
def test_this_machine_needs_no_encryption(tmp_path, url):
    path = tmp_path / "assay.yaml"
    path.write_text(json.dumps({"webhooks": [{"name": "a", "url": url, "secret_env": "S"}]}))
    assert load_settings(path, {}).webhooks[0].url == url


def test_two_of_one_name_are_refused(tmp_path):
    one = {"name": "chat", "url": "https://example.com/", "secret_env": "S"}
    (tmp_path / "assay.yaml").write_text(json.dumps({"webhooks": [one, one]}))
    with pytest.raises(ConfigError, match=r"webhooks\[1\].name: 'chat' is the name of another"):
        load_settings(tmp_path / "assay.yaml", {})


def with_webhook(config, **webhook):
    document = json.loads(config.read_text())
    entry = {"name": "chat", "secret_file": "hook.secret", **webhook}
    config.write_text(json.dumps({**document, "webhooks": [entry]}))
    (config.parent / "hook.secret").write_text(SECRET + "\n")


def test_a_receiver_is_tried_and_what_is_wrong_with_it_is_said(assay):
    with receiving() as receiver:
        with_webhook(assay.config, url=receiver.url)
        code, out, _ = assay("webhook", "test", "--format", "json")
        assert (code, items(out)[0]["answer"]) == (0, "it answers 204")
        ((name, payload),) = receiver.got
        assert (payload["type"], items(out)[0]["id"]) == ("test", name)
        receiver.plan = [500]
        code, out, _ = assay("webhook", "test", "chat", "--format", "json")
        assert (code, items(out)[0]["answer"]) == (2, "it answers 500")
    code, _, err = assay("webhook", "test", "nobody")
    assert (code, "known: chat" in err) == (3, True)
    (row,) = items(assay("webhook", "list", "--format", "json")[1])
    assert (row["state"], row["delivered"], row["behind"]) == ("new", 0, None)
    (assay.folder / "hook.secret").unlink()
    code, out, _ = assay("webhook", "list", "--format", "json")
    assert code == 2
    assert items(out)[0]["state"].endswith("hook.secret: cannot be read: No such file or directory")
    code, out, _ = assay("webhook", "test", "--format", "json")
    assert (code, "cannot be read" in out) == (2, True)


def test_the_doctor_says_what_never_arrived(assay):
    with_webhook(assay.config, url="https://hooks.example.com/")

    def said():
        rows = items(assay("doctor", "--format", "json")[1])
        return next((row["state"], row["finding"]) for row in rows if row["what"] == "webhook chat")

    assert said() == ("ok", "0 delivered; `assay webhook test chat` tries it")
    folder = assay.folder / "evidence/webhooks"
    folder.mkdir(parents=True)
    place = {"entry": 1, "step": 0}
    told = {"vkey": "", "place": place, "delivered": 4, "failures": 9, "dead": 2}
    (folder / "chat.json").write_text(json.dumps(told))
    state, finding = said()
    assert (state, finding.partition(": ")[0]) == ("wrong", "2 events were laid aside undelivered")
    (assay.folder / "hook.secret").write_text("x")
    assert "hook.secret: a secret is whsec_" in said()[1]


def test_the_agent_tells_what_failed_what_was_mended_and_who_is_late(cloud, tmp_path):
    config = configure(tmp_path, cloud.url, ["s3/aws-s3-bucket-versioning.yaml"], every="1s")
    with receiving() as receiver:
        with_webhook(config, url=receiver.url, events=["deviation.opened", "deviation.closed"])
        agent = Served(config)
        try:
            receiver.wait(1)
            s3 = client(cloud, "s3")
            s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Enabled"})
            receiver.wait(2)
            agent.until(2.0, "assay_webhook_delivered_total", webhook="chat")
            agent.process.send_signal(signal.SIGHUP)
            agent.wait_for("reloaded")
            s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Suspended"})
            receiver.wait(3)
        finally:
            assert agent.end() == 0
    assert receiver.types == ["deviation.opened", "deviation.closed", "deviation.opened"]
    first, second = (payload["data"] for _, payload in receiver.got[:2])
    assert first["deviation"] == second["deviation"]
    assert (first["target"], first["resource"]) == (TARGET, "arn:aws:s3:::bad")
    assert first["title"]
    assert second["ended_by"] == "pass"
    text = (tmp_path / "evidence/webhooks/chat.json").read_text()
    assert json.loads(text)["delivered"] == 3
    assert KEY.hex() not in text
    assert SECRET not in text
