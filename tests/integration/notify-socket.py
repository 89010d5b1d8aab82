#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A service manager that listens at NOTIFY_SOCKET (sd_notify(3)).

notify-socket.py ADDRESS MESSAGES BARRIER SECONDS: binds ADDRESS ("@name" is abstract), appends a line
for each message to MESSAGES, and closes what came with BARRIER=1 after BARRIER seconds.
"""
import array, os, select, socket, sys, time

address, messages, barrier, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("\0" + address[1:] if address.startswith("@") else address)
open(messages, "a").close()
end = time.monotonic() + seconds
while time.monotonic() < end:
    if not select.select([server], [], [], 0.1)[0]:
        continue
    text, ancillary, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data)
    with open(messages, "a") as out:
        out.write(text.decode().replace("\n", "|") + (" +%d" % len(fds) if fds else "") + "\n")
    if fds:
        time.sleep(barrier)
        for fd in fds:
            os.close(fd)
