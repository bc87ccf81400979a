"""Everything about who calls and what they may do, as one part of the server.

In:    requests, calls, objects to be written
Out:   `User`s; 401s and 403s
Next:  bearer_tokens.py, access_control.py, service_account_tokens.py and certificate_requests.py do the work
Rules: only puts together; what each part does, it does alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from listwatch.apimachinery.clock import Clock
from listwatch.apimachinery.http import Request
from listwatch.apiserver.access.authorizer import AuthorizationMode
from listwatch.apiserver.access.identity import User, authenticate
from listwatch.apiserver.access.impersonation import impersonated
from listwatch.apiserver.access.signing_key import SigningKey
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.storage import Storage
from listwatch.apiserver.verbs.access_control import AccessControl
from listwatch.apiserver.verbs.bearer_tokens import BearerTokens
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.certificate_requests import Authority, CertificateRequests
from listwatch.apiserver.verbs.service_account_tokens import ServiceAccountTokens
from listwatch.apiserver.wire.request_info import RequestInfo
from listwatch.apiserver.wire.statuses import unauthorized

JSONObject = dict[str, Any]


class Gate:
    """Who comes in, and what for.

    The default roles are made with it, where they are not there.

    Args:
        storage: The server's objects; listened to from now on.
        registry: The server's resources.
        clock: For times of objects and tokens.
        new_uid: Gives a fresh id for each token.
        mode: How requests are authorized.
        key: Signs service account tokens; None for one of its own.
        tokens: Users by their tokens.
    """

    def __init__(
        self,
        storage: Storage,
        registry: ResourceRegistry,
        *,
        clock: Clock,
        new_uid: Callable[[], str],
        mode: AuthorizationMode,
        key: SigningKey | None,
        tokens: Mapping[str, User],
    ) -> None:
        self._control = AccessControl(storage, registry, mode)
        self._control.seed(clock.now())
        self.authorizer = self._control.authorizer
        self.service_accounts = ServiceAccountTokens(
            storage, registry, clock=clock, new_uid=new_uid, key=key or SigningKey()
        )
        self.bearer_tokens = BearerTokens(tokens, self.service_accounts)
        self._requests = CertificateRequests(storage, registry, clock=clock, authorizer=self.authorizer)

    def identify(self, request: Request) -> User:
        """For whom a request is, impersonation included.

        Raises:
            APIFailure: 400, 401, 403.
        """
        caller = authenticate(request, self.bearer_tokens.find)
        if caller.is_anonymous and self.authorizer.allows_all:
            raise unauthorized()
        return impersonated(request.headers, caller, self.authorizer)

    def authorize(self, user: User, info: RequestInfo) -> None:
        """Let a request pass.

        Raises:
            APIFailure: 403.
        """
        self._control.authorize(user, info)

    def check_write(self, call: Call, value: JSONObject, old: JSONObject | None) -> None:
        """Refuse a write that gives away more than the caller has; see the parts.

        Raises:
            APIFailure: 403, 404.
        """
        self._control.check_write(call, value, old)
        self._requests.check_write(call, value, old)

    def check_create(self, call: Call) -> None:
        """Refuse that an update or an apply makes an object, where the caller may not create it.

        Raises:
            APIFailure: 403.
        """
        self._control.check_create(call)

    def settle(self) -> None:
        """Do what follows from what has been written: aggregated roles, tokens in secrets, certificates."""
        self._control.settle()
        self.service_accounts.settle()
        self._requests.settle()

    def adopt_authority(self, authority: Authority) -> None:
        """Let `authority` sign approved certificate requests, and secrets with tokens hold its certificate."""
        self.service_accounts.root_certificate = authority.certificate_pem
        self._requests.authority = authority
