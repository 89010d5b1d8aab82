#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everyday tools in a Debian container of the agent profile.
set -euo pipefail
. "$(dirname "$0")/debian.bash"
debian_rootfs

test_begin "sqlite3 keeps a database in the workspace, with a journal and with a log"
inside_sh 'sqlite3 a.db "create table t (a integer, b text); insert into t values (1, \"one\"), (2, \"two\");"
	sqlite3 a.db "pragma journal_mode = wal; insert into t values (3, \"three\"); select sum(a) from t;"
	sqlite3 a.db "pragma integrity_check;"'
expect_success
expect_output $'wal\n6\nok'

test_begin "tar, xz, zip and unzip keep contents, modes and links"
inside_sh 'mkdir -p tree/sub && echo x >tree/sub/file && chmod 640 tree/sub/file && ln -s sub/file tree/link
	tar -cJf t.tar.xz tree && zip -qry t.zip tree
	mkdir a b && tar -C a -xJf t.tar.xz && unzip -q t.zip -d b
	stat -c %a a/tree/sub/file b/tree/sub/file
	readlink a/tree/link b/tree/link
	diff -r a b && echo same'
expect_success
expect_output $'640\n640\nsub/file\nsub/file\nsame'

test_begin "jq and ripgrep"
inside_sh 'echo "{\"a\": [1, 2, 3]}" >a.json
	jq -c ".a | map(. * 2)" a.json
	mkdir -p src && echo "int needle;" >src/a.c
	rg --no-heading needle src'
expect_success
expect_output $'[2,4,6]\nsrc/a.c:int needle;'

test_begin "tmux runs a command in a window"
inside_sh 'tmux new-session -d -s one "echo in a window >out; sleep 30"
	for i in $(seq 50); do [ ! -s out ] || break; sleep 0.1; done
	cat out
	tmux kill-server'
expect_success
expect_output "in a window"

test_begin "find, sort, xargs, sed, awk and perl work on a thousand files"
inside_sh 'mkdir many && for n in $(seq 1000); do echo $n >many/$n; done
	find many -type f -print0 | xargs -0 -P 4 -n 50 cat | sort -n | awk "{ s += \$1 } END { print s }"
	sed -i s/1000/thousand/ many/1000 && cat many/1000
	perl -e "print 6 * 7, qq(\n)"'
expect_success
expect_output $'500500\nthousand\n42'

test_begin "locks, named pipes, sockets and shared memory work between processes"
inside_sh 'mkfifo pipe && { echo through a pipe >pipe & } && cat pipe && wait
	flock lock sh -c "echo locked"
	cat >t.py <<"PY"
import socket, os
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(create=True, size=4096)
other = shared_memory.SharedMemory(name=memory.name)
memory.buf[0] = 42
print(other.buf[0])
other.close(); memory.close(); memory.unlink()
server = socket.socket(socket.AF_UNIX); server.bind("s"); server.listen()
client = socket.socket(socket.AF_UNIX); client.connect("s")
client.send(b"by a socket")
print(server.accept()[0].recv(100).decode())
PY
	python3 t.py'
expect_success
expect_output $'through a pipe\nlocked\n42\nby a socket'

test_begin "processes are seen, signalled and waited for"
inside_sh 'sleep 60 & pid=$!
	ps -o comm= -p $pid
	kill -TERM $pid; wait $pid || echo "status $?"
	timeout 0.2 sleep 60 || echo "status $?"
	nice -n 5 sh -c "nice"'
expect_success
expect_output $'sleep\nstatus 143\nstatus 124\n'"$(($(nice) + 5))"
