"""Which certificate authorities requests trust, whatever the environment says."""

from __future__ import annotations

from typing import Any

import requests
from requests import PreparedRequest
from requests.adapters import HTTPAdapter


class Trusting(HTTPAdapter):
    """Trusts the authorities of one file; without one, those that the library chooses.

    Set on the session, the file would lose against REQUESTS_CA_BUNDLE of the environment.
    """

    def __init__(self, ca_bundle: str) -> None:
        """`ca_bundle` is a PEM file, or empty. Nothing is sent twice: the collector retries."""
        super().__init__(max_retries=0)
        self._bundle = ca_bundle

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send one request."""
        if self._bundle:
            kwargs["verify"] = self._bundle
        return super().send(request, *args, **kwargs)


def trusting(ca_bundle: str) -> requests.Session:
    """A session that trusts `ca_bundle`."""
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Trusting(ca_bundle))
    return session
