"Run a program whose every fsync and fdatasync fails, as on a broken disk (Linux): `nosync.py PROGRAM ...`"

import ctypes
import errno
import os
import platform
import struct
import sys

CALLS = {"x86_64": (74, 75), "aarch64": (82, 83)}  # fsync, fdatasync
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EIO


def refuse_syncs() -> None:
    "Make the kernel refuse these calls to this process and to whatever it executes"
    first, second = CALLS[platform.machine()]
    rules = [
        (LOAD, 0, 0, 0),
        (EQUAL, 2, 0, first),
        (EQUAL, 1, 0, second),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    program = struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((38, 1, 0, 0, 0), (22, 2, ctypes.c_char_p(program))):  # no new privileges; a filter
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "the kernel does not accept a filter of system calls")


if __name__ == "__main__":
    refuse_syncs()
    os.execvp(sys.argv[1], sys.argv[1:])
