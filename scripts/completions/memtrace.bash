# Completion of memtrace for bash.
# shellcheck shell=bash disable=SC2207

_memtrace_pids() { # PREFIX WORD: running processes, after what stands before the last comma
	local pid before=
	case $1 in *,*) before=${1%,*}, ;; esac
	for pid in /proc/[0-9]*; do
		[ -e "$pid/exe" ] && echo "$before${pid#/proc/}"
	done
}

_memtrace_nodes() {
	local node
	for node in /sys/devices/system/node/node[0-9]*; do
		echo "${node##*/node}"
	done
}

_memtrace_caches() {
	local name
	for name in /sys/kernel/slab/[!:]*; do
		echo "${name##*/}"
	done
}

_memtrace() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} i
	COMPREPLY=()

	# What follows -- is a command of its own.
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			else
				COMPREPLY=($(compgen -c -- "$word"))
			fi
			return
		fi
	done

	case $previous in
	-p | --pid) COMPREPLY=($(compgen -W "$(_memtrace_pids "$word")" -- "$word")) ;;
	-O | --obj | --output | --baseline | --suppressions | -w | --write) COMPREPLY=($(compgen -f -- "$word")) ;;
	--sort) COMPREPLY=($(compgen -W 'bytes count growth age' -- "$word")) ;;
	--format) COMPREPLY=($(compgen -W 'text json html svg folded csv pprof speedscope massif junit sarif github' -- "$word")) ;;
	--kinds) COMPREPLY=($(compgen -W 'definite indirect possible growing outstanding' -- "$word")) ;;
	--fail-on) COMPREPLY=($(compgen -W 'new-stack growth=10%' -- "$word")) ;;
	--cache) COMPREPLY=($(compgen -W "$(_memtrace_caches)" -- "$word")) ;;
	--cgroup) COMPREPLY=($(compgen -d -- "${word:-/sys/fs/cgroup/}")) ;;
	--view) COMPREPLY=($(compgen -W 'live churn growth' -- "$word")) ;;
	--symbols-from) COMPREPLY=($(compgen -d -- "$word")) ;;
	--by) COMPREPLY=($(compgen -W 'nothing process cgroup' -- "$word")) ;;
	--node) COMPREPLY=($(compgen -W "$(_memtrace_nodes)" -- "$word")) ;;
	-o | --older | -z | --min-size | -Z | --max-size | -T | --top | --order | --min-growth | --max-pause | --max-memory | \
		--stack-depth | --max-leak-bytes | --max-leak-count | --max-stack-bytes | --max-growth | --warmup | --duration | \
		--rounds | --error-exitcode | --interval | --rotate | --at) ;;
	*)
		if [[ $word == -* ]]; then
			COMPREPLY=($(compgen -W '--pid --show-allocs --older --min-size --max-size --node --top --obj --follow-fork --sort
				--cache --order --min-growth --cgroup --by --reachable --max-pause --no-stop --kinds
				--max-leak-bytes --max-leak-count --max-stack-bytes --max-growth --warmup --duration --rounds
				--baseline --fail-on --update-baseline --suppressions --gen-suppressions --error-exitcode
				--ignore-children --write --interval --rotate --no-symbols --at --peak --last --view --symbols-from
				--format --output --max-memory --stack-depth --debuginfod --verbose --quiet --help --version --' -- "$word"))
		elif [ "$COMP_CWORD" = 1 ]; then
			COMPREPLY=($(compgen -W 'leaks check record report diff top system kernel doctor help' -- "$word"))
		elif [[ ${COMP_WORDS[1]} == report || ${COMP_WORDS[1]} == diff ]]; then
			COMPREPLY=($(compgen -f -- "$word"))
		fi
		;;
	esac
}

complete -F _memtrace memtrace
