#!/bin/bash
# timeout: 180
exec tests/fuzz/minute heap 10
