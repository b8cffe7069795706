"""Access tokens of an LTI platform: client credentials with a signed assertion, through Authlib."""

import time

import httpx
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from autograder.lms.push.errors import NoAnswer, PlatformRefused
from autograder.lms.push.lti_settings import LtiSettings
from autograder.lms.push.web import Web

_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope"
SCOPES = (
    f"{_AGS}/lineitem",
    f"{_AGS}/result.readonly",
    f"{_AGS}/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
_RENEW_SECONDS = 60
"""A token that runs out this soon is replaced before it is used."""


class AccessToken:
    """The tool's token, fetched when first needed and again before it runs out.

    Args:
        web: Says whether the token's address may be used.
        settings: Registration of the tool.
    """

    def __init__(self, web: Web, settings: LtiSettings) -> None:
        web.refuse_plain_http(settings.token_url)
        self._settings = settings
        self._answer_seconds = web.answer_seconds
        self._value, self._ends = "", 0.0

    def value(self) -> str:
        """Return a token that is valid for a minute at least.

        Raises:
            PlatformRefused: The platform gives none.
            NoAnswer: It does not answer.
        """
        if time.time() > self._ends - _RENEW_SECONDS:
            self._fetch()
        return self._value

    def _fetch(self) -> None:
        settings = self._settings
        method = PrivateKeyJWT(
            settings.token_url,
            headers={"kid": settings.key_id},
            claims={"aud": settings.audience or settings.token_url},
        )
        try:
            with OAuth2Client(
                settings.client_id,
                settings.private_key,
                token_endpoint_auth_method=method.name,
                timeout=self._answer_seconds,
            ) as client:
                client.register_client_auth_method(method)
                token = client.fetch_token(settings.token_url, grant_type="client_credentials", scope=" ".join(SCOPES))
        except httpx.TransportError as error:
            raise NoAnswer(f"the platform did not answer the request for a token ({type(error).__name__})") from error
        except (OAuthError, httpx.HTTPStatusError, ValueError) as error:
            raise PlatformRefused(
                f"The platform gives no access token ({error}); are client_id, key_id, the key and the audience those "
                "of the tool's registration, and are the scopes of grades and members allowed?"
            ) from error
        self._value = str(token["access_token"])
        self._ends = time.time() + float(token.get("expires_in", 3600))
