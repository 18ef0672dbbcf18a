"""Webhooks: notified when a run ends, signed, tried again until they answer, and never let into the
studio's network.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Status
from studio.webhooks import pipeline, services
from studio.webhooks.models import Delivery, Webhook
from tests.factories import make_cleanset, make_dataset
from tests.programs import ROOT

pytestmark = pytest.mark.django_db

JSON = "application/json"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers with the status that the test wants."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Any]:
    settings.ALLOW_PRIVATE_URLS = True
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(alice: User, receiver: Any) -> Webhook:
    return services.webhook_create(owner=alice, url=receiver.url)


def attempt(delivery: Delivery, *, is_due: bool = True) -> Delivery:
    """Let the worker attempt the delivery."""
    if is_due:
        Delivery.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())
    pipeline.delivery_attempt(delivery.pk)
    delivery.refresh_from_db()
    return delivery


def test_end_of_a_run_is_delivered_and_signed(alice: User, webhook: Webhook, receiver: Any) -> None:
    cleanset = make_cleanset(alice, status=Status.RUNNING)
    runs.fail(cleanset, "The file is empty.")
    assert attempt(Delivery.objects.get()).state == "delivered"
    headers, body = receiver.received[0]
    told = json.loads(body)
    assert (told["event"], headers["Studio-Event"]) == ("run.failed", "run.failed")
    assert (told["run"]["id"], told["run"]["error_message"]) == (
        str(cleanset.pk),
        "The file is empty.",
    )
    assert headers["Studio-Delivery"] == told["id"]
    sent_at, sign = (part.split("=", 1)[1] for part in headers["Studio-Signature"].split(","))
    expected = hmac.new(
        webhook.secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256
    ).hexdigest()
    assert sign == expected


def test_documented_check_tells_a_genuine_delivery_from_another(
    webhook: Webhook, receiver: Any
) -> None:
    attempt(services.webhook_ping(webhook=webhook))
    headers, body = receiver.received[0]
    code = (ROOT / "docs" / "api.md").read_text().split("```python")[-1].split("```")[0]
    documented: dict[str, Any] = {}
    exec(code, documented)
    is_genuine = documented["is_genuine"]
    assert is_genuine(webhook.secret, headers, body)
    assert not is_genuine(Webhook().secret, headers, body)
    assert not is_genuine(webhook.secret, headers, body + b" ")
    long_ago = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    assert not is_genuine(webhook.secret, long_ago, body)


def test_webhook_from_before_the_standard_is_signed_as_then(
    webhook: Webhook, receiver: Any
) -> None:
    webhook.secret = "whsec_a-secret_of-the-other-form"
    webhook.save()
    attempt(services.webhook_ping(webhook=webhook))
    headers, body = receiver.received[0]
    sent_at, sign = (part.split("=", 1)[1] for part in headers["Studio-Signature"].split(","))
    told = f"{sent_at}.".encode() + body
    assert sign == hmac.new(webhook.secret.encode(), told, hashlib.sha256).hexdigest()
    assert "webhook-signature" not in headers


@pytest.mark.parametrize(
    ("end", "event"),
    [
        (lambda run: runs.finish(run), "run.succeeded"),
        (lambda run: runs.stop_cancelled(run), "run.cancelled"),
        (lambda run: runs.fail(run, "No."), "run.failed"),
    ],
)
def test_each_end_is_reported_once(alice: User, webhook: Webhook, end: Any, event: str) -> None:
    cleanset = make_cleanset(alice, status=Status.RUNNING)
    assert end(cleanset)
    assert not end(cleanset)
    assert [delivery.event for delivery in Delivery.objects.all()] == [event]


def test_run_that_is_cancelled_while_it_waits_is_reported_too(
    alice: User, webhook: Webhook
) -> None:
    runs.cancel(make_cleanset(alice, status=Status.QUEUED))
    assert Delivery.objects.get().event == "run.cancelled"


def test_progress_and_runs_of_others_are_not_reported(
    alice: User, bob: User, webhook: Webhook
) -> None:
    runs.claim(make_cleanset(alice, status=Status.QUEUED))
    runs.finish(make_cleanset(bob, status=Status.RUNNING))
    assert not Delivery.objects.exists()


def test_webhook_is_notified_of_the_kinds_that_it_asked_for(alice: User, receiver: Any) -> None:
    services.webhook_create(owner=alice, url=receiver.url, kinds=["dataset"])
    runs.finish(make_cleanset(alice, status=Status.RUNNING))
    runs.finish(make_dataset(alice, status=Status.RUNNING).versions.get())
    assert [json.loads(delivery.body)["run"]["kind"] for delivery in Delivery.objects.all()] == [
        "dataset"
    ]


def test_run_does_not_end_without_its_delivery(
    alice: User, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    cleanset = make_cleanset(alice, status=Status.RUNNING)
    monkeypatch.setattr(Delivery, "save", fail)
    with pytest.raises(OperationalError):  # the worker then tries again
        runs.finish(cleanset)
    cleanset.refresh_from_db()
    assert cleanset.status == Status.RUNNING


def test_address_that_refuses_is_tried_again_with_growing_pauses(
    alice: User, webhook: Webhook, receiver: Any
) -> None:
    receiver.status = 500
    delivery = services.webhook_ping(webhook=webhook)
    pauses = []
    for _ in range(5):
        attempt(delivery)
        assert delivery.next_attempt_at is not None
        pauses.append(delivery.next_attempt_at - timezone.now())
    assert pauses == sorted(pauses)
    assert pauses[0] <= timedelta(minutes=1) < timedelta(hours=11) < pauses[-1]
    assert (attempt(delivery).state, delivery.last_status, delivery.n_attempts) == (
        "given up",
        500,
        6,
    )
    attempt(delivery)
    assert len(receiver.received) == 6


def test_address_that_answers_later_gets_its_delivery(webhook: Webhook, receiver: Any) -> None:
    delivery = services.webhook_ping(webhook=webhook)
    receiver.status = 503
    assert attempt(delivery).state == "waiting"
    receiver.status = 204
    assert (attempt(delivery).state, delivery.n_attempts, delivery.last_status) == (
        "delivered",
        2,
        204,
    )
    assert receiver.received[0][1] == receiver.received[1][1], "the same event, with the same id"


def test_second_message_for_one_attempt_does_nothing(webhook: Webhook, receiver: Any) -> None:
    receiver.status = 500
    delivery = services.webhook_ping(webhook=webhook)
    attempt(delivery)
    attempt(delivery, is_due=False)
    assert len(receiver.received) == 1


def test_deliveries_of_one_account_are_posted_one_after_the_other(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(pipeline, "send_message", sent.append)
    first, second = (services.webhook_ping(webhook=webhook) for _ in range(2))
    posted: list[object] = []

    def post(_: Webhook, delivery: Delivery) -> int:
        posted.append(delivery.pk)
        pipeline.delivery_attempt(second.pk)  # another slot gets its message meanwhile
        return 200

    monkeypatch.setattr(pipeline, "_post", post)
    pipeline.delivery_attempt(first.pk)
    assert posted == [first.pk]
    assert sent == [second.pk]
    pipeline.delivery_attempt(second.pk)
    assert posted == [first.pk, second.pk]


def test_redirect_is_not_followed(webhook: Webhook, receiver: Any) -> None:
    receiver.status = 302
    assert attempt(services.webhook_ping(webhook=webhook)).last_status == 302


def test_address_within_the_network_is_not_asked(
    webhook: Webhook, receiver: Any, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    delivery = attempt(services.webhook_ping(webhook=webhook))
    assert "private network" in delivery.last_error
    assert receiver.received == []


def test_sweep_sends_what_is_due_and_forgets_what_is_old(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(pipeline, "send_message", sent.append)
    due, later, old = (services.webhook_ping(webhook=webhook) for _ in range(3))
    Delivery.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    Delivery.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=31), next_attempt_at=None
    )
    pipeline.sweep()
    assert sent == [due.pk]
    assert set(Delivery.objects.values_list("pk", flat=True)) == {due.pk, later.pk}


@pytest.mark.parametrize("url", ["", "ftp://example.org", "example.org/hook", "https://"])
def test_invalid_address_is_refused(alice: User, url: str) -> None:
    with pytest.raises(DataProblem):
        services.webhook_create(owner=alice, url=url)


def test_account_has_a_limited_number_of_webhooks(alice: User) -> None:
    for _ in range(services.MAX_WEBHOOKS):
        services.webhook_create(owner=alice, url="https://example.org/hook")
    with pytest.raises(DataProblem, match="already has 20 webhooks"):
        services.webhook_create(owner=alice, url="https://example.org/hook")


def test_program_makes_a_webhook_and_learns_its_secret_once(program: Client, receiver: Any) -> None:
    made = program.post(
        "/api/v1/webhooks", {"url": receiver.url, "kinds": ["model"]}, content_type=JSON
    )
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    listed = program.get("/api/v1/webhooks").json()["results"]
    assert [(hook["url"], hook["kinds"], "secret" in hook) for hook in listed] == [
        (receiver.url, ["model"], False)
    ]


def test_program_sees_how_a_delivery_went(program: Client, webhook: Webhook, receiver: Any) -> None:
    ping = program.post(f"/api/v1/webhooks/{webhook.pk}/ping").json()
    assert (ping["event"], ping["state"]) == ("ping", "waiting")
    attempt(Delivery.objects.get())
    listed = program.get(f"/api/v1/webhooks/{webhook.pk}/deliveries").json()["results"]
    assert [(delivery["state"], delivery["last_status"]) for delivery in listed] == [
        ("delivered", 200)
    ]
    assert program.delete(f"/api/v1/webhooks/{webhook.pk}").status_code == 204
    assert not Delivery.objects.exists()
