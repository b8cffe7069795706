"""An LTI 1.3 platform as strict as a running Moodle: media types, whole seconds, query strings, signed assertions."""

import functools
import json
import re
import time
from datetime import datetime
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.lms.push.fake_web import FakeSite

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
CLIENT, KID = "a-client", "the-key"


@functools.cache
def _key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeLti(FakeSite):
    def __init__(self, maximum=100):
        super().__init__()
        key = _key()
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.private_pem = key.private_bytes(serialization.Encoding.PEM, *private)
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        self._public = RSAKey.import_key(key.public_key().public_bytes(serialization.Encoding.PEM, public))
        self.maximum, self.tokens, self.seen_ids, self.audience = maximum, set(), set(), f"{self.url}/token.php"
        self.results, self.posts, self.items = {}, [], []
        self.overridden = {}
        """What the gradebook shows whatever is posted, by user."""
        self.is_for_sync_only = False
        self.token_seconds, self.page_size = 3600, 2
        self.line_item = f"{self.url}/2/lineitems/6/lineitem?type_id=1"
        self.line_items = f"{self.url}/2/lineitems?type_id=1"
        self.memberships = f"{self.url}/memberships"
        self.members = [
            self._member("21", "Learner", "ada", "ada@x.org"),
            self._member("22", "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner", "1002", "ben@x.org"),
            self._member("23", "Learner", "cy", "cy@x.org"),
            self._member("29", "Instructor", "dee", "dee@x.org"),
        ]

    @staticmethod
    def _member(user, role, sourcedid, mail):
        return {"user_id": user, "status": "Active", "roles": [role], "lis_person_sourcedid": sourcedid, "email": mail}

    def is_write(self, request):
        return request.path.endswith("/scores")

    def respond(self, request):
        if request.path == "/token.php":
            return self._token(request)
        if request.token not in self.tokens:
            return 401, {}, b"no valid token"
        if request.path == "/memberships":
            return self._members(int(request.query.get("page", 1)))
        if request.query.get("type_id") != "1":
            return 400, {}, b"No handler found for this request"
        if request.path == "/2/lineitems":
            return self._line_items(request)
        if request.path.endswith("/lineitem/results"):
            user = request.query.get("user_id")
            shown = {known: result for known, (_, result) in self.results.items()}
            for known, value in self.overridden.items():
                shown[known] = {"userId": known, "resultScore": value, "resultMaximum": self.maximum}
            return 200, {}, [result for known, result in shown.items() if user in (None, known)]
        if request.path.endswith("/lineitem/scores"):
            return self._score(request)
        return 400, {}, b"No handler found for this request"

    def _token(self, request):
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form["grant_type"] == "client_credentials"
        assertion = jwt.decode(form["client_assertion"], self._public)
        claims = assertion.claims
        if assertion.header.get("kid") != KID or claims["aud"] != self.audience or claims["jti"] in self.seen_ids:
            return 400, {}, {"error": "invalid_client", "error_description": "assertion refused"}
        assert claims["iss"] == claims["sub"] == CLIENT
        assert claims["exp"] > time.time()
        self.seen_ids.add(claims["jti"])
        token = f"token-{len(self.tokens)}"
        self.tokens.add(token)
        granted = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        return 200, {"Content-Type": "text/html"}, {**granted, "scope": form["scope"]}

    def _members(self, page):
        headers = {"Content-Type": MEMBERS_TYPE}
        ends = self.page_size * page
        if len(self.members) > ends:
            headers["Link"] = f'<{self.memberships}?page={page + 1}>; rel="next"'
        return 200, headers, {"members": self.members[ends - self.page_size : ends]}

    def _line_items(self, request):
        if self.is_for_sync_only:  # the token was given without the scope, and without a word
            return 401, {}, b"Unauthorized"
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/vnd.ims.lis.v2.lineitem+json"
            item = json.loads(request.body) | {"id": self.line_item}
            assert "resourceLinkId" not in item
            self.items.append(item)
            return 201, {}, item
        return 200, {}, [item for item in self.items if request.query.get("tag") in (None, item["tag"])]

    def _score(self, request):
        if not re.fullmatch(re.escape(SCORE_TYPE) + r"(; *charset=utf-8)?", request.headers["Content-Type"]):
            return 400, {}, b"Wrong content type"
        score = json.loads(request.body)
        user = str(score["userId"])
        if user not in {member["user_id"] for member in self.members if "Learner" in member["roles"][0]}:
            return 400, {}, b"Incorrect score received"
        second = int(datetime.fromisoformat(score["timestamp"]).timestamp())
        if second <= self.results.get(user, (0, None))[0]:
            return 409, {}, b"Refusing score with an earlier timestamp"
        self.posts.append(score)
        if score["gradingProgress"] != "FullyGraded":
            self.results[user] = (second, {"userId": user, "resultScore": None})
            return 200, {}, b""
        share = min(1.0, score["scoreGiven"] / score["scoreMaximum"])
        result = {"userId": user, "resultScore": round(share * self.maximum, 5), "resultMaximum": self.maximum}
        self.results[user] = (second, result | {"comment": score.get("comment", "")})
        return 200, {}, b""
