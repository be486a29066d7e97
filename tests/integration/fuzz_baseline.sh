#!/bin/bash
# timeout: 180
exec tests/fuzz/minute baseline 10
