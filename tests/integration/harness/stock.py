# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of the distribution with work to do: the same work each time."""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from .cases import Skip
from .process import DEADLINE_S, Process
from .target import wait_until

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0",
               "PYTHONDONTWRITEBYTECODE": "1", "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC"}

SQL = """create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i+1 from n where i<{rows})
  insert into t select i, 'row '||(i*7919%{rows}), i*0.5 from n;
create index by_b on t(b);
create view v as select b, count(*) as n, group_concat(a) as all_a from t group by substr(b, 1, 5);
select count(*), max(length(all_a)), sum(n) from v;
select a.b, b.c from t a join t b on a.b = b.b order by a.c desc limit 50;
update t set b = upper(b) where a % 3 = 0;
delete from t where a % 5 = 0;
select json_group_array(b) from (select b from t limit 200);
explain query plan select * from t where b like 'row 1%';
select printf('%08d %s', a, hex(b)) from t where b glob 'R*' limit 20;
"""

PYTHON = """import sys, json, re, collections
text = json.dumps([{{"key%d" % i: [i, str(i) * 3, {{"deep": [None, True, i / 7]}}]}} for i in range({n})])
back = json.loads(text)
words = collections.Counter(re.findall(r"[a-z]+|\\d+", text))
class Node:
    def __init__(self, depth):
        self.children = [Node(depth - 1) for _ in range(3)] if depth else []
    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()
print(len(back), len(words), sum(1 for _ in Node(5).walk()))
print(sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))[:5])
exec(compile("def f(n):\\n  return [str(n)] + f(n - 1) if n else []\\nprint(len(f(20)))", "generated", "exec"))
try:
    int("no number")
except ValueError as error:
    print(error)
"""


NODE = """const zlib = require("zlib"), crypto = require("crypto");
function work(n) {
  const objects = [];
  for (let i = 0; i < n; i++) objects.push({i, s: "text " + i, a: new Float64Array(16), m: new Map([[i, i]])});
  const text = JSON.stringify(objects), packed = zlib.deflateSync(text);
  return crypto.createHash("sha256").update(packed).digest("hex") + zlib.inflateSync(packed).length;
}
let last;
for (let round = 0; round < 20 * SCALE; round++) last = work(500);
const buffers = [];
function later(n) {
  if (!n) { console.log(last, buffers.length); return; }
  buffers.push(Buffer.alloc(10000 + n));
  zlib.deflate(buffers[buffers.length - 1], () => setImmediate(later, n - 1));
}
later(100 * SCALE);
"""


def need(program):
    path = f"/usr/bin/{program}"
    if not os.path.exists(path):
        raise Skip(f"{program} is not installed")
    return path


class Work:
    """A command that does a fixed amount of work in a folder, with the same environment each time."""

    def __init__(self, name, folder, scale=1):
        self.name, self.folder, self.scale = name, pathlib.Path(folder), scale
        self.environment = dict(ENVIRONMENT, HOME=str(folder))
        if name.endswith(" by malloc"):
            self.environment["PYTHONMALLOC"] = "malloc"
        self.input = self.folder / "input"
        self.input.write_bytes(b"")
        self.argv = name == "redis" or getattr(self, "_" + name.split(" ")[0].replace("-", "_"))()

    def _sqlite3(self):
        self.input.write_text(SQL.format(rows=300 * self.scale), encoding="utf-8")
        return [need("sqlite3"), "-batch", ":memory:"]

    def _python3(self):
        script = self.folder / "script.py"
        script.write_text(PYTHON.format(n=50 * self.scale), encoding="utf-8")
        return [need("python3"), "-S", str(script)]

    def _node(self):
        script = self.folder / "script.js"
        script.write_text(NODE.replace("SCALE", str(self.scale)), encoding="utf-8")
        return [need("node"), *self.name.split(" ")[1:], str(script)]

    def _sort(self):
        lines = [f"{i * 7919 % 10007} some words {i}\n" for i in range(2000 * self.scale)]
        self.input.write_text("".join(lines), encoding="utf-8")
        return [need("sort"), "--parallel=1", "-k1,1n", "-k4,4nr"]

    def _git(self):
        repository = self.folder / "repository"
        git = need("git")
        if not repository.exists():
            subprocess.run([git, "init", "-q", "-b", "main", str(repository)], check=True, env=self.environment)
            subprocess.run([git, "-C", str(repository), "fast-import", "--quiet"], check=True, env=self.environment,
                           input=_history(15 * self.scale).encode())
            subprocess.run([git, "-C", str(repository), "reset", "-q", "--hard"], check=True, env=self.environment)
        return [git, "-C", str(repository), *self.name.split(" ")[1:]]


def _history(commits):
    """A history of text files that change, for git fast-import."""
    out = []
    for i in range(commits):
        out.append(f"commit refs/heads/main\ncommitter A U Thor <author@example.org> {1600000000 + i * 60} +0000\n"
                   f"data <<END\nchange {i}\n\nwith a body\nEND\n")
        for j in {i % 7, i * 3 % 7}:
            text = "".join(f"line {k} of file {j} {'changed in ' + str(i) if k % 11 == i % 11 else ''}\n"
                           for k in range(60))
            out.append(f"M 644 inline folder{j % 3}/file{j}\ndata <<END\n{text}END\n")
    return "".join(out)


class Redis(Process):
    """redis-server on a socket in the folder."""

    def __init__(self, folder, wrapper=(), env=None, **options):
        if not shutil.which("redis-server"):
            raise Skip("redis-server is not installed")
        self.socket = os.path.join(folder, "socket")
        super().__init__([*wrapper, *self.command(folder)], stdin=None, env=env, **options)
        wait_until(lambda: os.path.exists(self.socket) and self.ask("PING") == "PONG", "redis-server", DEADLINE_S * 3)

    @staticmethod
    def command(folder):
        return ["/usr/bin/redis-server", "--port", "0", "--unixsocket", os.path.join(folder, "socket"), "--save", "",
                "--appendonly", "no", "--dir", folder, "--activedefrag", "no", "--jemalloc-bg-thread", "no"]

    def ask(self, *command, stdin=None):
        return subprocess.run(["redis-cli", "-s", self.socket, *command], capture_output=True, text=True, input=stdin,
                              timeout=60, check=False).stdout.strip()

    def used_memory(self):
        return int(next(line.split(":")[1] for line in self.ask("INFO", "memory").splitlines()
                        if line.startswith("used_memory:")))


NGINX = """daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  gzip on;
  gzip_min_length 1;
  gzip_types text/plain;
  default_type text/plain;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen unix:{folder}/socket; root {folder}/pages; }}
}}
"""


class Nginx(Process):
    """nginx, of one process, on a socket in the folder, with three pages."""

    def __init__(self, folder, wrapper=(), **options):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        if not program:
            raise Skip("nginx is not installed")
        self.socket, self.pid_file = os.path.join(folder, "socket"), os.path.join(folder, "pid")
        self.pages = [f"page {i}, " * (1000 * i + 1) for i in range(3)]
        os.mkdir(os.path.join(folder, "pages"))
        for i, page in enumerate(self.pages):
            pathlib.Path(folder, "pages", str(i)).write_text(page, encoding="utf-8")
        pathlib.Path(folder, "conf").write_text(NGINX.format(folder=folder), encoding="utf-8")
        super().__init__([*wrapper, program, "-p", folder, "-c", os.path.join(folder, "conf")], stdin=None, **options)
        wait_until(lambda: os.path.exists(self.pid_file) and self.ask("/0") == self.pages[0], "nginx", DEADLINE_S * 3)

    def ask(self, path):
        """The page, or None when nobody answers."""
        connection = http.client.HTTPConnection("localhost", timeout=DEADLINE_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.socket)
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        finally:
            connection.close()

    def stop(self):
        os.kill(int(pathlib.Path(self.pid_file).read_text(encoding="utf-8")), signal.SIGQUIT)
        status = self.wait()
        assert status == 0, (status, self.err.text)
