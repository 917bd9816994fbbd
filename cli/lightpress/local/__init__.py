"""AWS on this machine, with the stack deployed into it: no account, no token, no Docker.

Start with `up` in `cloud.py`. An emulator (ministack) runs in the background, in a virtual environment of its own; the
CDK app is synthesized and deployed into it by API calls; a proxy makes its CDN reachable for browsers.
"""

from lightpress.local.cloud import Status, down, restart, status, up
from lightpress.local.errors import LocalCloudError
from lightpress.local.outputs import Outputs
from lightpress.local.session import Session

__all__ = ["LocalCloudError", "Outputs", "Session", "Status", "down", "restart", "status", "up"]
