"""From the settings to the couriers: their secrets, and what they tell of people's duties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.config import Settings, read_variable
from agent.controls.calendar import overdue
from agent.controls.decisions import Decisions
from agent.controls.duties import duties
from agent.evidence.store import Store
from agent.webhooks.message import SecretError, parse_secrets
from agent.webhooks.office import Office
from agent.webhooks.settings import WebhookSettings


def open_office(
    store: Store,
    settings: Callable[[], Settings],
    decisions: Callable[[], Decisions],
    now: Callable[[], datetime],
) -> Office:
    """Make the office of an agent; `settings` and `decisions` are those in force when asked."""
    return Office(
        store,
        secrets=lambda webhook: read_secrets(settings(), webhook),
        owed=lambda at: overdue(duties(store, decisions(), at), at),
        now=now,
    )


def read_secrets(settings: Settings, webhook: WebhookSettings) -> tuple[bytes, ...]:
    """Read what signs for a receiver, anew each time: it is replaced without a restart.

    Raises `SecretError`.
    """
    if webhook.secret_env:
        text = read_variable(webhook.secret_env)
        if not text:
            raise SecretError(f"secret_env: {webhook.secret_env} is not set")
        return parse_secrets(text)
    path = settings.path(webhook.secret_file)
    try:
        return parse_secrets(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SecretError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SecretError(f"{path}: it is not text") from error
    except SecretError as error:
        raise SecretError(f"{path}: {error}") from None
