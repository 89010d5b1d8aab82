#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ordinary images under the agent profile: servers, interpreters, compilers, a package manager, as they are without a
# flag, and with the least that they need where that is not enough. docs/engines.md has the outcome as a table.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
. "$(dirname "$0")/page.bash"
. "$(dirname "$0")/../integration/debian.bash"
debian_rootfs_of images apt bash gcc git libc6-dev make nginx-light nodejs passwd postgresql procps python3 python3-pip \
	python3-venv redis-server util-linux
docker_needs
needs overlay command:dpkg-deb

# --- images, in the shape of those that are published ----------------------------------------------

# image NAME: of the Dockerfile on standard input, with the files of $context/NAME
context=$TEST_TMP/context
image() {
	mkdir -p "$context/$1"
	cat >"$context/$1/Dockerfile"
	DOCKER_BUILDKIT=0 docker build --quiet --cgroup-parent "/$engine_cgroup" --tag "$1" "$context/$1"
	expect_success
}

# script FILE: of standard input, executable
script() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
	chmod 755 "$1"
}

# package FOLDER: a Debian package "greeting", which brings a program and does something when it is configured
package() {
	local tree=$TEST_TMP/package
	mkdir -p "$1" "$tree/DEBIAN" "$tree/usr/bin"
	printf 'Package: greeting\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: a greeting\n' \
		>"$tree/DEBIAN/control"
	printf '#!/bin/sh\nset -e\necho configured >/etc/greeting\nchown www-data /etc/greeting\n' | script "$tree/DEBIAN/postinst"
	printf '#!/bin/sh\necho "greetings, $(cat /etc/greeting)"\n' | script "$tree/usr/bin/greeting"
	dpkg-deb --root-owner-group --build "$tree" "$1/greeting.deb" >/dev/null
	rm -r "$tree"
	(cd "$1" && {
		dpkg-deb --field greeting.deb
		printf 'Filename: ./greeting.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s greeting.deb)" \
			"$(sha256sum greeting.deb | cut -d ' ' -f 1)"
	} >Packages)
}

# wheel FOLDER: a Python package "greeting", with a command
wheel() {
	mkdir -p "$1"
	python3 - "$1/greeting-1.0-py3-none-any.whl" <<-'PY'
		import sys, zipfile
		info = "greeting-1.0.dist-info/"
		files = {
		    "greeting.py": "def main():\n    print('greetings from a package')\n",
		    info + "METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
		    info + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		    info + "entry_points.txt": "[console_scripts]\ngreet = greeting:main\n",
		}
		files[info + "RECORD"] = "".join(f"{name},,\n" for name in [*files, info + "RECORD"])
		with zipfile.ZipFile(sys.argv[1], "w") as archive:
		    for name, text in files.items():
		        archive.writestr(name, text)
	PY
}

images() {
	# shellcheck disable=SC2094 # not this file
	tar -C "$debian_root" -c . | "$docker_client" --host "unix://$docker_socket" import - debian >/dev/null

	# nginx.org's: started by root, temporary files in /var/cache/nginx, logs on the streams of the container
	image nginx <<-'DOCKERFILE'
		FROM debian
		RUN mkdir -p /var/cache/nginx /etc/nginx && ln -sf /dev/stdout /var/log/nginx/access.log && \
			ln -sf /dev/stderr /var/log/nginx/error.log && echo 'served by nginx' >/var/www/html/index.html && \
			printf '%s\n' 'user www-data;' 'worker_processes 2;' 'error_log /var/log/nginx/error.log notice;' \
			'pid /run/nginx.pid;' 'events { worker_connections 64; }' 'http { access_log /var/log/nginx/access.log;' \
			'client_body_temp_path /var/cache/nginx/client_temp; proxy_temp_path /var/cache/nginx/proxy_temp;' \
			'fastcgi_temp_path /var/cache/nginx/fastcgi_temp; uwsgi_temp_path /var/cache/nginx/uwsgi_temp;' \
			'scgi_temp_path /var/cache/nginx/scgi_temp; server { listen 80; root /var/www/html; } }' >/etc/nginx/nginx.conf
		EXPOSE 80
		STOPSIGNAL SIGQUIT
		CMD ["nginx", "-g", "daemon off;"]
	DOCKERFILE
	# nginx-unprivileged: a user from the start, temporary files in /tmp, a high port
	image nginx-unprivileged <<-'DOCKERFILE'
		FROM nginx
		RUN sed -i -e '/^user/d' -e 's|/var/cache/nginx|/tmp|; s|/run/nginx.pid|/tmp/nginx.pid|; s/listen 80/listen 8080/' \
			-e 's|/var/cache/nginx|/tmp|g' /etc/nginx/nginx.conf
		EXPOSE 8080
		USER www-data
	DOCKERFILE

	# Docker's redis, up to 8.0.1: what root owns of the volume is given to redis, which the server then is
	script "$context/redis/entrypoint" <<-'SH'
		#!/bin/sh
		set -e
		if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
			find . \! -user redis -exec chown redis '{}' +
			exec setpriv --reuid redis --regid redis --clear-groups "$0" "$@"
		fi
		exec "$@"
	SH
	image redis <<-'DOCKERFILE'
		FROM debian
		COPY entrypoint /usr/local/bin/entrypoint
		RUN mkdir /data && chown redis:redis /data
		VOLUME /data
		WORKDIR /data
		ENTRYPOINT ["/usr/local/bin/entrypoint"]
		EXPOSE 6379
		CMD ["redis-server", "--protected-mode", "no", "--bind", "0.0.0.0"]
	DOCKERFILE
	# and since: it gives up its capabilities for good, the bounding set too
	sed '/setpriv/s/--clear-groups/--clear-groups --nnp --inh-caps=-all --ambient-caps=-all --bounding-set=-all/' \
		"$context/redis/entrypoint" | script "$context/redis8/entrypoint"
	image redis8 <<-'DOCKERFILE'
		FROM redis
		COPY entrypoint /usr/local/bin/entrypoint
	DOCKERFILE

	# Docker's postgres: a volume, which root gives to postgres; the cluster is made by the first start
	script "$context/postgres/entrypoint" <<-'SH'
		#!/bin/bash
		set -e
		if [ "$(id -u)" = 0 ]; then
			mkdir -p "$PGDATA" /var/run/postgresql
			chmod 700 "$PGDATA"
			chmod 3777 /var/run/postgresql
			find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
			find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
			exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
		fi
		if ! [ -s "$PGDATA/PG_VERSION" ]; then
			initdb --username postgres --auth trust --no-sync >/dev/null
			echo "host all all all trust" >>"$PGDATA/pg_hba.conf"
			pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start >/dev/null
			createdb --username postgres made
			pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
		fi
		exec "$@"
	SH
	image postgres <<-'DOCKERFILE'
		FROM debian
		COPY entrypoint /usr/local/bin/entrypoint
		RUN ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ 2>/dev/null; mkdir -p /pg/data && chown -R postgres /pg && \
			chmod 1777 /pg/data
		ENV PGDATA=/pg/data
		VOLUME /pg/data
		ENTRYPOINT ["entrypoint"]
		STOPSIGNAL SIGINT
		CMD ["postgres", "-c", "listen_addresses=*"]
	DOCKERFILE
	# of the Debian package, without a volume: the cluster is in the image
	image postgres-packaged <<-'DOCKERFILE'
		FROM debian
		RUN install -d -o postgres -g postgres -m 2775 /run/postgresql
		USER postgres
		CMD ["sh", "-c", "exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/*/main -c config_file=$(echo /etc/postgresql/*/main/postgresql.conf)"]
	DOCKERFILE

	wheel "$context/python/wheels"
	image python <<-'DOCKERFILE'
		FROM debian
		COPY wheels /wheels
		RUN mkdir /srv/site && echo 'served by python' >/srv/site/index.html
		WORKDIR /srv/site
		CMD ["python3", "-u", "-m", "http.server", "8000"]
	DOCKERFILE

	mkdir -p "$context/node"
	cat >"$context/node/server.js" <<-'JS'
		require("http").createServer((q, r) => r.end("served by node\n")).listen(3000, () => console.log("ready"));
		process.on("SIGTERM", () => process.exit(0));
	JS
	image node <<-'DOCKERFILE'
		FROM debian
		COPY server.js /app/
		WORKDIR /app
		USER agent
		CMD ["node", "server.js"]
	DOCKERFILE

	script "$context/gcc/job" <<-'SH'
		#!/bin/bash
		set -euo pipefail
		git init --quiet --initial-branch=main project && cd project
		printf '#include <stdio.h>\nint main(void) { puts("built"); }\n' >main.c
		printf 'main: main.c\n\tgcc -O2 -o $@ $<\n' >Makefile
		git add . && git -c user.name=a -c user.email=a@example.com commit --quiet -m first
		make --silent
		./main
	SH
	image gcc <<-'DOCKERFILE'
		FROM debian
		COPY job /usr/local/bin/job
		WORKDIR /src
	DOCKERFILE

	image shell <<-'DOCKERFILE'
		FROM debian
		USER agent
		CMD ["bash"]
	DOCKERFILE

	package "$context/apt/repository"
	image apt <<-'DOCKERFILE'
		FROM debian
		COPY repository /repository
		RUN mkdir -p /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/preferences.d /var/lib/apt/lists/partial \
			/var/cache/apt/archives/partial && echo "deb [trusted=yes] file:/repository ./" >/etc/apt/sources.list
	DOCKERFILE
}

# serves PORT TEXT: what the container answers there to GET /, at most twenty seconds from its start
serves() {
	local address
	address=$(inspect '{{.NetworkSettings.IPAddress}}')
	for _ in $(seq 40); do
		# shellcheck disable=SC2016 # for the other shell
		run_command nsenter --target "$host_pid" --mount --net --wd=/ -- bash -c \
			'exec 3<>"/dev/tcp/$1/$2" && printf "GET / HTTP/1.0\r\n\r\n" >&3 && sed "1,/^\r\$/d" <&3' bash "$address" "$1"
		[ "$output" != "$2" ] || return 0
		[ "$(inspect '{{.State.Running}}')" = true ] || break
		sleep 0.5
	done
	check_equal "answer" "$output" "$2"
	docker logs "$id"
	fail "log: $output$errors"
}

# answers TEXT COMMAND...: what is executed in the container says that, at most twenty seconds from its start
answers() {
	local text=$1
	shift
	for _ in $(seq 40); do
		docker exec "$id" "$@"
		[ "$output" != "$text" ] || return 0
		[ "$(inspect '{{.State.Running}}')" = true ] || break
		sleep 0.5
	done
	docker exec "$id" "$@"
	expect_output "$text"
	docker logs "$id"
	fail "log: $output$errors"
}

# stops STATUS: by its own signal, within its time
stops() {
	docker stop --time 20 "$id"
	expect_success
	check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" "$1"
}

# ends STATUS TEXT OPTION... IMAGE COMMAND...: by itself, and says why
ends() {
	local code=$1 text=$2
	shift 2
	RUN_SECONDS=60 run "$@"
	check_match "status" "$status" "^($code)\$"
	check_has "what it says" "$output$errors" "$text"
}

test_begin "images are made"
host_start v2
containerd_start
# the steps of the images' own making write to their root
dockerd_options=(--default-runtime agentrun-compat)
# the runtime for jobs that install packages is the page's
dockerd_config=$(page_block 'Ordinary images' json 1 |
	jq --arg bin "$TEST_TMP/bin" --arg policy "$TEST_TMP/packages.conf" '
	.runtimes["agentrun-packages"].path |= sub("^/usr/local/bin"; $bin) |
	.runtimes["agentrun-packages"].runtimeArgs |= map(sub("^/etc/agentrun/packages.conf$"; $policy)) |
	.runtimes += ({agentrun: "agentrun", "agentrun-compat": "agentrun-compat"} | map_values({path: ($bin + "/" + .)}))')
page_block 'Ordinary images' jsonc 1 >"$TEST_TMP/packages.conf"
check_has "the configuration" "$dockerd_config" "$TEST_TMP/packages.conf"
dockerd_start
images

# --- without a flag --------------------------------------------------------------------------------

test_begin "redis, in the shape of its image before 8.0.2: no flag"
start redis
answers PONG redis-cli PING
docker exec "$id" redis-cli SET color green
expect_output OK
docker exec "$id" redis-cli SAVE
expect_output OK
docker exec "$id" stat -c '%U' /proc/1
expect_output redis
stops 0
docker start "$id"
answers green redis-cli GET color
docker exec "$id" redis-cli BGSAVE
expect_output "Background saving started"
answers "rdb_last_bgsave_status:ok" sh -c 'redis-cli INFO persistence | grep rdb_last_bgsave_status | tr -d "\r"'

test_begin "redis, in the shape of its image since 8.0.2, which gives up the bounding set too: no flag"
start redis8
answers PONG redis-cli PING
docker exec "$id" redis-cli SET color green
expect_output OK
docker exec "$id" stat -c '%U' /proc/1
expect_output redis
stops 0

test_begin "postgres, in the shape of its image: no flag"
start postgres
answers 42 psql -U postgres -h 127.0.0.1 -At -c 'SELECT 6 * 7' made
docker exec -u postgres "$id" psql -At -c 'CREATE TABLE t AS SELECT generate_series(1, 1000) AS n' -c 'SELECT sum(n) FROM t' made
expect_output $'SELECT 1000\n500500'
docker exec "$id" psql -U postgres -At -c 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SELECT count(*) FROM t' made
expect_output_has 1000
stops 0
docker start "$id"
answers 500500 psql -U postgres -At -c 'SELECT sum(n) FROM t' made

test_begin "python serves files: no flag"
start python
serves 8000 "served by python"

test_begin "python makes a virtual environment in the home, and installs a package there: no flag"
run python sh -c 'cd && python3 -m venv env && . env/bin/activate && pip install --quiet --no-index --find-links /wheels greeting && greet'
expect_success
expect_output "greetings from a package"

test_begin "node serves, and ends by its own handler: no flag"
start node
serves 3000 "served by node"
docker exec "$id" node -e 'console.log(require("os").userInfo().username, 6 * 7)'
expect_output "agent 42"
stops 0

test_begin "git and gcc work in the home: no flag"
run gcc sh -c 'cd && job'
expect_success
expect_output built

test_begin "a shell as a user: no flag"
run shell bash -c 'id -un; cd; echo x >file; cat file; echo to-stdout >/dev/stdout; echo to-stderr >/dev/stderr; mktemp >/dev/null && echo scratch'
expect_success
expect_output $'agent\nx\nto-stdout\nscratch'
check_equal "standard error" "$errors" to-stderr
docker_pty $'id -un; test -t 0 && echo "a terminal"; exit 3' run -it --rm --name "$id" --runtime agentrun shell
expect_status 3
expect_output_has "a terminal"

test_begin "nginx of a user, with its files in /tmp: no flag"
start nginx-unprivileged
serves 8080 "served by nginx"
docker logs "$id"
check_has "access log" "$output" 'GET / HTTP/1.0" 200'
stops 0

# --- with the least that is needed -----------------------------------------------------------------

if test_begin "nginx says which folder it cannot make, and needs a tmpfs there" agentrun; then
	ends 1 'mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)' nginx
	start --tmpfs /var/cache/nginx nginx
	serves 80 "served by nginx"
	docker logs "$id"
	check_has "access log" "$output" 'GET / HTTP/1.0" 200'
	docker exec "$id" sh -c 'ps -o user= -C nginx | sort -u'
	expect_output $'root\nwww-data'
	docker exec "$id" nginx -s reload
	expect_success
	serves 80 "served by nginx"
	stops 0
fi

if test_begin "postgres of the package, whose cluster is in the image, names the file it cannot make, and needs a volume there" agentrun; then
	ends 1 'FATAL:  could not create lock file "postmaster.pid": Read-only file system' postgres-packaged
	start -v "$id:/var/lib/postgresql" postgres-packaged
	answers 42 psql -At -c 'SELECT 6 * 7'
	stops 0
	docker rm "$id"
	docker volume rm "$id"
	expect_success
fi

if test_begin "git and gcc in a folder of the image say that it is read-only, and need a volume there" agentrun; then
	ends 1 'fatal: cannot mkdir project: Read-only file system' gcc job
	run -v /src gcc job
	expect_success
	expect_output built
fi

if test_begin "a program that is built in /tmp does not run from there, and does from a volume" agentrun; then
	ends 126 '/tmp/a: Permission denied' gcc sh -c 'echo "int main(void) { return 0; }" >/tmp/a.c; gcc -o /tmp/a /tmp/a.c && /tmp/a'
	run -v /src -e TMPDIR=/src gcc sh -c 'echo "int main(void) { return 0; }" >$TMPDIR/a.c; gcc -o $TMPDIR/a $TMPDIR/a.c && $TMPDIR/a && echo ran'
	expect_success
	expect_output ran
fi

if test_begin "a virtual environment of Python beside the files of the image needs a volume" agentrun; then
	ends 1 "[Errno 30] Read-only file system: '/srv/site/env'" python python3 -m venv env
	run -v /srv/site python sh -c 'python3 -m venv env && env/bin/pip install --quiet --no-index --find-links /wheels greeting && env/bin/greet'
	expect_success
	expect_output "greetings from a package"
fi

if test_begin "pip that is told to install into the system installs into the home" agentrun; then
	run python sh -c 'pip install --no-index --find-links /wheels --break-system-packages greeting && ~/.local/bin/greet'
	expect_success
	expect_output_has "Defaulting to user installation because normal site-packages is not writeable"
	expect_output_has "greetings from a package"
fi

if test_begin "apt-get update says what it cannot write, and needs a tmpfs in two places" agentrun; then
	ends 100 '/var/lib/apt/lists/partial/_repository_._Packages - mkstemp (30: Read-only file system)' apt apt-get update
	run --tmpfs /var/lib/apt --tmpfs /var/cache/apt apt \
		sh -c 'apt-get update >/dev/null && cd /tmp && apt-get download --quiet --quiet greeting && dpkg-deb -x greeting_*.deb tree && ls tree/usr/bin'
	expect_success
	expect_output greeting
fi

if test_begin "apt-get install says that the root is read-only, and needs a policy that leaves it writable" agentrun; then
	ends 100 'dpkg: error: unable to access the dpkg database directory /var/lib/dpkg: Read-only file system' \
		apt apt-get install -y /repository/greeting.deb
	docker run --rm --name "$id" --runtime agentrun-packages apt \
		sh -c '{ apt-get update && apt-get install -y greeting; } >/dev/null 2>&1; greeting; stat -c %U /etc/greeting; grep -E "NoNewPrivs|CapBnd|Seccomp:" /proc/self/status'
	expect_success
	expect_output $'greetings, configured\nwww-data\nCapBnd:\t00000000000004fb\nNoNewPrivs:\t1\nSeccomp:\t2'
fi

test_begin "apt-get install works under agentrun-compat"
docker run --rm --name "$id" --runtime agentrun-compat apt \
	sh -c '{ apt-get update && apt-get install -y greeting; } >/dev/null 2>&1; greeting'
expect_success
expect_output "greetings, configured"

test_begin "nothing is left"
engine_forget
engine_stop
assert_engine_left_nothing
