# Completion of memtrace for bash.
# shellcheck shell=bash disable=SC2207

_memtrace_pids() { # running processes
	local pid
	for pid in /proc/[0-9]*; do
		[ -e "$pid/exe" ] && echo "${pid#/proc/}"
	done
}

_memtrace_names() { # PREFIX: what begins with it, without it
	local name
	for name in "$1"[!:]*; do
		echo "${name#"$1"}"
	done
}

# The options that a command takes; its groups are those of src/cli/option_rows.c.
_memtrace_options() { # COMMAND
	local all='--verbose --quiet --help --version' report='--top --format --output'
	local stacks='--older --node --max-memory --stack-depth'
	local heap='--min-size --max-size --obj --follow-fork --debuginfod' listing='--show-allocs'
	local scan='--max-pause --no-stop' names='--symbols-from --debuginfod'

	case $1 in
	trace) echo "--pid $report $stacks $heap $listing --sort $all --" ;;
	leaks) echo "--pid $report $stacks $heap $listing --sort $scan --reachable $all --" ;;
	top) echo "--pid $stacks $heap --sort $all" ;;
	churn) echo "--pid $report $stacks $heap $listing --sort $all --" ;;
	check)
		echo "--pid $report $stacks $heap $scan $names --kinds --max-leak-bytes --max-leak-count --max-stack-bytes \
			--max-growth --warmup --duration --rounds --baseline --fail-on --update-baseline --suppressions \
			--gen-suppressions --error-exitcode --ignore-children $all --"
		;;
	record) echo "--pid $stacks $heap --write --interval --rotate --no-symbols --duration $all --" ;;
	report) echo "$report $names --sort --at --peak --last --view $all" ;;
	diff) echo "$report $names --sort $all" ;;
	system) echo "$report $all" ;;
	kernel) echo "--pid $report $stacks $listing --sort --cache --order --min-growth --cgroup --by $all" ;;
	doctor) echo "--pid $all" ;;
	help) echo "$all" ;;
	esac
}

_memtrace_formats() { # COMMAND
	case $1 in
	system) echo 'text json' ;;
	diff) echo 'text json html folded csv' ;;
	check) echo 'text json html svg folded csv pprof speedscope massif junit sarif github' ;;
	*) echo 'text json html svg folded csv pprof speedscope massif' ;;
	esac
}

_memtrace_keys() { # COMMAND
	case $1 in
	churn) echo 'rate bytes short-lived' ;;
	*) echo 'bytes count growth age' ;;
	esac
}

# Completes the last element of a list with commas.
_memtrace_list() { # WORDS WORD
	local before=''
	case $2 in *,*) before=${2%,*}, ;; esac
	COMPREPLY=($(compgen -P "$before" -W "$1" -- "${2##*,}"))
}

# Sets COMPREPLY to the values that the option takes; false where it takes none.
_memtrace_value() { # COMMAND OPTION WORD
	local word=$3
	case $2 in
	-p | --pid) _memtrace_list "$(_memtrace_pids)" "$word" ;;
	-O | --obj | --output | --baseline | --suppressions | -w | --write) COMPREPLY=($(compgen -f -- "$word")) ;;
	--symbols-from) COMPREPLY=($(compgen -d -- "$word")) ;;
	--cgroup) COMPREPLY=($(compgen -d -- "${word:-/sys/fs/cgroup/}")) ;;
	--sort) COMPREPLY=($(compgen -W "$(_memtrace_keys "$1")" -- "$word")) ;;
	--view) COMPREPLY=($(compgen -W 'live churn growth' -- "$word")) ;;
	--by) COMPREPLY=($(compgen -W 'nothing process cgroup' -- "$word")) ;;
	--format) COMPREPLY=($(compgen -W "$(_memtrace_formats "$1")" -- "$word")) ;;
	--kinds) _memtrace_list 'definite indirect possible growing outstanding' "$word" ;;
	--fail-on) _memtrace_list 'new-stack growth=10%' "$word" ;;
	--cache) COMPREPLY=($(compgen -W "$(_memtrace_names /sys/kernel/slab/)" -- "$word")) ;;
	--node) COMPREPLY=($(compgen -W "$(_memtrace_names /sys/devices/system/node/node)" -- "$word")) ;;
	-o | --older | -z | --min-size | -Z | --max-size | -T | --top | --order | --min-growth | --max-pause | --max-memory | \
		--stack-depth | --max-leak-bytes | --max-leak-count | --max-stack-bytes | --max-growth | --warmup | --duration | \
		--rounds | --error-exitcode | --interval | --rotate | --at) ;;
	*) return 1 ;;
	esac
}

_memtrace() {
	local commands='leaks churn check record report diff top system kernel doctor help'
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=trace i
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
	[[ $COMP_CWORD -gt 1 && " $commands " == *" ${COMP_WORDS[1]} "* ]] && command=${COMP_WORDS[1]}

	# bash breaks --option=value in three.
	if [[ $word == = ]]; then
		word=''
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if _memtrace_value "$command" "$previous" "$word"; then
		return
	elif [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$(_memtrace_options "$command")" -- "$word"))
	elif [ "$COMP_CWORD" = 1 ] || [[ $command == help ]]; then
		COMPREPLY=($(compgen -W "$commands" -- "$word"))
	elif [[ $command == report || $command == diff || $command == check ]]; then
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}

complete -F _memtrace memtrace
