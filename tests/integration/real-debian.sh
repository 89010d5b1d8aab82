#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a developer, or an agent, does in a Debian container: compile, make, Python, npm, git. The tools
# keep working in the agent profile, and what it promises holds while they do.
set -euo pipefail
. "$(dirname "$0")/debian.bash"
debian_rootfs

# --- C -------------------------------------------------------------------------------------------

test_begin "a C program is compiled in the workspace and runs"
inside_sh 'printf "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 7; }\n" >a.c
	gcc -O2 -Wall -o a a.c
	./a || exit $?'
expect_status 7
expect_output hello

test_begin "a program with AddressSanitizer runs, and its leak detector works"
inside_sh 'printf "#include <stdlib.h>\nint main(int c, char **v) { char *p = malloc(10); p[0] = c; if (c > 1) p = 0; else free(p); return 0; }\n" >a.c
	gcc -g -fsanitize=address,undefined -o a a.c
	./a
	echo clean
	./a leak 2>report && exit 1
	grep -o "detected memory leaks" report'
expect_success
expect_output $'clean\ndetected memory leaks'

test_begin "make builds in parallel, with files of its own in the scratch folder"
inside_sh 'for n in 1 2 3 4 5 6 7 8; do echo "int f$n(void) { return $n; }" >f$n.c; done
	{ for n in 1 2 3 4 5 6 7 8; do echo "int f$n(void);"; done
	  echo "int main(void) { return f1() + f2() + f3() + f4() + f5() + f6() + f7() + f8(); }"; } >main.c
	printf "prog: \$(patsubst %%.c,%%.o,\$(wildcard *.c))\n\t\$(CC) -o \$@ \$^\n" >Makefile
	make -s -j4
	./prog || exit $?'
expect_status 36

test_begin "strace follows a program"
inside_sh 'strace -f -e trace=execve -o log sh -c "true; /bin/true"
	grep -c execve log'
expect_success

# --- Python --------------------------------------------------------------------------------------

test_begin "a virtual environment of Python is made and used"
inside_sh 'python3 -m venv env
	. env/bin/activate
	python -c "import sys; print(sys.prefix)"
	pip --version | cut -d " " -f 1'
expect_success
expect_output $'/workspace/env\npip'

test_begin "subprocess, asyncio, multiprocessing and threads of Python work"
inside_sh 'cat >t.py <<"PY"
import asyncio, multiprocessing, os, subprocess, tempfile, threading

def square(n):
    return n * n

async def main():
    process = await asyncio.create_subprocess_exec("echo", "from asyncio", stdout=asyncio.subprocess.PIPE)
    print((await process.communicate())[0].decode().strip())
    server = await asyncio.start_server(lambda r, w: (w.write(b"served"), w.close()), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    print((await reader.read()).decode())
    writer.close()

if __name__ == "__main__":
    print(subprocess.run("echo from subprocess", shell=True, capture_output=True, text=True).stdout.strip())
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, range(5)))
    shared = multiprocessing.Array("i", 3)
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=queue.put, args=("from a process",))
    child.start(); print(queue.get()); child.join()
    results = []
    threads = [threading.Thread(target=results.append, args=(n,)) for n in range(4)]
    [t.start() for t in threads]; [t.join() for t in threads]
    print(sorted(results))
    asyncio.run(main())
    with tempfile.NamedTemporaryFile() as file:
        print(os.path.dirname(file.name))
PY
	python3 t.py'
expect_success
expect_output $'from subprocess\n[0, 1, 4, 9, 16]\nfrom a process\n[0, 1, 2, 3]\nfrom asyncio\nserved\n/tmp'

# --- node ----------------------------------------------------------------------------------------

test_begin "npm installs a package from a file, with its scripts and commands"
inside_sh 'mkdir -p hello/bin project
	cd hello
	cat >package.json <<"JSON"
{"name": "hello", "version": "1.0.0", "main": "index.js", "bin": {"hello": "bin/hello.js"},
 "scripts": {"postinstall": "node -e \"require(\\\"fs\\\").writeFileSync(\\\"installed\\\", \\\"yes\\\")\""}}
JSON
	echo "module.exports = () => \"hello from a package\";" >index.js
	printf "#!/usr/bin/env node\nconsole.log(require(\"..\")());\n" >bin/hello.js
	npm pack --silent >/dev/null
	cd ../project
	npm init --yes >/dev/null
	npm install --no-audit --no-fund --silent ../hello/hello-1.0.0.tgz
	cat node_modules/hello/installed; echo
	npx --no-install hello
	node -e "console.log(require(\"hello\")().length)"'
expect_success
expect_output $'yes\nhello from a package\n20'

test_begin "worker threads, child processes and a server of node work"
inside_sh 'cat >t.js <<"JS"
const { Worker, isMainThread, parentPort } = require("worker_threads");
const { execSync } = require("child_process");
const http = require("http"), fs = require("fs");
if (!isMainThread) {
	parentPort.postMessage("from a worker");
} else {
	console.log(execSync("echo from a child").toString().trim());
	new Worker(__filename).on("message", (text) => {
		console.log(text);
		const server = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () =>
			http.get({ port: server.address().port }, (r) => r.on("data", (d) => {
				console.log(d.toString());
				server.close();
			})));
		fs.watch(".", () => {}).close();
	});
}
JS
	node t.js'
expect_success
expect_output $'from a child\nfrom a worker\nserved'

# --- git -----------------------------------------------------------------------------------------

test_begin "git: init, commit, branch, stash, gc, worktree and clone"
inside_sh 'git config --global user.email agent@example.com
	git config --global user.name Agent
	git config --global init.defaultBranch main
	git init --quiet project && cd project
	echo one >file && git add file && git commit --quiet -m "first"
	git switch --quiet -c topic && echo two >file && git commit --quiet -am "second"
	echo three >file && git stash --quiet && git stash pop --quiet && git checkout --quiet file
	git switch --quiet main && git merge --quiet topic
	git gc --quiet
	git worktree add --quiet ../tree topic && git worktree remove ../tree
	git clone --quiet --bare . ../project.git
	git clone --quiet ../project.git ../copy
	cd ../copy
	git log --format=%s
	echo four >file && git commit --quiet -am "third" && git push --quiet
	git -C ../project.git log --format=%s -1 main'
expect_success
expect_output $'second\nfirst\nthird'

test_begin "a hook of git in the workspace runs"
inside_sh 'git init --quiet project && cd project
	printf "#!/bin/sh\necho hook ran\n" >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
	git -c user.name=a -c user.email=a@example.com commit --quiet --allow-empty -m "first" 2>&1'
expect_success
expect_output "hook ran"

# --- what the profile promises -------------------------------------------------------------------

test_begin "what is compiled into a scratch folder does not run"
inside_sh 'echo "int main(void) { return 0; }" >a.c
	for place in /tmp /var/tmp /dev/shm; do
		gcc -o $place/a a.c
		if $place/a 2>error; then echo "ran from $place"; fi
		grep -q "Permission denied" error || cat error
		if /lib64/ld-linux-*.so.* $place/a 2>/dev/null; then echo "ran from $place by the loader"; fi
	done
	echo "#include <stdio.h>
		__attribute__((constructor)) static void f(void) { puts(\"preloaded\"); }" >l.c
	gcc -shared -fPIC -o /tmp/l.so l.c
	LD_PRELOAD=/tmp/l.so true 2>/dev/null
	echo tried'
expect_success
expect_output tried

test_begin "the system is read-only for root too, the workspace and the home are not"
debian_bundle "$bundle"
edit_bundle "$bundle" '.process.user = {uid: 0, gid: 0}'
chown 0:0 "$bundle/workspace"
inside_sh 'for place in / /usr/bin /etc /var/lib /opt /root/.. /lib; do
		if touch "$place/new" 2>error; then echo "written: $place"; fi
		grep -q "Read-only file system" error || cat error
	done
	touch /workspace/new /tmp/new
	echo tried'
expect_success
expect_output tried
inside_sh 'touch /root/new && ls /root'
expect_output new
check_true "the file in the workspace is there" test -e "$bundle/workspace/new"
check_false "file in the cached root filesystem" test -e "$debian_root/root/new"

if test_begin "a program in memory does not run" kernel:6.6; then
	inside_sh 'cat >t.py <<"PY"
import os
fd = os.memfd_create("program", 0)
with open("/bin/true", "rb") as file:
    os.write(fd, file.read())
try:
    os.execve(f"/proc/self/fd/{fd}", ["true"], {})
except OSError as error:
    print(type(error).__name__)
PY
	python3 t.py'
	expect_success
	expect_output PermissionError
fi

test_begin "another process of the same user cannot be looked into from an exec"
debian_bundle "$bundle"
edit_bundle "$bundle" '.process.args = ["env", "SECRET=hidden", "sleep", "60"]'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" sh -c 'cat /proc/1/environ'
if has landlock; then
	expect_error "Permission denied"
	check_lacks "environment" "$output" hidden
fi
run_agentrun exec "$id" python3 -c 'print("exec works")'
expect_output "exec works"
run_agentrun delete --force "$id"
expect_success

test_begin "nothing is left"
inside true
expect_success
assert_nothing_left
