#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the Container Runtime Interface, for tests: one call, JSON in, JSON out.

    cri.py SOCKET METHOD [JSON]
    cri.py stream URL COLUMNS ROWS INPUT     what Exec and Attach answer with, as "kubectl exec -it" uses it: a
                                             terminal of that size, which INPUT is typed into; its output, and
                                             status 1 with the server's words when the command's status is not 0
    cri.py forward URL                       what PortForward answers with, for one port: what comes from there

Messages are written by the tables below, which have what the tests need of api.proto of
k8s.io/cri-api (v1). An error is its text on standard error, and status 1.
"""
import base64
import json
import os
import socket
import struct
import sys
import urllib.parse

import grpc

# name: (number, type). Types: str, int, bool, bytes, map (of strings) or the name of a message; a list
# is repeated.
MESSAGES = {
    "VersionRequest": {"version": (1, "str")},
    "VersionResponse": {"runtime_name": (2, "str"), "runtime_version": (3, "str")},
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig"), "runtime_handler": (2, "str")},
    "RunPodSandboxResponse": {"pod_sandbox_id": (1, "str")},
    "PodSandboxConfig": {
        "metadata": (1, "PodSandboxMetadata"), "hostname": (2, "str"), "log_directory": (3, "str"),
        "dns_config": (4, "DNSConfig"), "labels": (6, "map"), "annotations": (7, "map"),
        "linux": (8, "LinuxPodSandboxConfig")},
    "PodSandboxMetadata": {"name": (1, "str"), "uid": (2, "str"), "namespace": (3, "str"),
                           "attempt": (4, "int")},
    "DNSConfig": {"servers": (1, ["str"]), "searches": (2, ["str"]), "options": (3, ["str"])},
    "LinuxPodSandboxConfig": {"cgroup_parent": (1, "str"),
                              "security_context": (2, "LinuxSandboxSecurityContext"),
                              "sysctls": (3, "map")},
    "LinuxSandboxSecurityContext": {
        "namespace_options": (1, "NamespaceOption"), "run_as_user": (3, "Int64Value"),
        "privileged": (6, "bool"), "seccomp": (9, "SecurityProfile")},
    "NamespaceOption": {"network": (1, "int"), "pid": (2, "int"), "ipc": (3, "int"),
                        "target_id": (4, "str"), "userns_options": (5, "UserNamespace")},
    "UserNamespace": {"mode": (1, "int"), "uids": (2, ["IDMapping"]), "gids": (3, ["IDMapping"])},
    "IDMapping": {"host_id": (1, "int"), "container_id": (2, "int"), "length": (3, "int")},
    "Int64Value": {"value": (1, "int")},
    "SecurityProfile": {"profile_type": (1, "int"), "localhost_ref": (2, "str")},
    "CreateContainerRequest": {"pod_sandbox_id": (1, "str"), "config": (2, "ContainerConfig"),
                               "sandbox_config": (3, "PodSandboxConfig")},
    "CreateContainerResponse": {"container_id": (1, "str")},
    "ContainerConfig": {
        "metadata": (1, "ContainerMetadata"), "image": (2, "ImageSpec"), "command": (3, ["str"]),
        "args": (4, ["str"]), "working_dir": (5, "str"), "envs": (6, ["KeyValue"]),
        "mounts": (7, ["Mount"]), "labels": (9, "map"), "annotations": (10, "map"),
        "log_path": (11, "str"), "stdin": (12, "bool"), "tty": (14, "bool"), "linux": (15, "LinuxContainerConfig")},
    "ContainerMetadata": {"name": (1, "str"), "attempt": (2, "int")},
    "ImageSpec": {"image": (1, "str")},
    "KeyValue": {"key": (1, "str"), "value": (2, "str")},
    "Mount": {"container_path": (1, "str"), "host_path": (2, "str"), "readonly": (3, "bool"),
              "propagation": (5, "int"), "uidMappings": (6, ["IDMapping"]), "gidMappings": (7, ["IDMapping"]),
              "recursive_read_only": (8, "bool")},
    "LinuxContainerConfig": {"resources": (1, "LinuxContainerResources"),
                             "security_context": (2, "LinuxContainerSecurityContext")},
    "LinuxContainerResources": {
        "cpu_period": (1, "int"), "cpu_quota": (2, "int"), "cpu_shares": (3, "int"),
        "memory_limit_in_bytes": (4, "int"), "oom_score_adj": (5, "int")},
    "LinuxContainerSecurityContext": {
        "capabilities": (1, "Capability"), "privileged": (2, "bool"),
        "namespace_options": (3, "NamespaceOption"), "run_as_user": (5, "Int64Value"),
        "readonly_rootfs": (7, "bool"), "supplemental_groups": (8, ["int"]),
        "no_new_privs": (11, "bool"), "seccomp": (15, "SecurityProfile")},
    "Capability": {"add": (1, ["str"]), "drop": (2, ["str"])},
    "UpdateContainerResourcesRequest": {"container_id": (1, "str"), "linux": (2, "LinuxContainerResources")},
    "ExecRequest": {"container_id": (1, "str"), "cmd": (2, ["str"]), "tty": (3, "bool"), "stdin": (4, "bool"),
                    "stdout": (5, "bool"), "stderr": (6, "bool")},
    "AttachRequest": {"container_id": (1, "str"), "stdin": (2, "bool"), "tty": (3, "bool"), "stdout": (4, "bool"),
                      "stderr": (5, "bool")},
    "PortForwardRequest": {"pod_sandbox_id": (1, "str"), "port": (2, ["int"])},
    "StreamResponse": {"url": (1, "str")},
    "ContainerStatsResponse": {"stats": (1, "ContainerStats")},
    "ContainerStats": {"cpu": (2, "CpuUsage"), "memory": (3, "MemoryUsage")},
    "CpuUsage": {"usage_core_nano_seconds": (2, "Int64Value")},
    "MemoryUsage": {"working_set_bytes": (2, "Int64Value"), "usage_bytes": (4, "Int64Value")},
    "StatusResponse": {"runtime_handlers": (3, ["RuntimeHandler"])},
    "RuntimeHandler": {"name": (1, "str"), "features": (2, "RuntimeHandlerFeatures")},
    "RuntimeHandlerFeatures": {"recursive_read_only_mounts": (1, "bool"), "user_namespaces": (2, "bool")},
    "ContainerRequest": {"container_id": (1, "str"), "timeout": (2, "int")},
    "SandboxRequest": {"pod_sandbox_id": (1, "str")},
    "ExecSyncRequest": {"container_id": (1, "str"), "cmd": (2, ["str"]), "timeout": (3, "int")},
    "ExecSyncResponse": {"stdout": (1, "bytes"), "stderr": (2, "bytes"), "exit_code": (3, "int")},
    "ContainerStatusResponse": {"status": (1, "ContainerStatus")},
    "ContainerStatus": {"id": (1, "str"), "state": (3, "int"), "exit_code": (7, "int"),
                        "reason": (10, "str"), "message": (11, "str")},
    "PodSandboxStatusResponse": {"status": (1, "PodSandboxStatus")},
    "PodSandboxStatus": {"id": (1, "str"), "state": (3, "int"), "network": (5, "Network")},
    "Network": {"ip": (1, "str")},
    "ListImagesResponse": {"images": (1, ["Image"])},
    "Image": {"id": (1, "str"), "repo_tags": (2, ["str"])},
    "Empty": {},
}

# method: (service, request, response)
METHODS = {
    "Version": ("Runtime", "VersionRequest", "VersionResponse"),
    "RunPodSandbox": ("Runtime", "RunPodSandboxRequest", "RunPodSandboxResponse"),
    "PodSandboxStatus": ("Runtime", "SandboxRequest", "PodSandboxStatusResponse"),
    "StopPodSandbox": ("Runtime", "SandboxRequest", "Empty"),
    "RemovePodSandbox": ("Runtime", "SandboxRequest", "Empty"),
    "CreateContainer": ("Runtime", "CreateContainerRequest", "CreateContainerResponse"),
    "StartContainer": ("Runtime", "ContainerRequest", "Empty"),
    "StopContainer": ("Runtime", "ContainerRequest", "Empty"),
    "RemoveContainer": ("Runtime", "ContainerRequest", "Empty"),
    "UpdateContainerResources": ("Runtime", "UpdateContainerResourcesRequest", "Empty"),
    "Exec": ("Runtime", "ExecRequest", "StreamResponse"),
    "Attach": ("Runtime", "AttachRequest", "StreamResponse"),
    "PortForward": ("Runtime", "PortForwardRequest", "StreamResponse"),
    "ContainerStats": ("Runtime", "ContainerRequest", "ContainerStatsResponse"),
    "ReopenContainerLog": ("Runtime", "ContainerRequest", "Empty"),
    "Status": ("Runtime", "Empty", "StatusResponse"),
    "ContainerStatus": ("Runtime", "ContainerRequest", "ContainerStatusResponse"),
    "ExecSync": ("Runtime", "ExecSyncRequest", "ExecSyncResponse"),
    "ListImages": ("Image", "Empty", "ListImagesResponse"),
}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def with_length(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode_value(number, kind, value):
    if kind in ("int", "bool"):
        return varint(number << 3) + varint(int(value))
    if kind == "str":
        return with_length(number, value.encode())
    if kind == "map":
        return b"".join(
            with_length(number, with_length(1, k.encode()) + with_length(2, v.encode()))
            for k, v in value.items())
    return with_length(number, encode(kind, value))


def encode(name, message):
    out = b""
    for key, value in message.items():
        number, kind = MESSAGES[name][key]
        for one in value if isinstance(kind, list) else [value]:
            out += encode_value(number, kind[0] if isinstance(kind, list) else kind, one)
    return out


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (value - (1 << 64) if value >> 63 else value), at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = {1: 8, 5: 4}[tag & 7]
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def decode(name, data):
    known = {number: (key, kind) for key, (number, kind) in MESSAGES[name].items()}
    out = {}
    for number, value in fields(data):
        if number not in known:
            continue
        key, kind = known[number]
        repeated = isinstance(kind, list)
        kind = kind[0] if repeated else kind
        if kind in ("str", "bytes"):
            value = value.decode(errors="replace")
        elif kind not in ("int", "bool"):
            value = decode(kind, value)
        if repeated:
            out.setdefault(key, []).append(value)
        else:
            out[key] = value
    return out


# --- streams: a web socket, in whose messages the first byte is the channel -------------------------

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)


def read_exactly(stream, size):
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def send_message(stream, channel, data):
    data = bytes([channel]) + data
    mask = os.urandom(4)
    stream.write(struct.pack("!BBH", 0x82, 0x80 | 126, len(data)) + mask)
    stream.write(bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))
    stream.flush()


def messages(stream):
    """Channel and data of each, until the server ends it."""
    while True:
        kind, size = read_exactly(stream, 2)
        if size == 126:
            size, = struct.unpack("!H", read_exactly(stream, 2))
        elif size == 127:
            size, = struct.unpack("!Q", read_exactly(stream, 8))
        data = read_exactly(stream, size)
        if kind & 15 == 8:
            return
        if kind & 15 == 2 and data:
            yield data[0], data[1:]


class Refused(Exception):
    pass


def open_stream(url):
    parts = urllib.parse.urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    stream = connection.makefile("rwb")
    stream.write((f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\n"
                  f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
                  "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
    stream.flush()
    answer = stream.readline().decode().strip()
    if " 101 " not in answer:
        raise Refused(answer)
    while stream.readline().strip():
        pass
    return stream


def forward(url):
    """Channel 0 has the data, 1 the error; each begins with a message that is the port's number."""
    begun, errors = set(), b""
    with open_stream(url) as stream:
        try:
            for channel, data in messages(stream):
                if channel not in begun:
                    begun.add(channel)
                elif channel == 0:
                    sys.stdout.write(data.decode(errors="replace"))
                else:
                    errors += data
        except EOFError:
            pass
    print(errors.decode(errors="replace"), end="", file=sys.stderr)
    return 1 if errors else 0


def follow(url, columns, rows, typed):
    result = {}
    with open_stream(url) as stream:
        send_message(stream, RESIZE, json.dumps({"Width": columns, "Height": rows}).encode())
        send_message(stream, STDIN, typed.encode())
        try:
            for channel, data in messages(stream):
                if channel == ERROR and data:
                    result = json.loads(data)
                elif channel in (STDOUT, STDERR):
                    sys.stdout.write(data.decode(errors="replace"))
        except EOFError:
            pass
    if result.get("status") == "Success":
        return 0
    print(result.get("message", "no status"), file=sys.stderr)
    return 1


def main():
    if sys.argv[1] == "stream":
        url, columns, rows, typed = sys.argv[2:]
        return follow(url, int(columns), int(rows), typed)
    if sys.argv[1] == "forward":
        return forward(sys.argv[2])
    address, method = sys.argv[1:3]
    service, request, response = METHODS[method]
    message = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with grpc.insecure_channel("unix://" + address) as channel:
        call = channel.unary_unary(f"/runtime.v1.{service}Service/{method}")
        try:
            answer = call(encode(request, message), timeout=60)
        except grpc.RpcError as error:
            print(error.details(), file=sys.stderr)
            return 1
    print(json.dumps(decode(response, answer)))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as refused:
        sys.exit(str(refused))
