#!/bin/bash
# timeout: 180
exec tests/fuzz/minute suppression_valgrind 10
