# SPDX-License-Identifier: GPL-2.0-or-later
"""Shells that complete command lines of memtrace: `Shell(...).complete(lines)` is what each line is offered.

Each really runs its completion, in one process for all lines; zsh's, which only its line editor can run, on a terminal.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

from .cases import Skip
from .paths import ROOT
from .process import DEADLINE_S

COMPLETIONS = ROOT / "scripts" / "completions"


def _need(shell):
    if not shutil.which(shell):
        raise Skip(f"there is no {shell}")


def _run(command, lines):
    done = subprocess.run(command, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True,
                          timeout=DEADLINE_S, cwd=ROOT, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    answers = done.stdout.split("END\n")[:-1]
    assert len(answers) == len(lines), done.stdout
    return [answer.splitlines() for answer in answers]


BASH = """
source "$1"
while IFS= read -r line; do
    read -ra COMP_WORDS <<<"${line//=/ = }"
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _memtrace
    for reply in "${COMPREPLY[@]}"; do echo "$reply"; done
    echo END
done
"""


def complete_in_bash(lines):
    _need("bash")
    return _run(["bash", "--norc", "-c", BASH, "bash", COMPLETIONS / "memtrace.bash"], lines)


FISH = """
set fish_complete_path
source $argv[1]
while read -l line
    complete -C "$line" | string replace -r '\\t.*' ''
    echo END
end
"""


def complete_in_fish(lines):
    """Without the option's name before a value that is joined to it."""
    _need("fish")
    with tempfile.TemporaryDirectory() as home:
        command = ["env", f"HOME={home}", "fish", "--no-config", "-c", FISH, COMPLETIONS / "memtrace.fish"]
        answers = _run(command, lines)
    return [[re.sub(r"^--[a-z-]+=", "", word) if "=" in line.rsplit(" ", 1)[-1] else word for word in answer]
            for line, answer in zip(lines, answers)]


# Reading the heads of all its functions takes zsh seconds: it reads those that it cannot do without. What compadd is
# told to offer is written to descriptor 3; what it only computes is left alone.
ZSH = """
PS1= PS2= RPS1=
autoload -Uz compinit
all=($fpath)
fpath=({completions} ${{(M)fpath:#*/Completion(|/Base|/Zsh)}})
compinit -u -D
fpath=($fpath $all)
autoload -Uz ${{^all}}/_*(N:t)
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >&3
    builtin compadd "$@"
}}
_offer() {{ _main_complete; compstate[insert]=; compstate[list]=; print END >&3 }}
zle -C offer complete-word _offer
bindkey '^I' offer
print END >&3
"""


class _Zsh:
    def __init__(self, folder):
        (folder / ".zshrc").write_text(ZSH.format(completions=COMPLETIONS), encoding="utf-8")
        self.out, writer = os.pipe()
        child, self.terminal = pty.fork()
        if child == 0:
            os.dup2(writer, 3)
            os.chdir(ROOT)
            os.execvpe("zsh", ["zsh", "-d", "-i"], dict(os.environ, ZDOTDIR=str(folder), HOME=str(folder), TERM="dumb"))
        os.close(writer)
        self.child = child

    def answer(self):
        """What stands before the next END. The terminal is emptied meanwhile."""
        text, end = "", time.monotonic() + DEADLINE_S
        while not text.endswith("END\n"):
            ready, _, _ = select.select([self.out, self.terminal], [], [], end - time.monotonic())
            assert ready, f"zsh does not answer: {text!r}"
            if self.terminal in ready:
                os.read(self.terminal, 4096)
            if self.out in ready:
                part = os.read(self.out, 4096).decode()
                assert part, "zsh has ended"
                text += part
        return text[:-len("END\n")].splitlines()

    def ask(self, line):
        os.write(self.terminal, b"\x15" + line.encode() + b"\t")
        return self.answer()

    def close(self):
        os.close(self.terminal)
        os.close(self.out)
        os.waitpid(self.child, 0)


def complete_in_zsh(lines):
    _need("zsh")
    with tempfile.TemporaryDirectory() as folder:
        zsh = _Zsh(type(ROOT)(folder))
        try:
            zsh.answer()
            return [zsh.ask(line) for line in lines]
        finally:
            zsh.close()


SHELLS = {"bash": complete_in_bash, "fish": complete_in_fish, "zsh": complete_in_zsh}
