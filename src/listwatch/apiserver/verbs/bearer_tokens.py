"""Whom a bearer token makes its bearer: a user that the server was told of, or a service account.

In:    bearer tokens, from requests and from reviews of tokens
Out:   `User`s
Next:  access/identity.py knows the given tokens, service_account_tokens.py those that the server issued
Rules: a token that was given counts before one that was issued. Nothing is told of a token that nobody has but why.
Source: kube-apiserver's union of token authenticators
"""

from __future__ import annotations

from collections.abc import Mapping

from listwatch.apiserver.access.identity import User, user_of_token
from listwatch.apiserver.access.token_claims import TokenError
from listwatch.apiserver.verbs.service_account_tokens import AUDIENCES, ServiceAccountTokens


class BearerTokens:
    """All tokens of one server.

    Args:
        tokens: Users by the tokens that were given; copied.
        issued: Knows the tokens of service accounts.
    """

    def __init__(self, tokens: Mapping[str, User], issued: ServiceAccountTokens) -> None:
        self._tokens = dict(tokens)
        self._issued = issued

    def add(self, token: str, user: User) -> None:
        """Let whoever shows `token` be `user` from now on."""
        self._tokens[token] = user

    def find(self, token: str) -> User | None:
        """Whose token it is, or None."""
        try:
            return self.ask(token)[0]
        except TokenError:
            return None

    def ask(self, token: str, audiences: tuple[str, ...] = ()) -> tuple[User, tuple[str, ...]]:
        """Whose token it is, and for which of the audiences, this server's own by default.

        Raises:
            TokenError: It is nobody's, or no longer, or for others.
        """
        user = user_of_token(token, self._tokens)
        if user is not None:
            return user, audiences
        return self._issued.user(token, audiences or AUDIENCES)
