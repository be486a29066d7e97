# Completion of memtrace for fish.

complete -c memtrace -f
complete -c memtrace -n __fish_use_subcommand -a system -d "Where this machine's memory is"
complete -c memtrace -n __fish_use_subcommand -a doctor -d 'What this kernel and these privileges allow'
complete -c memtrace -n __fish_use_subcommand -a help -d 'Print help'
complete -c memtrace -s p -l pid -x -a '(__fish_complete_pids)' -d 'Processes to trace'
complete -c memtrace -s a -l show-allocs -d 'List the live blocks under each stack'
complete -c memtrace -s o -l older -x -d 'Leave out blocks younger than MS milliseconds'
complete -c memtrace -s z -l min-size -x -d 'Only requests of at least N bytes'
complete -c memtrace -s Z -l max-size -x -d 'Only requests of at most N bytes'
complete -c memtrace -l node -x -a "(string replace -r '.*/node' '' /sys/devices/system/node/node[0-9]*)" -d 'Only what lies on NUMA node N now'
complete -c memtrace -s T -l top -x -d 'Stacks to print, 0 for all'
complete -c memtrace -s O -l obj -r -F -d 'Object that holds the allocator'
complete -c memtrace -l sort -x -a 'bytes count growth age' -d 'Order of the stacks'
complete -c memtrace -l format -x -a 'text json' -d 'Form of the report'
complete -c memtrace -l output -r -F -d 'Keep the newest report in FILE'
complete -c memtrace -l max-memory -x -d "Ceiling for memtrace's own tables"
complete -c memtrace -l stack-depth -x -d 'Frames kept per stack'
complete -c memtrace -l debuginfod -d 'Fetch missing debug files from servers'
complete -c memtrace -s v -l verbose -d 'More on standard error'
complete -c memtrace -s q -l quiet -d 'Less on standard error'
complete -c memtrace -s h -l help -d 'Print help'
complete -c memtrace -l version -d 'Print the version'
