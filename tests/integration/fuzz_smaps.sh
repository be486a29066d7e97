#!/bin/bash
# timeout: 180
exec tests/fuzz/minute smaps 10
