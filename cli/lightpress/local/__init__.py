"""AWS on this machine, with the stack deployed into it: no account, no token, no Docker.

Read `cloud.py` first: the story of `up`. An emulator (ministack) runs detached, in a virtual environment of its own;
the CDK app is synthesized and deployed into it by API calls alone; a small proxy is the CDN's front door for browsers.
"""

from lightpress.local.cloud import Status, down, status, up
from lightpress.local.errors import LocalCloudError
from lightpress.local.outputs import Outputs
from lightpress.local.session import Session

__all__ = ["LocalCloudError", "Outputs", "Session", "Status", "down", "status", "up"]
