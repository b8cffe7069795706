"""Access tokens of an LTI platform: client credentials with a signed assertion, through Authlib."""

import time

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc.errors import JoseError

from autograder.lms.lti.settings import LtiSettings
from autograder.lms.push.errors import PlatformRefused
from autograder.lms.push.web import Web, json_of

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
        self._web = web
        self._settings = settings
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
        try:
            assertion = private_key_jwt_sign(
                settings.private_key,
                client_id=settings.client_id,
                token_endpoint=settings.audience or settings.token_url,
                header={"kid": settings.key_id},
            )
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion if isinstance(assertion, str) else assertion.decode(),
                "scope": " ".join(SCOPES),
            }
            response = self._web.request("POST", settings.token_url, data=form)
            token = json_of(response, "the request for a token")
            if not response.is_success or "access_token" not in token:
                said = token.get("error_description") or token.get("error") or f"HTTP {response.status_code}"
                raise ValueError(str(said)[:200])
        except (JoseError, PlatformRefused, ValueError, AttributeError) as error:
            raise PlatformRefused(
                f"The platform gives no access token ({error}); are client_id, key_id, the key and the audience those "
                "of the tool's registration, and are the scopes of grades and members allowed?"
            ) from error
        self._value = str(token["access_token"])
        self._ends = time.time() + float(token.get("expires_in", 3600))
