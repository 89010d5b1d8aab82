#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An agent for seccomp notifications (seccomp_unotify(2)).

notify.py SOCKET MESSAGES SECONDS [signal]: accepts the listeners that runtimes send to SOCKET, appends what
came with them to MESSAGES, a line each, refuses mkdir with EXDEV and lets every other call go on. With "signal"
who waits for the answer to mkdir gets SIGUSR1 before it.
"""
import array, errno, fcntl, os, select, signal, socket, struct, sys, time

RECV, SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, _SEND on 64-bit machines
CONTINUE = 1
MKDIR = {"x86_64": {83, 258}, "aarch64": {34}}.get(os.uname().machine, set())


def answer(listener):
    notification = bytearray(80)
    try:
        fcntl.ioctl(listener, RECV, notification)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.EINTR)  # the caller is gone, the filter may stay
    ident, pid, _flags, call = struct.unpack_from("=QIIi", notification)
    refuse = call in MKDIR
    if refuse and sys.argv[4:] == ["signal"]:
        os.kill(pid, signal.SIGUSR1)
        time.sleep(0.5)  # for a call that it interrupts to be over
    reply = struct.pack("=QqiI", ident, 0, -errno.EXDEV if refuse else 0, 0 if refuse else CONTINUE)
    try:
        fcntl.ioctl(listener, SEND, bytearray(reply))
    except OSError:
        pass
    return True


def main():
    path, messages, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(8)
    poll = select.poll()
    poll.register(server, select.POLLIN)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for fd, events in poll.poll(100):
            if fd != server.fileno():
                if events & select.POLLHUP or not answer(fd):
                    poll.unregister(fd)
                continue
            connection, _ = server.accept()
            text, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(4))
            for _, _, data in ancillary:
                got = array.array("i")
                got.frombytes(data[:4])
                poll.register(got[0], select.POLLIN)
            with open(messages, "ab") as out:
                out.write(text + b"\n")
            connection.close()


main()
