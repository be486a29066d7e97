# Completion of memtrace for fish.

# The command of the command line; trace where none is named.
function __memtrace_command
    set -l words (commandline -opc)
    if contains -- "$words[2]" leaks churn check record report diff top system kernel doctor help
        echo $words[2]
    else
        echo trace
    end
end

# Whether the command is one of those, and what is completed is not part of a command behind --.
function __memtrace_in
    not contains -- -- (commandline -opc)
    and contains -- (__memtrace_command) $argv
end

function __memtrace_first
    test (count (commandline -opc)) = 1
end

# Completes the command behind --.
function __memtrace_program
    set -l words (commandline -opc)
    set -l dashes (contains -i -- -- $words)
    and complete -C (string join -- ' ' (string escape -- $words[(math $dashes + 1)..-1]) (commandline -ct))
end

function __memtrace_caches
    for cache in /sys/kernel/slab/*
        string match -v -- ':*' (string replace -r '.*/' '' $cache)
    end
end

function __memtrace_nodes
    for node in /sys/devices/system/node/node*
        string replace -r '.*/node' '' $node
    end
end

complete -c memtrace -f
complete -c memtrace -n __memtrace_first -a leaks -d 'Find the blocks that nothing leads to any more'
complete -c memtrace -n __memtrace_first -a top -d 'Watch the stacks of running processes on the terminal'
complete -c memtrace -n __memtrace_first -a churn -d 'Find the stacks that keep the allocator busy'
complete -c memtrace -n __memtrace_first -a check -d 'Give a verdict on leaks by the exit status, for CI'
complete -c memtrace -n __memtrace_first -a record -d 'Keep a series of snapshots in a file'
complete -c memtrace -n __memtrace_first -a report -d 'Show a recording, in any form'
complete -c memtrace -n __memtrace_first -a diff -d 'Compare two recordings, or two moments of one'
complete -c memtrace -n __memtrace_first -a system -d 'Say where the memory of this machine is'
complete -c memtrace -n __memtrace_first -a kernel -d 'Find which slab cache of the kernel grows, and the stacks behind it'
complete -c memtrace -n __memtrace_first -a doctor -d 'Say what this kernel and these privileges allow'
complete -c memtrace -n __memtrace_first -a help -d 'Print the help of a command'
complete -c memtrace -n 'not __memtrace_first; and __memtrace_in help' -a 'leaks churn check record report diff top system kernel doctor help'
complete -c memtrace -n '__memtrace_in check report diff' -F
complete -c memtrace -n 'contains -- -- (commandline -opc)' -a '(__memtrace_program)'

# The options; their groups are those of src/cli/option_rows.c.
set -l pid trace leaks churn check record top kernel doctor
set -l reports trace leaks churn check report diff system kernel
set -l stacks trace leaks churn check record top kernel
set -l heap trace leaks churn check record top
set -l scan leaks check
set -l names check report diff
set -l all trace leaks churn check record report diff top system kernel doctor help

complete -c memtrace -n "__memtrace_in $pid" -s p -l pid -x -a '(__fish_append , (__fish_complete_pids))' -d 'Processes to trace'
complete -c memtrace -n "__memtrace_in $stacks" -s o -l older -x -d 'Leave out blocks younger than MS milliseconds'
complete -c memtrace -n "__memtrace_in $stacks" -l node -x -a '(__memtrace_nodes)' -d 'Only what lies on NUMA node N now'
complete -c memtrace -n "__memtrace_in $stacks" -l max-memory -x -d "Ceiling for memtrace's own tables"
complete -c memtrace -n "__memtrace_in $stacks" -l stack-depth -x -d 'Frames kept per stack'
complete -c memtrace -n "__memtrace_in $heap" -s z -l min-size -x -d 'Only requests of at least N bytes'
complete -c memtrace -n "__memtrace_in $heap" -s Z -l max-size -x -d 'Only requests of at most N bytes'
complete -c memtrace -n "__memtrace_in $heap" -s O -l obj -r -F -d 'Object that holds the allocator'
complete -c memtrace -n "__memtrace_in $heap" -l follow-fork -d 'Trace the children of the processes too, each by itself'
complete -c memtrace -n "__memtrace_in $heap report diff" -l debuginfod -d 'Fetch missing debug files from servers'
complete -c memtrace -n '__memtrace_in trace leaks churn kernel' -s a -l show-allocs -d 'List the live blocks under each stack'
complete -c memtrace -n '__memtrace_in trace leaks top kernel report diff' -l sort -x -a 'bytes count growth age' -d 'Order of the stacks'
complete -c memtrace -n '__memtrace_in churn' -l sort -x -a 'rate bytes short-lived' -d 'Order of the stacks'
complete -c memtrace -n "__memtrace_in $reports" -s T -l top -x -d 'Stacks to print, 0 for all'
complete -c memtrace -n "__memtrace_in $reports" -l output -r -F -d 'Keep the newest report in FILE'
complete -c memtrace -n "__memtrace_in $reports" -l format -x -a 'text json' -d 'Form of the report'
complete -c memtrace -n '__memtrace_in diff' -l format -x -a 'html folded csv'
complete -c memtrace -n '__memtrace_in trace leaks churn check report kernel' -l format -x -a 'html svg folded csv pprof speedscope massif'
complete -c memtrace -n '__memtrace_in check' -l format -x -a 'junit sarif github'
complete -c memtrace -n '__memtrace_in leaks' -l reachable -d 'Show reachable blocks too, and what holds them'
complete -c memtrace -n "__memtrace_in $scan" -l max-pause -x -d 'How long a process may stand still, in milliseconds'
complete -c memtrace -n "__memtrace_in $scan" -l no-stop -d 'Read the memory while the process runs'
complete -c memtrace -n '__memtrace_in check' -l kinds -x -a '(__fish_append , definite indirect possible growing outstanding)' -d 'Blocks to judge'
complete -c memtrace -n '__memtrace_in check' -l max-leak-bytes -x -d 'Fail if all judged blocks have more bytes'
complete -c memtrace -n '__memtrace_in check' -l max-leak-count -x -d 'Fail if there are more judged blocks'
complete -c memtrace -n '__memtrace_in check' -l max-stack-bytes -x -d 'Fail if the judged blocks of a stack have more bytes'
complete -c memtrace -n '__memtrace_in check' -l max-growth -x -d 'Fail if a stack grows faster'
complete -c memtrace -n '__memtrace_in check' -l warmup -x -d 'Leave out what is allocated in the first seconds'
complete -c memtrace -n '__memtrace_in check record' -l duration -x -d 'Judge, or end, after so many seconds'
complete -c memtrace -n '__memtrace_in check' -l rounds -x -d 'Parts of the duration'
complete -c memtrace -n '__memtrace_in check' -l baseline -r -F -d 'Compare with the stacks in FILE'
complete -c memtrace -n '__memtrace_in check' -l fail-on -x -a '(__fish_append , new-stack growth=10%)' -d 'What of the comparison fails'
complete -c memtrace -n '__memtrace_in check' -l update-baseline -d 'Write the baseline'
complete -c memtrace -n '__memtrace_in check' -l suppressions -r -F -d 'Do not judge what FILE names'
complete -c memtrace -n '__memtrace_in check' -l gen-suppressions -d 'Print suppressions of all that was found'
complete -c memtrace -n '__memtrace_in check' -l error-exitcode -x -d 'Exit status of a failure'
complete -c memtrace -n '__memtrace_in check' -l ignore-children -d 'Give a verdict though children were not traced'
complete -c memtrace -n '__memtrace_in record' -s w -l write -r -F -d 'File to record into'
complete -c memtrace -n '__memtrace_in record' -l interval -x -d 'Seconds from one snapshot to the next'
complete -c memtrace -n '__memtrace_in record' -l rotate -x -d 'Go on in another file at a size or after a time'
complete -c memtrace -n '__memtrace_in record' -l no-symbols -d 'Leave names for memtrace report to find'
complete -c memtrace -n '__memtrace_in report' -l at -x -d 'Last snapshot until TIME'
complete -c memtrace -n '__memtrace_in report' -l peak -d 'Snapshot with the most live bytes'
complete -c memtrace -n '__memtrace_in report' -l last -d 'Last snapshot'
complete -c memtrace -n '__memtrace_in report' -l view -x -a 'live churn growth' -d 'What is shown of a recording'
complete -c memtrace -n "__memtrace_in $names" -l symbols-from -x -a '(__fish_complete_directories)' -d 'Find names in files below DIR'
complete -c memtrace -n '__memtrace_in kernel' -l cache -x -a '(__memtrace_caches)' -d 'Only objects of this slab cache'
complete -c memtrace -n '__memtrace_in kernel' -l order -x -d 'Only allocations of 2^N pages'
complete -c memtrace -n '__memtrace_in kernel' -l min-growth -x -d 'Only caches that grew by at least SIZE'
complete -c memtrace -n '__memtrace_in kernel' -l cgroup -x -a '(__fish_complete_directories)' -d 'Only what processes of this cgroup allocate'
complete -c memtrace -n '__memtrace_in kernel' -l by -x -a 'nothing process cgroup' -d 'Tell allocations apart by whom they are made for'
complete -c memtrace -n "__memtrace_in $all" -s v -l verbose -d 'More on standard error'
complete -c memtrace -n "__memtrace_in $all" -s q -l quiet -d 'Less on standard error'
complete -c memtrace -n "__memtrace_in $all" -s h -l help -d 'Print help'
complete -c memtrace -n "__memtrace_in $all" -l version -d 'Print the version'
