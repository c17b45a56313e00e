"""POST /reset?user=ID resets the password of one user."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import requests

OKTA_ORG_URL = os.environ["OKTA_ORG_URL"]
OKTA_API_TOKEN = os.environ["OKTA_API_TOKEN"]


class Helpdesk(BaseHTTPRequestHandler):
    def do_POST(self):
        user = parse_qs(urlparse(self.path).query).get("user", [""])[0]
        try:
            answer = requests.post(
                f"{OKTA_ORG_URL}/api/v1/users/{user}/lifecycle/reset_password?sendEmail=false",
                headers={"Authorization": f"SSWS {OKTA_API_TOKEN}"},
                timeout=10,
            )
            self.answer(200 if answer.ok else 502, {"reset": user, "status": answer.status_code})
        except Exception as error:
            self.answer(502, {"error": str(error)})

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Helpdesk).serve_forever()
